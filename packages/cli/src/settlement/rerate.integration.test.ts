/**
 * `tollstream rerate` as it is typed, on a month of generated calls with one rate changed: what it prints is the sum over the rows of that
 * rate, added up here from what each row says of its call, without a line of the engine.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openEmbeddedStore } from '@tollstream/usage-store';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SAMPLE_CATALOG } from '../paths.ts';

const MAIN = path.join(import.meta.dirname, '../main.ts');
const CALLS = 3_000;
const SEED = 11;
const TARIFF = 'us-toll-free';
/** Per minute, in 10^-8; the new one makes each row round for itself. */
const RATE = { before: 3_000_000n, after: 3_333_333n };
// Each step is a process.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });
let folder: string;

interface Row {
  readonly account: string;
  readonly call: string;
  readonly tariff: string;
  /** '' where the rate is that of all callers. */
  readonly detail: string;
  readonly seconds: string;
  readonly connect: string;
  readonly charge: string;
}

function run(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

function rerate(...options: string[]): string {
  const month = ['--from', '2020-01-01', '--to', '2020-02-01'];
  return run('rerate', '--data', 'own', ...month, '--catalog', 'dearer', ...options);
}

/** Amounts in millionths. */
async function rowsOf(month: number): Promise<Row[]> {
  const store = await openEmbeddedStore({ dataDirectory: path.join(folder, 'own/clickhouse') });
  try {
    return await store.query<Row>(
      `SELECT account_id AS account, call_id AS call, tariff, price_detail AS detail, toString(charged_seconds) AS seconds,
         toString(toInt64(connect_fee * 1000000)) AS connect, toString(toInt64(charge * 1000000)) AS charge
       FROM tollstream.usage FINAL WHERE billing_month = ${month} ORDER BY account, call, charge`,
    );
  } finally {
    await store.close();
  }
}

/** Seconds at a rate a minute, rounded half up to millionths: 60 seconds of 10^-8 are 6,000 parts of one. */
function priceOf({ seconds, connect }: Row, rate: bigint): bigint {
  const parts = BigInt(seconds) * rate;
  return BigInt(connect) + (parts + 3_000n) / 6_000n;
}

function isChanged({ tariff, detail }: Row): boolean {
  return tariff === TARIFF && detail === '';
}

function decimal(millionths: bigint): string {
  const digits = String(millionths < 0n ? -millionths : millionths).padStart(7, '0');
  return `${millionths < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** As the table has it. */
function sign(amount: string): string {
  return amount.startsWith('-') ? amount : `\\+?${amount}`;
}

function sumOf(values: readonly bigint[]): bigint {
  return values.reduce((sum, value) => sum + value, 0n);
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tollstream-rerate-'));
  cpSync(SAMPLE_CATALOG, path.join(folder, 'dearer'), { recursive: true });
  const edit = (file: string, from: string, to: string): void => {
    const target = path.join(folder, 'dearer', file);
    const text = readFileSync(target, 'utf8');
    expect(text).toContain(from);
    writeFileSync(target, text.replace(from, to));
  };
  edit(`tariffs/${TARIFF}.yaml`, 'country: US, rate: 0.03 }', 'country: US, rate: 0.03333333 }');
  edit('catalog.yaml', 'version: 1', 'version: 2');
  run('generate', '--calls', String(CALLS), '--seed', String(SEED), '--output', 'calls.jsonl');
  run('run', '--calls', 'calls.jsonl', '--data', 'own', '--exit-when-done');
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the printed difference is the sum over the rows, and what is written is what was printed', async () => {
  const before = await rowsOf(202001);
  const changed = before.filter(isChanged);
  expect(changed.length, `calls of seed ${SEED}`).toBeGreaterThan(20);
  // The sum below holds what the rows hold: each was priced by the old rate.
  for (const row of changed) expect(priceOf(row, RATE.before), row.call).toBe(BigInt(row.charge));
  const sums = new Map<string, bigint>();
  for (const row of changed) {
    const step = priceOf(row, RATE.after) - priceOf(row, RATE.before);
    sums.set(row.account, (sums.get(row.account) ?? 0n) + step);
  }
  const difference = decimal(sumOf([...sums.values()]));

  const printed = JSON.parse(rerate('--json')) as Record<string, unknown>;
  expect(printed).toMatchObject({ calls: before.length, difference: { USD: difference }, runs: [] });
  // Told by destination as well: an account's parts are what its rows come to.
  const told = new Map<string, bigint>();
  for (const each of printed['differences'] as { account: string; difference: string }[])
    told.set(each.account, (told.get(each.account) ?? 0n) + BigInt(each.difference.replace('.', '')));
  expect(told).toEqual(sums);
  const text = rerate().trim();
  expect(text.split('\n').at(-1)).toMatch(new RegExp(`^USD .* difference ${sign(difference)}$`));
  expect(await rowsOf(202001), 'nothing was written').toEqual(before);

  rerate('--apply');
  const after = await rowsOf(202001);
  expect(after).toEqual(
    before.map((row) => (isChanged(row) ? { ...row, charge: String(priceOf(row, RATE.after)) } : row)),
  );
  const charges = (rows: readonly Row[]): bigint => sumOf(rows.map(({ charge }) => BigInt(charge)));
  expect(decimal(charges(after) - charges(before))).toBe(difference);
});
