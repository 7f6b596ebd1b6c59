import { parseTotals } from '@tollstream/contracts';
import { runProcessor } from '@tollstream/event-log';
import { createMetrics } from '@tollstream/service-kit';
import { expect, it, vi } from 'vitest';
import { RATING_CONFIG } from './config.ts';
import { createRatingProcessor, startRating } from './rating.ts';
import { testCatalog } from './testing/catalog.ts';
import { accept, openStage, rowsOf, TOPICS } from './testing/stage.ts';

it('rates all partitions as a member of its group, and shows what it did', async () => {
  const log = await openStage();
  await accept(log, [[{ id: 'a' }, { id: 'a' }, { id: 'x', to: 442071234567 }]], 0);
  await accept(log, [[{ id: 'b', account: 'mill', to: 5511987650123 }]], 1);
  const metrics = createMetrics({ service: 'rating' });
  const membership = await startRating({ log, catalog: testCatalog(), topics: TOPICS, metrics });
  await vi.waitFor(async () => expect(await metrics.total('tollstream_calls_total')).toBe(4), {
    timeout: 60_000,
  });

  const text = await metrics.registry.metrics();
  for (const line of [
    'tollstream_calls_total{service="rating",outcome="rated",code=""} 2',
    'tollstream_calls_total{service="rating",outcome="duplicate",code=""} 1',
    'tollstream_calls_total{service="rating",outcome="suspended",code="rate_missing"} 1',
    'tollstream_charge_micros_total{service="rating",currency="USD"} 6000',
    'tollstream_dedupe_entries{service="rating",partition="0"} 2',
    'tollstream_catalog_version{service="rating"} 7',
    'tollstream_partitions_assigned{service="rating",topic="calls.accepted"} 2',
    'tollstream_lag_records{service="rating",topic="calls.accepted",partition="1"} 0',
    'tollstream_batch_records_count{service="rating"} 2',
  ]) {
    expect(text).toContain(line);
  }

  await accept(log, [[{ id: 'c' }]], 1);
  await vi.waitFor(async () => expect(await rowsOf(log, TOPICS.rated, 1)).toHaveLength(2), {
    timeout: 60_000,
  });
  await membership.stop();
  const totals = parseTotals((await log.committed('rating', TOPICS.accepted, 1))!.metadata);
  expect(totals).toMatchObject({ seen: 2, rated: 2 });
});

it('is configured with five different topics', () => {
  const relation = RATING_CONFIG.relations.find(({ rule }) => rule.includes('five topics'));
  const values = {
    topicAccepted: 'a',
    topicRated: 'b',
    topicSuspended: 'c',
    topicResolved: 'd',
    topicAlerts: 'e',
  } as never;
  expect(relation!.holds(values)).toBe(true);
  expect(relation!.holds({ ...(values as object), topicSuspended: 'b' } as never)).toBe(false);
});

it('prices each batch by one version, the one in use when it begins', async () => {
  const log = await openStage();
  const metrics = createMetrics({ service: 'rating' });
  const membership = await startRating({ log, catalog: testCatalog(), topics: TOPICS, metrics });
  const versions = async (): Promise<unknown[]> =>
    (await rowsOf(log, TOPICS.rated, 0)).map((row) => row.catalog_version);
  await accept(log, [[{ id: 'a' }]], 0);
  await vi.waitFor(async () => expect(await versions()).toEqual([7]), { timeout: 60_000 });
  membership.prepareCatalog({ ...testCatalog(), version: 8 })();
  await accept(log, [[{ id: 'b' }, { id: 'c' }]], 0);
  await vi.waitFor(async () => expect(await versions()).toEqual([7, 8, 8]), { timeout: 60_000 });
  await membership.stop();
});

it('takes a later version first where calls were attributed by it', async () => {
  const log = await openStage();
  const processor = createRatingProcessor({
    catalog: testCatalog(),
    topics: TOPICS,
    onNewerVersion: (version) => {
      processor.prepareCatalog({ ...testCatalog(), version })();
      return Promise.resolve();
    },
  });
  const membership = await runProcessor({ log, processor, group: 'rating', topics: [TOPICS.accepted] });
  await accept(log, [[{ id: 'a' }]], 0, 9);
  await vi.waitFor(
    async () => expect((await rowsOf(log, TOPICS.rated, 0)).map((row) => row.catalog_version)).toEqual([9]),
    { timeout: 60_000 },
  );
  await membership.stop();
});
