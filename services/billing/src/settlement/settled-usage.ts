/** What invoices ask: the usage that a month was settled with, and what came or changed afterwards. */
import { CALL_TYPES, CHARGE_SCALE, RATE_TYPES } from '@tollstream/contracts';
import type { CallType, RateType } from '@tollstream/contracts';
import { parseDecimalBig } from '@tollstream/money';
import type { TollError } from '@tollstream/service-kit';
import type { UsageStore } from '@tollstream/usage-store';
import { monthInSettlement, monthNotSettled } from '../errors.ts';
import type { Hindrance } from '../invoice.ts';
import {
  NO_USAGE,
  OF_ACCOUNTS,
  PLACE,
  accountsParameter,
  sumUsage,
  usageAsItStands,
  usageColumns,
} from '../invoice-usage.ts';
import type { AccountUsage, UsageAdjustment, UsageSource } from '../invoice-usage.ts';
import { monthNumber, monthText } from '../month.ts';
import { compare } from '../draft-line.ts';
import type { AdjustmentReason } from './adjustments.ts';
import { rowsChanged, textOf } from './errors.ts';
import { CALL_KEY } from './month-reader.ts';
import { closingRun, readRuns, readRunsUntil } from './runs.ts';
import type { Run } from './runs.ts';

type Accounts = Parameters<UsageSource>[0];

/**
 * Usage as it was settled, whatever came later: what stands now, with everything that later runs changed taken back, and without calls
 * that came later; and, beside it, what these runs changed. A month that is not settled, or is being settled again, hinders the invoice.
 */
export function usageAsSettled(store: UsageStore): UsageSource {
  return async (accounts, month) => {
    const runs = await readRunsUntil(store, monthNumber(month));
    const ofMonth = runs.filter((run) => run.month === monthNumber(month));
    const found = new Map<string, AccountUsage>();
    const hinder = (id: string, { code, message, remedy }: TollError): void => {
      found.set(id, { ...NO_USAGE, hindrance: { code, message, remedy } });
    };
    const groups = new Map<number, { run: Run; accounts: Accounts[number][] }>();
    for (const account of accounts) {
      const run = closingRun(ofMonth, account.id);
      const later = ofMonth.find((each) => each.number > (run?.number ?? 0) && isAtWorkOn(each, account.id));
      if (run === null) hinder(account.id, monthNotSettled(monthText(month)));
      else if (later !== undefined) hinder(account.id, monthInSettlement(monthText(month), later.id));
      else {
        const group = groups.get(run.number) ?? { run, accounts: [] };
        groups.set(run.number, group);
        group.accounts.push(account);
      }
    }
    for (const { run, accounts: closed } of groups.values()) {
      const hasLater = ofMonth.some(({ number }) => number > run.number);
      for (const [id, usage] of await readSettled(store, closed, { run, hasLater })) found.set(id, usage);
    }
    for (const [id, adjustments] of await readAdjustments(store, accounts, runs)) {
      const usage = found.get(id);
      if (usage !== undefined) found.set(id, { ...usage, adjustments });
    }
    return found;
  };
}

/** For previews: as settled where it is, and otherwise as it stands, with what hinders the invoice. */
export function usageForPreview(store: UsageStore): UsageSource {
  const [settled, standing] = [usageAsSettled(store), usageAsItStands(store)];
  return async (accounts, month) => {
    const found = new Map(await settled(accounts, month));
    const open = accounts.filter(({ id }) => (found.get(id)?.hindrance ?? null) !== null);
    for (const [id, { rows, days }] of await standing(open, month))
      found.set(id, { ...found.get(id)!, rows, days });
    return found;
  };
}

function isAtWorkOn({ state, account }: Run, accountId: string): boolean {
  return state === 'running' && (account === null || account === accountId);
}

async function readSettled(
  store: UsageStore,
  accounts: Accounts,
  { run, hasLater }: { run: Run; hasLater: boolean },
): Promise<Map<string, AccountUsage>> {
  const { database } = store;
  const isSettled = `${OF_ACCOUNTS} AND (account_id, ${CALL_KEY}) IN (
    SELECT account_id, call_key FROM ${database}.settled_calls WHERE ${OF_ACCOUNTS} AND run_number <= {run:UInt32})`;
  const changed = `FROM ${database}.usage_adjustments FINAL
    WHERE ${isSettled} AND usage_adjustments.run_number > {run:UInt32} AND new_revision > revision`;
  const parts = [
    `SELECT ${usageColumns('', 1)} FROM ${database}.usage FINAL WHERE ${isSettled}`,
    ...(hasLater
      ? [`SELECT ${usageColumns('new_', -1)} ${changed}`, `SELECT ${usageColumns('', 1)} ${changed}`]
      : []),
  ];
  const parameters = { month: run.month, run: run.number };
  const sums = await sumUsage(store, accounts, { from: parts.join('\nUNION ALL\n'), parameters });
  const settled = await settledSums(store, accounts, run);
  return new Map(
    accounts.map(({ id }) => {
      const usage = { ...NO_USAGE, ...sums.get(id) };
      const isSame = sumsText(usage.rows) === (settled.get(id) ?? '');
      return [id, isSame ? usage : { ...usage, hindrance: hindranceOf(rowsChanged(run.month, id)) }];
    }),
  );
}

function hindranceOf({ code, message, remedy }: TollError): Hindrance {
  return { code, message, remedy };
}

/**
 * What the settlement noted of each account, as text. A copy of a call that comes after the duplicate window can replace a row without a
 * run: that must not reach an invoice.
 */
async function settledSums(store: UsageStore, accounts: Accounts, run: Run): Promise<Map<string, string>> {
  const rows = await store.query<{ account: string; currency: string; calls: string; total: string }>(
    `SELECT account_id AS account, currency, toString(sum(calls)) AS calls, toString(sum(charge)) AS total
     FROM ${store.database}.settlement_accounts FINAL WHERE ${OF_ACCOUNTS} AND run_number = {run:UInt32}
     GROUP BY account, currency`,
    { month: run.month, run: run.number, accounts: accountsParameter(accounts) },
  );
  const found = new Map<string, { currency: string; calls: number; charge: bigint }[]>();
  for (const { account, currency, calls, total } of rows) {
    const own = found.get(account) ?? [];
    found.set(account, own);
    own.push({ currency, calls: Number(calls), charge: parseDecimalBig(total, CHARGE_SCALE) });
  }
  return new Map([...found].map(([account, sums]) => [account, sumsText(sums)]));
}

function sumsText(rows: readonly { currency: string; calls: number; charge: bigint }[]): string {
  const sums = new Map<string, { calls: number; charge: bigint }>();
  for (const { currency, calls, charge } of rows) {
    const sum = sums.get(currency) ?? { calls: 0, charge: 0n };
    sums.set(currency, { calls: sum.calls + calls, charge: sum.charge + charge });
  }
  return [...sums]
    .map(([currency, { calls, charge }]) => `${currency} ${calls} ${charge}`)
    .sort()
    .join(', ');
}

/** What runs after the closing ones changed, in these months and for these accounts. Runs that are still at work are left out. */
async function readAdjustments(
  store: UsageStore,
  accounts: Accounts,
  runs: readonly Run[],
): Promise<Map<string, UsageAdjustment[]>> {
  const found = new Map<string, UsageAdjustment[]>();
  const months = Map.groupBy(runs, (run) => run.month);
  const closedBy = (month: number, account: string): number | null =>
    closingRun(months.get(month) ?? [], account)?.number ?? null;
  const isFinal = new Set(
    runs.filter(({ state }) => state !== 'running').map(({ month, number }) => `${month}/${number}`),
  );
  const withLater = [...months.keys()].filter((month) =>
    accounts.some(({ id }) => {
      const closed = closedBy(month, id);
      return closed !== null && months.get(month)!.some(({ number }) => number > closed);
    }),
  );
  if (withLater.length === 0) return found;
  const rows = await store.query<{
    account: string;
    month: number;
    run_number: number;
    reason: AdjustmentReason;
    call_type: CallType;
    rate_type: RateType;
    currency: string;
    place: string;
    calls: string;
    billable: string;
    included: string;
    charged: string;
    difference_sum: string;
  }>(
    `SELECT account_id AS account, billing_month AS month, run_number, toString(usage_adjustments.reason) AS reason,
            toString(new_call_type) AS call_type, toString(new_rate_type) AS rate_type, toString(new_currency) AS currency,
            ${PLACE} AS place, count() AS calls,
            ${['billable', 'included', 'charged'].map((name) => `toString(sumIf(new_${name}_seconds, usage_adjustments.reason = 'late_call')) AS ${name}`).join(', ')},
            toString(sum(difference)) AS difference_sum
     FROM ${store.database}.usage_adjustments FINAL
     WHERE billing_month IN (splitByChar(',', {months:String})) AND account_id IN (splitByChar('\\n', {accounts:String}))
       AND (difference != 0 OR usage_adjustments.reason = 'late_call')
     GROUP BY account, month, run_number, reason, call_type, rate_type, currency, place
     ORDER BY account, month, run_number, reason, place`,
    { months: withLater.join(','), accounts: accountsParameter(accounts) },
  );
  for (const row of rows) {
    const closed = closedBy(row.month, row.account);
    if (closed === null || row.run_number <= closed || !isFinal.has(`${row.month}/${row.run_number}`))
      continue;
    const own = found.get(row.account) ?? [];
    found.set(row.account, own);
    own.push({
      month: textOf(row.month),
      run: row.run_number,
      reason: row.reason,
      callType: row.call_type,
      rateType: row.rate_type,
      currency: row.currency,
      place: row.place,
      calls: Number(row.calls),
      billableSeconds: BigInt(row.billable),
      includedSeconds: BigInt(row.included),
      chargedSeconds: BigInt(row.charged),
      difference: parseDecimalBig(row.difference_sum, CHARGE_SCALE),
    });
  }
  for (const own of found.values()) own.sort(inOrder);
  return found;
}

function inOrder(a: UsageAdjustment, b: UsageAdjustment): number {
  return (
    compare(a.month, b.month) ||
    a.run - b.run ||
    compare(a.reason, b.reason) ||
    CALL_TYPES.indexOf(a.callType) - CALL_TYPES.indexOf(b.callType) ||
    RATE_TYPES.indexOf(a.rateType) - RATE_TYPES.indexOf(b.rateType) ||
    compare(a.place, b.place)
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
