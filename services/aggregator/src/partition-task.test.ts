import { withBacklogMark } from '@tollstream/event-log';
import type { Commit, EventLog, RecordBatch } from '@tollstream/event-log';
import { expect, test } from 'vitest';
import { readNote } from './processor.ts';
import { CrashingStore, storeDown } from './testing/crashing-store.ts';
import { logOf, readOn, takeOver, TOPIC } from './testing/partition.ts';

const MESSAGES = [['a', 'b'], ['c', 'd', 'e'], ['f'], ['g', 'h', 'i', 'j'], ['k']];
const ALL = MESSAGES.flat();

function crash(): never {
  throw new Error('the process ends here');
}
const isBoundary = ({ metadata }: Pick<Commit, 'metadata'>): boolean =>
  readNote(metadata, 0)?.boundary !== undefined;

/** The next owner reads in other batches and at another pace than the one that crashed. */
async function nextOwnerFinishes(log: EventLog, store: CrashingStore): Promise<void> {
  const owner = await takeOver(log, store, {
    limits: {
      rowsMax: 4,
      bytesMax: 1_000_000,
      ageMsMax: 1_000,
      ageGrowingMsMax: 1_000,
      ageBehindMsMax: 1_000,
    },
  });
  await readOn(log, owner, 1);
  await owner.task.close('stop');
}

async function batchesFrom(log: EventLog, from: number): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const batch of log.read({ topic: TOPIC, partition: 0, from })) batches.push(batch);
  return batches;
}

test('writes blocks of at most the limit, and moves the offset with them', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  const owner = await takeOver(log, store);
  await readOn(log, owner);
  expect(store.inserts.map((insert) => insert.rows)).toEqual([6]);
  await owner.task.tick(999);
  expect(store.inserts).toHaveLength(1);
  await owner.task.tick(1000);
  expect(store.inserts.map((insert) => insert.rows)).toEqual([6, 5]);
  expect(store.rows).toEqual(ALL);
  const committed = await log.committed('aggregator', TOPIC, 0);
  expect(committed?.offset).toBe((await log.offsets(TOPIC))[0]?.end);
  expect(readNote(committed?.metadata ?? '', 0)).toMatchObject({ rows: 11 });
});

test('rows that are late wait longer while more records are to be read, until nothing but markers came', async () => {
  const log = await logOf([['a', 'b']]);
  const store = new CrashingStore();
  const owner = await takeOver(log, store, {
    limits: {
      rowsMax: 100,
      bytesMax: 1_000_000,
      ageMsMax: 1_000,
      ageGrowingMsMax: 1_000,
      ageBehindMsMax: 5_000,
    },
  });
  const [batch] = await batchesFrom(log, 0);
  const records = batch!.records.map((record) => ({ ...record, timestampMs: -5_000 }));
  await owner.task.process({ ...batch!, records, endOffset: batch!.nextOffset + 7 });
  await owner.task.tick(1_000);
  expect(store.inserts).toEqual([]);
  await owner.task.skip(batch!.nextOffset, batch!.nextOffset + 7);
  await owner.task.tick(1_000);
  expect(store.rows).toEqual(['a', 'b']);
});

test('a crash after step 1, boundary chosen, stores everything once', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  const owner = await takeOver(log, store, { beforeCommit: crash });
  await expect(readOn(log, owner)).rejects.toThrow('ends here');
  expect(store.inserts).toEqual([]);
  await nextOwnerFinishes(log, store);
  expect(store.rows).toEqual(ALL);
});

test('a crash after step 2, boundary committed, stores exactly this range first', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  const owner = await takeOver(log, store, { afterCommit: crash });
  await expect(readOn(log, owner)).rejects.toThrow('ends here');
  const boundary = readNote((await log.committed('aggregator', TOPIC, 0))?.metadata ?? '', 0)?.boundary;
  expect(boundary?.ranges).toMatchObject([{ partition: 0, first: 0, rows: 6 }]);
  expect(store.inserts).toEqual([]);
  await nextOwnerFinishes(log, store);
  expect(store.inserts[0]).toEqual({ token: boundary?.token, rows: 6, replayed: true });
  expect(store.rows).toEqual(ALL);
});

test('a replay does not wait for a transaction marker that comes alone', async () => {
  const log = await logOf([['a', 'b']]);
  const store = new CrashingStore();
  const crashed = await takeOver(log, store, { afterCommit: crash });
  await readOn(log, crashed);
  await expect(crashed.task.tick(1000)).rejects.toThrow('ends here');
  const owner = await takeOver(log, store);
  const [batch] = await batchesFrom(log, 0);
  expect(batch?.nextOffset).toBe(2);
  await owner.task.process({ ...batch!, nextOffset: 1 });
  expect(store.inserts.map(({ rows, replayed }) => [rows, replayed])).toEqual([[2, true]]);
});

test('a crash within step 3, half of the rows stored, adds the others', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  store.failures.push('half stored');
  const owner = await takeOver(log, store);
  await expect(readOn(log, owner)).rejects.toThrow('ends here');
  expect(store.rows).toEqual(['a', 'b', 'c']);
  await nextOwnerFinishes(log, store);
  expect(store.rows).toEqual(ALL);
});

test('a crash after step 3, rows stored, stores none of them again', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  const owner = await takeOver(log, store, {
    beforeCommit: (step) => {
      if (!isBoundary(step)) crash();
    },
  });
  await expect(readOn(log, owner)).rejects.toThrow('ends here');
  expect(store.rows).toHaveLength(6);
  await nextOwnerFinishes(log, store);
  expect(store.rows).toEqual(ALL);
});

test('a crash after step 4, offset committed, goes on behind it', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  const owner = await takeOver(log, store, {
    afterCommit: (step) => {
      if (!isBoundary(step)) crash();
    },
  });
  await expect(readOn(log, owner)).rejects.toThrow('ends here');
  await nextOwnerFinishes(log, store);
  expect(store.inserts.some((insert) => insert.replayed)).toBe(false);
  expect(store.rows).toEqual(ALL);
});

test('crashes again and again while replaying store everything once', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  for (const failure of ['all stored', 'half stored', 'nothing stored', 'all stored'] as const) {
    store.failures.push(failure);
    const owner = await takeOver(log, store);
    await expect(readOn(log, owner, 1)).rejects.toThrow('ends here');
    await owner.task.close('failed');
  }
  await nextOwnerFinishes(log, store);
  expect(store.rows).toEqual(ALL);
});

test('an owner of the past stops before it writes', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  const old = await takeOver(log, store);
  const current = await takeOver(log, store);
  await expect(readOn(log, old)).rejects.toMatchObject({ name: 'ClaimLostError' });
  expect(store.rows).toEqual([]);
  await readOn(log, current);
  await current.task.close('revoked');
  expect(store.rows).toEqual(ALL);
});

test('waits for a store that is down, takes up nothing meanwhile, and compares before it writes again', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  store.makeError = storeDown;
  store.failures.push('nothing stored', 'all stored', 'nothing stored');
  const waits: number[] = [];
  const owner = await takeOver(log, store, {
    observer: { waiting: (waiting) => waits.push(waiting.attempt) },
  });
  await readOn(log, owner);
  await owner.task.close('stop');
  expect(waits).toEqual([1, 2, 3]);
  expect(store.inserts.map((insert) => insert.replayed)).toEqual([false, true, true, true, false]);
  expect(store.rows).toEqual(ALL);
});

test('gives up in place after the time set, and leaves the boundary to the task opened next', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  store.makeError = storeDown;
  store.failures.push(...Array.from({ length: 200 }, () => 'nothing stored' as const));
  const owner = await takeOver(log, store, {
    retry: { waitMsInitial: 1, waitMsMax: 2, tryForMs: 50 },
  });
  await expect(readOn(log, owner)).rejects.toMatchObject({ code: 'TOLL_STORE_UNREACHABLE' });
  await owner.task.close('failed');
  store.failures.length = 0;
  await nextOwnerFinishes(log, store);
  expect(store.rows).toEqual(ALL);
});

test('a stop does not wait for a store that is down', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  store.makeError = storeDown;
  store.failures.push(...Array.from({ length: 200 }, () => 'nothing stored' as const));
  const stop = new AbortController();
  const owner = await takeOver(log, store, {
    signal: stop.signal,
    retry: { waitMsInitial: 60_000, waitMsMax: 60_000, tryForMs: 600_000 },
    observer: { waiting: () => stop.abort() },
  });
  await expect(readOn(log, owner)).rejects.toMatchObject({ code: 'TOLL_STORE_UNREACHABLE' });
  expect(store.inserts).toHaveLength(2);
});

test('refuses to go on when records of a begun block are gone', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  const owner = await takeOver(log, store, { afterCommit: crash });
  await expect(readOn(log, owner)).rejects.toThrow('ends here');
  const next = await takeOver(log, store, { read: (range) => log.read({ ...range, from: 2 }) });
  await expect(readOn(log, next)).rejects.toMatchObject({
    code: 'TOLL_AGGREGATOR_RANGE_CHANGED',
    retriable: false,
  });
  expect(store.inserts).toEqual([]);
});

test('refuses offsets of a topic that was made anew', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  const owner = await takeOver(log, store);
  await readOn(log, owner);
  await expect(takeOver(log, store, { topicId: 'another' })).rejects.toMatchObject({
    code: 'TOLL_AGGREGATOR_TOPIC_RECREATED',
  });
});

test('refuses blocks of another kind than its table takes', async () => {
  const log = await logOf(MESSAGES);
  const owner = await takeOver(log, new CrashingStore(), { schemas: ['suspended'] });
  await expect(readOn(log, owner)).rejects.toMatchObject({ code: 'TOLL_AGGREGATOR_BLOCK_FOREIGN' });
});

test('keeps what it needs of a batch that is overwritten afterwards', async () => {
  const log = await logOf(MESSAGES);
  const store = new CrashingStore();
  const owner = await takeOver(log, store, {
    limits: {
      rowsMax: 100,
      bytesMax: 1_000_000,
      ageMsMax: 1_000,
      ageGrowingMsMax: 1_000,
      ageBehindMsMax: 1_000,
    },
  });
  for await (const batch of log.read({ topic: TOPIC, partition: 0, from: 0, fetchBytesMax: 1 })) {
    const records = batch.records.map((record) => ({ ...record, value: Buffer.from(record.value!) }));
    await owner.task.process({ ...batch, records });
    for (const record of records) record.value.fill(0);
  }
  await owner.task.close('stop');
  expect(store.rows).toEqual(ALL);
});

test('commits a marker that comes alone with the block in hand, so that no lag stays', async () => {
  const log = await logOf([['a', 'b']]);
  const store = new CrashingStore();
  const owner = await takeOver(log, store);
  const [batch] = await batchesFrom(log, 0);
  await owner.task.process({ ...batch!, nextOffset: 1 });
  await owner.task.skip(1, 2);
  await owner.task.tick(1000);
  expect(store.rows).toEqual(['a', 'b']);
  expect((await log.committed('aggregator', TOPIC, 0))?.offset).toBe(2);
});

test('an offset read with the last rows of a begun block is committed after it', async () => {
  const log = await logOf([['a', 'b']]);
  const store = new CrashingStore();
  const crashed = await takeOver(log, store, { afterCommit: crash });
  const [batch] = await batchesFrom(log, 0);
  await crashed.task.process({ ...batch!, nextOffset: 1 });
  await expect(crashed.task.tick(1000)).rejects.toThrow('ends here');
  const owner = await takeOver(log, store);
  await owner.task.process(batch!);
  await owner.task.tick(1000);
  expect((await log.committed('aggregator', TOPIC, 0))?.offset).toBe(2);
});

test('rows of a backlog before it wait for more, also over markers, until one comes that is none', async () => {
  const log = await logOf([['a'], ['b'], ['c']]);
  const store = new CrashingStore();
  const limits = {
    rowsMax: 6,
    bytesMax: 1_000_000,
    ageMsMax: 100,
    ageGrowingMsMax: 100,
    ageBehindMsMax: 1_000,
  };
  const owner = await takeOver(log, store, { limits });
  const batches: RecordBatch[] = [];
  for await (const batch of log.read({ topic: TOPIC, partition: 0, from: 0, fetchBytesMax: 1 }))
    batches.push(batch);
  const marked = (batch: RecordBatch): RecordBatch => {
    const outputs = batch.records.map(({ value }) => ({ topic: TOPIC, partition: 0, value }));
    const headers = withBacklogMark(outputs, { ...batch, endOffset: batch.nextOffset + 1 }, 2 ** 50)[0]!
      .headers!;
    return { ...batch, records: batch.records.map((record) => ({ ...record, headers })) };
  };
  await owner.task.process(marked(batches[0]!));
  await owner.task.tick(999);
  await owner.task.skip(1, 1);
  await owner.task.tick(999);
  expect(store.rows).toEqual([]);
  await owner.task.tick(1_000);
  expect(store.rows).toEqual(['a']);
  await owner.task.process(marked(batches[1]!));
  await owner.task.process(batches[2]!);
  await owner.task.tick(100);
  expect(store.rows).toEqual(['a', 'b', 'c']);
});

test('moves the offset over offsets without records', async () => {
  const log = await logOf([['a']]);
  const store = new CrashingStore();
  const owner = await takeOver(log, store);
  const base = { topic: TOPIC, partition: 0, endOffset: 9 };
  const [batch] = await batchesFrom(log, 0);
  await owner.task.process({ ...batch!, nextOffset: 4, endOffset: 9 });
  await owner.task.tick(1000);
  expect((await log.committed('aggregator', TOPIC, 0))?.offset).toBe(4);
  await owner.task.process({ ...base, records: [], nextOffset: 9 });
  await owner.task.tick(1000);
  expect((await log.committed('aggregator', TOPIC, 0))?.offset).toBe(9);
  expect(store.inserts).toHaveLength(1);
});
