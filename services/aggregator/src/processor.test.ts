import { expect, test } from 'vitest';
import {
  boundaryOf,
  emptyBlock,
  isDue,
  overflows,
  readNote,
  withMessage,
  withOffsetsUpTo,
  writeNote,
} from './processor.ts';
import { PARTITIONS_TOGETHER_MAX } from './table-writer.ts';

const LIMITS = { rowsMax: 10, bytesMax: 100, ageMsMax: 1000, ageGrowingMsMax: 1000, ageBehindMsMax: 5000 };
const messageOf = (
  offset: number,
  rows: number,
  bytes = rows,
): { offset: number; rows: number; native: Buffer } => ({
  offset,
  rows,
  native: Buffer.alloc(bytes),
});

test('a block grows by messages and remembers when it began', () => {
  const block = withMessage(withMessage(emptyBlock(5), messageOf(7, 3), 100), messageOf(8, 2), 200);
  expect(block).toMatchObject({ first: 5, next: 9, rows: 5, bytes: 5, openedAtMs: 100 });
  expect(block.natives).toHaveLength(2);
});

test('a block is due by rows, bytes or age, and never when it is empty', () => {
  const few = withMessage(emptyBlock(0), messageOf(0, 3), 100);
  expect(isDue(few, LIMITS, 1099, false)).toBe(false);
  expect(isDue(few, LIMITS, 1100, false)).toBe(true);
  expect(isDue(few, LIMITS, -1, false)).toBe(true);
  expect(isDue(few, LIMITS, 5099, true)).toBe(false);
  expect(isDue(few, LIMITS, 5100, true)).toBe(true);
  expect(isDue(withMessage(emptyBlock(0), messageOf(0, 10), 0), LIMITS, 0, false)).toBe(true);
  expect(isDue(withMessage(emptyBlock(0), messageOf(0, 1, 100), 0), LIMITS, 0, false)).toBe(true);
  expect(isDue(emptyBlock(0), LIMITS, 1e9, false)).toBe(false);
});

test('rows wait for more while they keep coming', () => {
  const growing = { ...LIMITS, ageGrowingMsMax: 4_000 };
  let block = withMessage(emptyBlock(0), messageOf(0, 1), 0);
  for (const atMs of [1_900, 3_800]) {
    expect(isDue(block, growing, atMs, false)).toBe(false);
    block = withMessage(block, messageOf(atMs, 1), atMs);
  }
  expect(isDue(block, growing, 3_999, false)).toBe(false);
  expect(isDue(block, growing, 4_000, false)).toBe(true);

  // Nothing but markers came.
  const stopped = withOffsetsUpTo(withMessage(emptyBlock(0), messageOf(0, 1), 500), 9, 1_400);
  expect(isDue(stopped, growing, 2_499, false)).toBe(false);
  expect(isDue(stopped, growing, 2_500, false)).toBe(true);
  // Positions alone wait for no rows.
  expect(isDue(withOffsetsUpTo(emptyBlock(0), 9, 500), growing, 1_500, false)).toBe(true);
});

test('no message takes a block over the limits, unless it alone does', () => {
  const block = withMessage(emptyBlock(0), messageOf(0, 6), 0);
  expect(overflows(block, messageOf(1, 4), LIMITS)).toBe(false);
  expect(overflows(block, messageOf(1, 5), LIMITS)).toBe(true);
  expect(overflows(block, messageOf(1, 1, 95), LIMITS)).toBe(true);
  expect(overflows(emptyBlock(0), messageOf(0, 500), LIMITS)).toBe(false);
});

test('offsets without records move the block on, never back', () => {
  expect(withOffsetsUpTo(emptyBlock(3), 3, 50)).toEqual(emptyBlock(3));
  expect(withOffsetsUpTo(emptyBlock(3), 9, 50)).toMatchObject({ first: 3, next: 9, rows: 0, openedAtMs: 50 });
});

test('a note survives writing and reading; anything else is none', () => {
  const one = { token: 'abc', ranges: [{ partition: 3, first: 1, next: 9, rows: 5 }] };
  const several = {
    token: 'abc',
    ranges: [
      { partition: 1, first: 0, next: 2, rows: 7 },
      { partition: 3, first: 1, next: 9, rows: 5 },
      { partition: 12, first: 4, next: 5, rows: 1 },
    ],
  };
  for (const note of [
    { v: 1, topicId: 't', rows: 7 } as const,
    { v: 1, topicId: 't', rows: 7, boundary: one } as const,
    { v: 1, topicId: 't', rows: 7, boundary: several } as const,
  ]) {
    expect(readNote(writeNote(note, 3), 3)).toEqual(note);
  }
  for (const text of [
    '',
    'no json',
    'null',
    '{}',
    '{"v":2,"topicId":"t","rows":1}',
    '{"v":1,"topicId":"t","rows":1,"boundary":{}}',
    '{"v":1,"topicId":"t","rows":1,"boundary":{"first":0,"next":1,"rows":1,"token":"a","others":[[1,2,3]]}}',
  ]) {
    expect(readNote(text, 3)).toBeNull();
  }
});

test('reads the boundary of one partition as it was written before inserts had several', () => {
  const text = '{"v":1,"topicId":"t","rows":7,"boundary":{"first":1,"next":9,"rows":5,"token":"abc"}}';
  const boundary = { token: 'abc', ranges: [{ partition: 3, first: 1, next: 9, rows: 5 }] };
  expect(readNote(text, 3)).toEqual({ v: 1, topicId: 't', rows: 7, boundary });
  expect(writeNote({ v: 1, topicId: 't', rows: 7, boundary }, 3)).toBe(text);
});

test('a note of as many partitions as go together fits beside an offset', () => {
  const ranges = Array.from({ length: PARTITIONS_TOGETHER_MAX }, (_, i) => ({
    partition: 90_000 + i,
    first: Number.MAX_SAFE_INTEGER - 1,
    next: Number.MAX_SAFE_INTEGER,
    rows: 150_000,
  }));
  const boundary = boundaryOf({ table: 'usage_suspended', topicId: 'x'.repeat(36) }, ranges);
  const note = { v: 1, topicId: 'x'.repeat(36), rows: Number.MAX_SAFE_INTEGER, boundary } as const;
  expect(writeNote(note, 90_000).length).toBeLessThan(4_000);
});

test('tokens differ in every part of what they name', () => {
  const place = { table: 'usage', topicId: 'a' } as const;
  const range = { partition: 1, first: 10, next: 20, rows: 4 };
  const tokens = [
    boundaryOf(place, [range]),
    boundaryOf({ ...place, table: 'usage_rejected' as const }, [range]),
    boundaryOf({ ...place, topicId: 'b' }, [range]),
    boundaryOf(place, [{ ...range, partition: 2 }]),
    boundaryOf(place, [{ ...range, first: 11 }]),
    boundaryOf(place, [{ ...range, next: 21 }]),
    boundaryOf(place, [{ ...range, partition: 11, first: 0 }]),
    boundaryOf(place, [range, { ...range, partition: 2 }]),
  ].map(({ token }) => token);
  expect(new Set(tokens).size).toBe(tokens.length);
  expect(boundaryOf(place, [{ ...range }]).token).toBe(tokens[0]);
});
