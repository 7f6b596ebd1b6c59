import { Limiter } from '@tollstream/usage-store';
import { expect, test } from 'vitest';
import { readNote } from './processor.ts';
import { CrashingStore, storeDown } from './testing/crashing-store.ts';
import { settled, SlowStore } from './testing/slow-store.ts';
import { logOf, readOn, takeOver, TOPIC } from './testing/partition.ts';

const LIMITS = {
  rowsMax: 2,
  bytesMax: 1_000_000,
  ageMsMax: 1_000,
  ageGrowingMsMax: 1_000,
  ageBehindMsMax: 1_000,
};

test('takes up the next block while one is written, and no more', async () => {
  const log = await logOf([['a', 'b'], ['c', 'd'], ['e', 'f'], ['g']]);
  const store = new SlowStore();
  const owner = await takeOver(log, store, { limits: LIMITS, inBackground: true });
  let isRead = false;
  const reading = readOn(log, owner, 1).then(() => {
    isRead = true;
  });
  await store.begun(1);
  await settled();
  expect(isRead).toBe(false);
  expect(store.underWay).toHaveLength(1);
  const noted = readNote((await log.committed('aggregator', TOPIC, 0))!.metadata, 0);
  expect(noted).toMatchObject({ rows: 0, boundary: { ranges: [{ first: 0, rows: 2 }] } });
  for (const _ of 'abc') {
    await store.begun(1);
    store.endNext();
  }
  await reading;
  const closing = owner.task.close('stop');
  await store.begun(1);
  store.endNext();
  await closing;
  expect(store.inserts.map(({ rows }) => rows)).toEqual([2, 2, 2, 1]);
  expect(store.rows.join('')).toBe('abcdefg');
});

test('the next call throws what went wrong with a write, and nothing was committed after it', async () => {
  const log = await logOf([['a', 'b'], ['c']]);
  const store = new CrashingStore();
  store.failures.push('all stored');
  const owner = await takeOver(log, store, { limits: LIMITS, inBackground: true });
  await readOn(log, owner);
  await settled();
  await expect(owner.task.tick(0)).rejects.toThrow('ends here');
  await expect(owner.task.process({} as never)).rejects.toThrow('ends here');
  await expect(owner.task.skip(9, 10)).rejects.toThrow('ends here');
  await expect(owner.task.close('stop')).rejects.toThrow('ends here');
  expect((await log.committed('aggregator', TOPIC, 0))?.offset).toBe(0);
  const next = await takeOver(log, store);
  await readOn(log, next);
  await next.task.close('stop');
  expect(store.rows).toEqual(['a', 'b', 'c']);
});

test('a task that failed is closed when its write has ended, so that the next one never replays beside it', async () => {
  const log = await logOf([['a', 'b'], ['c']]);
  const store = new SlowStore();
  const owner = await takeOver(log, store, { limits: LIMITS, inBackground: true });
  await readOn(log, owner);
  await store.begun(1);
  let isClosed = false;
  const closing = owner.task.close('failed').then(() => {
    isClosed = true;
  });
  await settled();
  expect(isClosed).toBe(false);
  store.endNext();
  await closing;
  expect(store.rows).toEqual(['a', 'b']);
  expect((await log.committed('aggregator', TOPIC, 0))?.offset).toBe(1);
});

test('a write that waits for its turn is not begun any more once the task is closed', async () => {
  const log = await logOf([['a', 'b']]);
  const turns = new Limiter(1);
  const leave = await turns.acquire();
  const store = new CrashingStore();
  const shared = { heldBytes: 0, heldBytesMax: 1_000 };
  const owner = await takeOver(log, store, { limits: LIMITS, inBackground: true, shared, turns: [turns] });
  await readOn(log, owner);
  await owner.task.close('failed');
  leave();
  await turns.close();
  expect(store.inserts).toEqual([]);
  expect(await log.committed('aggregator', TOPIC, 0)).toBeNull();
  expect(shared.heldBytes).toBe(0);
});

test('a block that waits for its turn takes up what comes meanwhile', async () => {
  const log = await logOf([['a'], ['b']]);
  const turns = new Limiter(1);
  const leave = await turns.acquire();
  const store = new CrashingStore();
  const owner = await takeOver(log, store, {
    limits: { ...LIMITS, rowsMax: 10, ageMsMax: 0, ageGrowingMsMax: 0 },
    inBackground: true,
    shared: { heldBytes: 0, heldBytesMax: 1_000 },
    turns: [turns],
  });
  await readOn(log, owner, 1);
  leave();
  await owner.task.close('stop');
  expect(store.inserts.map(({ rows }) => rows)).toEqual([2]);
});

test('what needs two turns has none that others need while it waits for the first', async () => {
  const log = await logOf([['a', 'b']]);
  const [ofFew, ofAll] = [new Limiter(1), new Limiter(1)];
  const leave = await ofFew.acquire();
  const store = new CrashingStore();
  const owner = await takeOver(log, store, { limits: LIMITS, inBackground: true, turns: [ofFew, ofAll] });
  await readOn(log, owner);
  await ofAll.run(settled);
  expect(store.inserts).toEqual([]);
  leave();
  await owner.task.close('stop');
  expect(store.rows).toEqual(['a', 'b']);
  // Both were given back.
  await ofFew.close();
  await ofAll.close();
});

test('an insert that waits to be tried again lets others have its turn', async () => {
  const log = await logOf([['a', 'b']]);
  const turns = new Limiter(1);
  const store = new CrashingStore();
  store.makeError = storeDown;
  store.failures.push('nothing stored');
  const other: string[] = [];
  const owner = await takeOver(log, store, {
    limits: LIMITS,
    inBackground: true,
    shared: { heldBytes: 0, heldBytesMax: 1_000 },
    turns: [turns],
    observer: {
      waiting: () => void turns.run(async () => void other.push('went on')),
      stored: () => void other.push('stored'),
    },
  });
  await readOn(log, owner);
  await owner.task.close('stop');
  expect(other).toEqual(['went on', 'stored']);
  expect(store.rows).toEqual(['a', 'b']);
});

test('above the bytes that all partitions may hold, a partition reads on when its own block is stored', async () => {
  const log = await logOf([['a'], ['b']]);
  const store = new CrashingStore();
  const shared = { heldBytes: 996, heldBytesMax: 1_000 };
  const limits = { ...LIMITS, rowsMax: 10 };
  const owner = await takeOver(log, store, { limits, inBackground: true, shared });
  await readOn(log, owner, 1);
  expect(store.inserts.map(({ rows }) => rows)).toEqual([1, 1]);
  await owner.task.close('stop');
  expect(shared.heldBytes).toBe(996);
});

test('an owner of the past whose write is under way commits nothing more', async () => {
  const log = await logOf([['a', 'b'], ['c']]);
  const store = new SlowStore();
  const old = await takeOver(log, store, { limits: LIMITS, inBackground: true });
  await readOn(log, old);
  await store.begun(1);
  const current = await takeOver(log, store, { inBackground: false });
  store.endNext();
  await settled();
  await expect(old.task.tick(0)).rejects.toMatchObject({ name: 'ClaimLostError' });
  await readOn(log, current);
  const closing = current.task.close('stop');
  await store.begun(1);
  store.endNext();
  await closing;
  expect(store.rows).toEqual(['a', 'b', 'c']);
});

test('the memory of rows is given back once they are stored, not while a failed insert may still be read from it', async () => {
  // Larger than what shares its memory with other buffers.
  const log = await logOf([['x'.repeat(99_996)], ['y'.repeat(99_996)]]);
  const store = new CrashingStore();
  const natives: Buffer[] = [];
  store.failures.push(null, 'all stored');
  const insertBlocks = store.insertBlocks.bind(store);
  store.insertBlocks = async (insert) => {
    natives.push(...(insert.natives as Buffer[]));
    await insertBlocks(insert);
  };
  const owner = await takeOver(log, store, { limits: { ...LIMITS, rowsMax: 1 } });
  await readOn(log, owner);
  await expect(owner.task.tick(0)).rejects.toThrow('ends here');
  expect(natives.map(({ length }) => length)).toEqual([0, 100_000]);
});
