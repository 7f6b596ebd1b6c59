/** Records that were compressed by others: Java's producers and brokers, and kafkajs. */
import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { recordCount } from '../packed-records.ts';
import type { EventLog, LogRecord } from '../port.ts';
import { createKafka } from './create-kafka.ts';
import { openKafkaEventLog } from './kafka-event-log.ts';

const brokers = inject('kafkaBrokers');
/** More than fit on a stack as arguments of one call. */
const MANY = 150_000;

async function recordsOf(log: EventLog, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const batch of log.read({ topic, partition: 0, from: 0 })) records.push(...batch.records);
  return records;
}

test.skipIf(brokers.length === 0).each(['gzip', 'snappy', 'lz4', 'zstd'])(
  'records that the broker compressed with %s are read as they were written',
  async (codec) => {
    const log = openKafkaEventLog({ brokers });
    const topic = `compressed-${codec}-${randomUUID()}`;
    await log.createTopics([{ name: topic, partitions: 1, settings: { 'compression.type': codec } }]);
    const claim = await log.claim(`group-${topic}`, topic, 0);
    const values = Array.from({ length: 3_000 }, (_, index) =>
      Buffer.from(JSON.stringify({ call_id: `call-${index}`, noise: randomUUID(), from: '+12125550100' })),
    );
    const outputs = values.map((value, index) => ({
      topic,
      partition: 0,
      key: `key ${index % 7}`,
      value,
      ...(index % 3 === 0 ? { headers: { 'tollstream-format': codec } } : {}),
    }));
    await claim.commit({ outputs, nextOffset: 1, metadata: '' });
    const read = async (): Promise<string[]> =>
      (await recordsOf(log, topic)).map(({ value }) => String(value));
    await expect.poll(read, { timeout: 60_000 }).toEqual(values.map(String));
    const records = await recordsOf(log, topic);
    expect(records.map(({ key, headers }) => [String(key), headers?.['tollstream-format']])).toEqual(
      outputs.map(({ key, headers }) => [key, headers?.['tollstream-format']]),
    );
    await claim.release();
    await log.deleteTopics([topic]);
    await log.close();
  },
);

test.skipIf(brokers.length === 0)(
  'a compressed batch of very many records passes, and other partitions after it',
  async () => {
    const log = openKafkaEventLog({ brokers });
    const topic = `many-${randomUUID()}`;
    await log.createTopics([
      { name: topic, partitions: 2, settings: { 'max.message.bytes': String(64 * 1024 * 1024) } },
    ]);
    // Not before what replaces parts of it.
    const { default: kafkajs } = await import('kafkajs');
    const producer = createKafka({ brokers }).producer({
      createPartitioner: () => (args) => args.message.partition ?? 0,
    });
    await producer.connect();
    const messages = Array.from({ length: MANY }, (_, index) => ({ value: `call ${index}`, partition: 0 }));
    await producer.send({ topic, messages, compression: kafkajs.CompressionTypes.GZIP });
    await producer.send({ topic, messages: [{ value: 'another', partition: 1 }] });
    await producer.disconnect();
    const seen = [0, 0];
    const membership = await log.join({
      group: `reader-${topic}`,
      topics: [topic],
      mode: 'offsets',
      open: async (claim) => ({
        process: async (batch) => {
          await claim.commit({ outputs: [], nextOffset: batch.nextOffset, metadata: '' });
          seen[batch.partition]! += recordCount(batch);
        },
        close: async () => undefined,
      }),
    });
    await expect.poll(() => seen, { timeout: 120_000 }).toEqual([MANY, 1]);
    await membership.stop();
    await log.deleteTopics([topic]);
    await log.close();
  },
);
