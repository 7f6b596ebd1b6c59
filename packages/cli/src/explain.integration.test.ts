/** What a row stores explains its price, also where ClickHouse is a server that is reached by environment. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { requireCatalog } from '@tollstream/catalog';
import { createMemoryEventLog, createMemorySnapshots } from '@tollstream/event-log';
import { explainStored } from '@tollstream/rating-engine';
import { createMetrics } from '@tollstream/service-kit';
import { openEmbeddedStore, serveClickHouseHttp } from '@tollstream/usage-store';
import { afterEach, expect, test, vi } from 'vitest';
import { startPipeline } from './embedded/pipeline.ts';
import { EMBEDDED_TOPICS as TOPICS } from './embedded/status.ts';
import { storedCalls } from './explain.ts';
import { generateCalls } from './generate/generate-calls.ts';
import { SAMPLE_CATALOG } from './paths.ts';
import { withStore } from './with-store.ts';

const CALLS = 400;
const SEED = 45;
const KINDS_MIN = 8;

afterEach(() => vi.unstubAllEnvs());

test('calls of every kind are explained from a server, and give their amounts again', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'tollstream-explain-'));
  const store = await openEmbeddedStore({ dataDirectory: directory });
  const log = createMemoryEventLog();
  const front = await serveClickHouseHttp({ engine: store.engine, port: 0, database: store.database });
  try {
    await store.migrate();
    const catalog = await requireCatalog(SAMPLE_CATALOG);
    await log.createTopics(Object.values(TOPICS).map((name) => ({ name, partitions: 1 })));
    const publisher = await log.claim('publisher', TOPICS.raw, 0);
    const headers = { 'tollstream-format': 'json' };
    const calls = generateCalls({ calls: CALLS, seed: SEED, catalog });
    const outputs = Array.from(calls, (value) => ({ topic: TOPICS.raw, partition: 0, value, headers }));
    await publisher.commit({ outputs, nextOffset: 0, metadata: '' });
    const pipeline = await startPipeline({
      log,
      store,
      catalog,
      metrics: createMetrics({ service: 'explain' }),
      snapshots: createMemorySnapshots(),
    });
    let ids: string[] = [];
    await vi.waitFor(
      async () => {
        const [stored] = await store.query<{ rows: string }>(
          `SELECT count() AS rows FROM ${store.database}.usage`,
        );
        expect(Number(stored?.rows)).toBeGreaterThan(CALLS / 2);
        // One of each kind: each is asked for twice.
        const rows = await store.query<{ call_id: string }>(
          `SELECT call_id FROM ${store.database}.usage ORDER BY call_id LIMIT 1 BY rate_type, call_type, currency`,
        );
        ids = rows.map((row) => row.call_id);
        expect(ids.length).toBeGreaterThan(KINDS_MIN);
      },
      { timeout: 60_000, interval: 20 },
    );
    await pipeline.stop();

    vi.stubEnv('TOLLSTREAM_CLICKHOUSE_URL', front.url);
    await withStore(undefined, async (server) => {
      for (const id of ids) {
        const rows = await storedCalls(server, id);
        expect(rows.length, id).toBeGreaterThan(0);
        expect(rows, id).toEqual(await storedCalls(store, id));
        for (const row of rows) expect(explainStored(row), id).toMatchObject({ reproduces: true });
      }
      expect(await storedCalls(server, 'unheard-of')).toEqual([]);
    });
  } finally {
    await front.close();
    await store.close();
    await log.close();
    rmSync(directory, { recursive: true });
  }
});
