import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutputRecord } from '../port.ts';
import { packSegments, SEGMENT_BYTES_MAX, SegmentReader, type Segment } from './segment.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const headers = fc.constantFrom(undefined, { a: '1' }, { a: '1', b: 'ü' }, {});
const record: fc.Arbitrary<OutputRecord> = fc
  .record(
    {
      topic: fc.constant('topic'),
      partition: fc.constant(0),
      key: fc.oneof(fc.constant(null), fc.string(), bytes),
      value: fc.option(bytes),
      headers,
      timestampMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    },
    { requiredKeys: ['topic', 'partition', 'value'] },
  )
  .map(({ headers: given, ...rest }) => (given ? { ...rest, headers: given } : rest));

function unpack(segments: readonly Segment[]): unknown[] {
  const records: unknown[] = [];
  for (const segment of segments) {
    const reader = new SegmentReader(segment.bytes, records.length);
    while (!reader.isAtEnd) records.push(reader.next());
  }
  return records;
}

describe('segments', () => {
  it('give back every record as it was given, with consecutive offsets', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 30 }), (records) => {
        expect(unpack(packSegments(records, 7))).toEqual(
          records.map(({ key, value, headers: given, timestampMs }, offset) => ({
            offset,
            key: key === null || key === undefined ? null : Buffer.from(key),
            value,
            timestampMs: timestampMs ?? 7,
            ...(given ? { headers: given } : {}),
          })),
        );
      }),
    );
  });

  it('can be read from any record on, and from unaligned bytes', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 30 }), fc.nat(), (records, at) => {
        const [segment] = packSegments(records, 7);
        if (!segment) throw new Error('nothing was packed');
        const whole = unpack([segment]);
        const from = at % records.length;
        const unaligned = new Uint8Array(segment.bytes.length + 1);
        unaligned.set(segment.bytes, 1);
        const reader = new SegmentReader(unaligned.subarray(1), 0);
        reader.skipTo(from);
        expect(reader.next()).toEqual(whole[from]);
      }),
    );
  });

  it('are closed at their size, and never split a record', () => {
    const value = Buffer.alloc(SEGMENT_BYTES_MAX / 2 + 1);
    const records = Array.from({ length: 5 }, () => ({ topic: 'topic', partition: 0, value }));
    expect(packSegments(records, 0).map((segment) => segment.count)).toEqual([2, 2, 1]);
  });

  it('share one headers object among all records of a producer that passes one', () => {
    const shared = { 'tollstream-format': 'json' };
    const records = [1, 2].map(() => ({ topic: 'topic', partition: 0, value: null, headers: shared }));
    const [first, second] = unpack(packSegments(records, 0)) as { headers: object }[];
    expect(first?.headers).toBe(second?.headers);
  });

  it('of other bytes are refused', () => {
    expect(() => new SegmentReader(Buffer.alloc(100), 0)).toThrow(RangeError);
    expect(() => new SegmentReader(Buffer.alloc(3), 0)).toThrow(RangeError);
  });
});
