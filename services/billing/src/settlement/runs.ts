/** Which settlements and re-ratings there were, which month is closed for whom, and who is at it now. */
import { hostname } from 'node:os';
import { CHARGE_SCALE, NativeBlockWriter, enum8 } from '@tollstream/contracts';
import { parseDecimalBig } from '@tollstream/money';
import type { AccountTotals } from '@tollstream/settlement';
import type { SettlementStore, UsageStore } from '@tollstream/usage-store';

const KINDS = ['settlement', 'rerate'] as const;
const STATES = ['running', 'done', 'abandoned'] as const;
export type RunKind = (typeof KINDS)[number];

export interface Run {
  /** yyyymm. */
  readonly month: number;
  /** Among the runs of the month, from 1. */
  readonly number: number;
  readonly id: string;
  readonly kind: RunKind;
  /** Null = all. */
  readonly account: string | null;
  /** 0 = each call with the version it was rated with. */
  readonly catalogVersion: number;
  readonly state: (typeof STATES)[number];
  readonly owner: string;
  readonly startedAtMs: number;
  readonly changedAtMs: number;
}

const TIME = "DateTime64(3, 'UTC')";
const RUN_COLUMNS = [
  ['billing_month', 'UInt32'],
  ['run_number', 'UInt32'],
  ['run_id', 'String'],
  ['kind', enum8(KINDS)],
  ['account_id', 'String'],
  ['catalog_version', 'UInt32'],
  ['state', enum8(STATES)],
  ['owner', 'String'],
  ['started_at', TIME],
  ['changed_at', TIME],
] as const;

export function ownName(): string {
  return `${hostname()}:${process.pid}`;
}

/** Of a month, in order. */
export function readRuns(store: UsageStore, month: number): Promise<Run[]> {
  return queryRuns(store, 'billing_month = {month:UInt32}', month);
}

/** Of a month and all before it, in order. */
export function readRunsUntil(store: UsageStore, month: number): Promise<Run[]> {
  return queryRuns(store, 'billing_month <= {month:UInt32}', month);
}

async function queryRuns(store: UsageStore, condition: string, month: number): Promise<Run[]> {
  const rows = await store.query<{
    billing_month: number;
    run_number: number;
    run_id: string;
    kind: RunKind;
    account_id: string;
    catalog_version: number;
    state: Run['state'];
    owner: string;
    started: string;
    changed: string;
  }>(
    `SELECT billing_month, run_number, run_id, kind, account_id, catalog_version, state, owner,
            toUnixTimestamp64Milli(started_at) AS started, toUnixTimestamp64Milli(changed_at) AS changed
     FROM ${store.database}.settlement_runs FINAL WHERE ${condition} ORDER BY billing_month, run_number`,
    { month },
  );
  return rows.map((row) => ({
    month: row.billing_month,
    number: row.run_number,
    id: row.run_id,
    kind: row.kind,
    account: row.account_id === '' ? null : row.account_id,
    catalogVersion: row.catalog_version,
    state: row.state,
    owner: row.owner,
    startedAtMs: Number(row.started),
    changedAtMs: Number(row.changed),
  }));
}

export async function writeRun(store: SettlementStore, run: Run): Promise<void> {
  const { columns, ...writer } = writerOf(RUN_COLUMNS);
  columns.billing_month.push(run.month);
  columns.run_number.push(run.number);
  columns.run_id.push(run.id);
  columns.kind.push(KINDS.indexOf(run.kind) + 1);
  columns.account_id.push(run.account ?? '');
  columns.catalog_version.push(run.catalogVersion);
  columns.state.push(STATES.indexOf(run.state) + 1);
  columns.owner.push(run.owner);
  columns.started_at.push(run.startedAtMs);
  columns.changed_at.push(run.changedAtMs);
  await store.insertKeyed({ table: 'settlement_runs', ...writer.insert() });
}

const ACCOUNT_COLUMNS = [
  ['billing_month', 'UInt32'],
  ['account_id', 'String'],
  ['run_number', 'UInt32'],
  ['currency', 'LowCardinality(String)'],
  ['calls', 'UInt64'],
  ['charge', `Decimal(18, ${CHARGE_SCALE})`],
] as const;

/** Notes that accounts are done, with what they came to. One insert: all of them or none. */
export async function writeAccounts(
  store: SettlementStore,
  run: Run,
  accounts: readonly AccountTotals[],
): Promise<void> {
  const { columns, ...writer } = writerOf(ACCOUNT_COLUMNS);
  for (const { accountId, sums } of accounts) {
    for (const [currency, { calls, charge }] of sums) {
      columns.billing_month.push(run.month);
      columns.account_id.push(accountId);
      columns.run_number.push(run.number);
      columns.currency.push(currency);
      columns.calls.push(calls);
      columns.charge.push(charge);
    }
  }
  await store.insertKeyed({ table: 'settlement_accounts', ...writer.insert() });
}

export async function accountsDone(store: UsageStore, run: Run): Promise<Set<string>> {
  const rows = await store.query<{ account: string }>(
    `SELECT DISTINCT account_id AS account FROM ${store.database}.settlement_accounts
     WHERE billing_month = {month:UInt32} AND run_number = {run:UInt32}`,
    { month: run.month, run: run.number },
  );
  return new Set(rows.map(({ account }) => account));
}

/** What a run came to. */
export interface RunTotals {
  readonly accounts: number;
  readonly calls: number;
  /** Currency → scaled. */
  readonly charge: ReadonlyMap<string, bigint>;
}

export async function totalsOfRun(
  store: UsageStore,
  run: Pick<Run, 'month' | 'number'>,
  account: string | null = null,
): Promise<RunTotals> {
  const rows = await store.query<{ currency: string; accounts: string; calls: string; sum: string }>(
    `SELECT currency, uniqExact(account_id) AS accounts, sum(calls) AS calls, toString(sum(charge)) AS sum
     FROM ${store.database}.settlement_accounts FINAL
     WHERE billing_month = {month:UInt32} AND run_number = {run:UInt32}${account === null ? '' : ' AND account_id = {account:String}'}
     GROUP BY currency ORDER BY currency`,
    { month: run.month, run: run.number, account: account ?? '' },
  );
  const [counted] = await store.query<{ accounts: string }>(
    `SELECT uniqExact(account_id) AS accounts FROM ${store.database}.settlement_accounts
     WHERE billing_month = {month:UInt32} AND run_number = {run:UInt32}${account === null ? '' : ' AND account_id = {account:String}'}`,
    { month: run.month, run: run.number, account: account ?? '' },
  );
  return {
    accounts: Number(counted?.accounts),
    calls: rows.reduce((sum, { calls }) => sum + Number(calls), 0),
    charge: new Map(rows.map(({ currency, sum }) => [currency, parseDecimalBig(sum, CHARGE_SCALE)])),
  };
}

/** The settlement that closed a month for an account: the first that is done and covers it. */
export function closingRun(runs: readonly Run[], account: string): Run | null {
  return (
    runs.find(
      (run) =>
        run.kind === 'settlement' &&
        run.state === 'done' &&
        (run.account === null || run.account === account),
    ) ?? null
  );
}

function writerOf<const Columns extends readonly (readonly [string, string])[]>(columns: Columns) {
  const writer = new NativeBlockWriter(columns);
  return {
    columns: writer.columns,
    insert: () => ({ columns: columns.map(([name]) => name), natives: [writer.toBuffer()] }),
  };
}
