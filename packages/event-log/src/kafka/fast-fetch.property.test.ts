import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogRecord } from '../port.ts';
import { FetchedRecords, committedRecords, decodeMessages, stockDecodeMessages } from './fast-fetch.ts';
import type { AbortedTransaction } from './fast-fetch.ts';
import { StockBatch } from './fast-records.ts';
import type { DecodedMessage } from './fast-records.ts';
import { toLogRecord } from './kafka-records.ts';
import type { RawMessage } from './kafkajs-internals.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (buffer: Buffer) => never;
const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => object;
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch: (batch: object) => Promise<{ buffer: Buffer }>;
};
const Long = require('kafkajs/src/utils/long.js') as { fromValue(value: number): object };

const ATTRIBUTES_AT = 21;
const CONTROL = 0x20;
const LOG_APPEND_TIME = 0x08;
const GZIP = 1;

const bytes = fc.option(fc.uint8Array({ minLength: 5, maxLength: 200 }).map((array) => Buffer.from(array)));
const record = fc.record({
  key: bytes,
  value: bytes,
  timestampDelta: fc.integer({ min: 0, max: 2 ** 40 }),
  headers: fc.constantFrom<object>({}, {}, { 'tollstream-format': 'avro' }, { a: '1', b: ['2', '3'] }),
});
/** What two producers do, one after the other. */
const step = fc.record({
  producer: fc.constantFrom(1, 2),
  does: fc.constantFrom('records', 'records', 'records', 'commit', 'abort', 'plain'),
  records: fc.array(record, { minLength: 1, maxLength: 5 }),
  isAppendTime: fc.boolean(),
  isCompressed: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

interface Partition {
  readonly recordSet: Buffer;
  readonly aborted: readonly AbortedTransaction[];
}

/** The record set as a broker has it, and the aborted transactions that it names. */
async function partitionOf(steps: readonly Step[], firstOffset: number): Promise<Partition> {
  const batches: Buffer[] = [];
  const aborted: AbortedTransaction[] = [];
  const open = new Map<number, number>();
  let offset = firstOffset;
  for (const { producer, does, records, isAppendTime, isCompressed } of steps) {
    const isControl = does === 'commit' || does === 'abort';
    const start = open.get(producer);
    if (isControl && start === undefined) continue;
    if (does === 'records' && start === undefined) open.set(producer, offset);
    if (does === 'abort') aborted.push({ producerId: String(producer), firstOffset: String(start) });
    if (isControl) open.delete(producer);
    const marker = { key: Buffer.from([0, 0, 0, does === 'abort' ? 0 : 1]), value: Buffer.alloc(6) };
    const written: object[] = isControl ? [marker] : records;
    const { buffer } = await RecordBatch({
      // Control records never are.
      compression: isCompressed && !isControl ? GZIP : 0,
      firstOffset: Long.fromValue(offset),
      firstTimestamp: 1_577_836_800_000,
      maxTimestamp: 1_577_836_900_000,
      lastOffsetDelta: written.length - 1,
      transactional: does !== 'plain',
      producerId: Long.fromValue(producer),
      records: written.map((each, offsetDelta) => Record({ ...each, offsetDelta })),
    });
    const batch = Buffer.from(buffer);
    const attributes = batch.readUInt16BE(ATTRIBUTES_AT) | (isControl ? CONTROL : 0);
    batch.writeUInt16BE(attributes | (isAppendTime ? LOG_APPEND_TIME : 0), ATTRIBUTES_AT);
    batches.push(batch);
    offset += written.length;
  }
  aborted.sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset));
  return { recordSet: Buffer.concat(batches), aborted };
}

function sized(recordSet: Buffer): never {
  const size = Buffer.alloc(4);
  size.writeInt32BE(recordSet.length);
  return new Decoder(Buffer.concat([size, recordSet]));
}

test('the committed records are those that stock kafkajs gives, however much of the set came', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.nat(60),
      fc.nat(12),
      async (steps, cut, skipped) => {
        const { recordSet, aborted } = await partitionOf(steps, 1_000);
        const part = recordSet.subarray(0, Math.max(0, recordSet.length - cut));
        const fetched = await decodeMessages(sized(part));
        const messages = (await stockDecodeMessages(sized(part))) as readonly DecodedMessage[];
        // A broker begins with the batch that holds the offset.
        const firstBatch = steps.find(({ does }) => does !== 'commit' && does !== 'abort');
        const from = 1_000 + (skipped % (firstBatch?.records.length ?? 1));
        const stock = new StockBatch('t', String(from), {
          partition: 0,
          highWatermark: '9999',
          abortedTransactions: aborted,
          messages,
        });
        const expected = (stock.messages as readonly RawMessage[]).map(toLogRecord);
        if (!(fetched instanceof FetchedRecords)) {
          expect(expected).toEqual([]);
          return;
        }
        const packed = committedRecords(fetched, aborted, from);
        const records: LogRecord[] = packed.records();
        expect(records).toEqual(expected);
        expect(fetched.length).toBe(messages.length);
        for (const { headers, end } of packed.headerRuns) expect(records[end - 1]?.headers).toBe(headers);
      },
    ),
  );
});
