/** The view finance.margin on the real engine, against arithmetic in exact fractions that a person can check. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadTariff } from '@tollstream/catalog';
import type { Tariff } from '@tollstream/catalog';
import { openEmbeddedStore, openServerStore, serveClickHouseHttp } from '@tollstream/usage-store';
import type { EmbeddedStore } from '@tollstream/usage-store';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { costEntries, costRowsOf, replacedFrom } from '../../packages/cli/src/costs/cost-rates.ts';
import { loadedDecks, putInForce, rowsOfLoad } from '../../packages/cli/src/costs/cost-tables.ts';
import { storeCalls } from '../../services/billing/src/testing/stored-calls.ts';
import { generator } from '../support/random.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_115);
const CALLS = 3_000;
const OUTBOUND = { direction: 'outbound', trunk: '' } as const;

const directory = mkdtempSync(path.join(tmpdir(), 'tollstream-margin-'));
let store: EmbeddedStore;
let calls = 0;

beforeAll(async () => {
  store = await openEmbeddedStore({ dataDirectory: path.join(directory, 'clickhouse') });
  await store.migrate();
});
beforeEach(async () => {
  await store.query(`TRUNCATE TABLE ${store.database}.usage`);
  await store.query(`TRUNCATE TABLE ${store.database}.cost_decks`);
  await store.query(`TRUNCATE TABLE ${store.database}.cost_rates`);
});
afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

/** A tariff as `import-deck` writes one, in a catalog that has nothing else. */
async function tariff(csv: string, head = 'currency: USD\n'): Promise<Tariff> {
  const catalog = mkdtempSync(path.join(directory, 'catalog-'));
  mkdirSync(path.join(catalog, 'tariffs'));
  writeFileSync(path.join(catalog, 'catalog.yaml'), 'version: 1\nname: Costs\n');
  writeFileSync(path.join(catalog, 'tariffs/acme.yaml'), `id: acme\nname: Acme\n${head}rates: acme.csv\n`);
  writeFileSync(path.join(catalog, 'tariffs/acme.csv'), csv);
  const read = await loadTariff(catalog, 'acme');
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.tariff;
}

async function load(
  csv: string,
  subject = OUTBOUND as Parameters<typeof putInForce>[1],
  head?: string,
): Promise<void> {
  const { rows, refused } = costRowsOf(await tariff(csv, head));
  expect(refused).toEqual([]);
  await putInForce(store, subject, { deck: 'acme', entries: costEntries(rows), nowMs: Date.now() });
}

async function call(changes: Record<string, string>): Promise<void> {
  calls += 1;
  await storeCalls(store, 1, { token: `call ${calls}`, call_id: `'${calls}'`, ...changes });
}

interface DeckRow {
  readonly prefix: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly initial: number;
  readonly step: number;
  readonly nearest: boolean;
  /** Ten-millionths and millionths, as whole numbers. */
  readonly rate: number;
  readonly fee: number;
}

/** The longest prefix in force, its increments, and one rounding: everything in whole numbers of 1/6,000,000,000. */
function costOf(deck: readonly DeckRow[], number: string, atMs: number, durationMs: number): bigint | null {
  const row = deck
    .filter((each) => number.startsWith(each.prefix) && each.fromMs <= atMs && atMs < each.toMs)
    .toSorted((a, b) => b.prefix.length - a.prefix.length)[0];
  if (row === undefined) return null;
  if (durationMs === 0) return 0n;
  let seconds = row.initial;
  while (seconds * 1000 < durationMs) {
    const isHalf = (durationMs - seconds * 1000) * 2 >= row.step * 1000;
    if (row.nearest && !isHalf) break;
    seconds += row.step;
  }
  const units = BigInt(row.fee) * 6000n + BigInt(seconds) * BigInt(row.rate);
  return (units * 2n + 6000n) / 12000n;
}

it(`costs what exact fractions say, by the longest prefix in force then (seed ${seed})`, async () => {
  const random = generator(seed);
  const whole = (below: number): number => Math.floor(random() * below);
  const START = Date.UTC(2020, 0, 15, 10);
  const deck: DeckRow[] = [];
  for (const prefix of ['1', '12', '121', '1212', '12125', '44', '447', '4470', '4', '550']) {
    for (const half of [0, 1]) {
      if (random() < 0.3) continue;
      const fromMs = START + half * 1_500_000 + whole(700_000);
      deck.push({
        prefix,
        fromMs,
        toMs: random() < 0.5 ? START + (half + 1) * 1_500_000 : fromMs + 1 + whole(1000),
        initial: [0, 1, 6, 30, 60][whole(5)]!,
        step: [1, 6, 7, 60][whole(4)]!,
        nearest: random() < 0.5,
        rate: whole(10_000_000),
        fee: whole(100_000),
      });
    }
  }
  const csv = deck.map((row) =>
    [
      row.prefix,
      (row.rate / 1e8).toFixed(8),
      (row.fee / 1e6).toFixed(6),
      row.initial,
      row.step,
      row.nearest ? 'nearest' : 'up',
      new Date(row.fromMs).toISOString(),
      new Date(row.toMs).toISOString(),
    ].join(','),
  );
  await load(
    `prefix,rate,connect_fee,initial,step,rounding,effective_from,effective_to\n${csv.join('\n')}\n`,
  );
  const numbers = Array.from({ length: 10 }, (_, digit) => digit).flatMap((digit) => [
    `12125${digit}`,
    `121${digit}`,
    `4470${digit}`,
    `44${digit}1`,
    `550${digit}`,
    `4${digit}`,
  ]);
  await storeCalls(store, CALLS, {
    token: `random ${seed}`,
    answered_at: `started_at + toIntervalMillisecond(0)`,
    destination_number: `toUInt64([${numbers.join(',')}][1 + (n * 7919) % ${numbers.length}])`,
    duration_ms: `toUInt64(if(n % 50 = 0, 0, (n * 104729) % 200000))`,
  });
  const rows = await store.query<{ n: string; number: string; at: string; ms: string }>(
    `SELECT toUInt64(substring(call_id, 6)) AS n, toString(destination_number) AS number, toUnixTimestamp64Milli(answered_at) AS at, duration_ms AS ms
     FROM ${store.database}.usage FINAL ORDER BY n`,
  );
  const expected = new Map<string, { cost: bigint; calls: number }>();
  for (const { number, at, ms } of rows) {
    const cost = costOf(deck, number, Number(at), Number(ms));
    const key = cost === null ? 'unknown' : 'deck';
    const sum = expected.get(key) ?? { cost: 0n, calls: 0 };
    expected.set(key, { cost: sum.cost + (cost ?? 0n), calls: sum.calls + 1 });
  }
  const found = await store.query<{ basis: string; calls: string; cost: string | null }>(
    `SELECT cost_basis AS basis, sum(calls) AS calls, toString(sum(cost)) AS cost FROM finance.margin GROUP BY basis`,
  );
  expect(expected.get('deck')!.calls).toBeGreaterThan(300);
  expect(expected.get('unknown')!.calls).toBeGreaterThan(300);
  expect(new Map(found.map(({ basis, calls }) => [basis, Number(calls)]))).toEqual(
    new Map([...expected].map(([basis, { calls }]) => [basis, calls])),
  );
  const total = found.find(({ basis }) => basis === 'deck')!.cost!;
  const [units = '', decimals = ''] = total.split('.');
  expect(BigInt(units + decimals.padEnd(6, '0'))).toBe(expected.get('deck')!.cost);
  expect(found.find(({ basis }) => basis === 'unknown')!.cost).toBeNull();
});

it('holds from its first instant and no more at its end, and gives way to a shorter prefix', async () => {
  await load(
    'prefix,rate,initial,step,effective_from,effective_to\n' +
      '1,0.01,60,60,,\n1212,0.02,60,60,2020-01-15T10:00:00Z,2020-01-15T11:00:00Z\n',
  );
  for (const at of ['09:59:59.999', '10:00:00.000', '10:59:59.999', '11:00:00.000'])
    await call({
      answered_at: `toDateTime64('2020-01-15 ${at}', 3, 'UTC')`,
      started_at: `toDateTime64('2020-01-15 ${at}', 3, 'UTC')`,
      duration_ms: '60000',
    });
  expect(
    await store.query(
      `SELECT cost_prefix AS prefix, calls, toString(cost) AS cost FROM finance.margin ORDER BY prefix`,
    ),
  ).toEqual([
    { prefix: '1', calls: '2', cost: '0.02' },
    { prefix: '1212', calls: '2', cost: '0.04' },
  ]);
});

it('has no cost where no carrier is paid, and says where one is and no deck tells how much', async () => {
  await load('prefix,rate,initial,step\n1,0.01,6,6\n');
  const none = { cost_basis: 'none', cost_prefix: '', cost: '0', margin: '0.022', cost_seconds: '0' };
  const unknown = { cost_basis: 'unknown', cost_prefix: '', cost: null, margin: null, cost_seconds: '0' };
  const cases: [Record<string, string>, unknown][] = [
    [{ direction: "'internal'", call_type: "'internal'" }, none],
    [{ direction: "'inbound'", call_type: "'inbound'" }, none],
    [{ call_type: "'emergency'", destination_number: '0' }, none],
    [{ answered_at: "toDateTime64(0, 3, 'UTC')", disposition: "'no_answer'" }, none],
    [
      { direction: "'inbound'", call_type: "'toll_free_inbound'", destination_number: '18005550100' },
      unknown,
    ],
    [{ destination_number: '442079460000' }, unknown],
  ];
  for (const [i, [changes]] of cases.entries()) await call({ account_id: `'case-${i}'`, ...changes });
  const found = await store.query(
    `SELECT cost_basis, cost_prefix, toString(cost) AS cost, toString(margin) AS margin, cost_seconds FROM finance.margin ORDER BY account_id`,
  );
  expect(found).toEqual(cases.map(([, expected]) => expected));
});

it('has a deck for toll-free numbers and for each trunk', async () => {
  await load('prefix,rate,initial,step\n1,0.01,60,60\n');
  await load('prefix,rate,initial,step\n1800,0.03,60,60\n', { direction: 'toll_free', trunk: '' });
  await load('prefix,rate,initial,step\n1,0.02,60,60\n', { direction: 'outbound', trunk: 'north' });
  await call({ duration_ms: '60000' });
  await call({ duration_ms: '60000', trunk: "'north'" });
  await call({
    duration_ms: '60000',
    direction: "'inbound'",
    call_type: "'toll_free_inbound'",
    destination_number: '18005550100',
  });
  expect(
    await store.query(`SELECT trunk, direction, toString(cost) AS cost FROM finance.margin ORDER BY ALL`),
  ).toEqual([
    { trunk: '', direction: 'inbound', cost: '0.03' },
    { trunk: '', direction: 'outbound', cost: '0.01' },
    { trunk: 'north', direction: 'outbound', cost: '0.02' },
  ]);
});

it('takes the rate of the jurisdiction, and knows none where the deck has none', async () => {
  await load(
    'prefix,rate,rate_interstate,rate_intrastate,rate_indeterminate,initial,step\n1,,0.01,0.03,0.05,60,60\n',
  );
  const jurisdictions = ['', 'indeterminate', 'interstate', 'intrastate'];
  for (const jurisdiction of jurisdictions)
    await call({
      account_id: `'of ${jurisdiction}'`,
      jurisdiction: `'${jurisdiction}'`,
      duration_ms: '60000',
    });
  expect(await store.query(`SELECT toString(cost) AS cost FROM finance.margin ORDER BY account_id`)).toEqual([
    { cost: null },
    { cost: '0.05' },
    { cost: '0.01' },
    { cost: '0.03' },
  ]);
});

it('subtracts nothing of another currency', async () => {
  await load('prefix,rate,initial,step\n1,0.01,60,60\n', OUTBOUND, 'currency: CAD\n');
  await call({ duration_ms: '60000' });
  expect(
    await store.query(`SELECT currency, cost_currency, toString(cost) AS cost, margin FROM finance.margin`),
  ).toEqual([{ currency: 'USD', cost_currency: 'CAD', cost: '0.01', margin: null }]);
});

it.each([
  ['half_up', '0.000001', '0.000002'],
  ['up', '0.000001', '0.000002'],
  ['down', '0', '0.000001'],
  ['half_even', '0', '0.000002'],
])('rounds a call %s as the tariff says', async (rounding, first, second) => {
  const head = `currency: USD\nrounding: { charge: ${rounding} }\n`;
  await load('prefix,rate,initial,step\n1212,0.0000005,60,60\n1213,0.0000015,60,60\n', OUTBOUND, head);
  await call({ duration_ms: '60000' });
  await call({ duration_ms: '60000', destination_number: '12135550199' });
  expect(await store.query(`SELECT toString(cost) AS cost FROM finance.margin ORDER BY cost_prefix`)).toEqual(
    [{ cost: first }, { cost: second }],
  );
});

it('replaces a deck as a whole or from a day on, and takes it away', async () => {
  await load('prefix,rate,initial,step\n1,0.01,60,60\n');
  const [first] = await loadedDecks(store);
  const next = costRowsOf(await tariff('prefix,rate,initial,step\n1212,0.09,60,60\n')).rows;
  const all = replacedFrom(await rowsOfLoad(store, first!.load), next, Date.UTC(2020, 0, 16));
  await putInForce(store, OUTBOUND, { deck: 'next', entries: costEntries(all), nowMs: Date.now() });
  const costs = async (): Promise<unknown> =>
    store.query(`SELECT toString(day) AS day, toString(cost) AS cost FROM finance.margin ORDER BY ALL`);
  for (const day of ['15', '16'])
    await call({ started_at: `toDateTime64('2020-01-${day} 10:00:00', 3, 'UTC')`, duration_ms: '60000' });
  expect(await costs()).toEqual([
    { day: '2020-01-15', cost: '0.01' },
    { day: '2020-01-16', cost: '0.09' },
  ]);
  expect(
    await store.query(`SELECT DISTINCT load = ${first!.load} AS old FROM ${store.database}.cost_rates`),
  ).toEqual([{ old: 0 }]);
  await putInForce(store, OUTBOUND, { deck: '', entries: [], nowMs: Date.now() });
  expect(await loadedDecks(store)).toEqual([]);
  expect(await costs()).toEqual([
    { day: '2020-01-15', cost: null },
    { day: '2020-01-16', cost: null },
  ]);
});

it('is loaded through a server, too', async () => {
  const front = await serveClickHouseHttp({ engine: store.engine, port: 0 });
  const served = openServerStore({ url: front.url, database: store.database });
  const { rows } = costRowsOf(await tariff('prefix,rate,initial,step\n1,0.01,60,60\n'));
  for (let i = 0; i < 2; i++)
    await putInForce(served, OUTBOUND, { deck: 'acme', entries: costEntries(rows), nowMs: Date.now() });
  expect(await loadedDecks(served)).toMatchObject([{ deck: 'acme', rows: 1, currencies: ['USD'] }]);
  expect(await served.query(`SELECT count() AS rates FROM ${store.database}.cost_rates`)).toEqual([
    { rates: '1' },
  ]);
  await served.close();
  await front.close();
});

it('refuses what a cost cannot have, by name', async () => {
  const { refused } = costRowsOf(
    await tariff('prefix,rate,minimum_charge,origin\n1,0.01,0.5,\n12,0.01,0.5,\n13,0.01,,44\n'),
  );
  expect(refused).toEqual(['minimum charges (prefix 1 and 1 more)', 'rates by who calls (prefix 13)']);
});
