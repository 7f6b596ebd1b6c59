/** The rows of a tariff's CSV file, as text: columns that a deck knows nothing of are kept as they are. */
import { parseDecimal } from '@tollstream/money';
import { type DateOrder, instantText, readDate } from './dates.ts';
import { CHARGE_SCALE, RATE_SCALE, rateKey } from './deck-rate.ts';
import { JURISDICTION_FIELDS } from './fields.ts';
import { DeckError, DeckProblemList } from './problems.ts';
import { readText } from './read-text.ts';

/** Columns of a rate file in the order in which they are written; docs/catalog.md describes them. */
export const TARIFF_COLUMNS = [
  'prefix',
  'description',
  'country',
  'rate',
  'rate_interstate',
  'rate_intrastate',
  'rate_indeterminate',
  'initial_rate',
  'connect_fee',
  'initial',
  'step',
  'rounding',
  'effective_from',
  'effective_to',
  'blocked',
  'origin',
  'origin_class',
] as const;
export type TariffColumn = (typeof TARIFF_COLUMNS)[number];

export interface TariffRow {
  readonly prefix: string;
  /** `rateKey` of the row. */
  readonly key: string;
  /** Half-open, ms since epoch; infinite without a date. */
  readonly from: number;
  readonly to: number;
  /** Text by column of the file, in `TariffRows.columns` order; '' where the row says nothing. */
  readonly cells: readonly string[];
}

export interface TariffRows {
  /** Those of `TARIFF_COLUMNS` first, then what else the file has. */
  readonly columns: readonly string[];
  readonly rows: readonly TariffRow[];
}

/** What rows have that leave a cell empty. Null: nothing is said above them either. */
export interface RowDefaults {
  readonly initialSeconds: number;
  readonly stepSeconds: number;
  readonly rounding: 'up' | 'nearest';
  readonly connectFee: number;
  readonly effectiveFrom: number;
  readonly effectiveTo: number;
}

export const NO_ROWS: TariffRows = { columns: TARIFF_COLUMNS, rows: [] };

// Catalog files have the year first, which no order changes.
const ANY_ORDER: DateOrder = 'day_first';
const OFFSET = /[+-]\d{2}:\d{2}$/;

/**
 * @param file as messages name it
 * @throws DeckError TOLL_DECK_TARIFF_INVALID when the file is not what the catalog reads
 */
export function readTariffRows(file: string, text: string, defaults: RowDefaults): TariffRows {
  const problems = new DeckProblemList();
  const records = readText(file, text, ',', problems);
  const header = records.next();
  if (header.done === true) return NO_ROWS;
  const names = header.value.cells.map((cell) => String(cell).trim());
  const extra = names.filter((name) => !(TARIFF_COLUMNS as readonly string[]).includes(name));
  const columns = [...TARIFF_COLUMNS, ...extra];
  const positions = columns.map((name) => names.indexOf(name));
  const [fromColumn, toColumn] = [columns.indexOf('effective_from'), columns.indexOf('effective_to')];
  const [originColumn, classColumn] = [columns.indexOf('origin'), columns.indexOf('origin_class')];
  const instants = new Map<string, number>();
  function instantOf(cell: string, fallback: number, line: number): number {
    if (cell === '') return fallback;
    let at = instants.get(cell);
    if (at === undefined) {
      const read = OFFSET.test(cell) && cell.includes('T') ? Date.parse(cell) : readDate(cell, ANY_ORDER);
      if (read === null || Number.isNaN(read)) throw invalid(file, line, `"${cell}" is no date`);
      instants.set(cell, (at = read));
    }
    return at;
  }
  const rows: TariffRow[] = [];
  for (const { line, cells: source } of records) {
    if (source.length !== names.length) throw invalid(file, line, 'the row is not as wide as the header');
    const cells = positions.map((position) => (position === -1 ? '' : String(source[position]).trim()));
    rows.push({
      prefix: cells[0]!,
      key: rateKey(cells[0]!, cells[originColumn]!, cells[classColumn]!),
      from: instantOf(cells[fromColumn]!, defaults.effectiveFrom, line),
      to: instantOf(cells[toColumn]!, defaults.effectiveTo, line),
      cells,
    });
  }
  const [broken] = problems.list();
  if (broken !== undefined) throw invalid(file, broken.line, broken.message);
  return { columns, rows };
}

function invalid(file: string, line: number, why: string): DeckError {
  return new DeckError(
    'TOLL_DECK_TARIFF_INVALID',
    `The rates the tariff has now cannot be read: ${file}:${line}: ${why}.`,
  );
}

/** What decides the price of a call under a row. */
export interface Terms {
  /** Null: the row has a rate by jurisdiction or window only. */
  readonly rate: number | null;
  /** In the order of `JURISDICTION_FIELDS`: what holds in each, its own rate or the row's. Empty when the row has none of its own. */
  readonly byJurisdiction: readonly (number | null)[];
  readonly initialRate: number | null;
  readonly connectFee: number;
  readonly initialSeconds: number;
  readonly stepSeconds: number;
  readonly rounding: string;
  readonly blocked: boolean;
}

/** Reads the terms of rows; equal texts are read once. */
export class TermsReader {
  readonly #defaults: RowDefaults;
  readonly #at: Readonly<Record<TariffColumn, number>>;
  readonly #rates = new Map<string, number>();
  readonly #fees = new Map<string, number>();

  constructor(columns: readonly string[], defaults: RowDefaults) {
    this.#defaults = defaults;
    this.#at = Object.fromEntries(TARIFF_COLUMNS.map((name) => [name, columns.indexOf(name)])) as never;
  }

  /** @throws DeckError TOLL_DECK_TARIFF_INVALID */
  termsOf(cells: readonly string[]): Terms {
    const at = this.#at;
    const rateOf = (text: string, fallback: number | null): number | null =>
      text === '' ? fallback : this.#decimal(text, RATE_SCALE, this.#rates, cells);
    const rate = rateOf(cells[at.rate]!, null);
    const isByJurisdiction = JURISDICTION_FIELDS.some((name) => cells[at[name]] !== '');
    const initialRate = cells[at.initial_rate]!;
    const fee = cells[at.connect_fee]!;
    return {
      rate,
      byJurisdiction: isByJurisdiction
        ? JURISDICTION_FIELDS.map((name) => rateOf(cells[at[name]]!, rate))
        : [],
      initialRate: rateOf(initialRate, rate),
      connectFee:
        fee === '' ? this.#defaults.connectFee : this.#decimal(fee, CHARGE_SCALE, this.#fees, cells),
      initialSeconds: cells[at.initial] === '' ? this.#defaults.initialSeconds : Number(cells[at.initial]),
      stepSeconds: cells[at.step] === '' ? this.#defaults.stepSeconds : Number(cells[at.step]),
      rounding: cells[at.rounding] === '' ? this.#defaults.rounding : cells[at.rounding]!,
      blocked: cells[at.blocked] === 'true',
    };
  }

  #decimal(text: string, scale: number, cache: Map<string, number>, cells: readonly string[]): number {
    let value = cache.get(text);
    if (value === undefined) {
      try {
        value = parseDecimal(text, scale);
      } catch (error) {
        const message = `The rates the tariff has now cannot be read: prefix ${cells[0]} has the amount "${text}".`;
        throw new DeckError('TOLL_DECK_TARIFF_INVALID', message, { cause: error });
      }
      cache.set(text, value);
    }
    return value;
  }
}

export function sameTerms(a: Terms, b: Terms): boolean {
  return (
    a.rate === b.rate &&
    a.byJurisdiction.length === b.byJurisdiction.length &&
    a.byJurisdiction.every((rate, i) => rate === b.byJurisdiction[i]) &&
    a.initialRate === b.initialRate &&
    a.connectFee === b.connectFee &&
    a.initialSeconds === b.initialSeconds &&
    a.stepSeconds === b.stepSeconds &&
    a.rounding === b.rounding &&
    a.blocked === b.blocked
  );
}

const LINES_PER_CHUNK = 10_000;

/** The file of the rows, in pieces. Columns in which no row has anything are left out. */
export function* tariffCsv({ columns, rows }: TariffRows): Generator<string> {
  const used = new Set([columns.indexOf('prefix'), columns.indexOf('rate')]);
  const unused = new Set([...columns.keys()].filter((column) => !used.has(column)));
  for (const { cells } of rows) {
    for (const column of unused) {
      if (cells[column] === '') continue;
      unused.delete(column);
      used.add(column);
    }
  }
  const kept = [...columns.keys()].filter((column) => used.has(column));
  yield `${kept.map((column) => columns[column]).join(',')}\n`;
  let chunk = '';
  let lines = 0;
  for (const { cells } of rows) {
    let line = '';
    for (const column of kept) line += line === '' ? cells[column]! : `,${quoted(cells[column]!)}`;
    chunk += `${line}\n`;
    if (++lines % LINES_PER_CHUNK === 0) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk !== '') yield chunk;
}

function quoted(cell: string): string {
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** The row with other ends, in its instants and in its cells. */
export function during(row: TariffRow, from: number, to: number, columns: readonly string[]): TariffRow {
  const cells = [...row.cells];
  cells[columns.indexOf('effective_from')] = instantText(from);
  cells[columns.indexOf('effective_to')] = instantText(to);
  return { ...row, from, to, cells };
}
