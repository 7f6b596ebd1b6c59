import { PackedBatch, type RecordBatch, packRecords } from '@tollstream/event-log';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packBatch, unpackBatch } from './packed-batch.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

const bytes = fc.option(fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)));
const shared = [{ 'tollstream-format': 'json' }, { 'tollstream-format': 'avro' }];
const batches = fc
  .array(
    fc.record({
      key: bytes,
      value: bytes,
      timestampMs: fc.integer(),
      headers: fc.constantFrom(undefined, ...shared),
    }),
    {
      maxLength: 30,
    },
  )
  .map((records) => ({
    topic: 'calls.raw',
    partition: 3,
    nextOffset: 1000,
    endOffset: 2000,
    records: records.map(({ headers, ...record }, i) => ({
      offset: 10 + 2 * i,
      ...record,
      ...(headers === undefined ? {} : { headers }),
    })),
  }));

function assertSame(unpacked: RecordBatch, batch: RecordBatch): void {
  const { topic, partition, nextOffset, endOffset, records } = batch;
  expect(unpacked).toMatchObject({ topic, partition, nextOffset, endOffset });
  expect(unpacked.records).toEqual(records);
}

test('what is packed comes out again, and shared headers stay one object', () => {
  fc.assert(
    fc.property(batches, (batch) => {
      const unpacked = unpackBatch(packBatch(batch).packed);
      assertSame(unpacked, batch);
      for (const [i, record] of unpacked.records.entries())
        expect(record.headers).toBe(batch.records[i]?.headers);
    }),
  );
});

test('of what the log hands over packed, only its own bytes are moved, and the log keeps them', () => {
  fc.assert(
    fc.property(batches, fc.nat(30), fc.nat(30), (batch, one, other) => {
      const whole = packRecords(batch.records);
      const [from, to] = [one, other].map((at) => at % (whole.count + 1)).toSorted((a, b) => a - b) as [
        number,
        number,
      ];
      const { topic, partition, nextOffset, endOffset } = batch;
      const part = new PackedBatch({
        topic,
        partition,
        nextOffset,
        endOffset,
        packed: whole.slice(from, to),
      });
      const { packed, transfer } = packBatch(part);
      const moved = structuredClone(packed, { transfer });
      assertSame(unpackBatch(moved), { ...batch, records: batch.records.slice(from, to) });
      expect(whole.records()).toEqual(batch.records);
      expect(moved.bytes.length).toBe(
        batch.records
          .slice(from, to)
          .reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0),
      );
    }),
  );
});
