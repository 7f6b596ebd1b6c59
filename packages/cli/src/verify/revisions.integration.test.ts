/** After settlement and re-rating a pipeline is still verified, and what is changed in its revisions or adjustments is found. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadCatalog } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { openSqliteEventLog } from '@tollstream/event-log';
import type { EventLog } from '@tollstream/event-log';
import { startAggregator } from '@tollstream/service-aggregator';
import { applyMonth, pricedAsRated, pricedBy } from '@tollstream/service-billing';
import { startIngest } from '@tollstream/service-ingest';
import { startRating } from '@tollstream/service-rating';
import { createMetrics } from '@tollstream/service-kit';
import { openEmbeddedStore } from '@tollstream/usage-store';
import type { EmbeddedStore } from '@tollstream/usage-store';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { EMBEDDED_TOPICS as TOPICS } from '../embedded/status.ts';
import { generateCalls } from '../generate/generate-calls.ts';
import { SAMPLE_CATALOG } from '../paths.ts';
import { traceCall } from '../trace/trace.ts';
import { traceLines } from '../trace/report.ts';
import { verdictLine } from './report.ts';
import { verify } from './verify.ts';
import type { Verdict } from './verify.ts';

const CALLS = 1_200;
const MONTH = 202001;

let directory: string;
let store: EmbeddedStore;
let log: EventLog;

/** The sample's, with less to use up. */
async function catalogWith(version: number, minutes: number): Promise<Catalog> {
  const loaded = await loadCatalog(SAMPLE_CATALOG);
  if (!loaded.ok) throw new Error('the sample catalog does not load');
  const { catalog } = loaded;
  for (const plan of catalog.plans.values())
    for (const pool of plan.pools)
      if (pool.unit === 'seconds') Object.assign(pool, { perMonth: minutes * 60 });
  return { ...catalog, version };
}

const change = (sql: string) => store.engine.run(sql, { format: 'Null' });
const verifyNow = (): Promise<Verdict> =>
  verify({ log, store, topics: { ...TOPICS, raw: [TOPICS.raw] }, groupPrefix: '' });

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'tollstream-revisions-'));
  log = openSqliteEventLog({ directory: path.join(directory, 'log') });
  store = await openEmbeddedStore({ dataDirectory: path.join(directory, 'clickhouse') });
  await store.migrate();
  const catalog = await catalogWith(1, 20);
  await log.createTopics(Object.values(TOPICS).map((name) => ({ name, partitions: 1 })));
  const stage = (service: string) => ({ log, topics: TOPICS, metrics: createMetrics({ service }) });
  const stages = [
    await startIngest({ ...stage('ingest'), catalog }),
    await startRating({ ...stage('rating'), catalog }),
    await startAggregator({
      ...stage('aggregator'),
      store,
      limits: { rowsMax: 500, bytesMax: 1 << 20, ageMsMax: 20 },
    }),
  ];
  const publisher = await log.claim('publisher', TOPICS.raw, 0);
  const headers = { 'tollstream-format': 'json' };
  // Backwards, so that included minutes go to the wrong calls first.
  const outputs = [...generateCalls({ calls: CALLS, seed: 5, catalog })]
    .reverse()
    .map((value) => ({ topic: TOPICS.raw, partition: 0, value, headers }));
  await publisher.commit({ outputs, nextOffset: 0, metadata: '' });
  await vi.waitFor(
    async () => {
      const { calls, underWay } = await verifyNow();
      expect([calls, underWay]).toEqual([CALLS, 0]);
    },
    { timeout: 60_000, interval: 200 },
  );
  for (const each of stages) await each.stop();
  // What is put back by each test holds the replaced rows, too.
  await change('SYSTEM STOP MERGES tollstream.usage');
  const settled = await applyMonth(store, {
    month: MONTH,
    account: null,
    kind: 'settlement',
    catalogs: pricedAsRated([catalog]),
    again: false,
    clock: () => Date.UTC(2020, 1, 3),
  });
  expect(settled.adjustments).toBeGreaterThan(10);
  // Some accounts have a third revision.
  const rerated = await applyMonth(store, {
    month: MONTH,
    account: 'riverside-dental',
    kind: 'rerate',
    catalogs: pricedBy(await catalogWith(2, 10)),
    again: true,
    clock: () => Date.UTC(2020, 1, 4),
  });
  expect(rerated.adjustments).toBeGreaterThan(10);
  for (const table of ['usage', 'usage_adjustments'])
    await change(
      `CREATE TABLE tollstream.saved_${table} ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM tollstream.${table}`,
    );
  await change('SYSTEM START MERGES tollstream.usage');
});
afterAll(async () => {
  await log.close();
  await store.close();
  rmSync(directory, { recursive: true });
});

/** Tables as they were, whether or not replaced rows have been merged away. */
async function restore(): Promise<void> {
  for (const table of ['usage', 'usage_adjustments']) {
    await change(`TRUNCATE TABLE tollstream.${table}`);
    await change(
      `INSERT INTO tollstream.${table} SETTINGS insert_deduplicate = 0, optimize_on_insert = 0 SELECT * FROM tollstream.saved_${table}`,
    );
  }
}

test('it is verified before and after replaced rows are merged away', async () => {
  const before = await verifyNow();
  expect(before.findings.first).toBeNull();
  expect(before.findings.revisions.checked).toBeGreaterThan(20);
  await change('OPTIMIZE TABLE tollstream.usage FINAL');
  await change('OPTIMIZE TABLE tollstream.usage_adjustments FINAL');
  const [row] = await store.query<{ rows: string }>(
    'SELECT count() AS rows FROM tollstream.usage WHERE revision = 0 AND (account_id, started_at, call_id, leg, switch_id) IN (SELECT account_id, started_at, call_id, leg, switch_id FROM tollstream.usage_adjustments)',
  );
  expect(Number(row?.rows)).toBe(0);
  const after = await verifyNow();
  expect(after.findings.first).toBeNull();
  expect(verdictLine(after)).toBe(verdictLine(before));
});

test('a call says which revisions it had, and why', async () => {
  const [row] = await store.query<{ call_id: string }>(
    "SELECT call_id FROM tollstream.usage WHERE revision = 2 AND account_id = 'riverside-dental' ORDER BY call_id LIMIT 1",
  );
  const lines = traceLines(
    await traceCall({ log, store, topics: { ...TOPICS, raw: [TOPICS.raw] }, groupPrefix: '' }, row!.call_id),
  ).join('\n');
  expect(lines).toMatch(
    /usage_adjustments: revision 0 → 1, settlement, USD \S+ → \S+ \(catalog 1 → 1, run 2020-01-1\)/,
  );
  expect(lines).toMatch(
    /usage_adjustments: revision 1 → 2, rerate, USD \S+ → \S+ \(catalog 1 → 2, run 2020-01-2\)/,
  );
});

describe('it is still found when', () => {
  beforeEach(restore);
  const firstOf = async (sql: string): Promise<{ text: string; call: string; check: string }> => {
    await change(sql);
    const { findings } = await verifyNow();
    const check = findings.checks.find(({ first }) => first !== null);
    return { text: check?.first?.text ?? 'verified', call: '', check: check?.name ?? '' };
  };
  const SYNC = 'SETTINGS mutations_sync = 2';
  const adjusted =
    '(account_id, call_id) IN (SELECT account_id, call_id FROM tollstream.saved_usage_adjustments)';
  const oneOf = (where: string): string =>
    `(call_id, revision) = (SELECT call_id, revision FROM tollstream.saved_usage WHERE ${where} ORDER BY call_id LIMIT 1)`;

  test.each([
    ['a row that nothing replaced is deleted', `revision = 0 AND NOT ${adjusted}`, /is missing in usage/],
    ['a further revision is deleted', 'revision = 1', /was adjusted to revision/],
  ])('%s', async (_, where, text) => {
    expect((await firstOf(`ALTER TABLE tollstream.usage DELETE WHERE ${oneOf(where)} ${SYNC}`)).text).toMatch(
      text,
    );
  });

  test('a row that was replaced is deleted together with its adjustment', async () => {
    await change(
      `ALTER TABLE tollstream.usage DELETE WHERE ${oneOf(`revision = 0 AND ${adjusted}`)} ${SYNC}`,
    );
    expect((await verifyNow()).findings.first).toBeNull();
    const key = oneOf(`revision = 0 AND ${adjusted}`);
    expect(
      (await firstOf(`ALTER TABLE tollstream.usage_adjustments DELETE WHERE ${key} ${SYNC}`)).text,
    ).toMatch(/no adjustment says what it was/);
  });

  test.each([
    [
      'the charge of a further revision',
      'usage',
      'charge = charge + 0.01',
      'revision > 0',
      /is not in usage what its adjustment says/,
    ],
    [
      'the seconds of a further revision',
      'usage',
      'included_seconds = included_seconds + 1',
      'revision > 0',
      /is not in usage what its adjustment says/,
    ],
    [
      'the old charge of an adjustment',
      'usage_adjustments',
      'charge = charge + 0.01',
      'revision = 0',
      /charge in usage is not what was rated|differences do not add up/,
    ],
    [
      'the difference of an adjustment',
      'usage_adjustments',
      'difference = difference + 0.01',
      'revision = 0',
      /whose difference is not/,
    ],
  ])('%s is changed', async (_, table, assignment, where, text) => {
    // Replaced rows are merged away: what was streamed stands in the adjustments alone.
    await change('OPTIMIZE TABLE tollstream.usage FINAL');
    const from = table === 'usage' ? 'saved_usage' : 'saved_usage_adjustments';
    const chosen = `(call_id, revision) = (SELECT call_id, revision FROM tollstream.${from} WHERE ${where} ORDER BY revision DESC, call_id LIMIT 1)`;
    const found = await firstOf(
      `ALTER TABLE tollstream.${table} UPDATE ${assignment} WHERE ${chosen} ${SYNC}`,
    );
    expect(found.text).toMatch(text);
  });

  test('a row is doubled', async () => {
    await change('SYSTEM STOP MERGES tollstream.usage');
    const found = await firstOf(
      `INSERT INTO tollstream.usage SETTINGS insert_deduplicate = 0 SELECT * FROM tollstream.saved_usage WHERE ${oneOf(`revision = 0 AND ${adjusted}`)}`,
    );
    await change('SYSTEM START MERGES tollstream.usage');
    expect(found.text).toMatch(/is in usage 2 times/);
  });

  test('a further revision has no adjustment', async () => {
    const found = await firstOf(
      `INSERT INTO tollstream.usage SETTINGS insert_deduplicate = 0
       SELECT * REPLACE (toUInt32(1) AS revision) FROM (
         SELECT * FROM tollstream.saved_usage WHERE ${oneOf(`revision = 0 AND NOT ${adjusted}`)})`,
    );
    expect(found.text).toMatch(/no adjustment says what it was/);
  });
});
