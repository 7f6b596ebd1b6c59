/** Rows for some callers alone: what the columns `origin` and `origin_class` may hold. */
import { E164_DIGITS_MAX, classify, knownCountries } from '@tollstream/numbering';
import { type FieldReader, type Fields, isObject, sequenceLength } from './fields.ts';
import type { RateOrigin } from './model.ts';
import type { Place, ProblemList } from './problems.ts';
import type { YamlFile } from './read-yaml.ts';

export const ORIGIN_COLUMNS = ['origin', 'origin_class'] as const;

/** A caller without a number: withheld, or none that can be read. */
export const UNKNOWN_ORIGIN = 'unknown';

const ORIGIN_CLASSES = ['geographic', 'mobile', 'toll_free', 'premium', 'shared_cost', 'other'] as const;

/** Members of groups of origins by the group's name: digits, countries or `unknown`. */
export type OriginGroups = ReadonlyMap<string, readonly string[]>;

const countries = new Set(knownCountries());

/** `origin_groups` of catalog.yaml. */
export function readOriginGroups(head: YamlFile | null, problems: ProblemList): OriginGroups {
  const groups = new Map<string, readonly string[]>();
  const written = isObject(head?.value) ? head.value['origin_groups'] : null;
  if (head === null || !isObject(written)) return groups;
  for (const name of Object.keys(written)) {
    if (isMember(name)) {
      const message = 'A group cannot have the name of a country, a prefix or unknown callers';
      problems.add('TOLL_CATALOG_ORIGIN_INVALID', head.keyPlace(['origin_groups', name]), message);
    }
    const members: string[] = [];
    for (let i = 0; i < sequenceLength(written[name]); i++) {
      const member = String((written[name] as unknown[])[i]);
      const place = head.place(['origin_groups', name, i]);
      if (!isMember(member)) reportOrigin(member, place, 'a prefix or a country', problems);
      else if (members.includes(member))
        problems.add('TOLL_CATALOG_ID_DUPLICATE', place, 'The group has this member twice', 'Remove one.');
      else members.push(member);
    }
    if (sequenceLength(written[name]) === 0)
      problems.add(
        'TOLL_CATALOG_ORIGIN_INVALID',
        head.keyPlace(['origin_groups', name]),
        'The group has no members',
      );
    groups.set(name, members);
  }
  return groups;
}

/** Reads the origins of a tariff's rows; rows with the same one get the same object. */
export function originReader(
  groups: OriginGroups,
  reader: FieldReader,
  problems: ProblemList,
): (fields: Fields) => RateOrigin | null {
  const known = new Map<string, RateOrigin>();
  return (fields) => {
    const text = fields.text('origin') ?? '';
    const isPlain = text === '' && fields.text('origin_class') === undefined;
    if (isPlain) return null;
    const numberClass = reader.oneOf(fields, 'origin_class', ['', ...ORIGIN_CLASSES], '');
    const key = `${text} ${numberClass}`;
    let origin = known.get(key);
    if (origin === undefined) {
      const members = text === '' ? [] : isMember(text) ? [text] : (groups.get(text) ?? null);
      if (members === null) {
        reportOrigin(
          text,
          fields.place('origin'),
          'a prefix, a country or a group of catalog.yaml',
          problems,
        );
        return null;
      }
      origin = { text, members, numberClass };
      known.set(key, origin);
    }
    return origin;
  };
}

/** Who is called by an origin, for people. */
export function describeOrigin({ text, numberClass }: RateOrigin): string {
  return [text, numberClass].filter((part) => part !== '').join(' ');
}

/** Whether a caller is among those that a row is for, whatever other rows there are. @param caller 0 = not known */
export function isCallerOf({ members, numberClass }: RateOrigin, caller: number): boolean {
  const { country, numberClass: own } = classify(caller, { country: '', numberClass: 'unknown' });
  if (numberClass !== '' && (caller === 0 || numberClass !== own)) return false;
  if (caller === 0) return members.includes(UNKNOWN_ORIGIN);
  if (members.length === 0) return true;
  return members.some((member) =>
    /^\d/.test(member) ? String(caller).startsWith(member) : member === country,
  );
}

function isMember(text: string): boolean {
  if (text === UNKNOWN_ORIGIN || countries.has(text)) return true;
  return text.length <= E164_DIGITS_MAX && /^[1-9]\d*$/.test(text);
}

function reportOrigin(text: string, place: Place, what: string, problems: ProblemList): void {
  problems.add('TOLL_CATALOG_ORIGIN_INVALID', place, `The origin '${text}' is not ${what}`);
}
