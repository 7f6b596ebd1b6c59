/** A tariff and a deck to the tariff after it: who starts, changes and ends when. */
import { classify } from '@tollstream/numbering';
import type { Destination } from '@tollstream/numbering';
import { instantText } from './dates.ts';
import { type DatedRate, DeckCodes, datedRates } from './dated-rates.ts';
import { type DeckRate, describeKey, rateKey } from './deck-rate.ts';
import { JURISDICTION_FIELDS, RATE_FIELDS } from './fields.ts';
import type { DeckProblemList } from './problems.ts';
import type { DeckTable } from './read-deck.ts';
import { RateChanges } from './rate-changes.ts';
import {
  type RowDefaults,
  type TariffColumn,
  type TariffRow,
  type TariffRows,
  type Terms,
  TARIFF_COLUMNS,
  TermsReader,
  during,
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
  const deck = new DeckCodes(rates);
  const terms = new TermsReader(before.columns, defaults);
  const maker = new RowMaker(before.columns, terms);
  const changes = new RateChanges();
  const old = new Map<string, TariffRow[]>();
  for (const row of before.rows) {
    const same = old.get(row.key);
    if (same === undefined) old.set(row.key, [row]);
    else same.push(row);
  }
  for (const same of old.values()) if (same.length > 1) same.sort((a, b) => a.from - b.from);

  if (mode === 'replace') refuseOpenOrigins(options, problems);
  const after: TariffRow[] = [];
  for (const [key, said] of deck) {
    const rows = old.get(key);
    if (rows === undefined && 'prefix' in said && said.status !== 'discontinued') {
      // One line of a code that the tariff does not have, as all are of a new tariff: there is nothing to put in order.
      const row = maker.make(
        said,
        said.effectiveFrom ?? defaults.effectiveFrom,
        said.effectiveTo ?? defaults.effectiveTo,
        null,
      );
      after.push(row);
      changes.added(row.from);
      continue;
    }
    const dated = datedRates(said, defaults, table, problems, warnings);
    const prefix = describeKey(dated[0]!.rate);
    mergePrefix(
      { prefix, dated, old: rows ?? [], mode, maker, terms, changes, after, table },
      problems,
      warnings,
    );
  }
  const missing = missingRows(options, old, deck);
  const end = mode === 'replace' ? endOfMissing(options, missing.size) : Infinity;
  // Rows that could not be read may be those that are missing.
  if (end === null && problems.count === 0) {
    const some = [...missing.values()].slice(0, 3).map(([row]) => describeRow(row!, before.columns));
    problems.add(
      'TOLL_DECK_END_AMBIGUOUS',
      table.placeOf(0, null, ''),
      `${missing.size} codes of the tariff are not in the deck (${some.join(', ')}…), whose rows start on different days`,
    );
  }
  for (const [key, rows] of old) {
    if (deck.has(key)) continue;
    if (!missing.has(key)) {
      after.push(...rows);
      continue;
    }
    let ended = false;
    for (const row of rows) {
      if (row.to <= end!) after.push(row);
      else {
        ended = true;
        if (row.from < end!) after.push(during(row, row.from, end!, before.columns));
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
  return describeKey({ prefix, origin: of('origin'), originClass: of('origin_class') });
}

/** A full deck without a column of callers does not say what becomes of rows for some callers alone. */
function refuseOpenOrigins({ before, otherOrigins, table }: MergeOptions, problems: DeckProblemList): void {
  if (otherOrigins !== null || saysCallers(table)) return;
  const rows = before.rows.filter(isForSome).length;
  if (rows === 0) return;
  const message = `The tariff has ${rows} rows for some callers alone, and the deck says nothing of callers`;
  problems.add('TOLL_DECK_ORIGINS_OPEN', table.placeOf(0, null, ''), message);
}

/** What the tariff has and a full deck ends: all that it does not have itself, but for callers that it is told to leave alone. */
function missingRows(
  { table, otherOrigins }: MergeOptions,
  old: ReadonlyMap<string, readonly TariffRow[]>,
  deck: DeckCodes,
): ReadonlyMap<string, readonly TariffRow[]> {
  const isKept = (rows: readonly TariffRow[]): boolean =>
    otherOrigins === 'keep' && !saysCallers(table) && isForSome(rows[0]!);
  return new Map([...old].filter(([key, rows]) => !deck.has(key) && !isKept(rows)));
}

/** When codes end that a full deck does not have; null when that cannot be told. */
function endOfMissing({ rates, asOf, defaults }: MergeOptions, missing: number): number | null {
  if (asOf !== null) return asOf;
  const starts = new Set(rates.map(({ effectiveFrom }) => effectiveFrom));
  const [first] = starts;
  if (starts.size === 1) return first ?? defaults.effectiveFrom;
  return missing === 0 ? Infinity : null;
}

interface PrefixMerge {
  /** With the callers that it is for. */
  readonly prefix: string;
  readonly dated: readonly DatedRate[];
  /** In the order of their start. */
  readonly old: readonly TariffRow[];
  readonly mode: ImportMode;
  readonly maker: RowMaker;
  readonly terms: TermsReader;
  readonly changes: RateChanges;
  readonly after: TariffRow[];
  readonly table: DeckTable;
}

function mergePrefix(merge: PrefixMerge, problems: DeckProblemList, warnings: DeckProblemList): void {
  const { prefix, dated, old, mode, maker, terms, changes, after, table } = merge;
  const first = dated[0]!;
  const holding = old.find((row) => row.from <= first.from && row.to > first.from) ?? null;
  // What the deck does not say is taken from the row before it.
  const model = holding ?? old.findLast((row) => row.from < first.from) ?? old[0] ?? null;
  const made = dated.map(({ rate, from, to }) =>
    rate.status === 'discontinued' ? null : maker.make(rate, from, to, model),
  );
  const start = made[0] ?? null;
  const oldTerms = holding === null ? null : terms.termsOf(holding.cells);
  const unchanged = start !== null && oldTerms !== null && sameTerms(oldTerms, maker.termsOf(start));

  for (const row of old) {
    if (row.to <= first.from) after.push(row);
    else if (row.from < first.from && !(unchanged && row === holding)) {
      after.push(during(row, row.from, first.from, maker.columns));
    } else if (row.from > first.from) {
      if (mode === 'delta') refuseToPassOver(row, merge, made, problems);
      else if (dated.every(({ from }) => from !== row.from)) changes.superseded();
    }
  }
  made.forEach((row, index) => {
    if (row === null) return;
    // A rate that stays is one row with the one before it.
    const joins = index === 0 && unchanged && holding!.from < row.from;
    after.push(joins ? during(row, holding!.from, row.to, maker.columns) : row);
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
  if (first.rate.status === null && start !== null && maker.isBlocked(start)) changes.staysBlocked();
  for (const later of made.slice(1)) if (later !== null) changes.later();
}

/** A delta knows nothing of a change that is already announced for later: dropping it would be a choice. */
function refuseToPassOver(
  row: TariffRow,
  { prefix, dated, terms, maker, table }: PrefixMerge,
  made: readonly (TariffRow | null)[],
  problems: DeckProblemList,
): void {
  const index = dated.findLastIndex(({ from }) => from <= row.from);
  const then = made[index] ?? null;
  if (dated[index]!.from === row.from) return;
  if (then !== null && sameTerms(terms.termsOf(row.cells), maker.termsOf(then))) return;
  problems.add(
    'TOLL_DECK_FUTURE_CONFLICT',
    table.placeOf(dated[index]!.rate.line, 'code', prefix),
    `The tariff has another rate for prefix ${prefix} from ${instantText(row.from)} on, which this row does not mention`,
  );
}

const destination: Destination = { country: '', numberClass: 'unknown' };

/** Rows of the tariff's file from what the deck says; what it does not say, as the row before has it. */
class RowMaker {
  readonly columns: readonly string[];
  readonly #terms: TermsReader;
  readonly #instants = new Map<number, string>();
  readonly #blank: readonly string[];
  readonly #at: Readonly<Record<TariffColumn, number>>;

  constructor(columns: readonly string[], terms: TermsReader) {
    this.columns = columns;
    this.#terms = terms;
    this.#blank = columns.map(() => '');
    this.#at = Object.fromEntries(TARIFF_COLUMNS.map((name) => [name, columns.indexOf(name)])) as never;
  }

  make(rate: DeckRate, from: number, to: number, model: TariffRow | null): TariffRow {
    const at = this.#at;
    const cells = (model === null ? this.#blank : model.cells).slice();
    cells[at.prefix] = rate.prefix;
    cells[at.origin] = rate.origin;
    cells[at.origin_class] = rate.originClass;
    if (rate.description !== null) cells[at.description] = rate.description;
    cells[at.country] = rate.country ?? classify(Number(rate.prefix), destination).country;
    const isByJurisdiction = rate.byJurisdiction.some((each) => each !== null);
    if (rate.rate !== null || isByJurisdiction) {
      cells[at.rate] = rate.rate?.text ?? '';
      // Like the first interval's own rate, those by jurisdiction were of the old price.
      if (isByJurisdiction || model !== null) {
        JURISDICTION_FIELDS.forEach((name, i) => {
          const own = rate.byJurisdiction[i] ?? null;
          cells[at[name]] = own === null || own.scaled === rate.rate?.scaled ? '' : own.text;
        });
      }
      // The first interval's own rate was that of the old price.
      cells[at.initial_rate] =
        rate.initialRate === null || rate.initialRate.scaled === rate.rate?.scaled
          ? ''
          : rate.initialRate.text;
    } else if (RATE_FIELDS.every((name) => cells[at[name]] === '')) cells[at.rate] = '0';
    if (rate.connectFee !== null) cells[at.connect_fee] = rate.connectFee.text;
    if (rate.initialSeconds !== null) cells[at.initial] = String(rate.initialSeconds);
    if (rate.stepSeconds !== null) cells[at.step] = String(rate.stepSeconds);
    if (rate.rounding !== null) cells[at.rounding] = rate.rounding;
    cells[at.effective_from] = this.#instant(from);
    cells[at.effective_to] = this.#instant(to);
    if (rate.status !== null) cells[at.blocked] = rate.status === 'blocked' ? 'true' : '';
    const key = rateKey(rate.prefix, rate.origin, rate.originClass);
    return { prefix: rate.prefix, key, from, to, cells };
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
    return this.#terms.termsOf(row.cells);
  }
}

/** By prefix as text, then by start: so that the next import makes a small difference in the file. */
function sortRows(rows: readonly TariffRow[]): TariffRow[] {
  const keys = Float64Array.from(rows, ({ prefix }) => Number(prefix) * 10 ** (15 - prefix.length));
  const compare = (a: number, b: number): number =>
    keys[a]! - keys[b]! ||
    rows[a]!.prefix.length - rows[b]!.prefix.length ||
    compareText(rows[a]!.key, rows[b]!.key) ||
    rows[a]!.from - rows[b]!.from;
  // Decks come sorted, most of the time.
  const isSorted = rows.every((_, i) => i === 0 || compare(i - 1, i) <= 0);
  if (isSorted) return [...rows];
  return Array.from(Uint32Array.from(keys.keys()).sort(compare), (index) => rows[index]!);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
