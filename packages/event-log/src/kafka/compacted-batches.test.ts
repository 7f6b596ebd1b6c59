/** Compaction takes records out of batches and leaves the batches, also without any record. */
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { decodeMessages } from './fast-fetch.ts';
import { FastBatch } from './fast-records.ts';
import type { StockBatch } from './fast-records.ts';

const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (buffer: Buffer) => never;
const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => object;
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch: (batch: object) => Promise<{ buffer: Buffer }>;
};
const Long = require('kafkajs/src/utils/long.js') as { fromValue(value: number): object };

/** What compaction left of a batch of offsets from `first` to `last`. */
async function batchOf(first: number, last: number, left: readonly number[]): Promise<Buffer> {
  const { buffer } = await RecordBatch({
    compression: 0,
    firstOffset: Long.fromValue(first),
    firstTimestamp: 1_577_836_800_000,
    maxTimestamp: 1_577_836_900_000,
    lastOffsetDelta: last - first,
    producerId: Long.fromValue(1),
    records: left.map((offset) =>
      Record({ key: Buffer.from('a'), value: Buffer.from('b'), headers: {}, offsetDelta: offset - first }),
    ),
  });
  return Buffer.from(buffer);
}

async function fetched(from: number, batches: readonly Buffer[]): Promise<InstanceType<typeof StockBatch>> {
  const recordSet = Buffer.concat(batches);
  const size = Buffer.alloc(4);
  size.writeInt32BE(recordSet.length);
  const messages = await decodeMessages(new Decoder(Buffer.concat([size, recordSet])));
  const data = { partition: 0, highWatermark: '999', abortedTransactions: [], messages };
  return new (FastBatch as unknown as typeof StockBatch)('t', String(from), data as never);
}

test('a batch without records is passed over, to behind its last offset', async () => {
  const batch = await fetched(100, [await batchOf(100, 102, [])]);
  expect(batch.messages).toHaveLength(0);
  expect(batch.isEmptyDueToFiltering()).toBe(true);
  expect([batch.firstOffset(), batch.lastOffset()]).toEqual(['100', '102']);
});

test('what is left of several batches ends where the last of them does', async () => {
  const batch = await fetched(100, [await batchOf(100, 102, [101]), await batchOf(103, 110, [105])]);
  expect([batch.firstOffset(), batch.lastOffset()]).toEqual(['101', '110']);
  expect(batch.isEmptyDueToFiltering()).toBe(false);
});

test('where nothing is left behind the offset asked for, the rest of the batch is passed over at once', async () => {
  const batch = await fetched(106, [await batchOf(103, 110, [105])]);
  expect(batch.messages).toHaveLength(0);
  expect(batch.isEmptyDueToFiltering()).toBe(true);
  expect([batch.firstOffset(), batch.lastOffset()]).toEqual(['106', '110']);
});

test('a fetch without any batch says nothing of offsets', async () => {
  const batch = await fetched(100, []);
  expect(batch.isEmptyDueToFiltering()).toBe(false);
  expect(batch.firstOffset()).toBeNull();
});
