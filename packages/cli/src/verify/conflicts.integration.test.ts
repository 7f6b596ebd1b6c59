/** Two rows of one key in the table: the later one stays once the engine merges them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadCatalog } from '@tollstream/catalog';
import { openSqliteEventLog } from '@tollstream/event-log';
import { startAggregator } from '@tollstream/service-aggregator';
import { startIngest } from '@tollstream/service-ingest';
import { startRating } from '@tollstream/service-rating';
import { createMetrics } from '@tollstream/service-kit';
import { openEmbeddedStore } from '@tollstream/usage-store';
import { expect, test, vi } from 'vitest';
import { EMBEDDED_TOPICS as TOPICS } from '../embedded/status.ts';
import { generateCalls } from '../generate/generate-calls.ts';
import { SAMPLE_CATALOG } from '../paths.ts';
import { contradicting } from './testing/contradicting.ts';
import { verify } from './verify.ts';

test('a record that took the place of another in the table, beyond the duplicate window, is told of', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'tollstream-conflicts-'));
  const store = await openEmbeddedStore({ dataDirectory: path.join(directory, 'clickhouse') });
  await store.migrate();
  const log = openSqliteEventLog({ directory: path.join(directory, 'log') });
  await log.createTopics(Object.values(TOPICS).map((name) => ({ name, partitions: 1 })));
  const loaded = await loadCatalog(SAMPLE_CATALOG);
  if (!loaded.ok) throw new Error('the sample catalog does not load');
  const { catalog } = loaded;
  const stage = (group: 'ingest' | 'rating' | 'aggregator') => ({
    log,
    topics: TOPICS,
    metrics: createMetrics({ service: group }),
    group,
  });
  const publisher = await log.claim('publisher', TOPICS.raw, 0);
  const publish = (value: object): Promise<void> =>
    publisher.commit({
      outputs: [
        {
          topic: TOPICS.raw,
          partition: 0,
          value: Buffer.from(JSON.stringify(value)),
          headers: { 'tollstream-format': 'json' },
        },
      ],
      nextOffset: 0,
      metadata: '',
    });
  const lines = [...generateCalls({ calls: 200, seed: 5, catalog })];
  const longer = JSON.parse(contradicting(lines)[0]!.toString()) as { started_at: number; ended_at: number };
  await publish({ ...longer, ended_at: longer.ended_at - 60_000 });
  // Between the two enough other calls to move a small window on.
  for (const line of lines.slice(0, 20)) {
    await publish({ ...(JSON.parse(line.toString()) as object), call_id: `other-${lines.indexOf(line)}` });
  }
  await publish(longer);
  const stages = [
    await startIngest({ ...stage('ingest'), catalog, fetch: { recordsMax: 1 } }),
    await startRating({
      ...stage('rating'),
      catalog,
      fetch: { recordsMax: 1 },
      limits: { windowCallsMax: 4, windowAgeMs: 3_600_000 },
    }),
    await startAggregator({
      ...stage('aggregator'),
      store,
      limits: { rowsMax: 1_000, bytesMax: 1 << 20, ageMsMax: 50 },
    }),
  ];
  const verifyNow = () => verify({ log, store, topics: { ...TOPICS, raw: [TOPICS.raw] }, groupPrefix: '' });
  await vi.waitFor(
    async () => {
      const { calls, underWay } = await verifyNow();
      expect([calls, underWay]).toEqual([22, 0]);
    },
    { timeout: 60_000, interval: 50 },
  );
  await store.engine.run('OPTIMIZE TABLE tollstream.usage FINAL', { format: 'Null' });
  const verdict = await verifyNow();
  expect(verdict.findings.first).toBeNull();
  expect([verdict.collapsed, verdict.conflicts.replaced]).toEqual([1, 1]);
  expect(verdict.conflicts.firstReplaced).toMatchObject({ place: `${TOPICS.raw}/0`, offset: 0 });
  for (const each of stages) await each.stop();
  await publisher.release();
  await log.close();
  await store.close();
  rmSync(directory, { recursive: true });
});
