import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ZERO_TOTALS, encodeBlock } from '@tollstream/contracts';
import { createMemoryEventLog, openKafkaEventLog } from '@tollstream/event-log';
import type { EventLog } from '@tollstream/event-log';
import { createMetrics } from '@tollstream/service-kit';
import { openEmbeddedStore } from '@tollstream/usage-store';
import type { BlockInsert, UsageStore, UsageTable } from '@tollstream/usage-store';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startAggregator } from './aggregator.ts';
import type { AggregatorTopics } from './aggregator.ts';
import { storeDown } from './testing/crashing-store.ts';

const SCHEMAS = {
  usage: 'rated',
  usage_suspended: 'suspended',
  usage_resolved: 'resolved',
  usage_alerts: 'alerts',
  usage_rejected: 'rejected',
} as const;
const TABLES = ['usage', 'usage_suspended', 'usage_resolved', 'usage_rejected', 'usage_alerts'] as const;
const PARTITIONS = 2;
const ROWS_OF_MESSAGE = 50;

const directory = mkdtempSync(join(tmpdir(), 'tollstream-aggregator-'));
let store: UsageStore;

/** Where one test's pipeline lives in a log that others may share. */
interface Place {
  readonly log: EventLog;
  readonly group: string;
  readonly input: string;
  readonly topics: AggregatorTopics;
}

function placeIn(log: EventLog): Place {
  const suffix = randomUUID();
  return {
    log,
    group: `aggregator-${suffix}`,
    input: `input-${suffix}`,
    topics: {
      rated: `rated-${suffix}`,
      suspended: `suspended-${suffix}`,
      resolved: `resolved-${suffix}`,
      alerts: `alerts-${suffix}`,
      rejected: `rejected-${suffix}`,
    },
  };
}

beforeAll(async () => {
  store = await openEmbeddedStore({ dataDirectory: directory });
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

/** Rows `from` ≤ n < `from` + 50 of a table, as a message of its topic. */
async function message(table: UsageTable, from: number): Promise<Buffer> {
  const described = await store.query<{ name: string; type: string }>(`DESCRIBE TABLE tollstream.${table}`);
  const columns = described.map(({ name, type }) => {
    if (['call_id', 'alert_id', 'raw'].includes(name))
      return `CAST(concat('call-', toString(n)) AS ${type}) AS ${name}`;
    if (name === 'source_offset') return 'toUInt64(n) AS source_offset';
    if (name === 'billing_month') return 'toUInt32(202001 + n % 2) AS billing_month';
    // Enumerations begin at 1.
    return `CAST(${type.startsWith('Enum8') ? '1' : /String/.test(type) ? "''" : '0'} AS ${type}) AS ${name}`;
  });
  const sql =
    `SELECT ${columns.join(', ')} ${table === 'usage_rejected' || table === 'usage_resolved' || table === 'usage_alerts' ? '' : ", toFixedString('', 16) AS call_hash "}` +
    `FROM (SELECT number AS n FROM numbers(${from}, ${ROWS_OF_MESSAGE}))`;
  const native: Buffer[] = [];
  for await (const piece of await store.queryStream(sql, 'Native')) native.push(piece as Buffer);
  return encodeBlock(
    {
      schema: SCHEMAS[table],
      schemaVersion: 1,
      blockId: `test/${from}`,
      sourceTopic: 'test',
      sourcePartition: 0,
      firstOffset: from,
      nextOffset: from + ROWS_OF_MESSAGE,
      recordCount: ROWS_OF_MESSAGE,
      catalogVersion: 1,
      totals: ZERO_TOTALS,
      isReplay: false,
    },
    native,
  );
}

async function fill({ log, input, topics }: Place, first: number, next: number): Promise<void> {
  const topicOf = {
    usage: topics.rated,
    usage_suspended: topics.suspended,
    usage_resolved: topics.resolved,
    usage_alerts: topics.alerts,
    usage_rejected: topics.rejected,
  };
  const writer = await log.claim(`writer of ${input}`, input, 0);
  for (let i = first; i < next; i++) {
    const outputs = await Promise.all(
      TABLES.map(async (table) => ({
        topic: topicOf[table],
        partition: i % PARTITIONS,
        value: await message(table, i * ROWS_OF_MESSAGE),
      })),
    );
    await writer.commit({ outputs, nextOffset: i + 1, metadata: '' });
  }
  await writer.release();
}

async function drained({ log, group, topics }: Place): Promise<void> {
  const deadline = performance.now() + 100_000;
  for (;;) {
    const lags = await Promise.all(
      Object.values(topics).map(async (topic: string) => {
        const ends = await log.offsets(topic);
        const positions = await Promise.all(
          ends.map(async ({ partition }) => log.committed(group, topic, partition)),
        );
        return ends.map(({ end }, i) => end - (positions[i]?.offset ?? 0));
      }),
    );
    if (lags.flat().every((lag) => lag === 0)) return;
    if (performance.now() > deadline) throw new Error(`the aggregator is behind by ${JSON.stringify(lags)}`);
    await delay(20);
  }
}

/** A store that often fails before, after or within an insert. */
function failing(real: UsageStore): UsageStore {
  let calls = 0;
  const sometimes = async <Result>(
    insert: BlockInsert,
    work: (insert: BlockInsert) => Promise<Result>,
  ): Promise<Result> => {
    calls++;
    if (calls % 5 === 1) throw storeDown();
    const result = await work(insert);
    if (calls % 5 === 3) throw storeDown();
    if (calls % 7 === 4) throw new Error('something unforeseen');
    return result;
  };
  return {
    kind: real.kind,
    database: real.database,
    migrate: async () => real.migrate(),
    query: async (sql, parameters) => real.query(sql, parameters),
    queryStream: async (sql, format, parameters) => real.queryStream(sql, format, parameters),
    queryToFile: async (sql, to) => real.queryToFile(sql, to),
    ping: async () => real.ping(),
    close: async () => real.close(),
    insertBlocks: async (insert) => sometimes(insert, async () => real.insertBlocks(insert)),
    replayBlocks: async (insert) => sometimes(insert, async () => real.replayBlocks(insert)),
  };
}

/** Everything arrives once, over a store that fails often and owners that change. */
async function survives(place: Place): Promise<void> {
  const { log, topics, group, input } = place;
  await log.createTopics([
    ...Object.values(topics).map((name: string) => ({ name, partitions: PARTITIONS })),
    { name: input, partitions: 1 },
  ]);
  for (const table of TABLES) await store.query(`TRUNCATE TABLE tollstream.${table}`);
  await fill(place, 0, 20);

  const stored: number[] = [];
  let retries = 0;
  const options = {
    log,
    group,
    topics,
    metrics: createMetrics({ service: 'aggregator' }),
    store: failing(store),
    limits: { rowsMax: 170, ageMsMax: 40 },
    retry: { waitMsInitial: 1, waitMsMax: 4, tryForMs: 20 },
    fetchBytesMax: 20_000,
    observer: { stored: (block: { rows: number }) => stored.push(block.rows), waiting: () => retries++ },
  };
  const first = await startAggregator(options);
  // A second member takes over some of the partitions in the middle of the work, and gives them back.
  const second = await startAggregator(options);
  await drained(place);
  await second.stop();
  await fill(place, 20, 24);
  await drained(place);
  await first.stop();

  expect(retries).toBeGreaterThan(0);
  expect(Math.max(...stored)).toBeLessThanOrEqual(170);
  for (const table of TABLES) {
    const [row] = await store.query(
      `SELECT count() AS rows, uniqExact(source_offset) AS offsets FROM tollstream.${table}`,
    );
    expect(row).toEqual({ rows: '1200', offsets: '1200' });
  }
}

test('everything arrives once, over the log in memory', { timeout: 60_000 }, async () => {
  const log = createMemoryEventLog({ backoff: { initialMs: 5, maxMs: 20 } });
  await survives(placeIn(log));
  await log.close();
});

const brokers = inject('kafkaBrokers');
describe.skipIf(brokers.length === 0)('with a real broker', () => {
  test('everything arrives once, over Kafka', { timeout: 120_000 }, async () => {
    const log = openKafkaEventLog({
      brokers,
      sessionTimeoutMs: 6_000,
      heartbeatIntervalMs: 200,
      backoff: { initialMs: 5, maxMs: 100 },
    });
    await survives(placeIn(log));
    await log.close();
  });
});
