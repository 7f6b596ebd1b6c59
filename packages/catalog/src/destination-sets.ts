/** Named sets of destinations, which pools and spend limits refer to. */
import { FieldReader, isObject, sequenceLength } from './fields.ts';
import type { Fields } from './fields.ts';
import type { CallTypeName, DestinationSet } from './model.ts';
import type { ProblemList } from './problems.ts';
import type { YamlFile } from './read-yaml.ts';
import { isPrefix } from './tariffs.ts';

/** Sets of `catalog.yaml`, by id. */
export function readDestinationSets(
  head: YamlFile | null,
  problems: ProblemList,
  warnings: ProblemList,
): Map<string, DestinationSet> {
  const sets = new Map<string, DestinationSet>();
  const written = isObject(head?.value) ? head.value['destination_sets'] : null;
  if (head === null || !isObject(written)) return sets;
  const reader = new FieldReader(problems);
  for (const [id, value] of Object.entries(written)) {
    if (!isObject(value)) continue;
    const path = ['destination_sets', id] as const;
    const types = texts(value['call_types']);
    const countries = texts(value['countries']).map((country, i) =>
      reader.country(
        { text: () => country, place: () => head.place([...path, 'countries', i]) },
        'countries',
        '',
      ),
    );
    sets.set(id, {
      id,
      callTypes: types.length === 0 ? null : new Set(types as CallTypeName[]),
      countries: new Set(countries.filter((country) => country !== '')),
      prefixes: readPrefixes(head, [...path, 'prefixes'], texts(value['prefixes']), problems, warnings),
    });
  }
  return sets;
}

function readPrefixes(
  head: YamlFile,
  path: readonly (string | number)[],
  written: readonly string[],
  problems: ProblemList,
  warnings: ProblemList,
): string[] {
  const prefixes = written.filter((prefix, i) => {
    if (isPrefix(prefix)) return true;
    problems.add(
      'TOLL_CATALOG_PREFIX_INVALID',
      head.place([...path, i]),
      'This is no prefix of an E.164 number',
    );
    return false;
  });
  written.forEach((prefix, i) => {
    const wider = prefixes.findIndex((other, j) => prefix.startsWith(other) && (other !== prefix || j < i));
    if (wider < 0) return;
    const message = `The set has ${prefixes[wider]} already, which holds all of it`;
    warnings.add('TOLL_CATALOG_SET_OVERLAP', head.place([...path, i]), message);
  });
  return prefixes;
}

function texts(value: unknown): string[] {
  return Array.from({ length: sequenceLength(value) }, (_, i) => String((value as unknown[])[i]));
}

/** The set that a field names; null when the field is absent, or names none. */
export function namedSet(
  fields: Fields,
  sets: ReadonlyMap<string, DestinationSet>,
  problems: ProblemList,
): DestinationSet | null {
  const id = fields.text('destinations');
  if (id === undefined) return null;
  const set = sets.get(id);
  if (set === undefined) {
    problems.add(
      'TOLL_CATALOG_REFERENCE_UNKNOWN',
      fields.place('destinations'),
      'The catalog has no such destination set',
    );
  }
  return set ?? null;
}
