/** The rows of a tariff's CSV file, as text: columns that a deck knows nothing of are kept as they are. */
import { parseDecimal } from '@tollstream/money';
import type { DeckCell } from './cells.ts';
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

export class TariffRow {
  readonly prefix: string;
  readonly said: RowSaid;

  constructor(prefix: string, said: RowSaid) {
    this.prefix = prefix;
    this.said = said;
  }

  /** `rateKey` of the row. */
  get key(): string {
    return this.prefix + this.said.callers;
  }

  get from(): number {
    return this.said.from;
  }

  get to(): number {
    return this.said.to;
  }

  get cells(): readonly string[] {
    return this.said.cells;
  }
}

/** What a row says beside its prefix, one object for all rows that say the same below each other. */
export interface RowSaid {
  /** Half-open, ms since epoch; infinite without a date. */
  readonly from: number;
  readonly to: number;
  /** Text by column of the file, in `TariffRows.columns` order; '' where the row says nothing, and for its prefix. */
  readonly cells: readonly string[];
  /** What the row's key has after the prefix: '' for all callers. */
  readonly callers: string;
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
  const prefixAt = positions[0]!;
  let above: { readonly source: readonly DeckCell[]; readonly said: RowSaid } | null = null;
  for (const { line, cells: source } of records) {
    if (source.length !== names.length) throw invalid(file, line, 'the row is not as wide as the header');
    const prefix = prefixAt === -1 ? '' : String(source[prefixAt]).trim();
    const isSame = above?.source.every((cell, at) => cell === source[at] || at === prefixAt) === true;
    if (!isSame) {
      const cells = positions.map((position, column) =>
        position === -1 || column === 0 ? '' : String(source[position]).trim(),
      );
      const said: RowSaid = {
        from: instantOf(cells[fromColumn]!, defaults.effectiveFrom, line),
        to: instantOf(cells[toColumn]!, defaults.effectiveTo, line),
        cells,
        callers: rateKey('', cells[originColumn]!, cells[classColumn]!),
      };
      above = { source, said };
    }
    rows.push(new TariffRow(prefix, above!.said));
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

/** Reads the terms of rows; equal texts are read once, and what rows below each other share as well. */
export class TermsReader {
  readonly #defaults: RowDefaults;
  readonly #at: Readonly<Record<TariffColumn, number>>;
  readonly #rates = new Map<string, number>();
  readonly #fees = new Map<string, number>();
  #last: { readonly said: RowSaid; readonly terms: Terms } | null = null;

  constructor(columns: readonly string[], defaults: RowDefaults) {
    this.#defaults = defaults;
    this.#at = Object.fromEntries(TARIFF_COLUMNS.map((name) => [name, columns.indexOf(name)])) as never;
  }

  /** @throws DeckError TOLL_DECK_TARIFF_INVALID */
  termsOf(row: TariffRow): Terms {
    if (this.#last?.said !== row.said) this.#last = { said: row.said, terms: this.#read(row) };
    return this.#last.terms;
  }

  #read({ prefix, cells }: TariffRow): Terms {
    const at = this.#at;
    const rateOf = (text: string, fallback: number | null): number | null =>
      text === '' ? fallback : this.#decimal(text, RATE_SCALE, this.#rates, prefix);
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
        fee === '' ? this.#defaults.connectFee : this.#decimal(fee, CHARGE_SCALE, this.#fees, prefix),
      initialSeconds: cells[at.initial] === '' ? this.#defaults.initialSeconds : Number(cells[at.initial]),
      stepSeconds: cells[at.step] === '' ? this.#defaults.stepSeconds : Number(cells[at.step]),
      rounding: cells[at.rounding] === '' ? this.#defaults.rounding : cells[at.rounding]!,
      blocked: cells[at.blocked] === 'true',
    };
  }

  #decimal(text: string, scale: number, cache: Map<string, number>, prefix: string): number {
    let value = cache.get(text);
    if (value === undefined) {
      try {
        value = parseDecimal(text, scale);
      } catch (error) {
        const message = `The rates the tariff has now cannot be read: prefix ${prefix} has the amount "${text}".`;
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
  const prefixColumn = columns.indexOf('prefix');
  const used = new Set([columns.indexOf('rate')]);
  const unused = new Set(
    [...columns.keys()].filter((column) => column !== prefixColumn && !used.has(column)),
  );
  let above: RowSaid | null = null;
  for (const { said } of rows) {
    if (said === above) continue;
    above = said;
    for (const column of unused) {
      if (said.cells[column] === '') continue;
      unused.delete(column);
      used.add(column);
    }
  }
  const kept = [...columns.keys()].filter((column) => used.has(column));
  yield `prefix${kept.map((column) => `,${columns[column]}`).join('')}\n`;
  let chunk = '';
  let lines = 0;
  let afterPrefix = '';
  above = null;
  for (const { prefix, said } of rows) {
    if (said !== above) {
      above = said;
      afterPrefix = `${kept.map((column) => `,${quoted(said.cells[column]!)}`).join('')}\n`;
    }
    chunk += prefix + afterPrefix;
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

/** Gives rows other ends, in their instants and in their cells. Rows that shared what they say share it again. */
export class RowEnds {
  readonly #fromColumn: number;
  readonly #toColumn: number;
  #before: RowSaid | null = null;
  #after: RowSaid | null = null;

  constructor(columns: readonly string[]) {
    this.#fromColumn = columns.indexOf('effective_from');
    this.#toColumn = columns.indexOf('effective_to');
  }

  during({ prefix, said }: TariffRow, from: number, to: number): TariffRow {
    let after = this.#after;
    if (after === null || this.#before !== said || after.from !== from || after.to !== to) {
      const cells = said.cells.slice();
      cells[this.#fromColumn] = instantText(from);
      cells[this.#toColumn] = instantText(to);
      after = { ...said, from, to, cells };
      this.#before = said;
      this.#after = after;
    }
    return new TariffRow(prefix, after);
  }
}
