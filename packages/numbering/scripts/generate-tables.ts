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

/** Exit codes and trunk prefixes with more spellings than this (long carrier codes) are left out. */
const EXPANSIONS_MAX = 64;

/** Positions in a country's metadata array, as libphonenumber-js lays it out. */
const FIELD = {
  callingCode: 0,
  idd: 1,
  lengths: 3,
  trunk: 5,
  trunkPattern: 7,
  trunkTransform: 8,
  leadingDigits: 10,
  types: 11,
} as const;

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

/**
 * `US:geographic:1s` → position in the leaf list: country, class, and the bit set (base 36) of how many digits may follow in
 * a number that some pattern lists. Leaf 0: nothing known.
 */
const leaves = new Map<string, number>([[':unknown:0', 0]]);
/** Rows of 11 references: a digit's, and the one for a number that ends here. `leaf n` is -1-n. */
const nodes: number[][] = [];
const nodeByRow = new Map<string, number>();

function leaf(country: string, numberClass: string, moreDigits: number): number {
  const key = `${country}:${numberClass}:${moreDigits.toString(36)}`;
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
  readonly #moreDigits = new Map<string, number>();
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
    // What no pattern lists is most likely of the calling code's main country; area codes of +1 have no main country.
    return this.#node(close(starts), this.#northAmerican ? '' : this.#countries[0]![0], 'unknown');
  }

  /**
   * @param country   of numbers that no pattern lists
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
    if (outcomes.size === 0) return leaf(country, otherwise, 0);
    if (outcomes.size === 1) {
      const [name, numberClass] = [...outcomes][0]!.split(':');
      return leaf(name!, numberClass!, this.#lengths(states));
    }
    const key = `${states.map((state) => state.id).join()}/${country}/${otherwise}`;
    let built = this.#built.get(key);
    if (built === undefined) {
      const row: number[] = [];
      for (let digit = 0; digit < 10; digit++)
        row.push(this.#node(close(step(states, digit)), country, otherwise));
      const here = this.#outcome(states);
      const [name, numberClass] = here === null ? [country, otherwise] : here.split(':');
      row.push(leaf(name!, numberClass!, here === null ? 0 : 1));
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

  /** Bit n: some listed number has n more digits. */
  #lengths(states: readonly State[]): number {
    const key = states.map((state) => state.id).join();
    const known = this.#moreDigits.get(key);
    if (known !== undefined) return known;
    this.#moreDigits.set(key, 0); // as in #outcomes, for the one cycle
    let lengths = this.#outcome(states) === null ? 0 : 1;
    for (let digit = 0; digit < 10; digit++) lengths |= this.#lengths(close(step(states, digit))) << 1;
    this.#moreDigits.set(key, lengths);
    return lengths;
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

/** The trie over calling codes, each leading into its table. */
function buildRoot(tables: ReadonlyMap<string, number>, prefix = ''): number {
  const table = tables.get(prefix);
  if (table !== undefined) return table;
  if (![...tables.keys()].some((code) => code.startsWith(prefix))) return leaf('', 'unknown', 0);
  const row: number[] = [];
  for (let digit = 0; digit < 10; digit++) row.push(buildRoot(tables, prefix + String(digit)));
  row.push(leaf('', 'unknown', 0));
  return node(row);
}

/** The metadata writes 0 for what a country does not have. */
function text(field: unknown): string {
  return typeof field === 'string' ? field : '';
}

function lengthMask(data: Country): number {
  return (data[FIELD.lengths] as readonly number[]).reduce((mask, length) => mask | (1 << length), 0);
}

function exitCodes(data: Country): string[] {
  if (!data[FIELD.idd]) return [];
  const codes = expandPattern(String(data[FIELD.idd]));
  return codes.length > EXPANSIONS_MAX ? [] : codes;
}

/** The trunk prefix and what may stand for it; patterns that rewrite the number are left to the metadata's own library. */
function trunkPrefixes(data: Country): string[] {
  const prefixes = new Set<string>(data[FIELD.trunk] ? [text(data[FIELD.trunk])] : []);
  if (data[FIELD.trunkPattern] && !data[FIELD.trunkTransform]) {
    const spellings = expandPattern(String(data[FIELD.trunkPattern]));
    if (spellings.length <= EXPANSIONS_MAX) for (const spelling of spellings) prefixes.add(spelling);
  }
  return [...prefixes];
}

function generate(): string {
  const tables = new Map<string, number>();
  const callingCodes: string[] = [];
  const countries: string[] = [];
  for (const [code, names] of Object.entries(metadata.country_calling_codes)) {
    const group = names.map((name) => [name, metadata.countries[name]!] as const);
    tables.set(code, new CallingCodeTable(group, code === '1').build());
    const mask = code === '1' ? 1 << 10 : group.reduce((all, [, data]) => all | lengthMask(data), 0);
    callingCodes.push(`${code},${mask.toString(36)},${text(group[0]![1][FIELD.trunk])}`);
    for (const [name, data] of group) {
      const trunks = trunkPrefixes(data).join('/');
      const exits = exitCodes(data).join('/');
      countries.push(`${name},${code},${trunks},${lengthMask(data).toString(36)},${exits}`);
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
    '/** `country,calling code,trunk prefixes separated by /,bit set of national lengths (base 36),exit codes separated by /`. */',
    `export const COUNTRIES =\n  '${countries.join(' ')}';`,
    '',
    '/** `country:class:bit set (base 36) of how many digits may follow`; rows refer to leaves by position. */',
    `export const LEAVES =\n  '${[...leaves.keys()].join(' ')}';`,
    '',
    `export const ROOT = ${root};`,
    '',
    '/** Rows of 11 little-endian 16-bit references: one per digit and one for a number that ends here. */',
    `export const ROWS =\n  '${Buffer.from(packed.buffer).toString('base64')}';`,
    '',
  ].join('\n');
}

const generated = generate();
if (process.argv.includes('--check')) {
  if (readFileSync(TARGET, 'utf8') !== generated) {
    process.stderr.write(
      'packages/numbering/src/tables.generated.ts is out of date: run scripts/generate-tables.ts.\n',
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(TARGET, generated);
  process.stdout.write(`${nodes.length} rows, ${leaves.size} leaves, ${generated.length} bytes\n`);
}
