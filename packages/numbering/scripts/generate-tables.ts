/**
 * Makes `src/tables.generated.ts` from the metadata of libphonenumber-js (itself made from Google's libphonenumber).
 *
 *   node packages/numbering/scripts/generate-tables.ts           writes the file
 *   node packages/numbering/scripts/generate-tables.ts --check   fails when the committed file differs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { close, compileLeading, compilePattern, expandPattern, step } from './patterns.ts';
import type { State } from './patterns.ts';

const require = createRequire(import.meta.url);
const TARGET = new URL('../src/tables.generated.ts', import.meta.url);

/** Exit codes with more spellings than this (long carrier codes) are left out; `00` is always understood. */
const IDD_EXPANSIONS_MAX = 64;

/** Positions in a country's metadata array, as libphonenumber-js lays it out. */
const FIELD = { callingCode: 0, idd: 1, lengths: 3, trunk: 5, leadingDigits: 10, types: 11 } as const;

/** Order of a country's type patterns in the metadata. */
const TYPES = [
  'fixed',
  'mobile',
  'toll_free',
  'premium',
  'personal',
  'voicemail',
  'uan',
  'pager',
  'voip',
  'shared_cost',
];

/** Our class of the first type that matches; the order is libphonenumber's. */
const CLASS_BY_PRECEDENCE: readonly (readonly [type: string, numberClass: string])[] = [
  ['fixed', 'geographic'],
  ['mobile', 'mobile'],
  ['premium', 'premium'],
  ['toll_free', 'toll_free'],
  ['shared_cost', 'shared_cost'],
  ['voip', 'other'],
  ['personal', 'other'],
  ['pager', 'other'],
  ['uan', 'other'],
  ['voicemail', 'other'],
];

/** Exchange 976 of any US or Canadian area code is information service, which the metadata counts as geographic. */
const NXX_976 = { label: 'nxx-976', pattern: '[2-9]\\d{2}976\\d{4}', countries: ['US', 'CA'] };

type Country = readonly unknown[];
interface Metadata {
  readonly country_calling_codes: Readonly<Record<string, readonly string[]>>;
  readonly countries: Readonly<Record<string, Country>>;
  readonly nonGeographic: Readonly<Record<string, Country>>;
}

const metadata = require('libphonenumber-js/metadata.max.json') as Metadata;
const version = (require('libphonenumber-js/package.json') as { version: string }).version;

/** `US:geographic` → position in the leaf list. Leaf 0: nothing known. */
const leaves = new Map<string, number>([[':unknown', 0]]);
/** Rows of 11 references: a digit's, and the one for a number that ends here. `leaf n` is -1-n. */
const nodes: number[][] = [];
const nodeByRow = new Map<string, number>();

function leaf(country: string, numberClass: string): number {
  const key = `${country}:${numberClass}`;
  let index = leaves.get(key);
  if (index === undefined) leaves.set(key, (index = leaves.size));
  return -1 - index;
}

function node(row: number[]): number {
  const key = row.join();
  let index = nodeByRow.get(key);
  if (index === undefined) {
    index = nodes.push(row) - 1;
    nodeByRow.set(key, index);
  }
  return index;
}

/** What one calling code's numbers are, from the patterns of all its countries. */
class CallingCodeTable {
  readonly #countries: readonly (readonly [name: string, data: Country])[];
  readonly #northAmerican: boolean;
  readonly #reach = new Map<string, ReadonlySet<string>>();
  readonly #built = new Map<string, number>();

  constructor(countries: readonly (readonly [string, Country])[], northAmerican: boolean) {
    this.#countries = countries;
    this.#northAmerican = northAmerican;
  }

  build(): number {
    const starts: State[] = [];
    for (const [name, data] of this.#countries) {
      const types = (data[FIELD.types] || []) as readonly (readonly [string] | 0)[];
      types.forEach((type, i) => {
        if (type && type[0] !== '') starts.push(compilePattern(type[0], `${name}/${TYPES[i]}`));
      });
      if (data[FIELD.leadingDigits]) {
        starts.push(compileLeading(String(data[FIELD.leadingDigits]), `${name}/leading`));
      }
    }
    if (this.#northAmerican) starts.push(compilePattern(NXX_976.pattern, NXX_976.label));
    const only = this.#countries.length === 1 ? this.#countries[0]![0] : '';
    return this.#node(close(starts), only, 'unknown');
  }

  /**
   * @param country  the one country all numbers with the digits so far belong to, or ''
   * @param otherwise class of numbers that no pattern lists
   */
  #node(states: readonly State[], country: string, otherwise: string): number {
    const outcomes = this.#outcomes(states);
    const countries = new Set([...outcomes].map((outcome) => outcome.split(':')[0]!));
    if (countries.size === 1) country = [...countries][0]!;
    // An area code is wholly one country's, and new exchanges are opened faster than metadata is published.
    if (this.#northAmerican && countries.size === 1 && /:(geographic|mobile)/.test([...outcomes].join())) {
      otherwise = 'geographic';
    }
    if (outcomes.size === 0) return leaf(country, country === '' ? 'unknown' : otherwise);
    if (outcomes.size === 1) {
      const [name, numberClass] = [...outcomes][0]!.split(':');
      return leaf(name!, numberClass!);
    }
    const key = `${states.map((state) => state.id).join()}/${country}/${otherwise}`;
    let built = this.#built.get(key);
    if (built === undefined) {
      const row: number[] = [];
      for (let digit = 0; digit < 10; digit++)
        row.push(this.#node(close(step(states, digit)), country, otherwise));
      const here = this.#outcome(states);
      row.push(here === null ? leaf(country, country === '' ? 'unknown' : otherwise) : leaf(...split(here)));
      built = node(row);
      this.#built.set(key, built);
    }
    return built;
  }

  /** All that numbers beginning with the digits so far can be. */
  #outcomes(states: readonly State[]): ReadonlySet<string> {
    const key = states.map((state) => state.id).join();
    const known = this.#reach.get(key);
    if (known !== undefined) return known;
    const outcomes = new Set<string>();
    // Kept before it is complete: the only cycle is that of leading digits, and it leads to no number.
    this.#reach.set(key, outcomes);
    const here = this.#outcome(states);
    if (here !== null) outcomes.add(here);
    for (let digit = 0; digit < 10; digit++) {
      for (const outcome of this.#outcomes(close(step(states, digit)))) outcomes.add(outcome);
    }
    return outcomes;
  }

  /** Country and class of the number that ends here, by libphonenumber's order of countries and types. */
  #outcome(states: readonly State[]): string | null {
    const labels = new Set<string>();
    for (const state of states) if (state.kind === 'accept') labels.add(state.label);
    for (const [name, data] of this.#countries) {
      if (data[FIELD.leadingDigits] && !labels.has(`${name}/leading`)) continue;
      const found = CLASS_BY_PRECEDENCE.find(([type]) => labels.has(`${name}/${type}`));
      if (found === undefined) continue;
      const information =
        labels.has(NXX_976.label) && found[1] === 'geographic' && NXX_976.countries.includes(name);
      return `${name}:${information ? 'premium' : found[1]}`;
    }
    return null;
  }
}

function split(outcome: string): [string, string] {
  const [country, numberClass] = outcome.split(':');
  return [country!, numberClass!];
}

/** The trie over calling codes, each leading into its table. */
function buildRoot(tables: ReadonlyMap<string, number>, prefix = ''): number {
  const table = tables.get(prefix);
  if (table !== undefined) return table;
  if (![...tables.keys()].some((code) => code.startsWith(prefix))) return leaf('', 'unknown');
  const row: number[] = [];
  for (let digit = 0; digit < 10; digit++) row.push(buildRoot(tables, prefix + String(digit)));
  row.push(leaf('', 'unknown'));
  return node(row);
}

function lengthMask(data: Country): number {
  return (data[FIELD.lengths] as readonly number[]).reduce((mask, length) => mask | (1 << length), 0);
}

function exitCodes(data: Country): string[] {
  if (!data[FIELD.idd]) return [];
  const codes = expandPattern(String(data[FIELD.idd]));
  return codes.length > IDD_EXPANSIONS_MAX ? [] : codes;
}

function generate(): string {
  const tables = new Map<string, number>();
  const callingCodes: string[] = [];
  const countries: string[] = [];
  for (const [code, names] of Object.entries(metadata.country_calling_codes)) {
    const group = names.map((name) => [name, metadata.countries[name]!] as const);
    tables.set(code, new CallingCodeTable(group, code === '1').build());
    const mask = code === '1' ? 1 << 10 : group.reduce((all, [, data]) => all | lengthMask(data), 0);
    callingCodes.push(`${code},${mask.toString(36)},${group[0]![1][FIELD.trunk] || ''}`);
    for (const [name, data] of group) {
      const trunk = String(data[FIELD.trunk] || '');
      countries.push(
        `${name},${code},${trunk},${lengthMask(data).toString(36)},${exitCodes(data).join('/')}`,
      );
    }
  }
  for (const [code, data] of Object.entries(metadata.nonGeographic)) {
    tables.set(code, new CallingCodeTable([['', data]], false).build());
    callingCodes.push(`${code},${lengthMask(data).toString(36)},`);
  }
  const root = buildRoot(tables);
  const packed = new Uint16Array(nodes.length * 11);
  nodes.forEach((row, i) =>
    row.forEach((ref, j) => (packed[i * 11 + j] = ref < 0 ? -1 - ref : leaves.size + ref)),
  );
  if (leaves.size + nodes.length > 0xffff) throw new Error('Too many table rows for 16-bit references.');
  return [
    '/**',
    ' * Generated by scripts/generate-tables.ts; do not edit.',
    ` * Made from the metadata of libphonenumber-js ${version} (MIT, see LICENSES.md), which is made from Google's`,
    ' * libphonenumber (Apache-2.0).',
    ' */',
    '',
    `export const METADATA_VERSION = '${version}';`,
    '',
    '/** `calling code,bit set of national lengths (base 36),trunk prefix`. */',
    `export const CALLING_CODES =\n  '${callingCodes.join(' ')}';`,
    '',
    '/** `country,calling code,trunk prefix,bit set of national lengths (base 36),exit codes separated by /`. */',
    `export const COUNTRIES =\n  '${countries.join(' ')}';`,
    '',
    '/** `country:class`; rows refer to leaves by position. */',
    `export const LEAVES =\n  '${[...leaves.keys()].join(' ')}';`,
    '',
    `export const ROOT = ${root};`,
    '',
    '/** Rows of 11 little-endian 16-bit references: one per digit and one for a number that ends here. */',
    `export const ROWS =\n  '${Buffer.from(packed.buffer).toString('base64')}';`,
    '',
  ].join('\n');
}

const text = generate();
if (process.argv.includes('--check')) {
  if (readFileSync(TARGET, 'utf8') !== text) {
    process.stderr.write(
      'packages/numbering/src/tables.generated.ts is out of date: run scripts/generate-tables.ts.\n',
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(TARGET, text);
  process.stdout.write(`${nodes.length} rows, ${leaves.size} leaves, ${text.length} bytes\n`);
}
