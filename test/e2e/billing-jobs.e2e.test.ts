/**
 * The month's two jobs, as processes: killed at points on their way, with ClickHouse killed under them, and two at once. What they leave is
 * what jobs leave that nothing befell: the same bytes under the same numbers. Over a real PostgreSQL where there is one.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbeddedBillingStore, openServerBillingStore } from '@tollstream/billing-store';
import type { Invoice } from '@tollstream/service-billing';
import { randomCalls, randomFrom, rateInOrder, shuffled } from '@tollstream/settlement/testing';
import { openEmbeddedStore } from '@tollstream/usage-store';
import { sessionsWaiting, startPostgres } from '../../packages/billing-store/src/testing/postgres-server.ts';
import { storeRated } from '../../services/billing/src/testing/stored-calls.ts';
import { until, within } from '../support/until.ts';
import { ACCOUNTS, jobTable } from './billing-job.ts';
import type { JobRequest, Point } from './billing-job.ts';

const SEED = Number(process.env['SEED'] ?? 20_200_201);
const CALLS = 900;
const DEADLINE_MS = 240_000;
const PROGRAM = fileURLToPath(new URL('billing-job.ts', import.meta.url));

const postgres = await startPostgres();
if (postgres === null) {
  process.stderr.write(
    'NOT TESTED: billing jobs over a real PostgreSQL, and two at once. Install the package postgresql, or set TOLLSTREAM_POSTGRES_URL.\n',
  );
}

let directory: string;
const place = (name: string): string => path.join(directory, name);
const copied = (from: string, to: string): string => {
  cpSync(place(from), place(to), { recursive: true });
  return place(to);
};
let billings = 0;
const freshBilling = async (): Promise<string> =>
  (await postgres?.freshUrl()) ?? place(`billing-${(billings += 1)}`);

type Said = Readonly<Record<string, unknown>>;
const alive = new Set<ChildProcess>();

class Job {
  readonly #child: ChildProcess;
  readonly #said: Said[] = [];
  readonly #ended: Promise<unknown>;

  constructor(request: JobRequest) {
    this.#child = spawn(process.execPath, [PROGRAM, JSON.stringify(request)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    alive.add(this.#child);
    const lines = createInterface({ input: this.#child.stdout! });
    lines.on('line', (line) => this.#said.push(JSON.parse(line) as Said));
    this.#ended = Promise.all([once(this.#child, 'exit'), once(lines, 'close')]);
  }

  /** Waits until it has said something with this in it. */
  async said(name: string): Promise<string> {
    const found = (): Said | undefined => this.#said.find((each) => name in each);
    await until(
      `a job says ${name}`,
      () => found() !== undefined || this.#child.exitCode !== null,
      DEADLINE_MS,
    );
    return String(found()?.[name]);
  }

  signal(signal: 'SIGKILL' | 'SIGUSR2'): void {
    this.#child.kill(signal);
  }

  /** @returns the signal it ended by, or what it said last */
  async ended(): Promise<Said> {
    await within(DEADLINE_MS, this.#ended, () => 'a job does not end');
    alive.delete(this.#child);
    const { signalCode } = this.#child;
    return signalCode === null ? this.#said.at(-1)! : { signal: signalCode };
  }
}

const run = (request: JobRequest): Promise<Said> => new Job(request).ended();

/** All that settlement writes, but for who did it and when; and what invoices have told. */
const TABLES = [
  'SELECT * FROM tollstream.usage FINAL ORDER BY ALL',
  'SELECT * FROM tollstream.usage_adjustments FINAL ORDER BY ALL',
  'SELECT * FROM tollstream.settled_calls FINAL ORDER BY ALL',
  'SELECT * FROM tollstream.settlement_accounts FINAL ORDER BY ALL',
  'SELECT * EXCEPT (owner, changed_at) FROM tollstream.settlement_runs FINAL ORDER BY ALL',
  'SELECT * FROM tollstream.billed_usage FINAL ORDER BY ALL',
];
async function tablesOf(usage: string): Promise<unknown[][]> {
  const store = await openEmbeddedStore({ dataDirectory: usage });
  const tables: unknown[][] = [];
  for (const sql of TABLES) tables.push(await store.query(sql));
  await store.close();
  return tables;
}

/** Number and bytes of every invoice, in their order: numbered without a gap, each owed what it says. */
async function invoicesIn(billing: string): Promise<string[]> {
  const store = await (billing.startsWith('postgres:') ? openServerBillingStore : openEmbeddedBillingStore)(
    billing,
  );
  await store.verifyChain();
  const found = await store.documentsAfter('invoice', { sequence: 0, limit: 10 * ACCOUNTS });
  const owed = new Map((await store.balances({})).map(({ number, balance }) => [number, balance]));
  await store.close();
  expect(found.map(({ number }) => number)).toEqual(
    found.map((_, i) => `INV-${String(i + 1).padStart(6, '0')}`),
  );
  for (const { number, document } of found)
    expect([number, owed.get(number)]).toEqual([number, (JSON.parse(document) as Invoice).totals.total]);
  return found.map(({ number, account_id, document }) => `${number} ${account_id} ${document}`);
}

let settled: string;
let issued: string[];
let told: string;

beforeAll(async () => {
  process.stdout.write(`seed ${SEED}\n`);
  directory = mkdtempSync(path.join(tmpdir(), 'tollstream-billing-jobs-'));
  const store = await openEmbeddedStore({ dataDirectory: place('rated') });
  await store.migrate();
  const random = randomFrom(SEED);
  const calls = shuffled(randomCalls(random, CALLS, { accounts: ACCOUNTS }), random);
  await storeRated(store, rateInOrder(calls, jobTable()), 'calls');
  await store.close();
  expect(await run({ job: 'settle', usage: copied('rated', 'settled') })).toEqual({
    calls: CALLS,
    isResumed: false,
  });
  settled = JSON.stringify(await tablesOf(place('settled')));
  const billing = await freshBilling();
  const usage = copied('settled', 'told');
  expect(await run({ job: 'invoices', usage, billing })).toMatchObject({ issued: ACCOUNTS, refused: 0 });
  issued = await invoicesIn(billing);
  expect(issued).toHaveLength(ACCOUNTS);
  told = JSON.stringify(await tablesOf(usage));
  expect(told).not.toBe(settled);
}, DEADLINE_MS);

afterAll(async () => {
  for (const child of alive) child.kill('SIGKILL');
  await postgres?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const somewhere = randomFrom(SEED);
/** Neither the first time nor the last. */
const inTheMiddle = (of: number): number => 2 + Math.floor(somewhere() * (of - 3));
const chunks = ACCOUNTS / 6;
const RANGES_AT_LEAST = 12;

describe('a settlement', () => {
  test.each(([4, 7] as const).map((step) => [step, inTheMiddle(RANGES_AT_LEAST)]))(
    'killed after step %i, time %i, goes on',
    async (step, nth) => {
      const usage = copied('rated', `killed-${step}`);
      expect(await run({ job: 'settle', usage, at: { point: `step ${step}`, nth, fate: 'die' } })).toEqual({
        signal: 'SIGKILL',
      });
      const accountsDone = (await tablesOf(usage))[3]!.length;
      if (step === 7) expect(accountsDone).toBeGreaterThan(0);
      expect(accountsDone).toBeLessThan(ACCOUNTS);
      expect(await run({ job: 'settle', usage })).toEqual({ calls: CALLS, isResumed: true });
      expect(JSON.stringify(await tablesOf(usage))).toBe(settled);
    },
  );
});

describe('an invoice job', () => {
  const points: [Point, number][] = [
    ['usage read', inTheMiddle(chunks)],
    ['invoices written', inTheMiddle(chunks)],
    ['invoices committed', inTheMiddle(chunks)],
    ['invoices untold', 1],
  ];
  test.each(points)('killed at "%s", time %i, goes on', async (point, nth) => {
    const usage = copied('settled', `killed-${point}`);
    const billing = await freshBilling();
    const job = { job: 'invoices', usage, billing } as const;
    expect(await run({ ...job, at: { point, nth, fate: 'die' } })).toEqual({ signal: 'SIGKILL' });
    const before = (await invoicesIn(billing)).length;
    const all = nth === 1;
    expect(before).toBe(all ? ACCOUNTS : 6 * (point === 'invoices committed' ? nth : nth - 1));
    expect(await run(job)).toEqual({ issued: ACCOUNTS - before, present: before, refused: 0 });
    expect(await invoicesIn(billing)).toEqual(issued);
    expect(JSON.stringify(await tablesOf(usage))).toBe(told);
  });
});

describe('with ClickHouse killed under it', () => {
  /** Kills ClickHouse while the job waits, and lets the job go on to meet that. */
  async function loses(usage: string, at: Point, job: Omit<JobRequest, 'usage'>): Promise<Said> {
    const clickhouse = new Job({ job: 'serve', usage });
    const url = await clickhouse.said('url');
    const working = new Job({ ...job, usage: url, at: { point: at, nth: 4, fate: 'wait' } });
    expect(await working.said('at')).toBe(at);
    clickhouse.signal('SIGKILL');
    await clickhouse.ended();
    working.signal('SIGUSR2');
    return working.ended();
  }

  test('a settlement says so, and goes on when it is back', async () => {
    const usage = copied('rated', 'away-settle');
    expect(await loses(usage, 'step 4', { job: 'settle' })).toEqual({ refused: 'TOLL_STORE_UNREACHABLE' });
    expect(await run({ job: 'settle', usage })).toEqual({ calls: CALLS, isResumed: true });
    expect(JSON.stringify(await tablesOf(usage))).toBe(settled);
  });

  test('an invoice job says so, and goes on when it is back', async () => {
    const usage = copied('settled', 'away-invoices');
    const billing = await freshBilling();
    expect(await loses(usage, 'usage read', { job: 'invoices', billing })).toEqual({
      refused: 'TOLL_STORE_UNREACHABLE',
    });
    const before = (await invoicesIn(billing)).length;
    expect(before).toBe(6 * 4);
    expect(await run({ job: 'invoices', usage, billing })).toEqual({
      issued: ACCOUNTS - before,
      present: before,
      refused: 0,
    });
    expect(await invoicesIn(billing)).toEqual(issued);
    // What was settled is untouched, and ClickHouse knows of every invoice once.
    expect(JSON.stringify(await tablesOf(usage))).toBe(told);
  });
});

describe.skipIf(postgres === null)('two at once', () => {
  test('a second settlement is refused while the first is at work', async () => {
    const usage = copied('rated', 'two-settle');
    const clickhouse = new Job({ job: 'serve', usage });
    const url = await clickhouse.said('url');
    const first = new Job({ job: 'settle', usage: url, at: { point: 'step 4', nth: 2, fate: 'wait' } });
    await first.said('at');
    expect(await run({ job: 'settle', usage: url })).toEqual({ refused: 'TOLL_SETTLEMENT_RUNNING' });
    first.signal('SIGUSR2');
    expect(await first.ended()).toEqual({ calls: CALLS, isResumed: false });
    expect(await run({ job: 'settle', usage: url })).toEqual({ refused: 'TOLL_SETTLEMENT_DONE_ALREADY' });
    clickhouse.signal('SIGKILL');
    await clickhouse.ended();
    expect(JSON.stringify(await tablesOf(usage))).toBe(settled);
  });

  test('a second invoice job waits where the first is at work, and none has two', async () => {
    const usage = copied('settled', 'two-invoices');
    const billing = await freshBilling();
    const clickhouse = new Job({ job: 'serve', usage });
    const url = await clickhouse.said('url');
    const job = { job: 'invoices', usage: url, billing } as const;
    const first = new Job({ ...job, at: { point: 'invoices written', nth: 3, fate: 'wait' } });
    await first.said('at');
    const second = new Job(job);
    await until('the second waits for the first', async () => (await sessionsWaiting(billing)) === 1);
    first.signal('SIGUSR2');
    const [one, other] = [await first.ended(), await second.ended()];
    expect(Number(one['issued']) + Number(other['issued'])).toBe(ACCOUNTS);
    expect(Number(other['issued'])).toBeLessThan(ACCOUNTS - 12);
    clickhouse.signal('SIGKILL');
    await clickhouse.ended();
    expect(await invoicesIn(billing)).toEqual(issued);
    expect(JSON.stringify(await tablesOf(usage))).toBe(told);
  });
});
