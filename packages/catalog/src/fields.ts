/**
 * Reading single fields of a record, be it an object of a YAML file or a line of a CSV file. Each reader reports what is wrong at
 * the field's own place and answers the fallback, so that the rest of the catalog is still read and all problems come at once.
 */
import { CURRENCIES, MoneyError, type MoneyErrorCode, parseDecimal } from '@tollstream/money';
import { POWERS_OF_TEN, knownCountries } from '@tollstream/numbering';
import { isTimeZone, parseInstant } from './instants.ts';
import type { Place, ProblemList } from './problems.ts';
import type { CsvFile } from './read-csv.ts';
import type { Path, YamlFile } from './read-yaml.ts';

export interface Fields {
  /** Text of the field; undefined when absent, empty, or of a type that the schema has refused. */
  readonly text: (name: string) => string | undefined;
  readonly place: (name: string) => Place;
}

export function yamlFields(yaml: YamlFile, path: Path): Fields {
  let value: unknown = yaml.value;
  for (const key of path) value = isObject(value) || Array.isArray(value) ? (value as never)[key] : undefined;
  const object = isObject(value) ? value : {};
  return {
    text: (name) => {
      const field = object[name];
      if (typeof field === 'string') return field === '' ? undefined : field;
      return typeof field === 'number' || typeof field === 'boolean' ? String(field) : undefined;
    },
    place: (name) => yaml.place([...path, name]),
  };
}

/** Moves from record to record: what it says is of the record at hand. */
export interface CsvCursor extends Fields {
  moveTo(record: number): Fields;
}

export function csvFields<Column extends string>(csv: CsvFile<Column>): CsvCursor {
  let record = 0;
  const cursor: CsvCursor = {
    moveTo(next) {
      record = next;
      return cursor;
    },
    text(name) {
      const position = csv.position(name as Column);
      const cell = position < 0 ? '' : csv.cell(record, position);
      return cell === '' ? undefined : cell;
    },
    place: (name) => csv.place(record, name as Column),
  };
  return cursor;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Length of a sequence in a YAML value; 0 when it is none. */
export function sequenceLength(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

const DECIMAL_FAULTS: Partial<Record<MoneyErrorCode, string>> = {
  TOLL_MONEY_NOT_DECIMAL: 'is no plain decimal',
  TOLL_MONEY_TOO_LARGE: 'is too large to be held exactly',
};

/** More could be more than a double holds exactly. */
const PLAIN_DIGITS_MAX = 15;

/** What `parseDecimal` gives for a decimal of the usual form and length, without its care for all others; -1 for those. */
export function plainDecimal(text: string, scale: number): number {
  let value = 0;
  let places = -1;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      if (places >= 0) places++;
    } else if (text[i] === '.' && places < 0 && i > 0) places = 0;
    else return -1;
  }
  const missing = places < 0 ? scale : scale - places;
  if (places === 0 || missing < 0 || text.length === 0 || text.length + missing > PLAIN_DIGITS_MAX) return -1;
  return value * POWERS_OF_TEN[missing]!;
}

export class FieldReader {
  readonly #problems: ProblemList;

  constructor(problems: ProblemList) {
    this.#problems = problems;
  }

  decimal(fields: Fields, name: string, scale: number, fallback: number): number {
    const text = fields.text(name);
    if (text === undefined) return fallback;
    const plain = plainDecimal(text, scale);
    if (plain >= 0) return plain;
    let fault = 'is negative';
    try {
      const scaled = parseDecimal(text, scale);
      if (scaled >= 0) return scaled;
    } catch (error) {
      if (!(error instanceof MoneyError)) throw error;
      fault =
        error.code === 'TOLL_MONEY_TOO_MANY_DIGITS'
          ? `has more digits after the point than the ${scale} that are kept`
          : (DECIMAL_FAULTS[error.code] ?? error.message);
    }
    this.#problems.add('TOLL_CATALOG_DECIMAL_INVALID', fields.place(name), `The ${name} ${fault}`);
    return fallback;
  }

  increment(fields: Fields, name: string, fallback: number): number {
    const text = fields.text(name);
    if (text === undefined) return fallback;
    const seconds = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (seconds >= 1 && seconds <= 86_400) return seconds;
    this.#problems.add(
      'TOLL_CATALOG_INCREMENT_INVALID',
      fields.place(name),
      `The ${name} interval is no number of seconds that can be charged`,
    );
    return fallback;
  }

  /** Whole seconds up to a day, 0 included. */
  seconds(fields: Fields, name: string, fallback: number): number {
    const text = fields.text(name);
    if (text === undefined) return fallback;
    if (/^\d{1,5}$/.test(text) && Number(text) <= 86_400) return Number(text);
    this.#problems.add(
      'TOLL_CATALOG_SECONDS_INVALID',
      fields.place(name),
      `The ${name} are no number of seconds`,
    );
    return fallback;
  }

  instant(fields: Fields, name: string, fallback: number, zone = 'UTC'): number {
    const text = fields.text(name);
    if (text === undefined) return fallback;
    const instant = parseInstant(text, zone);
    if (instant !== null) return instant;
    this.#problems.add('TOLL_CATALOG_DATE_INVALID', fields.place(name), `The ${name} is no date or instant`);
    return fallback;
  }

  /** A day of the calendar, `2020-01-31`, kept as text: it is the same day in every zone. */
  day(fields: Fields, name: string, fallback: string): string {
    const text = fields.text(name);
    if (text === undefined) return fallback;
    if (/^\d{4}-\d{2}-\d{2}$/.test(text) && parseInstant(text) !== null) return text;
    this.#problems.add('TOLL_CATALOG_DATE_INVALID', fields.place(name), `The ${name} is no day`);
    return fallback;
  }

  /** First and last day of something, both inside; '' where it has none. */
  days(fields: Fields): { from: string; to: string } {
    const from = this.day(fields, 'from', '');
    const to = this.day(fields, 'to', '');
    if (from === '' || to === '' || from <= to) return { from, to };
    const remedy = 'Make to the last day, from or later.';
    this.#problems.add('TOLL_CATALOG_DATE_INVERTED', fields.place('to'), 'It ends before it starts', remedy);
    return { from, to: '' };
  }

  flag(fields: Fields, name: string, fallback: boolean): boolean {
    const text = fields.text(name);
    if (text === undefined) return fallback;
    if (text === 'true' || text === 'false') return text === 'true';
    this.#problems.add(
      'TOLL_CATALOG_FLAG_INVALID',
      fields.place(name),
      `The field ${name} is neither true nor false`,
    );
    return fallback;
  }

  oneOf<Value extends string>(
    fields: Fields,
    name: string,
    values: readonly Value[],
    fallback: Value,
  ): Value {
    const text = fields.text(name);
    if (text === undefined || (values as readonly string[]).includes(text))
      return (text ?? fallback) as Value;
    const message = `The ${name} is none of ${values.join(', ')}`;
    this.#problems.add('TOLL_CATALOG_VALUE_UNKNOWN', fields.place(name), message);
    return fallback;
  }

  /** @returns minutes from midnight, up to 24:00 */
  timeOfDay(fields: Fields, name: string, fallback: number): number {
    const text = fields.text(name);
    if (text === undefined) return fallback;
    const [, hours, minutes] = /^(\d{2}):([0-5]\d)$/.exec(text) ?? [];
    const minute = Number(hours) * 60 + Number(minutes);
    if (minute <= 1440) return minute;
    this.#problems.add('TOLL_CATALOG_TIME_INVALID', fields.place(name), `The ${name} is no time of day`);
    return fallback;
  }

  timeZone(fields: Fields, name: string, fallback: string): string {
    const text = fields.text(name);
    if (text === undefined || isTimeZone(text)) return text ?? fallback;
    this.#problems.add('TOLL_CATALOG_ZONE_UNKNOWN', fields.place(name), 'There is no such time zone');
    return fallback;
  }

  currency(fields: Fields, name: string, fallback: string): string {
    const text = fields.text(name);
    if (text === undefined || CURRENCIES.has(text)) return text ?? fallback;
    this.#problems.add('TOLL_CATALOG_CURRENCY_UNKNOWN', fields.place(name), 'There is no such currency');
    return fallback;
  }

  country(fields: Fields, name: string, fallback: string): string {
    const text = fields.text(name);
    if (text === undefined || countries.has(text)) return text ?? fallback;
    const meant = countryMeant(text);
    const message = `There is no such country${meant === null ? '' : `; ISO 3166 has ${meant}`}`;
    this.#problems.add('TOLL_CATALOG_COUNTRY_UNKNOWN', fields.place(name), message);
    return fallback;
  }
}

/** ISO 3166 countries where nobody has telephone numbers of their own. */
const WITHOUT_NUMBERS = ['AQ', 'BV', 'GS', 'HM', 'PN', 'TF', 'UM'];
/**
 * Not all that Intl has a name for: UK is no code of ISO 3166, and a plan of the UK would have neither a dial plan nor domestic
 * calls, since its numbers are those of GB.
 */
const countries = new Set([...knownCountries(), ...WITHOUT_NUMBERS]);

/** UK → GB, us → US; null where nobody can tell. */
function countryMeant(text: string): string | null {
  if (!/^[A-Za-z]{2}$/.test(text)) return null;
  const region = new Intl.Locale(`und-${text}`).region ?? '';
  return countries.has(region) ? region : null;
}
