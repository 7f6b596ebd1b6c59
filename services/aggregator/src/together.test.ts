import type { EventLog } from '@tollstream/event-log';
import { expect, test } from 'vitest';
import { readNote } from './processor.ts';
import type { Note } from './processor.ts';
import { PARTITIONS_TOGETHER_MAX } from './table-writer.ts';
import { CrashingStore } from './testing/crashing-store.ts';
import { logOfPartitions, readOn, startProcess, takeOver, TOPIC } from './testing/partition.ts';
import type { Owner } from './testing/partition.ts';
import { settled, SlowStore } from './testing/slow-store.ts';

const MESSAGES = [[['a', 'b'], ['c']], [['d']], [['e', 'f', 'g'], ['h']]];
const LIMITS = {
  rowsMax: 100,
  bytesMax: 1_000_000,
  ageMsMax: 1_000,
  ageGrowingMsMax: 1_000,
  ageBehindMsMax: 1_000,
};
const BACKGROUND = { limits: LIMITS, inBackground: true };
const ALL = [0, 1, 2];

function crash(): never {
  throw new Error('the process ends here');
}

async function readAll(log: EventLog, owners: readonly Owner[]): Promise<void> {
  for (const owner of owners) await readOn(log, owner);
}

async function noteOf(log: EventLog, partition: number): Promise<Note | null> {
  const committed = await log.committed('aggregator', TOPIC, partition);
  return committed === null ? null : readNote(committed.metadata, partition);
}

async function ends(log: EventLog): Promise<number[]> {
  return (await log.offsets(TOPIC)).map(({ end }) => end);
}

async function positions(log: EventLog): Promise<(number | undefined)[]> {
  return Promise.all(
    (await log.offsets(TOPIC)).map(
      async ({ partition }) => (await log.committed('aggregator', TOPIC, partition))?.offset,
    ),
  );
}

/** A process whose boundary is committed and whose insert has not ended. */
async function insertUnderWay(log: EventLog, store: SlowStore): Promise<Owner[]> {
  const owners = await startProcess(log, store, ALL, BACKGROUND);
  await readAll(log, owners);
  await owners[1]!.task.tick(1_000);
  await store.begun(1);
  return owners;
}

/** A process that ended between the boundary and the insert. */
async function beginInsert(log: EventLog, store: CrashingStore): Promise<Owner[]> {
  const owners = await startProcess(log, store, ALL, { ...BACKGROUND, afterCommit: crash });
  await readAll(log, owners);
  await owners[0]!.task.tick(1_000);
  await settled();
  return owners;
}

test('rows of all partitions of a process are one insert, and its boundary stands beside each of them', async () => {
  const log = await logOfPartitions(MESSAGES);
  const store = new SlowStore();
  await insertUnderWay(log, store);
  const notes = await Promise.all(ALL.map(async (partition) => noteOf(log, partition)));
  const [first] = notes;
  expect(first?.boundary?.ranges.map(({ partition, rows }) => [partition, rows])).toEqual([
    [0, 3],
    [1, 1],
    [2, 4],
  ]);
  for (const note of notes) expect(note?.boundary).toEqual(first?.boundary);
  store.endNext();
  await settled();
  expect(store.inserts).toEqual([{ token: first?.boundary?.token, rows: 8, replayed: false }]);
  expect(store.rows.join('')).toBe('abcdefgh');
  expect(await positions(log)).toEqual(await ends(log));
  expect(await noteOf(log, 2)).toMatchObject({ rows: 4 });
  expect((await noteOf(log, 2))?.boundary).toBeUndefined();
});

test('whoever has the partitions next brings the insert as it was, each his own offset', async () => {
  const log = await logOfPartitions(MESSAGES);
  const store = new CrashingStore();
  await beginInsert(log, store);
  expect(store.inserts).toEqual([]);
  const token = (await noteOf(log, 0))?.boundary?.token;
  const one = await startProcess(log, store, [1], { limits: LIMITS });
  await readAll(log, one);
  expect(store.rows.join('')).toBe('abcdefgh');
  expect(await positions(log)).toEqual([0, (await ends(log))[1], 0]);
  const others = await startProcess(log, store, [2, 0], { limits: LIMITS });
  await readAll(log, others);
  await others[0]!.task.close('stop');
  await others[1]!.task.close('stop');
  // Two partitions of one process bring it once.
  expect(store.inserts).toEqual([
    { token, rows: 8, replayed: true },
    { token, rows: 8, replayed: true },
  ]);
  expect(store.rows.join('')).toBe('abcdefgh');
  expect(await positions(log)).toEqual(await ends(log));
  expect(await noteOf(log, 2)).toMatchObject({ rows: 4 });
});

test('an insert that an owner of the past sends late is told by its token', async () => {
  const log = await logOfPartitions(MESSAGES);
  const store = new SlowStore();
  const past = await insertUnderWay(log, store);
  for (const partition of ALL) await readAll(log, await startProcess(log, store, [partition], BACKGROUND));
  store.endNext();
  await settled();
  expect(store.rows.join('')).toBe('abcdefgh');
  await expect(past[2]!.task.tick(1_000)).rejects.toMatchObject({ name: 'ClaimLostError' });
});

test('a boundary that does not stand beside all its partitions was never begun: each brings its own rows', async () => {
  const log = await logOfPartitions(MESSAGES);
  const store = new CrashingStore();
  await beginInsert(log, store);
  const boundary = (await noteOf(log, 0))!.boundary!;
  // As if an operator had set the offset of this partition.
  const operator = await log.claim('aggregator', TOPIC, 1);
  await operator.commit({ outputs: [], nextOffset: 0, metadata: '' });
  for (const partition of ALL) {
    const owner = await takeOverPartition(log, store, partition);
    await owner.task.close('stop');
  }
  expect(store.inserts[0]).toEqual({ token: `${boundary.token}/0`, rows: 3, replayed: true });
  expect(store.rows.join('')).toBe('abcdefgh');
});

test('a partition brings its own rows when records of another one are gone', async () => {
  const log = await logOfPartitions(MESSAGES);
  const store = new CrashingStore();
  await beginInsert(log, store);
  const read: EventLog['read'] = (range) => log.read(range.partition === 2 ? { ...range, from: 2 } : range);
  const [owner] = await startProcess(log, store, [0], { limits: LIMITS, read });
  await readOn(log, owner!);
  expect(store.rows.join('')).toBe('abc');
  const [other] = await startProcess(log, store, [2], { limits: LIMITS, read });
  await expect(readOn(log, other!)).rejects.toMatchObject({ code: 'TOLL_AGGREGATOR_RANGE_CHANGED' });
  expect(store.rows.join('')).toBe('abc');
});

test('what a former owner read and cannot be read yet is waited for', async () => {
  const log = await logOfPartitions(MESSAGES);
  const store = new CrashingStore();
  await beginInsert(log, store);
  const short: EventLog['read'] = (range) => log.read(range.partition === 0 ? { ...range, to: 1 } : range);
  const offsets: EventLog['offsets'] = async (topic) =>
    (await log.offsets(topic)).map((bounds) => (bounds.partition === 0 ? { ...bounds, end: 1 } : bounds));
  const [early] = await startProcess(log, store, [0], { limits: LIMITS, read: short, offsets });
  // Not an `AggregatorError`: those stop the service.
  await expect(readOn(log, early!)).rejects.toMatchObject({ name: 'Error' });
  await early!.task.close('failed');
  expect(store.inserts).toEqual([]);
  const [owner] = await startProcess(log, store, [0], { limits: LIMITS });
  await readOn(log, owner!);
  expect(store.rows.join('')).toBe('abcdefgh');
});

test('a partition that was lost before the insert is left out of it, and the others go on', async () => {
  const log = await logOfPartitions(MESSAGES);
  const store = new CrashingStore();
  const owners = await startProcess(log, store, ALL, BACKGROUND);
  await readAll(log, owners);
  const next = await takeOver(log, store, { limits: LIMITS });
  await owners[1]!.task.tick(1_000);
  await settled();
  expect(store.rows.join('')).toBe('defgh');
  await expect(owners[0]!.task.tick(0)).rejects.toMatchObject({ name: 'ClaimLostError' });
  await owners[1]!.task.tick(0);
  await readOn(log, next);
  await next.task.close('stop');
  expect([...store.rows].sort().join('')).toBe('abcdefgh');
  expect(await positions(log)).toEqual(await ends(log));
});

test('a partition that was lost during the insert keeps nobody from committing his offset', async () => {
  const log = await logOfPartitions(MESSAGES);
  const store = new SlowStore();
  const owners = await insertUnderWay(log, store);
  const next = await takeOver(log, store, { limits: LIMITS });
  store.endNext();
  await settled();
  await expect(owners[0]!.task.tick(0)).rejects.toMatchObject({ name: 'ClaimLostError' });
  await owners[2]!.task.tick(0);
  expect(await positions(log)).toEqual([0, ...(await ends(log)).slice(1)]);
  await readOn(log, next);
  expect(store.rows.join('')).toBe('abcdefgh');
  expect(await positions(log)).toEqual(await ends(log));
});

test('a partition whose records cannot be read keeps nobody from writing his', async () => {
  const log = await logOfPartitions([[['a']], [['b']]]);
  const store = new CrashingStore();
  const owners = await startProcess(log, store, [0, 1], BACKGROUND);
  await readAll(log, owners);
  await owners[0]!.task.close('failed');
  await owners[1]!.task.tick(1_000);
  await settled();
  expect(store.rows).toEqual(['b']);
});

test('more partitions than a note can name are several inserts', async () => {
  const partitions = Array.from({ length: PARTITIONS_TOGETHER_MAX + 3 }, (_, i) => i);
  const log = await logOfPartitions(partitions.map((i) => [[`row-${i}`]]));
  const store = new CrashingStore();
  const owners = await startProcess(log, store, partitions, BACKGROUND);
  await readAll(log, owners);
  await Promise.all(owners.map(async ({ task }) => task.close('stop')));
  expect(store.inserts.map(({ rows }) => rows)).toEqual([PARTITIONS_TOGETHER_MAX, 3]);
  expect(store.rows).toHaveLength(partitions.length);
});

test('the limits are those of all partitions together', async () => {
  const log = await logOfPartitions([[['a', 'b']], [['c', 'd']], [['e']]]);
  const store = new CrashingStore();
  const owners = await startProcess(log, store, ALL, { ...BACKGROUND, limits: { ...LIMITS, rowsMax: 4 } });
  await readAll(log, owners);
  await settled();
  expect(store.rows.join('')).toBe('abcd');
});

async function takeOverPartition(log: EventLog, store: CrashingStore, partition: number): Promise<Owner> {
  const [owner] = await startProcess(log, store, [partition], { limits: LIMITS });
  await readOn(log, owner!);
  return owner!;
}
