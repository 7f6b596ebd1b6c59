/**
 * The event log with at-least-once settings, to measure what exactly-once costs: outputs go out by a plain producer that waits for all
 * replicas, then the member commits its position; no transaction, no fencing, and no boundary before an insert. After a crash between the
 * two a batch counts twice.
 */
import type { EventLog, PartitionClaim } from '@tollstream/event-log';
import {
  type KafkaEventLogOptions,
  openKafkaEventLog as openTransactional,
} from '@tollstream/event-log/kafka';
import kafkajs, { type Producer } from 'kafkajs';

export * from '@tollstream/event-log';

/** As much as the exactly-once log sends at once. */
const SEND_BYTES_MAX = 16 * 1024 * 1024;

/** Takes the place of the export of this name. */
export function openKafkaEventLog(options: KafkaEventLogOptions): EventLog {
  const log = openTransactional(options);
  const producer = new kafkajs.Kafka({
    clientId: options.clientId ?? 'bench',
    brokers: [...options.brokers],
    logLevel: kafkajs.logLevel.ERROR,
  }).producer({
    allowAutoTopicCreation: false,
    createPartitioner: () => (args) => args.message.partition ?? 0,
  });
  let connected: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await log.close();
    if (connected !== undefined) await producer.disconnect();
  };
  const join: EventLog['join'] = (joined) =>
    log.join({
      ...joined,
      mode: 'offsets',
      open: async (claim) => {
        await (connected ??= producer.connect());
        return joined.open(withoutTransactions(claim, producer));
      },
    });
  // What the aggregator notes of an insert before it makes it.
  const commitPositions: EventLog['commitPositions'] = async (moves) => {
    if (!moves.some(({ metadata }) => metadata.includes('"boundary"'))) await log.commitPositions(moves);
  };
  return new Proxy(log, {
    get(target, name) {
      if (name === 'join') return join;
      if (name === 'close') return close;
      if (name === 'commitPositions') return commitPositions;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function withoutTransactions(claim: PartitionClaim, producer: Producer): PartitionClaim {
  const { group, topic, partition, handle, committed } = claim;
  return {
    group,
    topic,
    partition,
    handle,
    committed,
    release: () => claim.release(),
    async commit({ outputs, nextOffset, metadata }) {
      for (let from = 0; from < outputs.length;) {
        const sent = outputs.slice(from, endOfSend(outputs, from));
        from += sent.length;
        const byTopic = Map.groupBy(sent, (output) => output.topic);
        await producer.sendBatch({
          acks: -1,
          topicMessages: [...byTopic].map(([name, all]) => ({
            topic: name,
            messages: all.map(({ partition: to, key = null, value, headers = {} }) => ({
              partition: to,
              key,
              value,
              headers,
            })),
          })),
        });
      }
      await claim.commit({ outputs: [], nextOffset, metadata });
    },
  };
}

function endOfSend(outputs: readonly { readonly value: Buffer | null }[], from: number): number {
  let [end, bytes] = [from, 0];
  while (
    end < outputs.length &&
    (end === from || bytes + (outputs[end]?.value?.length ?? 0) <= SEND_BYTES_MAX)
  ) {
    bytes += outputs[end]?.value?.length ?? 0;
    end += 1;
  }
  return end;
}
