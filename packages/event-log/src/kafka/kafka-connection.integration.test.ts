/** What is said, and what is waited for, when the broker is away or refuses. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { SASL_USER } from '../../../../test/broker/broker.ts';
import { findFreePorts } from '../../../../test/broker/probe.ts';
import { recordCount } from '../packed-records.ts';
import type { EventLog, JoinOptions, MembershipEvent } from '../port.ts';
import { openKafkaEventLog, type KafkaEventLogOptions } from './kafka-event-log.ts';

const brokers = inject('kafkaBrokers');
const saslBroker = inject('kafkaSaslBroker');
const opened: EventLog[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (log) => log.close()));
});

function open(options: KafkaEventLogOptions): EventLog {
  const log = openKafkaEventLog({ backoff: { initialMs: 20, maxMs: 100 }, ...options });
  opened.push(log);
  return log;
}

function idleMember(topic: string, onEvent?: (event: MembershipEvent) => void): JoinOptions {
  return {
    group: `group-${randomUUID()}`,
    topics: [topic],
    mode: 'transactional',
    open: async () => ({ process: async () => undefined, close: async () => undefined }),
    ...(onEvent ? { onEvent } : {}),
  };
}

describe('a broker that is away', () => {
  it('is named with its address and the remedy', async () => {
    const [port] = await findFreePorts(1);
    await expect(
      open({ brokers: [`127.0.0.1:${port}`] }).describeTopics(['calls.raw']),
    ).rejects.toMatchObject({
      code: 'TOLL_KAFKA_UNREACHABLE',
      message: expect.stringContaining(`127.0.0.1:${port}`) as string,
      retriable: true,
    });
  });

  it('is waited for by a member, who says so and can be stopped meanwhile', async () => {
    const [port] = await findFreePorts(1);
    const events: MembershipEvent[] = [];
    const log = open({ brokers: [`127.0.0.1:${port}`] });
    const member = await log.join(idleMember('calls.raw', (event) => events.push(event)));
    while (!events.some((event) => event.kind === 'retry')) await sleep(20);
    expect(member.joined).toBe(false);
    expect(events[0]).toMatchObject({
      kind: 'retry',
      partition: -1,
      error: { code: 'TOLL_KAFKA_UNREACHABLE' },
    });
    await member.stop();
    await member.done;
  });
});

describe.skipIf(brokers.length === 0)('a real broker', () => {
  it('spoken to over TLS where it expects plain text is named as a matter of TLS', async () => {
    await expect(open({ brokers, tls: true }).describeTopics(['calls.raw'])).rejects.toMatchObject({
      code: 'TOLL_KAFKA_TLS',
    });
  });

  it('gives no records that retention deleted, and no member goes on without them in silence', async () => {
    const log = open({ brokers });
    const topic = `topic-${randomUUID()}`;
    await log.createTopics([{ name: topic, partitions: 1 }]);
    const options = idleMember(topic);
    // A position far behind the end is out of range in the same way as one before the beginning.
    const claim = await log.claim(options.group, topic, 0);
    await claim.commit({ outputs: [], nextOffset: 1_000, metadata: 'kept' });
    await claim.release();
    const member = await log.join(options);
    await expect(member.done).rejects.toMatchObject({ code: 'TOLL_LOG_RECORDS_GONE' });
    expect(await log.committed(options.group, topic, 0)).toEqual({ offset: 1_000, metadata: 'kept' });
  });

  it('keeps few records back until more came', async () => {
    const log = open({ brokers });
    const topic = `topic-${randomUUID()}`;
    await log.createTopics([{ name: topic, partitions: 1 }]);
    const loader = await log.claim('loader', topic, 0);
    const publish = async (bytes: number): Promise<unknown> =>
      loader.commit({
        outputs: [{ topic, partition: 0, value: Buffer.alloc(bytes) }],
        nextOffset: 0,
        metadata: '',
      });
    await publish(4_000);
    const batches: number[] = [];
    const member = await log.join({
      ...idleMember(topic),
      fetchBytesMin: 2_000,
      fetchWaitMs: 10_000,
      open: async () => ({
        process: async (batch) => void batches.push(recordCount(batch)),
        close: async () => undefined,
      }),
    });
    await expect.poll(() => batches, { timeout: 60_000 }).toEqual([1]);
    await publish(1);
    await publish(1);
    await publish(4_000);
    await loader.release();
    await expect.poll(() => batches, { timeout: 60_000 }).toEqual([1, 3]);
    await member.stop();
  });

  it('has its control records counted, so that a member who met only those has no lag', async () => {
    const log = open({ brokers });
    const topic = `topic-${randomUUID()}`;
    await log.createTopics([{ name: topic, partitions: 1 }]);
    const options = idleMember(topic);
    const loader = await log.claim('loader', topic, 0);
    await loader.commit({
      outputs: [{ topic, partition: 0, value: Buffer.from('a') }],
      nextOffset: 0,
      metadata: '',
    });
    await loader.release();
    // The record was processed; the marker behind it stands alone.
    const claim = await log.claim(options.group, topic, 0);
    await claim.commit({ outputs: [], nextOffset: 1, metadata: 'totals' });
    await claim.release();
    const lags: number[] = [];
    const member = await log.join({
      ...options,
      onEvent: (event) => event.kind === 'lag' && lags.push(event.lag),
    });
    await expect
      .poll(async () => log.committed(options.group, topic, 0), { timeout: 60_000 })
      .toEqual({ offset: 2, metadata: 'totals' });
    expect(lags.at(-1)).toBe(0);
    await member.stop();
  });
});

describe.skipIf(saslBroker === '')('a listener that demands SASL', () => {
  for (const mechanism of ['plain', 'scram-sha-512'] as const) {
    it(`lets in who has the right password (${mechanism})`, async () => {
      const log = open({ brokers: [saslBroker], sasl: { mechanism, ...SASL_USER } });
      expect(await log.describeTopics(['topic-that-nobody-made'])).toEqual([]);
    });

    it(`refuses a wrong password with a remedy, and a member at once (${mechanism})`, async () => {
      const log = open({
        brokers: [saslBroker],
        sasl: { mechanism, username: SASL_USER.username, password: 'wrong' },
      });
      const refusal = {
        code: 'TOLL_KAFKA_CREDENTIALS',
        remedy: expect.stringContaining('password') as string,
      };
      await expect(log.describeTopics(['calls.raw'])).rejects.toMatchObject(refusal);
      await expect(log.join(idleMember('calls.raw'))).rejects.toMatchObject(refusal);
    });
  }

  it('names a connection without credentials as something to set', async () => {
    await expect(open({ brokers: [saslBroker] }).describeTopics(['calls.raw'])).rejects.toMatchObject({
      code: 'TOLL_KAFKA_UNREACHABLE',
      remedy: expect.stringContaining('SASL') as string,
    });
  });
});
