/** The mapping file: what a deck does not say of itself. */
import { CURRENCIES, ROUNDING_MODES, type RoundingMode } from '@tollstream/money';
import { LineCounter, isMap, isScalar, parseDocument } from 'yaml';
import { FIELDS, type Field, isField } from './fields.ts';
import { readIncrements } from './increments.ts';
import { type DeckProblemList, wholeDeck } from './problems.ts';
import { type StatusWord, STATUS_WORDS } from './status.ts';

export interface DeckMapping {
  /** Header text, or position from 1, of the column that holds a field. */
  readonly columns: Readonly<Partial<Record<Field, string | number>>>;
  /** Header texts of columns that are not wanted. */
  readonly ignore: readonly string[];
  readonly sheet: string | number | null;
  /** Line of the header from 1; 0: the deck has none. Null: it is looked for. */
  readonly headerRow: number | null;
  readonly delimiter: string | null;
  readonly encoding: string | null;
  readonly decimal: 'point' | 'comma' | null;
  readonly dates: 'day_first' | 'month_first' | null;
  readonly rateUnit: 'major' | 'cents' | null;
  /** Of the connection fee. */
  readonly feeUnit: 'major' | 'cents' | null;
  /** How rates with more digits than are kept are rounded; null: they are refused. */
  readonly rateRounding: RoundingMode | null;
  readonly currency: string | null;
  /** Put before every code. */
  readonly countryCode: string | null;
  /** Whether codes already begin with what stands in the country code column. */
  readonly codeIncludesCountry: boolean | null;
  /** Of rows that have none, such as 60/60. */
  readonly increments: string | null;
  /** Further words of the status column, in lower case. */
  readonly statusWords: ReadonlyMap<string, StatusWord>;
  /** Words of the origin column, in lower case, and what the catalog calls them; '' = all callers. */
  readonly originWords: ReadonlyMap<string, string>;
  /** What a full deck without origins does to rows for some callers alone. */
  readonly otherOrigins: 'keep' | 'end' | null;
}

export const NO_MAPPING: DeckMapping = {
  columns: {},
  ignore: [],
  sheet: null,
  headerRow: null,
  delimiter: null,
  encoding: null,
  decimal: null,
  dates: null,
  rateUnit: null,
  feeUnit: null,
  rateRounding: null,
  currency: null,
  countryCode: null,
  codeIncludesCountry: null,
  increments: null,
  statusWords: new Map(),
  originWords: new Map(),
  otherOrigins: null,
};

const ROW_MAX = 1_048_576;

/** Reads one key; null when the value does not fit, with what would. */
type Reader = (value: unknown) => { readonly value: unknown } | { readonly expected: string };

function oneOf(values: readonly string[]): Reader {
  return (value) =>
    values.includes(value as string) ? { value } : { expected: `one of ${values.join(', ')}` };
}

function wholeNumber(from: number, expected: string): Reader {
  return (value) =>
    Number.isInteger(value) && (value as number) >= from && (value as number) <= ROW_MAX
      ? { value }
      : { expected };
}

function text(pattern: RegExp, expected: string): Reader {
  return (value) =>
    (typeof value === 'string' || typeof value === 'number') && pattern.test(String(value))
      ? { value: String(value) }
      : { expected };
}

function isEncoding(label: unknown): boolean {
  try {
    return typeof label === 'string' && new TextDecoder(label).encoding !== '';
  } catch {
    return false;
  }
}

/** Key in the file → property, and how it is read. */
const KEYS: Readonly<Record<string, readonly [keyof DeckMapping, Reader]>> = {
  sheet: [
    'sheet',
    (value) =>
      (typeof value === 'string' && value !== '') || (Number.isInteger(value) && (value as number) > 0)
        ? { value }
        : { expected: 'the name of a sheet, or its position from 1' },
  ],
  header_row: ['headerRow', wholeNumber(0, 'the line of the header, or 0 when there is none')],
  delimiter: ['delimiter', text(/^[\t;,|]$/, 'one of "\\t", ";", "," and "|"')],
  encoding: [
    'encoding',
    (value) => (isEncoding(value) ? { value } : { expected: 'an encoding such as windows-1252' }),
  ],
  decimal: ['decimal', oneOf(['point', 'comma'])],
  dates: ['dates', oneOf(['day_first', 'month_first'])],
  rate_unit: ['rateUnit', oneOf(['major', 'cents'])],
  fee_unit: ['feeUnit', oneOf(['major', 'cents'])],
  rate_rounding: ['rateRounding', oneOf(ROUNDING_MODES)],
  currency: ['currency', oneOf([...CURRENCIES.keys()])],
  country_code: ['countryCode', text(/^[1-9]\d{0,6}$/, 'the digits of a country code')],
  code_includes_country: [
    'codeIncludesCountry',
    (value) => (typeof value === 'boolean' ? { value } : { expected: 'true or false' }),
  ],
  other_origins: ['otherOrigins', oneOf(['keep', 'end'])],
  increments: [
    'increments',
    (value) =>
      typeof value === 'string' && readIncrements(value) !== null
        ? { value }
        : { expected: 'increments such as 60/60' },
  ],
};

/** @returns the mapping, or null when problems with their lines were added */
export function readMapping(file: string, source: string, problems: DeckProblemList): DeckMapping | null {
  const lineCounter = new LineCounter();
  const document = parseDocument(source, { lineCounter, strict: true, prettyErrors: false });
  let sound = true;
  function wrong(offset: number, message: string, value = ''): void {
    sound = false;
    const { line, col } = lineCounter.linePos(offset);
    const place = { ...wholeDeck(file, value), line, column: col };
    problems.add('TOLL_DECK_MAPPING_INVALID', place, message);
  }
  for (const error of document.errors) wrong(error.pos[0], `This is no valid YAML (${error.message})`);
  if (!sound) return null;
  const root = document.contents;
  if (root === null) return NO_MAPPING;
  if (!isMap(root)) {
    wrong(0, 'The file holds no keys');
    return null;
  }

  const mapping: Record<string, unknown> = { ...NO_MAPPING };
  for (const { key, value } of root.items) {
    const name = isScalar(key) ? String(key.value) : String(key);
    const at = rangeStart(key);
    const plain: unknown =
      value === null || value === undefined ? null : (value as { toJS(d: unknown): unknown }).toJS(document);
    if (name === 'columns') mapping['columns'] = columnsOf(plain, (message) => wrong(at, message));
    else if (name === 'ignore') {
      if (Array.isArray(plain)) mapping['ignore'] = plain.map(String);
      else wrong(at, 'ignore must be a list of header texts');
    } else if (name === 'status_words') {
      mapping['statusWords'] = statusWordsOf(plain, (message) => wrong(at, message));
    } else if (name === 'origin_words') {
      mapping['originWords'] = originWordsOf(plain, (message) => wrong(at, message));
    } else {
      const entry = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined;
      if (entry === undefined) {
        wrong(at, 'There is no such key', name);
        continue;
      }
      const [property, read] = entry;
      const result = read(plain);
      if ('expected' in result) wrong(at, `${name} must be ${result.expected}`, String(plain));
      else mapping[property] = result.value;
    }
  }
  return sound ? (mapping as unknown as DeckMapping) : null;
}

function rangeStart(node: unknown): number {
  return (node as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0;
}

function columnsOf(value: unknown, wrong: (message: string) => void): DeckMapping['columns'] {
  const columns: Partial<Record<Field, string | number>> = {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    wrong('columns must name fields and their columns, such as `rate: Price`');
    return columns;
  }
  for (const [field, column] of Object.entries(value)) {
    if (!isField(field)) wrong(`There is no field ${field}; there are ${FIELDS.join(', ')}`);
    else if (typeof column === 'string' && column !== '') columns[field] = column;
    else if (Number.isInteger(column) && (column as number) >= 1 && (column as number) <= 16_384) {
      columns[field] = column as number;
    } else wrong(`The column of ${field} must be its header text, or its position from 1`);
  }
  return columns;
}

function originWordsOf(value: unknown, wrong: (message: string) => void): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    wrong('origin_words must say what words mean, such as `Rest of world: all`');
    return words;
  }
  for (const [word, meaning] of Object.entries(value)) {
    if (typeof meaning !== 'string' && typeof meaning !== 'number') {
      wrong(`origin_words.${word} must be all, a prefix, a country, unknown, or a group of the catalog`);
    } else words.set(word.trim().toLowerCase(), meaning === 'all' ? '' : String(meaning));
  }
  return words;
}

function statusWordsOf(value: unknown, wrong: (message: string) => void): ReadonlyMap<string, StatusWord> {
  const words = new Map<string, StatusWord>();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    wrong('status_words must say what words mean, such as `closed: discontinued`');
    return words;
  }
  for (const [word, meaning] of Object.entries(value)) {
    if ((STATUS_WORDS as readonly unknown[]).includes(meaning)) {
      words.set(word.trim().toLowerCase(), meaning as StatusWord);
    } else wrong(`status_words.${word} must be one of ${STATUS_WORDS.join(', ')}`);
  }
  return words;
}
