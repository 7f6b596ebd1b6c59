import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FastBatch, StockBatch, decodeRecord, stockRecordDecoder } from './fast-records.ts';
import type { DecodedMessage } from './fast-records.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (buffer: Buffer) => { buffer: Buffer };
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => {
  buffer: Buffer;
};

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)));
const records = fc.record({
  offsetDelta: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  timestampDelta: fc.oneof(
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    fc.constantFrom(2 ** 40, -(2 ** 40)),
  ),
  key: bytes,
  value: bytes,
  headers: fc.dictionary(
    // Of what objects inherit, kafkajs makes two values: see the test below.
    fc.string({ minLength: 1, maxLength: 10 }).filter((name) => !(name in {})),
    fc.oneof(fc.string(), fc.array(fc.string(), { minLength: 1, maxLength: 3 })),
  ),
});
const contexts = fc.record({
  firstOffset: fc.integer({ min: 0, max: 2 ** 52 }).map(String),
  firstTimestamp: fc.integer({ min: 0, max: 2 ** 42 }).map(String),
  maxTimestamp: fc.integer({ min: 0, max: 2 ** 42 }).map(String),
  timestampType: fc.constantFrom(0, 1),
  magicByte: fc.constant(2),
  isControlBatch: fc.boolean(),
});

function withText(message: DecodedMessage): object {
  return { ...message, offset: String(message.offset), timestamp: String(message.timestamp) };
}

/** The record's own length stands before it; the decoder gets what follows. */
function bodyOf(encoded: Buffer): Buffer {
  let start = 0;
  while ((encoded[start] ?? 0) >= 0x80) start += 1;
  return encoded.subarray(start + 1);
}

test('a record decodes as by stock kafkajs', () => {
  fc.assert(
    fc.property(records, contexts, (record, context) => {
      const body = bodyOf(encodeRecord(record).buffer);
      expect(withText(decodeRecord(new Decoder(body), context))).toEqual(
        stockRecordDecoder(new Decoder(body), context),
      );
    }),
  );
});

test('headers named like what objects inherit are headers like others', () => {
  const context = { firstOffset: '0', firstTimestamp: '0' };
  for (const name of ['toString', 'constructor', '__proto__', 'valueOf']) {
    // An own property of that name, which `__proto__` in a literal is not.
    const headers = JSON.parse(`{"${name}":"a"}`) as object;
    const record = { offsetDelta: 0, timestampDelta: 0, key: null, value: null, headers };
    const decoded = decodeRecord(new Decoder(bodyOf(encodeRecord(record).buffer)), context);
    expect(Object.entries(decoded.headers)).toEqual([[name, Buffer.from('a')]]);
  }
});

const messages = fc
  .array(
    fc.record({
      producerId: fc.constantFrom('1', '2'),
      inTransaction: fc.boolean(),
      isControl: fc.boolean(),
    }),
    { maxLength: 20 },
  )
  .map((all) =>
    all.map(({ producerId, inTransaction, isControl }, i) => ({
      offset: 100 + i,
      timestamp: 0,
      key: isControl ? Buffer.from([0, 0, 0, 0]) : Buffer.from(`key ${i}`),
      value: Buffer.alloc(0),
      headers: {},
      isControlRecord: isControl,
      batchContext: { producerId, inTransaction },
    })),
  );
const aborted = fc.array(
  fc.record({
    firstOffset: fc.integer({ min: 95, max: 125 }).map(String),
    producerId: fc.constantFrom('1', '2'),
  }),
  { maxLength: 4 },
);

test('a batch holds what a stock batch holds: committed records from the fetched offset on', () => {
  fc.assert(
    fc.property(messages, aborted, fc.integer({ min: 95, max: 125 }), (all, abortedTransactions, from) => {
      const data = { partition: 0, highWatermark: '120', abortedTransactions, messages: all };
      const stock = new StockBatch('t', String(from), data as never);
      const fast = new (FastBatch as unknown as typeof StockBatch)('t', String(from), data as never);
      expect(fast.messages).toEqual(stock.messages);
      expect(fast.messagesWithinOffset).toEqual(stock.messagesWithinOffset);
      expect(String(fast.lastOffset())).toBe(String(stock.lastOffset()));
      expect(String(fast.firstOffset())).toBe(String(stock.firstOffset()));
    }),
  );
});

test('kafkajs uses them', () => {
  expect(require('kafkajs/src/protocol/recordBatch/record/v0/decoder.js')).toBe(decodeRecord);
  expect(require('kafkajs/src/consumer/batch.js')).toBe(FastBatch);
});
