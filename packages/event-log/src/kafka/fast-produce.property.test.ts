import { createRequire } from 'node:module';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import {
  createRequest,
  groupMessages,
  produceRequest,
  stockCreateRequest,
  stockGroupMessages,
  stockProduceRequest,
} from './fast-produce.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

const require = createRequire(import.meta.url);

const Long = require('kafkajs/src/utils/long.js') as { fromValue(value: bigint): { value: bigint } };

afterEach(() => vi.useRealTimers());

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'binary', maxLength: 40 });
const message = fc.record(
  {
    key: fc.oneof(bytes, text, fc.constant(null)),
    value: fc.oneof(bytes, text, fc.constant(null)),
    headers: fc.dictionary(
      fc.string({ minLength: 1, maxLength: 10 }),
      fc.oneof(fc.string(), bytes, fc.array(fc.string(), { minLength: 1, maxLength: 3 })),
    ),
    // Of one length, as times of this century are: stock kafkajs sorts them as texts.
    timestamp: fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 }).map(String),
  },
  { requiredKeys: ['value'] },
);
const partition = fc.record({
  partition: fc.nat(1_000),
  firstSequence: fc.nat(2 ** 31 - 1),
  messages: fc.array(message, { minLength: 1, maxLength: 8 }),
});
const request = fc.record({
  acks: fc.constantFrom(-1, 1),
  timeout: fc.nat(60_000),
  transactionalId: fc.option(text),
  // Text is what kafkajs reads of the broker's answer, and gives; the number -1 is its id of a producer that has none. A batch
  // without its id belongs to no transaction.
  producerId: fc.oneof(
    fc.bigInt({ min: -1n, max: 2n ** 62n }).map(String),
    fc.bigInt({ min: -1n, max: 2n ** 62n }).map((value) => Long.fromValue(value)),
    fc.constant(-1),
  ),
  producerEpoch: fc.nat(32_767),
  topicData: fc.array(
    fc.record({ topic: text, partitions: fc.array(partition, { minLength: 1, maxLength: 3 }) }),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
});
test('a request is encoded to the bytes of stock kafkajs', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_577_836_800_000 });
  await fc.assert(
    fc.asyncProperty(request, text, async (given, clientId) => {
      const head = { correlationId: 7, clientId };
      const fast = await createRequest({ ...head, request: { ...produceRequest(given), apiVersion: 7 } });
      const stock = await stockCreateRequest({
        ...head,
        request: { ...stockProduceRequest(given), apiVersion: 7 },
      });
      expect(fast.buffer.equals(stock.buffer)).toBe(true);
      const unprepared = await createRequest({
        ...head,
        request: { ...stockProduceRequest(given), apiVersion: 7 },
      });
      expect(unprepared.buffer.equals(stock.buffer)).toBe(true);
    }),
  );
});

test('messages are grouped by partition as by stock kafkajs', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3), { maxLength: 20 }), (partitions) => {
      const options = {
        topic: 't',
        partitionMetadata: [{}],
        messages: partitions.map((to, i) => ({ value: Buffer.from([i]), timestamp: String(to) })),
        partitioner: ({ message: { timestamp } }: { message: { timestamp?: string } }) => Number(timestamp),
      };
      expect(groupMessages(options)).toEqual(stockGroupMessages(options));
    }),
  );
});

test('kafkajs uses them', () => {
  expect(require('kafkajs/src/protocol/requests/produce/v3/request.js')).toBe(produceRequest);
  expect(require('kafkajs/src/protocol/request.js')).toBe(createRequest);
});
