import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka, Producer, Transaction } from 'kafkajs';
import { checkCommit } from '../commit-check.ts';
import { allOutputs } from '../packed-outputs.ts';
import type { Commit, Committed, OutputRecord, PartitionClaim } from '../port.ts';
import { explainKafkaError, isFailureOfType } from './kafka-errors.ts';
import { CLIENT_RETRY } from './create-kafka.ts';
import { cutIntoSends, toMessage, type SendLimits } from './kafka-records.ts';

const OFFSETS_ATTEMPTS_MAX = 12;
const OFFSETS_WAIT_MS = 5;
const OFFSETS_WAIT_MAX_MS = 500;

export interface TransactionalClaimOptions {
  readonly kafka: Kafka;
  readonly brokers: readonly string[];
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly transactionTimeoutMs: number;
  readonly readCommitted: () => Promise<Committed | null>;
  /** Refuses outputs to partitions that do not exist, before anything is sent. */
  readonly checkOutputs: (outputs: readonly OutputRecord[]) => Promise<void>;
  readonly sendLimits: SendLimits;
  readonly onReleased: (claim: PartitionClaim) => void;
}

/**
 * Takes a partition by its transactional id.
 * 1 initialise the id: the broker fences every earlier producer and ends what it left open.
 * 2 read the committed position: only now can nobody change it any more.
 */
export async function claimTransactionally(options: TransactionalClaimOptions): Promise<PartitionClaim> {
  const { kafka, brokers, group, topic, partition } = options;
  const producer = kafka.producer({
    transactionalId: `${group}-${topic}-${partition}`,
    transactionTimeout: options.transactionTimeoutMs,
    // More than one would let blocks overtake each other. (Transactions of kafkajs are idempotent by themselves.)
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: () => (args) => args.message.partition ?? 0,
    retry: CLIENT_RETRY,
  });
  try {
    await producer.connect();
    // An empty transaction initialises the id; ending it sends nothing.
    const empty = await producer.transaction();
    await empty.abort();
    return new TransactionalClaim(options, producer, await options.readCommitted());
  } catch (error) {
    await producer.disconnect().catch(() => undefined);
    throw explainKafkaError(error, brokers);
  }
}

class TransactionalClaim implements PartitionClaim {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly handle = {};
  readonly committed: Committed | null;
  readonly #options: TransactionalClaimOptions;
  readonly #producer: Producer;
  #failure: Error | undefined;

  constructor(options: TransactionalClaimOptions, producer: Producer, committed: Committed | null) {
    this.#options = options;
    this.#producer = producer;
    this.group = options.group;
    this.topic = options.topic;
    this.partition = options.partition;
    this.committed = committed;
  }

  async commit(step: Commit): Promise<void> {
    checkCommit(step, 'transactional');
    const outputs = allOutputs(step);
    await this.#options.checkOutputs(outputs);
    // What a failed transaction left behind is known only after the id was initialised again, by a new claim.
    if (this.#failure) throw this.#failure;
    let transaction: Transaction | undefined;
    try {
      transaction = await this.#producer.transaction();
      await this.#send(transaction, outputs);
      await this.#sendPosition(transaction, step);
      await transaction.commit();
    } catch (error) {
      this.#failure = explainKafkaError(error, this.#options.brokers);
      // kafkajs would commit happily after a failed send.
      await transaction?.abort().catch(() => undefined);
      throw this.#failure;
    }
  }

  async release(): Promise<void> {
    this.#options.onReleased(this);
    await this.#producer.disconnect();
  }

  async #send(transaction: Transaction, outputs: readonly OutputRecord[]): Promise<void> {
    for (const send of cutIntoSends(outputs, this.#options.sendLimits)) {
      const byTopic = Map.groupBy(send, (output) => output.topic);
      await transaction.sendBatch({
        acks: -1,
        topicMessages: [...byTopic].map(([topic, sent]) => ({ topic, messages: sent.map(toMessage) })),
      });
    }
  }

  /** Without outputs, this is the transaction's first request, and the coordinator may still be ending the one before. */
  async #sendPosition(transaction: Transaction, { nextOffset, metadata }: Commit): Promise<void> {
    const { group, topic, partition } = this;
    const position = { partition, offset: String(nextOffset), metadata };
    for (let attempt = 1; ; attempt += 1) {
      try {
        await transaction.sendOffsets({
          consumerGroupId: group,
          topics: [{ topic, partitions: [position] }],
        });
        return;
      } catch (error) {
        if (attempt >= OFFSETS_ATTEMPTS_MAX || !isFailureOfType(error, 'CONCURRENT_TRANSACTIONS'))
          throw error;
        await sleep(Math.min(OFFSETS_WAIT_MAX_MS, OFFSETS_WAIT_MS * 2 ** (attempt - 1)));
      }
    }
  }
}
