/** What invoices ask: the usage that a month was settled with, and what came or changed afterwards. */
import { CALL_TYPES, CHARGE_SCALE, RATE_TYPES } from '@tollstream/contracts';
import type { CallType, RateType } from '@tollstream/contracts';
import { parseDecimalBig } from '@tollstream/money';
import type { UsageStore } from '@tollstream/usage-store';
import { inInvoiceOrder } from '../usage-summary.ts';
import type { UsageRow } from '../usage-summary.ts';
import type { AdjustmentReason } from './adjustments.ts';
import { rowsChanged } from './errors.ts';
import { CALL_KEY } from './month-reader.ts';
import { closingRun, readRuns, totalsOfRun } from './runs.ts';
import type { Run } from './runs.ts';

export interface SettledUsage {
  /** The settlement that closed the month for the account. */
  readonly run: Run;
  /** As it was settled then, whatever came later: the same for ever. */
  readonly usage: readonly UsageRow[];
}

export interface LateAdjustment {
  /** The run after the closing one that found it. */
  readonly runNumber: number;
  readonly runId: string;
  readonly reason: AdjustmentReason;
  readonly callType: CallType;
  readonly rateType: RateType;
  readonly currency: string;
  readonly calls: number;
  /** What the account owes more, scaled; negative = is owed. */
  readonly difference: bigint;
}

const OF_ACCOUNT = 'account_id = {account:String} AND billing_month = {month:UInt32}';
const SUMMED = ['billable_seconds', 'included_seconds', 'charged_seconds', 'charge'] as const;

/**
 * Usage of an account's month as it was settled: what stands now, with everything that later runs changed taken back, and without calls
 * that came later.
 * @param month yyyymm
 * @returns null when the month is not settled for the account
 * @throws TollError TOLL_SETTLEMENT_ROWS_CHANGED when rows changed that no run has accounted for
 */
export async function readSettledUsage(
  store: UsageStore,
  account: string,
  month: number,
): Promise<SettledUsage | null> {
  const run = closingRun(await readRuns(store, month), account);
  if (run === null) return null;
  const { database } = store;
  const sum = (prefix: string): string => SUMMED.map((name) => `${prefix}${name} AS ${name}`).join(', ');
  const part = (prefix: string, sign: 1 | -1): string =>
    `toString(${prefix}call_type) AS call_type, toString(${prefix}rate_type) AS rate_type,
     toString(${prefix}currency) AS currency, ${sum(prefix)}, ${sign} AS sign`;
  const rows = await store.query<Record<string, string>>(
    `SELECT call_type, rate_type, currency, toString(sum(sign)) AS calls,
            ${SUMMED.map((name) => `toString(sum(${name} * sign)) AS ${name}_sum`).join(', ')}
     FROM (
       SELECT ${part('', 1)} FROM ${database}.usage FINAL
       WHERE ${OF_ACCOUNT} AND ${CALL_KEY} IN (
         SELECT call_key FROM ${database}.settled_calls WHERE ${OF_ACCOUNT} AND run_number <= {run:UInt32})
       UNION ALL
       SELECT ${part('new_', -1)} FROM ${database}.usage_adjustments FINAL
       WHERE ${OF_ACCOUNT} AND run_number > {run:UInt32} AND new_revision > revision AND ${CALL_KEY} IN (
         SELECT call_key FROM ${database}.settled_calls WHERE ${OF_ACCOUNT} AND run_number <= {run:UInt32})
       UNION ALL
       SELECT ${part('', 1)} FROM ${database}.usage_adjustments FINAL
       WHERE ${OF_ACCOUNT} AND run_number > {run:UInt32} AND new_revision > revision AND ${CALL_KEY} IN (
         SELECT call_key FROM ${database}.settled_calls WHERE ${OF_ACCOUNT} AND run_number <= {run:UInt32})
     ) GROUP BY call_type, rate_type, currency HAVING sum(sign) != 0`,
    { account, month, run: run.number },
  );
  const usage = rows
    .map((row) => ({
      callType: row['call_type'] as CallType,
      rateType: row['rate_type'] as RateType,
      currency: row['currency']!,
      calls: Number(row['calls']),
      billableSeconds: BigInt(row['billable_seconds_sum']!),
      includedSeconds: BigInt(row['included_seconds_sum']!),
      chargedSeconds: BigInt(row['charged_seconds_sum']!),
      charge: parseDecimalBig(row['charge_sum']!, CHARGE_SCALE),
    }))
    .sort(inInvoiceOrder);
  await assertAsSettled(store, { account, month, run, usage });
  return { run, usage };
}

/** What runs after the settlement of an account's month changed, for its next invoice or a credit note. */
export async function readLateAdjustments(
  store: UsageStore,
  account: string,
  month: number,
): Promise<LateAdjustment[]> {
  const run = closingRun(await readRuns(store, month), account);
  if (run === null) return [];
  const rows = await store.query<{
    run_number: number;
    id: string;
    reason: AdjustmentReason;
    call_type: CallType;
    rate_type: RateType;
    currency: string;
    calls: string;
    difference_sum: string;
  }>(
    `SELECT run_number, any(run_id) AS id, reason, new_call_type AS call_type, new_rate_type AS rate_type,
            new_currency AS currency, count() AS calls, toString(sum(difference)) AS difference_sum
     FROM ${store.database}.usage_adjustments FINAL
     WHERE ${OF_ACCOUNT} AND run_number > {run:UInt32} AND (difference != 0 OR reason = 'late_call')
     GROUP BY run_number, reason, call_type, rate_type, currency`,
    { account, month, run: run.number },
  );
  return rows
    .map((row) => ({
      runNumber: row.run_number,
      runId: row.id,
      reason: row.reason,
      callType: row.call_type,
      rateType: row.rate_type,
      currency: row.currency,
      calls: Number(row.calls),
      difference: parseDecimalBig(row.difference_sum, CHARGE_SCALE),
    }))
    .toSorted(
      (a, b) =>
        a.runNumber - b.runNumber ||
        (a.reason < b.reason ? -1 : Number(a.reason > b.reason)) ||
        CALL_TYPES.indexOf(a.callType) - CALL_TYPES.indexOf(b.callType) ||
        RATE_TYPES.indexOf(a.rateType) - RATE_TYPES.indexOf(b.rateType),
    );
}

/** Calls of closed months that came later and that no run has taken up: what `settle --again` would find. */
export async function readLateCalls(
  store: UsageStore,
  month: number,
): Promise<{ accountId: string; calls: number }[]> {
  const runs = await readRuns(store, month);
  const closing = runs.filter(({ kind, state }) => kind === 'settlement' && state === 'done');
  if (closing.length === 0) return [];
  const { database } = store;
  const inMonth = 'billing_month = {month:UInt32}';
  const rows = await store.query<{ account: string; calls: string }>(
    `SELECT account_id AS account, count() AS calls FROM ${database}.usage FINAL
     WHERE ${inMonth} AND (account_id, ${CALL_KEY}) NOT IN (
       SELECT account_id, call_key FROM ${database}.settled_calls WHERE ${inMonth}
       UNION ALL
       SELECT account_id, ${CALL_KEY} FROM ${database}.usage_adjustments WHERE ${inMonth} AND reason = 'late_call')
     GROUP BY account ORDER BY account`,
    { month },
  );
  return rows
    .filter(({ account }) => closingRun(runs, account) !== null)
    .map(({ account, calls }) => ({ accountId: account, calls: Number(calls) }));
}

/** A copy of a call that comes after the duplicate window can replace a row without a run: that must not reach an invoice. */
async function assertAsSettled(
  store: UsageStore,
  { account, month, run, usage }: { account: string; month: number; run: Run; usage: readonly UsageRow[] },
): Promise<void> {
  const { charge } = await totalsOfRun(store, run, account);
  for (const [currency, sum] of charge) {
    const found = usage.reduce((total, row) => (row.currency === currency ? total + row.charge : total), 0n);
    if (found !== sum) throw rowsChanged(month, account);
  }
}
