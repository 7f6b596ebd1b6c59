import { fileURLToPath } from 'node:url';
import { loadCatalog } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { decodeBlock, encodeCallEvent, parseTotals } from '@tollstream/contracts';
import type { SchemaSource } from '@tollstream/contracts';
import { createMemoryEventLog } from '@tollstream/event-log';
import type { EventLog, MembershipEvent } from '@tollstream/event-log';
import { createMetrics } from '@tollstream/service-kit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { INGEST_GROUP, startIngest } from './ingest.ts';
import { CATALOG, EVENT } from './testing/fixtures.ts';

const TOPICS = { raw: 'calls.raw', accepted: 'calls.accepted', rejected: 'calls.rejected' };

describe('ingest over a log', () => {
  let log: EventLog;

  beforeEach(async () => {
    log = createMemoryEventLog();
    await log.createTopics(Object.values(TOPICS).map((name) => ({ name, partitions: 1 })));
  });
  afterEach(async () => log.close());

  async function publish(values: readonly Buffer[]): Promise<void> {
    const claim = await log.claim('publisher', TOPICS.raw, 0);
    const outputs = values.map((value) => ({ topic: TOPICS.raw, partition: 0, value }));
    await claim.commit({ outputs, nextOffset: (claim.committed?.offset ?? 0) + 1, metadata: '' });
    await claim.release();
  }

  async function seenAtLeast(count: number): Promise<void> {
    await vi.waitFor(
      async () => {
        const committed = await log.committed(INGEST_GROUP, TOPICS.raw, 0);
        expect(parseTotals(committed?.metadata ?? '').seen).toBeGreaterThanOrEqual(count);
      },
      { timeout: 60_000, interval: 10 },
    );
  }

  async function valuesOf(topic: string): Promise<Buffer[]> {
    const values: Buffer[] = [];
    for await (const batch of log.read({ topic, partition: 0, from: 0 })) {
      for (const record of batch.records) values.push(Buffer.from(record.value!));
    }
    return values;
  }

  async function sampleCatalog(version: number): Promise<Catalog> {
    const directory = fileURLToPath(new URL('../../../examples/hosted-phone', import.meta.url));
    const loaded = await loadCatalog(directory, { version });
    if (!loaded.ok) throw new Error('the sample catalog is broken');
    return loaded.catalog;
  }

  test('gives the same bytes from a thread of its own, before and after another version', async () => {
    const first = await sampleCatalog(1);
    const second = await sampleCatalog(2);
    const calls = Array.from({ length: 50 }, (_, i) => encodeCallEvent({ ...EVENT, callId: `c-${i}` }));
    const produced: Buffer[][] = [];
    for (const inThread of [false, true]) {
      log = createMemoryEventLog({ now: () => Date.UTC(2026, 0, 1) });
      await log.createTopics(Object.values(TOPICS).map((name) => ({ name, partitions: 1 })));
      await publish([...calls, Buffer.from('broken')]);
      const metrics = createMetrics({ service: 'ingest' });
      const options = { log, metrics, catalog: first, topics: TOPICS };
      const member = await startIngest({ ...options, inThread });
      await seenAtLeast(51);
      (await member.prepareCatalog(second))();
      await publish(calls);
      await seenAtLeast(101);
      await member.stop();
      produced.push([...(await valuesOf(TOPICS.accepted)), ...(await valuesOf(TOPICS.rejected))]);
    }
    expect(produced[0]!.map((value) => decodeBlock(value).header.catalogVersion)).toEqual([1, 2, 1]);
    expect(produced[1]).toEqual(produced[0]);
  });

  test('resumes where it stopped, with its totals', async () => {
    const metrics = createMetrics({ service: 'ingest' });
    const options = { log, metrics, catalog: CATALOG, topics: TOPICS };
    await publish([encodeCallEvent(EVENT), Buffer.from('broken')]);
    const first = await startIngest(options);
    await seenAtLeast(2);
    await first.stop();

    await publish([encodeCallEvent({ ...EVENT, callId: 'c-2' })]);
    const second = await startIngest(options);
    await seenAtLeast(3);
    await second.stop();

    const committed = await log.committed(INGEST_GROUP, TOPICS.raw, 0);
    expect(parseTotals(committed!.metadata)).toMatchObject({ seen: 3, accepted: 2, rejected: 1 });
    let accepted = 0;
    for await (const batch of log.read({ topic: TOPICS.accepted, partition: 0, from: 0 })) {
      for (const record of batch.records) accepted += decodeBlock(record.value!).header.recordCount;
    }
    expect(accepted).toBe(2);
    expect(await metrics.total('tollstream_calls_total')).toBe(3);
  });

  test('waits while the schema registry is down, and skips nothing', async () => {
    let isDown = true;
    const schemaSource: SchemaSource = {
      schemaOf: () => (isDown ? Promise.reject(new Error('registry down')) : Promise.resolve(null)),
    };
    const events: MembershipEvent[] = [];
    await publish([Buffer.from('0000000007ff', 'hex'), encodeCallEvent(EVENT)]);
    const membership = await startIngest({
      log,
      schemaSource,
      metrics: createMetrics({ service: 'ingest' }),
      catalog: CATALOG,
      topics: TOPICS,
      onEvent: (event) => events.push(event),
    });
    await vi.waitFor(() => expect(events.some((event) => event.kind === 'retry')).toBe(true), {
      timeout: 60_000,
    });
    expect(await log.committed(INGEST_GROUP, TOPICS.raw, 0)).toBeNull();
    isDown = false;
    await seenAtLeast(2);
    await membership.stop();
    const committed = await log.committed(INGEST_GROUP, TOPICS.raw, 0);
    expect(parseTotals(committed!.metadata)).toMatchObject({ seen: 2, accepted: 1, rejected: 1 });
  });

  test('a missing output topic is named before anything is read', async () => {
    const topics = { ...TOPICS, rejected: 'nowhere' };
    const starting = startIngest({
      log,
      metrics: createMetrics({ service: 'ingest' }),
      catalog: CATALOG,
      topics,
    });
    await expect(starting).rejects.toMatchObject({ code: 'TOLL_LOG_TOPIC_MISSING', message: /"nowhere"/ });
  });
});
