import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import type { EventLog } from '../port.ts';
import { openKafkaEventLog } from './kafka-event-log.ts';
import { createKafka } from './create-kafka.ts';

const brokers = inject('kafkaBrokers');

async function valuesOf(log: EventLog, topic: string): Promise<string[]> {
  const values: string[] = [];
  for await (const batch of log.read({ topic, partition: 0, from: 0 })) {
    values.push(...batch.records.map(({ value }) => String(value)));
  }
  return values;
}

test.skipIf(brokers.length === 0)('what a transaction sent and did not commit is never read', async () => {
  const log = openKafkaEventLog({ brokers });
  const topic = `aborted-${randomUUID()}`;
  await log.createTopics([{ name: topic, partitions: 1 }]);
  const group = `group-${topic}`;
  const id = `${group}-${topic}-0`;
  // As a claim sends, and dies before it commits: the next one ends what it left open.
  const dying = createKafka({ brokers }).producer({ transactionalId: id, maxInFlightRequests: 1 });
  await dying.connect();
  const transaction = await dying.transaction();
  await transaction.sendBatch({
    topicMessages: [{ topic, messages: [{ value: 'not committed', partition: 0 }] }],
  });
  expect(await valuesOf(log, topic)).toEqual([]);

  const claim = await log.claim(group, topic, 0);
  await claim.commit({
    outputs: [{ topic, partition: 0, value: Buffer.from('committed') }],
    nextOffset: 1,
    metadata: '',
  });
  // The broker answers a commit before it has written the marker that shows the records to readers.
  await expect.poll(() => valuesOf(log, topic), { timeout: 60_000 }).toEqual(['committed']);
  await claim.release();
  await dying.disconnect();
  await log.deleteTopics([topic]);
  await log.close();
});

test.skipIf(brokers.length === 0)('what a transaction has sent so far does not wait to be read', async () => {
  const log = openKafkaEventLog({ brokers });
  const topic = `open-${randomUUID()}`;
  await log.createTopics([{ name: topic, partitions: 1 }]);
  const claim = await log.claim(`group-${topic}`, topic, 0);
  await claim.commit({
    outputs: [{ topic, partition: 0, value: Buffer.from('committed') }],
    nextOffset: 1,
    metadata: '',
  });
  const other = createKafka({ brokers }).producer({
    transactionalId: `other-${topic}`,
    maxInFlightRequests: 1,
  });
  await other.connect();
  const transaction = await other.transaction();
  await transaction.sendBatch({
    topicMessages: [{ topic, messages: [{ value: 'under way', partition: 0 }] }],
  });
  const read = Promise.withResolvers<{ nextOffset: number; endOffset: number }>();
  const membership = await log.join({
    group: `reader-${topic}`,
    topics: [topic],
    mode: 'offsets',
    open: async () => ({ process: async (batch) => read.resolve(batch), close: async () => undefined }),
  });
  const { nextOffset, endOffset } = await read.promise;
  expect([nextOffset, endOffset]).toEqual([2, 2]);
  await transaction.abort();
  await membership.stop();
  await claim.release();
  await other.disconnect();
  await log.deleteTopics([topic]);
  await log.close();
});
