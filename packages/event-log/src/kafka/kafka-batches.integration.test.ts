import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import type { PackedRecords } from '../packed-records.ts';
import { openKafkaEventLog } from './kafka-event-log.ts';

const brokers = inject('kafkaBrokers');
const VALUES = ['a call', 'another call'];

test.skipIf(brokers.length === 0)(
  'the memory of a batch is given back once a member is done with it',
  async () => {
    const log = openKafkaEventLog({ brokers });
    const topic = `batches-${randomUUID()}`;
    await log.createTopics([{ name: topic, partitions: 1 }]);
    const claim = await log.claim(`writer-${topic}`, topic, 0);
    const outputs = VALUES.map((value) => ({ topic, partition: 0, value: Buffer.from(value) }));
    await claim.commit({ outputs, nextOffset: 1, metadata: '' });
    const lent: PackedRecords[] = [];
    const seen: string[] = [];
    const membership = await log.join({
      group: `reader-${topic}`,
      topics: [topic],
      mode: 'offsets',
      open: async () => ({
        process: async (batch) => {
          lent.push(batch.packed!);
          seen.push(...batch.records.map(({ value }) => String(value)));
        },
        close: async () => undefined,
      }),
    });
    await expect.poll(() => seen, { timeout: 60_000 }).toEqual(VALUES);
    await expect.poll(() => lent.map(({ bytes }) => bytes.length), { timeout: 60_000 }).toEqual([0]);
    // A batch of `read` is its reader's for as long as it likes.
    const kept: Buffer[] = [];
    for await (const { records } of log.read({ topic, partition: 0, from: 0 }))
      kept.push(...records.map(({ value }) => value!));
    await claim.commit({ outputs: outputs.slice(0, 1), nextOffset: 2, metadata: '' });
    await expect.poll(() => seen.length, { timeout: 60_000 }).toBe(3);
    expect(kept.map(String)).toEqual(VALUES);
    await membership.stop();
    await claim.release();
    await log.deleteTopics([topic]);
    await log.close();
  },
);
