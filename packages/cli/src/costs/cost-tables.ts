/** Cost decks in ClickHouse: written whole beside those in force, then put in force by one row. */
import {
  CHARGE_ROUNDINGS,
  CHARGE_SCALE,
  DURATION_ROUNDINGS,
  NativeBlockWriter,
  RATE_SCALE,
  enum8,
} from '@tollstream/contracts';
import { parseDecimalBig } from '@tollstream/money';
import type { SettlementStore } from '@tollstream/usage-store';
import { NO_RATE } from './cost-rates.ts';
import type { CostEntry, CostRow } from './cost-rates.ts';

export const DIRECTIONS = ['outbound', 'toll_free'] as const;
export type CostDirection = (typeof DIRECTIONS)[number];

const INSTANT = "DateTime64(3, 'UTC')";
const RATE = `Decimal(18, ${RATE_SCALE})`;

const RATE_COLUMNS = [
  ['load', 'UInt64'],
  ['digits', 'UInt64'],
  ['effective_from', INSTANT],
  ['effective_to', INSTANT],
  ['prefix', 'UInt64'],
  ['description', 'LowCardinality(String)'],
  ['deck', 'LowCardinality(String)'],
  ['currency', 'LowCardinality(String)'],
  ['initial_seconds', 'UInt32'],
  ['step_seconds', 'UInt32'],
  ['duration_rounding', enum8(DURATION_ROUNDINGS)],
  ['cost_rounding', enum8(CHARGE_ROUNDINGS)],
  ['connect_fee', `Decimal(18, ${CHARGE_SCALE})`],
  ['initial_rate', RATE],
  ['rate', RATE],
  ['rate_interstate', RATE],
  ['rate_intrastate', RATE],
  ['rate_indeterminate', RATE],
] as const;
const DECK_COLUMNS = [
  ['direction', enum8(DIRECTIONS)],
  ['trunk', 'LowCardinality(String)'],
  ['load', 'UInt64'],
  ['deck', 'LowCardinality(String)'],
  ['rows', 'UInt64'],
  ['loaded_at', INSTANT],
] as const;
/** Rows of one block of an insert. */
const BLOCK_ROWS = 50_000;
const LOADS_PER_MS = 1000;
/** Rates that are not in force so long after they were written never will be. */
const ABANDONED_AFTER_MS = 86_400_000;

/** A deck is for calls of one direction over one trunk; '' = over all that have none of their own. */
export interface CostSubject {
  readonly direction: CostDirection;
  readonly trunk: string;
}

export interface LoadedDeck extends CostSubject {
  readonly load: number;
  readonly deck: string;
  readonly rows: number;
  readonly currencies: readonly string[];
  readonly loaded_at: string;
}

/** Decks in force. */
export async function loadedDecks(store: SettlementStore): Promise<LoadedDeck[]> {
  const rows = await store.query<
    Record<'load' | 'rows' | 'deck' | 'trunk' | 'loaded_at', string> & CostSubject & { currencies: string[] }
  >(
    `SELECT toString(decks.direction) AS direction, decks.trunk AS trunk, decks.load AS load, decks.deck AS deck, decks.rows AS rows,
       toString(decks.loaded_at) AS loaded_at, arraySort(rates.currencies) AS currencies
     FROM (SELECT * FROM ${store.database}.cost_decks FINAL WHERE rows > 0) AS decks
     LEFT JOIN (SELECT load, groupUniqArray(toString(currency)) AS currencies FROM ${store.database}.cost_rates GROUP BY load) AS rates
       ON decks.load = rates.load
     ORDER BY direction, trunk`,
  );
  return rows.map((row) => ({ ...row, load: Number(row.load), rows: Number(row.rows) }));
}

/** The rows of a load as their deck had them, without what shorter prefixes lend to longer ones. */
export async function rowsOfLoad(store: SettlementStore, load: number): Promise<CostRow[]> {
  type Stored = Record<(typeof RATE_COLUMNS)[number][0] | 'from_ms' | 'to_ms', string>;
  const rows = await store.query<Stored>(
    `SELECT toString(prefix) AS prefix, toUnixTimestamp64Milli(effective_from) AS from_ms, toUnixTimestamp64Milli(effective_to) AS to_ms,
       description, deck, currency, initial_seconds, step_seconds, duration_rounding, cost_rounding, connect_fee, initial_rate, rate,
       rate_interstate, rate_intrastate, rate_indeterminate
     FROM ${store.database}.cost_rates FINAL WHERE load = {load:UInt64} AND digits = cost_rates.prefix ORDER BY digits, effective_from`,
    { load },
  );
  // Below zero there is no rate, whatever its digits.
  const rate = (text: string): number =>
    text.startsWith('-') ? NO_RATE : Number(parseDecimalBig(text, RATE_SCALE));
  return rows.map((row) => ({
    prefix: row.prefix,
    fromMs: Number(row.from_ms),
    toMs: Number(row.to_ms),
    description: row.description,
    deck: row.deck,
    currency: row.currency,
    initialSeconds: Number(row.initial_seconds),
    stepSeconds: Number(row.step_seconds),
    durationRounding: row.duration_rounding as CostRow['durationRounding'],
    costRounding: row.cost_rounding as CostRow['costRounding'],
    connectFee: Number(parseDecimalBig(row.connect_fee, CHARGE_SCALE)),
    initialRate: rate(row.initial_rate),
    rate: rate(row.rate),
    rateInterstate: rate(row.rate_interstate),
    rateIntrastate: rate(row.rate_intrastate),
    rateIndeterminate: rate(row.rate_indeterminate),
  }));
}

/**
 * Puts the entries in force; none = removes the deck. Killed at any moment, either the old deck is in force or the new one.
 * @param nowMs names the load; two at once get different names
 */
export async function putInForce(
  store: SettlementStore,
  subject: CostSubject,
  { deck, entries, nowMs }: { deck: string; entries: readonly CostEntry[]; nowMs: number },
): Promise<void> {
  const decks = await loadedDecks(store);
  const before = decks.find((each) => each.direction === subject.direction && each.trunk === subject.trunk);
  const last = Math.max(0, ...decks.map(({ load }) => load));
  // Two at once differ by chance, and a clock that went back does not matter.
  const load = Math.max(nowMs * LOADS_PER_MS, last + 1) + Math.floor(Math.random() * LOADS_PER_MS);
  // 1. The rates, which nothing asks for yet.
  if (entries.length > 0) {
    const columns = RATE_COLUMNS.map(([name]) => name);
    await store.insertKeyed({ table: 'cost_rates', columns, natives: [...rateBlocks(load, entries)] });
  }
  // 2. From here on they are in force.
  const writer = new NativeBlockWriter(DECK_COLUMNS);
  writer.columns.direction.push(DIRECTIONS.indexOf(subject.direction) + 1);
  writer.columns.trunk.push(subject.trunk);
  writer.columns.load.push(load);
  writer.columns.deck.push(entries.length > 0 ? deck : '');
  writer.columns.rows.push(entries.length);
  writer.columns.loaded_at.push(nowMs);
  await store.insertKeyed({
    table: 'cost_decks',
    columns: DECK_COLUMNS.map(([name]) => name),
    natives: [writer.toBuffer()],
  });
  // 3. What it replaced, and what a crash left behind. Younger loads may be on their way into force.
  const stale = await store.query<{ load: string }>(
    `SELECT DISTINCT load FROM ${store.database}.cost_rates
     WHERE (load = {before:UInt64} OR load < {abandoned:UInt64}) AND load NOT IN (SELECT load FROM ${store.database}.cost_decks FINAL)`,
    { before: before?.load ?? 0, abandoned: (nowMs - ABANDONED_AFTER_MS) * LOADS_PER_MS },
  );
  for (const { load: old } of stale)
    await store.query(`ALTER TABLE ${store.database}.cost_rates DROP PARTITION ${Number(old)}`);
}

function* rateBlocks(load: number, entries: readonly CostEntry[]): Generator<Buffer> {
  for (let start = 0; start < entries.length; start += BLOCK_ROWS) {
    const writer = new NativeBlockWriter(RATE_COLUMNS);
    const to = writer.columns;
    for (const entry of entries.slice(start, start + BLOCK_ROWS)) {
      to.load.push(load);
      to.digits.push(Number(entry.digits));
      to.effective_from.push(entry.fromMs);
      to.effective_to.push(entry.toMs);
      to.prefix.push(Number(entry.prefix));
      to.description.push(entry.description);
      to.deck.push(entry.deck);
      to.currency.push(entry.currency);
      to.initial_seconds.push(entry.initialSeconds);
      to.step_seconds.push(entry.stepSeconds);
      to.duration_rounding.push(DURATION_ROUNDINGS.indexOf(entry.durationRounding) + 1);
      to.cost_rounding.push(CHARGE_ROUNDINGS.indexOf(entry.costRounding) + 1);
      to.connect_fee.push(entry.connectFee);
      to.initial_rate.push(entry.initialRate);
      to.rate.push(entry.rate);
      to.rate_interstate.push(entry.rateInterstate);
      to.rate_intrastate.push(entry.rateIntrastate);
      to.rate_indeterminate.push(entry.rateIndeterminate);
    }
    yield writer.toBuffer();
  }
}
