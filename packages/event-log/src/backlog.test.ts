import { expect, test } from 'vitest';
import { isBacklog, isMarkedBacklog, withBacklogMark } from './backlog.ts';
import { packRecords } from './packed-records.ts';
import type { LogRecord, OutputRecord, RecordBatch } from './port.ts';

const NOW_MS = 10_000;
const OUTPUT: OutputRecord = { topic: 'u', partition: 1, value: Buffer.from('b') };

/** Both forms a log may hand a batch on in. */
const FORMS: readonly (readonly [string, (records: LogRecord[], left: number) => RecordBatch])[] = [
  ['records', (records, left) => ({ ...place(records, left), records })],
  [
    'packed records',
    (records, left) => ({
      ...place(records, left),
      get records(): never {
        throw new Error('An object was made for each record.');
      },
      packed: packRecords(records),
    }),
  ],
];

function place(records: readonly LogRecord[], left: number): Omit<RecordBatch, 'records'> {
  return { topic: 't', partition: 0, nextOffset: records.length, endOffset: records.length + left };
}

function recordsAt(...timestamps: number[]): LogRecord[] {
  return timestamps.map((timestampMs, offset) => ({
    offset,
    key: null,
    value: Buffer.from('a'),
    timestampMs,
  }));
}

test.each(FORMS)('%s are a backlog when more waits and the newest is late', (_, batchOf) => {
  expect(isBacklog(batchOf(recordsAt(0, 5_000), 1), NOW_MS)).toBe(true);
  expect(isBacklog(batchOf(recordsAt(0, 5_001), 1), NOW_MS)).toBe(false);
  expect(isBacklog(batchOf(recordsAt(0, 5_001), 1), NOW_MS, 4_999)).toBe(true);
  expect(isBacklog(batchOf(recordsAt(0, 5_000), 0), NOW_MS)).toBe(false);
  expect(isBacklog(batchOf([], 1), NOW_MS)).toBe(false);
});

test.each(FORMS)('what becomes of a backlog says so to the stages behind: %s', (_, batchOf) => {
  const marked = withBacklogMark([{ ...OUTPUT, headers: { a: '1' } }], batchOf(recordsAt(0), 1), NOW_MS);
  expect(marked[0]).toMatchObject({ topic: 'u', partition: 1, headers: { a: '1' } });
  // Written a moment ago, and nothing waits behind it: it is late all the same.
  const written = {
    offset: 0,
    key: null,
    value: OUTPUT.value,
    timestampMs: NOW_MS,
    headers: marked[0]!.headers!,
  };
  const next = batchOf([written], 0);
  expect(isMarkedBacklog(next)).toBe(true);
  expect(isBacklog(next, NOW_MS)).toBe(true);
  const after = withBacklogMark([OUTPUT], next, NOW_MS);
  expect(Object.keys(after[0]?.headers ?? {})).toHaveLength(1);
});

test('what is no backlog is handed on as it is', () => {
  const outputs = [OUTPUT];
  const [, batchOf] = FORMS[0]!;
  expect(withBacklogMark(outputs, batchOf(recordsAt(NOW_MS), 1), NOW_MS)).toBe(outputs);
  expect(isMarkedBacklog(batchOf(recordsAt(0), 1))).toBe(false);
});
