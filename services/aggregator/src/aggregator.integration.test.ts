import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ZERO_TOTALS, encodeBlock } from '@tollstream/contracts';
import { createMemoryEventLog } from '@tollstream/event-log';
import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import type { EventLog } from '@tollstream/event-log';
import { createMetrics } from '@tollstream/service-kit';
import { openEmbeddedStore, openServerStore, serveClickHouseHttp } from '@tollstream/usage-store';
import type { BlockInsert, EmbeddedStore, UsageStore, UsageTable } from '@tollstream/usage-store';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startAggregator } from './aggregator.ts';
import type { AggregatorTopics } from './aggregator.ts';
import type { Waiting } from './store-writer.ts';
import { storeDown } from './testing/crashing-store.ts';
import { refuseInserts } from './testing/refusing-front.ts';

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
let store: EmbeddedStore;

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
    ping: async () => real.ping(),
    close: async () => real.close(),
    insertBlocks: async (insert) => sometimes(insert, async () => real.insertBlocks(insert)),
    replayBlocks: async (insert) => sometimes(insert, async () => real.replayBlocks(insert)),
  };
}

/** Everything arrives once, over a store that fails often and owners that change. */
async function survives(place: Place): Promise<void> {
  const { log, topics, group } = place;
  await prepare(place);
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
    fetch: { fetchBytesMax: 20_000 },
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
  for (const table of TABLES) expect(await rowsOf(table)).toEqual({ rows: '1200', offsets: '1200' });
}

async function prepare({ log, topics, input }: Place): Promise<void> {
  await log.createTopics([
    ...Object.values(topics).map((name: string) => ({ name, partitions: PARTITIONS })),
    { name: input, partitions: 1 },
  ]);
  for (const table of TABLES) await store.query(`TRUNCATE TABLE tollstream.${table}`);
}

async function rowsOf(table: UsageTable): Promise<unknown> {
  const [row] = await store.query(
    `SELECT count() AS rows, uniqExact(source_offset) AS offsets FROM tollstream.${table}`,
  );
  return row;
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await delay(5);
  }
}

/** The engine behind HTTP refuses a table's inserts; the others go on, and so does this one once it is taken. */
async function waitsFor(
  code: number,
  refuse: (front: { refuse(code: number, message: string): void }) => Promise<void> | void,
  relent: (front: { relent(): void }) => Promise<void> | void,
): Promise<void> {
  const log = createMemoryEventLog({ backoff: { initialMs: 5, maxMs: 20 } });
  const place = placeIn(log);
  await prepare(place);
  await fill(place, 0, 2);
  const engine = await serveClickHouseHttp({ engine: store.engine, port: 0, database: store.database });
  const front = await refuseInserts(engine.url, 'usage');
  const server = openServerStore({
    url: front.url,
    username: 'default',
    password: '',
    database: store.database,
    requestTimeoutMs: 60_000,
  });
  await refuse(front);
  const waits: Waiting[] = [];
  const membership = await startAggregator({
    log,
    group: place.group,
    topics: place.topics,
    metrics: createMetrics({ service: 'aggregator' }),
    store: server,
    // One insert at a time: a table that refuses keeps nobody from his turn.
    shared: { insertsMax: 1 },
    limits: { ageMsMax: 20 },
    retry: { waitMsInitial: 1, waitMsMax: 8, tryForMs: 600_000 },
    observer: { waiting: (waiting) => waits.push(waiting) },
  });
  await until('several attempts', () => waits.length >= 8);
  for (const table of TABLES.filter((name) => name !== 'usage'))
    await until(
      `rows of ${table}`,
      async () => ((await rowsOf(table)) as { rows: string }).rows === String(2 * ROWS_OF_MESSAGE),
    );
  expect(new Set(waits.map(({ table }) => table))).toEqual(new Set(['usage']));
  expect(waits[0]?.error).toMatchObject({ code: 'TOLL_STORE_BUSY', engineCode: code, transient: true });
  await relent(front);
  await drained(place);
  await membership.stop();
  await server.close();
  await front.close();
  await engine.close();
  await log.close();
  expect(waits.map(({ waitMs }) => waitMs).slice(0, 2)).toContain(1);
  expect(Math.max(...waits.map(({ waitMs }) => waitMs))).toBe(8);
  expect(await rowsOf('usage')).toEqual({ rows: '100', offsets: '100' });
}

test('backs off from a table that is read-only and goes on with it', async () => {
  await waitsFor(
    242,
    (front) => front.refuse(242, 'Table is in readonly mode (simulated). (TABLE_IS_READ_ONLY)'),
    (front) => front.relent(),
  );
});

test('backs off from a table with too many parts and goes on with it', async () => {
  await waitsFor(
    252,
    async () => {
      await store.query('SYSTEM STOP MERGES tollstream.usage');
      // The engine itself refuses: the months of the rows to come have a part already.
      for (const month of [202001, 202002])
        await store.query(
          `INSERT INTO tollstream.usage (billing_month, source_offset) VALUES (${month}, 999999)`,
        );
      await store.query('ALTER TABLE tollstream.usage MODIFY SETTING parts_to_throw_insert = 1');
    },
    async () => {
      await store.query('ALTER TABLE tollstream.usage RESET SETTING parts_to_throw_insert');
      await store.query('TRUNCATE TABLE tollstream.usage');
      await store.query('SYSTEM START MERGES tollstream.usage');
    },
  );
});

/** A partition with nearly all of the records, as that of an account with half of all calls, and one with few of them. */
async function sharesFairly(place: Place): Promise<void> {
  const { log, topics, group, input } = place;
  await prepare(place);
  const value = await message('usage', 0);
  const writer = await log.claim(`writer of ${input}`, input, 0);
  // What one commit writes to a partition is read in one piece, however large.
  for (let i = 0; i < 60; i++) {
    const hot = Array.from({ length: 5 }, () => ({ topic: topics.rated, partition: 0, value }));
    await writer.commit({ outputs: hot, nextOffset: i + 1, metadata: '' });
  }
  const others = Array.from({ length: 3 }, () => ({ topic: topics.rated, partition: 1, value }));
  await writer.commit({ outputs: others, nextOffset: 61, metadata: '' });
  await writer.release();
  const storedOf = [0, 0];
  let hotWhenOthersWere = Infinity;
  const membership = await startAggregator({
    log,
    group,
    topics,
    metrics: createMetrics({ service: 'aggregator' }),
    store: { ...failing(store), insertBlocks: async () => delay(2) },
    limits: { rowsMax: 100, ageMsMax: 20 },
    // About a message: whose turn it is to be read is chosen again for each.
    fetch: { fetchBytesMax: value.length },
    observer: {
      stored({ parts }) {
        for (const { partition, rows } of parts) storedOf[partition]! += rows;
        if (storedOf[1] === 3 * ROWS_OF_MESSAGE)
          hotWhenOthersWere = Math.min(hotWhenOthersWere, storedOf[0]!);
      },
    },
  });
  await drained(place);
  await membership.stop();
  expect(storedOf).toEqual([300 * ROWS_OF_MESSAGE, 3 * ROWS_OF_MESSAGE]);
  expect(hotWhenOthersWere).toBeLessThan(150 * ROWS_OF_MESSAGE);
}

test('a hot partition does not hold up the others, over the log in memory', async () => {
  const log = createMemoryEventLog();
  await sharesFairly(placeIn(log));
  await log.close();
});

test('everything arrives once, over the log in memory', async () => {
  const log = createMemoryEventLog({ backoff: { initialMs: 5, maxMs: 20 } });
  await survives(placeIn(log));
  await log.close();
});

const brokers = inject('kafkaBrokers');
describe.skipIf(brokers.length === 0)('with a real broker', () => {
  test('a hot partition does not hold up the others', async () => {
    const log = openKafkaEventLog({ brokers });
    await sharesFairly(placeIn(log));
    await log.close();
  });

  test('everything arrives once, over Kafka', async () => {
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
