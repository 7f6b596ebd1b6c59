/** A tariff and a deck to the tariff after it: who starts, changes and ends when. */
import { classify } from '@tollstream/numbering';
import type { Destination } from '@tollstream/numbering';
import { instantText } from './dates.ts';
import { type DatedRate, datedRates } from './dated-rates.ts';
import { type DeckRate, type DeckTerms, describeKey, rateKey } from './deck-rate.ts';
import { JURISDICTION_FIELDS, RATE_FIELDS } from './fields.ts';
import type { DeckProblemList } from './problems.ts';
import type { DeckTable } from './read-deck.ts';
import { RateChanges } from './rate-changes.ts';
import { RowsByKey } from './rows-by-key.ts';
import {
  type RowDefaults,
  RowEnds,
  type RowSaid,
  TARIFF_COLUMNS,
  type TariffColumn,
  TariffRow,
  type TariffRows,
  type Terms,
  TermsReader,
  sameTerms,
} from './tariff-rows.ts';

export type ImportMode = 'replace' | 'delta';

export interface MergeOptions {
  readonly mode: ImportMode;
  readonly before: TariffRows;
  readonly defaults: RowDefaults;
  readonly rates: readonly DeckRate[];
  readonly asOf: number | null;
  /** What a full deck that says nothing of callers does to rows for some callers alone; null: it is refused where there are any. */
  readonly otherOrigins: 'keep' | 'end' | null;
  readonly table: DeckTable;
}

export interface Merged {
  readonly after: TariffRows;
  /** How many the deck has. */
  readonly prefixes: number;
  readonly changes: RateChanges;
}

/**
 * Both modes do the same to a code that the deck has: what the tariff had for it ends where the deck's first row starts, and
 * the deck's rows follow. A full deck also ends the codes that it does not have; a delta leaves them, and refuses to pass over
 * a change that the tariff already holds for later.
 * @returns the rows after the deck, in the order of their prefixes; of no use when problems were added
 */
export function mergeDeck(
  options: MergeOptions,
  problems: DeckProblemList,
  warnings: DeckProblemList,
): Merged {
  const { mode, before, defaults, rates, table } = options;
  const deck = new RowsByKey(rates);
  const old = new RowsByKey(before.rows);
  const tools: MergeTools = {
    mode,
    terms: new TermsReader(before.columns, defaults),
    maker: new RowMaker(before.columns, new TermsReader(before.columns, defaults)),
    ends: new RowEnds(before.columns),
    changes: new RateChanges(),
    after: [],
    table,
  };
  const { maker, ends, changes, after } = tools;

  if (mode === 'replace') refuseOpenOrigins(options, problems);
  for (const [key, said] of deck) {
    const rows = old.of(key);
    const [first] = said;
    if (rows.length === 0 && said.length === 1 && first!.terms.status !== 'discontinued') {
      // One line of a code that the tariff does not have, as all are of a new tariff: there is nothing to put in order.
      const { effectiveFrom, effectiveTo } = first!.terms;
      const [from, to] = [effectiveFrom ?? defaults.effectiveFrom, effectiveTo ?? defaults.effectiveTo];
      after.push(maker.make(first!, from, to, null));
      changes.added(from);
      continue;
    }
    const dated = datedRates(said, defaults, table, problems, warnings);
    mergePrefix(dated, byStart(rows), tools, problems, warnings);
  }
  const isMissing = missingFrom(options, deck);
  const missing = mode === 'replace' ? countMissing(old, isMissing, before.columns) : null;
  const end = missing === null ? Infinity : endOfMissing(options, missing.count);
  // Rows that could not be read may be those that are missing.
  if (end === null && problems.count === 0) {
    problems.add(
      'TOLL_DECK_END_AMBIGUOUS',
      table.placeOf(0, null, ''),
      `${missing!.count} codes of the tariff are not in the deck (${missing!.first.join(', ')}…), whose rows start on different days`,
    );
  }
  for (const [key, rows] of old) {
    if (deck.has(key)) continue;
    const sorted = byStart(rows);
    if (!isMissing(key, sorted)) {
      after.push(...sorted);
      continue;
    }
    let ended = false;
    for (const row of sorted) {
      if (row.to <= end!) after.push(row);
      else {
        ended = true;
        if (row.from < end!) after.push(ends.during(row, row.from, end!));
      }
    }
    if (ended) changes.ended(end!);
  }
  if (mode === 'replace' && end === -Infinity && before.rows.length > 0 && rates.length > 0) {
    const message =
      'The deck has no dates: its rates hold for all times, and the rows of the tariff before it are gone';
    warnings.add('TOLL_DECK_UNDATED', table.placeOf(0, null, ''), message);
  }
  return { after: { columns: before.columns, rows: sortRows(after) }, prefixes: deck.size, changes };
}

function saysCallers({ cells }: DeckTable): boolean {
  return cells.has('origin') || cells.has('origin_class');
}

function isForSome({ key, prefix }: TariffRow): boolean {
  return key !== prefix;
}

function describeRow({ prefix, cells }: TariffRow, columns: readonly string[]): string {
  const of = (name: TariffColumn): string => cells[columns.indexOf(name)]!;
  return describeKey(prefix, { origin: of('origin'), originClass: of('origin_class') });
}

function byStart(rows: readonly TariffRow[]): readonly TariffRow[] {
  return rows.length < 2 ? rows : rows.toSorted((a, b) => a.from - b.from);
}

/** A full deck without a column of callers does not say what becomes of rows for some callers alone. */
function refuseOpenOrigins({ before, otherOrigins, table }: MergeOptions, problems: DeckProblemList): void {
  if (otherOrigins !== null || saysCallers(table)) return;
  const rows = before.rows.filter(isForSome).length;
  if (rows === 0) return;
  const message = `The tariff has ${rows} rows for some callers alone, and the deck says nothing of callers`;
  problems.add('TOLL_DECK_ORIGINS_OPEN', table.placeOf(0, null, ''), message);
}

type IsMissing = (key: string, rows: readonly TariffRow[]) => boolean;

/** What the tariff has and a full deck ends: all that it does not have itself, but for callers that it is told to leave alone. */
function missingFrom({ table, otherOrigins }: MergeOptions, deck: RowsByKey<DeckRate>): IsMissing {
  const keepsOrigins = otherOrigins === 'keep' && !saysCallers(table);
  return (key, rows) => !deck.has(key) && !(keepsOrigins && isForSome(rows[0]!));
}

/** With the first three as people know them. */
function countMissing(
  old: RowsByKey<TariffRow>,
  isMissing: IsMissing,
  columns: readonly string[],
): { readonly count: number; readonly first: readonly string[] } {
  let count = 0;
  const first: string[] = [];
  for (const [key, rows] of old) {
    if (!isMissing(key, rows)) continue;
    count++;
    if (first.length < 3) first.push(describeRow(byStart(rows)[0]!, columns));
  }
  return { count, first };
}

/** When codes end that a full deck does not have; null when that cannot be told. */
function endOfMissing({ rates, asOf, defaults }: MergeOptions, missing: number): number | null {
  if (asOf !== null) return asOf;
  const starts = new Set<number | null>();
  for (const { terms } of rates) starts.add(terms.effectiveFrom);
  const [first] = starts;
  if (starts.size === 1) return first ?? defaults.effectiveFrom;
  return missing === 0 ? Infinity : null;
}

interface MergeTools {
  readonly mode: ImportMode;
  readonly maker: RowMaker;
  /** Of the rows before; the maker reads those that it makes. */
  readonly terms: TermsReader;
  readonly ends: RowEnds;
  readonly changes: RateChanges;
  readonly after: TariffRow[];
  readonly table: DeckTable;
}

/** @param old rows of the same code and callers, in the order of their start */
function mergePrefix(
  dated: readonly DatedRate[],
  old: readonly TariffRow[],
  tools: MergeTools,
  problems: DeckProblemList,
  warnings: DeckProblemList,
): void {
  const { mode, maker, terms, ends, changes, after, table } = tools;
  const first = dated[0]!;
  const prefix = describeKey(first.rate.prefix, first.rate.terms);
  const holding = old.find((row) => row.from <= first.from && row.to > first.from) ?? null;
  // What the deck does not say is taken from the row before it.
  const model = holding ?? old.findLast((row) => row.from < first.from) ?? old[0] ?? null;
  const made = dated.map(({ rate, from, to }) =>
    rate.terms.status === 'discontinued' ? null : maker.make(rate, from, to, model),
  );
  const start = made[0] ?? null;
  const oldTerms = holding === null ? null : terms.termsOf(holding);
  const unchanged = start !== null && oldTerms !== null && sameTerms(oldTerms, maker.termsOf(start));

  for (const row of old) {
    if (row.to <= first.from) after.push(row);
    else if (row.from < first.from && !(unchanged && row === holding)) {
      after.push(ends.during(row, row.from, first.from));
    } else if (row.from > first.from) {
      if (mode === 'delta') refuseToPassOver(row, dated, tools, made, problems);
      else if (dated.every(({ from }) => from !== row.from)) changes.superseded();
    }
  }
  made.forEach((row, index) => {
    if (row === null) return;
    // A rate that stays is one row with the one before it.
    const joins = index === 0 && unchanged && holding!.from < row.from;
    after.push(joins ? ends.during(row, holding!.from, row.to) : row);
  });

  const has = old.some((row) => row.to > first.from);
  if (start === null) {
    if (has) changes.ended(first.from);
    else {
      const place = table.placeOf(first.rate.line, 'code', prefix);
      warnings.add(
        'TOLL_DECK_DISCONTINUED_UNKNOWN',
        place,
        `Prefix ${prefix} is discontinued, and the tariff does not have it`,
      );
    }
  } else if (oldTerms === null) changes.added(start.from);
  else if (unchanged && (start.to === holding!.to || dated.length > 1)) changes.unchanged();
  else changes.changed(prefix, oldTerms, maker.termsOf(start), start.from);
  if (first.rate.terms.status === null && start !== null && maker.isBlocked(start)) changes.staysBlocked();
  for (const later of made.slice(1)) if (later !== null) changes.later();
}

/** A delta knows nothing of a change that is already announced for later: dropping it would be a choice. */
function refuseToPassOver(
  row: TariffRow,
  dated: readonly DatedRate[],
  { terms, maker, table }: MergeTools,
  made: readonly (TariffRow | null)[],
  problems: DeckProblemList,
): void {
  const index = dated.findLastIndex(({ from }) => from <= row.from);
  const then = made[index] ?? null;
  if (dated[index]!.from === row.from) return;
  if (then !== null && sameTerms(terms.termsOf(row), maker.termsOf(then))) return;
  const { rate } = dated[index]!;
  const prefix = describeKey(rate.prefix, rate.terms);
  problems.add(
    'TOLL_DECK_FUTURE_CONFLICT',
    table.placeOf(rate.line, 'code', prefix),
    `The tariff has another rate for prefix ${prefix} from ${instantText(row.from)} on, which this row does not mention`,
  );
}

const destination: Destination = { country: '', numberClass: 'unknown' };

/** What a row was made of. */
interface Origins {
  readonly terms: DeckTerms;
  readonly from: number;
  readonly to: number;
  readonly model: RowSaid | null;
  readonly country: string;
}

/** Rows of the tariff's file from what the deck says; what it does not say, as the row before has it. */
class RowMaker {
  readonly #terms: TermsReader;
  readonly #instants = new Map<number, string>();
  readonly #blank: readonly string[];
  readonly #at: Readonly<Record<TariffColumn, number>>;
  /** Lines that say the same give rows that do. */
  #last: { readonly of: Origins; readonly said: RowSaid } | null = null;

  constructor(columns: readonly string[], terms: TermsReader) {
    this.#terms = terms;
    this.#blank = columns.map(() => '');
    this.#at = Object.fromEntries(TARIFF_COLUMNS.map((name) => [name, columns.indexOf(name)])) as never;
  }

  make({ prefix, terms }: DeckRate, from: number, to: number, model: TariffRow | null): TariffRow {
    const country = terms.country ?? classify(Number(prefix), destination).country;
    const of: Origins = { terms, from, to, model: model?.said ?? null, country };
    if (this.#last === null || !isSameOrigin(this.#last.of, of)) this.#last = { of, said: this.#said(of) };
    return new TariffRow(prefix, this.#last.said);
  }

  #said({ terms, from, to, model, country }: Origins): RowSaid {
    const at = this.#at;
    const cells = (model === null ? this.#blank : model.cells).slice();
    cells[at.origin] = terms.origin;
    cells[at.origin_class] = terms.originClass;
    if (terms.description !== null) cells[at.description] = terms.description;
    cells[at.country] = country;
    const isByJurisdiction = terms.byJurisdiction.some((each) => each !== null);
    if (terms.rate !== null || isByJurisdiction) {
      cells[at.rate] = terms.rate?.text ?? '';
      // Like the first interval's own rate, those by jurisdiction were of the old price.
      if (isByJurisdiction || model !== null) {
        JURISDICTION_FIELDS.forEach((name, i) => {
          const own = terms.byJurisdiction[i] ?? null;
          cells[at[name]] = own === null || own.scaled === terms.rate?.scaled ? '' : own.text;
        });
      }
      // The first interval's own rate was that of the old price.
      cells[at.initial_rate] =
        terms.initialRate === null || terms.initialRate.scaled === terms.rate?.scaled
          ? ''
          : terms.initialRate.text;
    } else if (RATE_FIELDS.every((name) => cells[at[name]] === '')) cells[at.rate] = '0';
    if (terms.connectFee !== null) cells[at.connect_fee] = terms.connectFee.text;
    if (terms.initialSeconds !== null) cells[at.initial] = String(terms.initialSeconds);
    if (terms.stepSeconds !== null) cells[at.step] = String(terms.stepSeconds);
    if (terms.rounding !== null) cells[at.rounding] = terms.rounding;
    cells[at.effective_from] = this.#instant(from);
    cells[at.effective_to] = this.#instant(to);
    if (terms.status !== null) cells[at.blocked] = terms.status === 'blocked' ? 'true' : '';
    return { from, to, cells, callers: rateKey('', terms.origin, terms.originClass) };
  }

  #instant(at: number): string {
    let text = this.#instants.get(at);
    if (text === undefined) this.#instants.set(at, (text = instantText(at)));
    return text;
  }

  isBlocked(row: TariffRow): boolean {
    return row.cells[this.#at.blocked] === 'true';
  }

  termsOf(row: TariffRow): Terms {
    return this.#terms.termsOf(row);
  }
}

function isSameOrigin(a: Origins, b: Origins): boolean {
  return (
    a.terms === b.terms &&
    a.from === b.from &&
    a.to === b.to &&
    a.model === b.model &&
    a.country === b.country
  );
}

/** By prefix as text, then by start: so that the next import makes a small difference in the file. */
function sortRows(rows: readonly TariffRow[]): readonly TariffRow[] {
  const keys = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const { prefix } = rows[i]!;
    keys[i] = Number(prefix) * 10 ** (15 - prefix.length);
  }
  const compare = (a: number, b: number): number =>
    keys[a]! - keys[b]! ||
    rows[a]!.prefix.length - rows[b]!.prefix.length ||
    compareText(rows[a]!.key, rows[b]!.key) ||
    rows[a]!.from - rows[b]!.from;
  // Decks come sorted, most of the time.
  const isSorted = rows.every((_, i) => i === 0 || compare(i - 1, i) <= 0);
  if (isSorted) return rows;
  return Array.from(Uint32Array.from(keys.keys()).sort(compare), (index) => rows[index]!);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
