/** The calls that an issued invoice bills: those its month was settled with, as they were then, and what it says of earlier ones. */
import { CALL_COLUMNS, PRICE_COLUMNS } from '@tollstream/contracts';
import type { UsageStore } from '@tollstream/usage-store';
import { monthNotSettled } from '../errors.ts';
import type { Invoice } from '../invoice.ts';
import type { CreditNote } from '../issue/credit-note.ts';
import { monthBefore, monthNumber, monthText, parseMonth } from '../month.ts';
import { CALL_KEY, USAGE_COLUMNS } from '../settlement/month-reader.ts';
import { closingRun, readRuns } from '../settlement/runs.ts';
import { MONTH_OF_ACCOUNT } from '../usage-summary.ts';
import { STARTED_WITHIN_SLICE, WITHIN_SLICE } from './columns.ts';

export interface BilledCalls {
  readonly accountId: string;
  /** Month of the calls: `2020-01`. */
  readonly month: string;
  /** The run that closed it; null = adjustments only. */
  readonly closedBy: number | null;
  /** Runs whose adjustments the invoice carries. */
  readonly adjustments: Invoice['adjustments'];
}

/** @throws TollError TOLL_BILLING_MONTH_NOT_SETTLED where the store does not have what the invoice was made of */
export async function billedCalls(store: UsageStore, invoice: Invoice): Promise<BilledCalls> {
  const { account, usage_month: month, adjustments } = invoice;
  const run = closingRun(await readRuns(store, monthNumber(parseMonth(month))), account.id);
  if (run === null) throw monthNotSettled(month);
  return { accountId: account.id, month, closedBy: run.number, adjustments };
}

/** The calls that a credit note gives something back for. */
export function creditedCalls({ account, invoice, adjustments }: CreditNote): BilledCalls {
  const month = monthText(monthBefore(parseMonth(invoice.month)));
  return { accountId: account.id, month, closedBy: null, adjustments };
}

const CALLS = CALL_COLUMNS.map(([name]) => name).filter((name) => USAGE_COLUMNS.includes(name));
const PRICES = PRICE_COLUMNS.map(([name]) => name);

/** Of the calls, what later runs changed. Parameters: account, month. */
const changedAfter = (run: number): string =>
  `${MONTH_OF_ACCOUNT} AND usage_adjustments.run_number > ${run} AND new_revision > revision`;

function carriedBy(adjustments: BilledCalls['adjustments']): string {
  const runs = adjustments.map(({ month, run }) => `(${monthNumber(parseMonth(month))}, ${run})`);
  return `account_id = {account:String} AND (billing_month, run_number) IN (${runs.join(', ')})
    AND (difference != 0 OR reason = 'late_call')`;
}

/**
 * Rows of those that start within a slice, in the columns of `usage` with `reason` after them: '' = billed with its month. Of an adjustment
 * the charge is what the call costs more, or less. Parameters: account, month, and those of a slice.
 */
export function billedRows(database: string, { closedBy, adjustments }: BilledCalls): string {
  const columns = [...CALLS, ...PRICES].join(', ');
  // The keys of a whole month would take more memory the more calls it has: only those that the slice can have are held.
  const isSettled = `${CALL_KEY} IN (
    SELECT call_key FROM ${database}.settled_calls WHERE ${MONTH_OF_ACCOUNT} AND run_number <= ${closedBy}
      AND call_key IN (SELECT ${CALL_KEY} FROM ${database}.usage WHERE ${MONTH_OF_ACCOUNT} AND ${STARTED_WITHIN_SLICE}))`;
  const changedLater = `${changedAfter(closedBy ?? 0)} AND ${STARTED_WITHIN_SLICE}`;
  // As the call was before the first of the later runs that changed it.
  const before = `SELECT ${columns}, '' AS reason FROM ${database}.usage_adjustments FINAL
    WHERE ${changedLater} AND ${isSettled} ORDER BY run_number LIMIT 1 BY ${CALL_KEY}`;
  const settled = [
    `SELECT ${columns}, '' AS reason FROM ${database}.usage FINAL
     WHERE ${MONTH_OF_ACCOUNT} AND ${WITHIN_SLICE} AND ${isSettled} AND ${CALL_KEY} NOT IN (
       SELECT ${CALL_KEY} FROM ${database}.usage_adjustments WHERE ${changedLater})`,
    `SELECT * FROM (${before}) WHERE ${WITHIN_SLICE}`,
  ];
  const nothing = `SELECT ${columns}, '' AS reason FROM ${database}.usage WHERE 0`;
  const parts = closedBy === null ? [nothing] : settled;
  if (adjustments.length > 0) {
    // Columns of a union go by their place. A name of its own would hide the column that the condition asks for.
    const after = PRICES.map((name) => (name === 'charge' ? 'difference' : `new_${name}`));
    parts.push(
      `SELECT ${[...CALLS, ...after, 'toString(reason)'].join(', ')} FROM ${database}.usage_adjustments FINAL
       WHERE ${carriedBy(adjustments)} AND ${WITHIN_SLICE}`,
    );
  }
  return parts.join('\nUNION ALL\n');
}

/** Times of all rows that may be among them, some of them more than once. Parameters: account, month. */
export function billedCandidates(database: string, { closedBy, adjustments }: BilledCalls): string {
  const times = 'SELECT started_at, answered_at FROM';
  const parts = [`${times} ${database}.usage WHERE ${closedBy === null ? '0' : MONTH_OF_ACCOUNT}`];
  if (closedBy !== null) parts.push(`${times} ${database}.usage_adjustments WHERE ${changedAfter(closedBy)}`);
  if (adjustments.length > 0)
    parts.push(`${times} ${database}.usage_adjustments WHERE ${carriedBy(adjustments)}`);
  return parts.join('\nUNION ALL\n');
}
