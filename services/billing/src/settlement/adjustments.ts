/** What a run changes: written ahead as adjustments, then made true in `usage`. */
import {
  CALL_COLUMNS,
  CHARGE_SCALE,
  NativeBlockWriter,
  PRICE_COLUMNS,
  assembleNativeBlock,
  enum8,
} from '@tollstream/contracts';
import type { NativeBlock } from '@tollstream/contracts';
import { NEW_PREFIX, NEW_PRICE_COLUMNS } from '@tollstream/settlement';
import type { ReplayedBlock } from '@tollstream/settlement';
import type { SettlementStore } from '@tollstream/usage-store';
import { USAGE_COLUMNS, WITHIN } from './month-reader.ts';
import type { AccountRange } from './month-reader.ts';
import type { Run } from './runs.ts';

export const REASONS = ['settlement', 'rerate', 'late_call'] as const;
export type AdjustmentReason = (typeof REASONS)[number];

const OWN_COLUMNS = [
  ['new_revision', 'UInt32'],
  ['reason', enum8(REASONS)],
  ['difference', `Decimal(18, ${CHARGE_SCALE})`],
  ['run_id', 'LowCardinality(String)'],
  ['run_number', 'UInt32'],
  ['adjusted_at', "DateTime64(3, 'UTC')"],
] as const;
/** The revision is told apart: a late call whose price stays keeps its own. */
const NEW_NAMES = NEW_PRICE_COLUMNS.map(([name]) => name).filter((name) => name !== 'new_revision');

const ADJUSTMENT_COLUMNS = [...USAGE_COLUMNS, ...NEW_NAMES, ...OWN_COLUMNS.map(([name]) => name)];

/** Scaled sums of differences by currency. */
export type DifferenceSums = Map<string, bigint>;

/** One Native block of adjustments, complete in itself. */
export interface AdjustmentBlock {
  readonly native: Buffer;
  readonly rows: number;
  readonly late: number;
}

/**
 * The adjustments of a block: rows whose price changed, and calls that came after their month was settled.
 * @param isLate by row of the block
 * @param sums differences are added here
 * @returns null when there are none
 */
export function adjustmentsOf(
  run: Run,
  block: NativeBlock,
  { priced, prices, changed }: ReplayedBlock,
  isLate: (row: number) => boolean,
  sums: DifferenceSums,
): AdjustmentBlock | null {
  const changes = new Uint8Array(priced.length);
  for (const row of changed) changes[row] = 1;
  const priceRows: number[] = [];
  const rows: number[] = [];
  const own = new NativeBlockWriter(OWN_COLUMNS);
  const oldCharges = block.column('charge');
  const revisions = block.column('revision');
  let late = 0;
  for (let priceRow = 0; priceRow < priced.length; priceRow++) {
    const row = priced[priceRow]!;
    const rowIsLate = isLate(row);
    if (changes[priceRow] === 0 && !rowIsLate) continue;
    rows.push(row);
    priceRows.push(priceRow);
    if (rowIsLate) late += 1;
    const charge = prices.column(`${NEW_PREFIX}charge`).integer(priceRow);
    const difference = rowIsLate ? charge : charge - oldCharges.integer(row);
    const currency = prices.column(`${NEW_PREFIX}currency`).string(priceRow);
    sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(difference));
    own.columns.new_revision.push(revisions.number(row) + changes[priceRow]!);
    own.columns.reason.push(REASONS.indexOf(rowIsLate ? 'late_call' : run.kind) + 1);
    own.columns.difference.push(difference);
    own.columns.run_id.push(run.id);
    own.columns.run_number.push(run.number);
    own.columns.adjusted_at.push(run.startedAtMs);
  }
  if (rows.length === 0) return null;
  const [kept, keptPrices] = [Uint32Array.from(rows), Uint32Array.from(priceRows)];
  const parts = assembleNativeBlock({
    columnCount: ADJUSTMENT_COLUMNS.length,
    rowCount: rows.length,
    columnParts: [
      ...USAGE_COLUMNS.flatMap((name) => block.filterColumn(name, kept)),
      ...NEW_NAMES.flatMap((name) => prices.filterColumn(name, keptPrices)),
      ...own.columnParts(),
    ],
  });
  return { native: Buffer.concat(parts), rows: rows.length, late };
}

/** Writes adjustments ahead, in one piece: once they are there, the run will be what they say. */
export async function writeAdjustments(
  store: SettlementStore,
  blocks: readonly AdjustmentBlock[],
): Promise<void> {
  await store.insertKeyed({
    table: 'usage_adjustments',
    columns: ADJUSTMENT_COLUMNS,
    natives: blocks.map(({ native }) => native),
  });
}

const KEY = 'account_id, started_at, call_id, leg, switch_id';

/**
 * Makes the adjustments of a run true in `usage`: those revisions that it lacks are inserted. What a run left behind that was killed
 * between the two is completed so, whatever else has happened meanwhile.
 */
export async function applyAdjustments(
  store: SettlementStore,
  run: Pick<Run, 'month' | 'number'>,
  range: AccountRange | null,
): Promise<void> {
  const { database } = store;
  const within = range === null ? 'billing_month = {month:UInt32}' : WITHIN;
  const calls = CALL_COLUMNS.map(([name]) => name).filter((name) => USAGE_COLUMNS.includes(name));
  const prices = PRICE_COLUMNS.map(([name]) => name);
  await store.insertRevisions({
    columns: [...calls, ...prices],
    select: `SELECT ${[...calls, ...prices.map((name) => NEW_PREFIX + name)].join(', ')}
      FROM ${database}.usage_adjustments FINAL
      WHERE ${within} AND run_number = {run:UInt32} AND new_revision > revision AND (${KEY}, new_revision) NOT IN (
        SELECT ${KEY}, revision FROM ${database}.usage WHERE ${within} AND revision > 0)`,
    parameters: { month: run.month, run: run.number, first: range?.first ?? '', last: range?.last ?? '' },
  });
}

/** What the adjustments of a run add up to, as the store says. */
export async function sumsOfRun(
  store: SettlementStore,
  run: Pick<Run, 'month' | 'number'>,
): Promise<{ rows: number; late: number; difference: Map<string, string> }> {
  const rows = await store.query<{ currency: string; rows: string; late: string; sum: string }>(
    `SELECT new_currency AS currency, count() AS rows, countIf(reason = 'late_call') AS late, toString(sum(difference)) AS sum
     FROM ${store.database}.usage_adjustments FINAL
     WHERE billing_month = {month:UInt32} AND run_number = {run:UInt32} GROUP BY currency ORDER BY currency`,
    { month: run.month, run: run.number },
  );
  return {
    rows: rows.reduce((sum, row) => sum + Number(row.rows), 0),
    late: rows.reduce((sum, row) => sum + Number(row.late), 0),
    difference: new Map(rows.map(({ currency, sum }) => [currency, sum])),
  };
}
