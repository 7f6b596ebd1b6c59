import './kafkajs-faster.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import {
  asError,
  EventLogError,
  isFatal,
  logClosed,
  partitionMissing,
  partitionsDiffer,
  topicMissing,
} from '../errors.ts';
import { FETCH_BYTES_MAX, TASK_BACKOFF, type Backoff } from '../limits.ts';
import {
  type Committed,
  type EventLog,
  type JoinOptions,
  type Membership,
  type Offset,
  type OutputRecord,
  type PartitionClaim,
  type PositionMove,
  type RecordBatch,
  type TopicInfo,
  type TopicSpec,
} from '../port.ts';
import { claimForeign } from '../commit-check.ts';
import { explainKafkaError } from './kafka-errors.ts';
import { KafkaMembership } from './kafka-membership.ts';
import { createKafka } from './create-kafka.ts';
import {
  HEARTBEAT_INTERVAL_MS,
  REBALANCE_TIMEOUT_MS,
  SESSION_TIMEOUT_MS,
  TRANSACTION_TIMEOUT_MS,
  type KafkaOptions,
} from './kafka-options.ts';
import { toLogRecord } from './kafka-records.ts';
import {
  createCluster,
  fetchPartition,
  type FetchedPartition,
  type InternalCluster,
} from './kafkajs-internals.ts';
import { withinTime } from '../waiting.ts';
import { askAgain } from './ask-again.ts';
import { claimTransactionally } from './transactional-claim.ts';
import { fetchTopicStates, type TopicState } from './topic-metadata.ts';
import { untilTopicsAreLed } from './topics-led.ts';

const READ_WAIT_MS = 500;
/** Empty fetches below the end of a partition before reading gives up. */
const EMPTY_FETCHES_MAX = 20;
/** kafkajs copies a partition's messages once per message, so a send of many is slow out of proportion. */
const SEND_RECORDS_MAX = 500;
/** Kafka's default for `max.message.bytes`, and the most that one record batch of ours takes. */
const MESSAGE_BYTES_DEFAULT = 1_048_588;
const SEND_BYTES_MAX = 16 * 1024 * 1024;
const SEND_FILL = 0.9;

/** How long the controller may take to make a topic; less than a request may take. */
const TOPIC_CREATION_MS_MAX = 20_000;
const DISCONNECT_WAIT_MS = 3_000;

export interface KafkaEventLogOptions extends KafkaOptions {
  readonly backoff?: Backoff;
}

/** Opens the event log of a Kafka cluster; the first call connects. */
export function openKafkaEventLog(options: KafkaEventLogOptions): EventLog {
  return new KafkaEventLog(options);
}

class KafkaEventLog implements EventLog {
  readonly kind = 'kafka';
  readonly #options: KafkaEventLogOptions;
  readonly #kafka: Kafka;
  readonly #cluster: InternalCluster;
  readonly #memberships = new Set<KafkaMembership>();
  readonly #claims = new Set<PartitionClaim>();
  /** Who was given a claim in mode `offsets`, by its handle. */
  readonly #holders = new WeakMap<object, KafkaMembership>();
  readonly #partitionCounts = new Map<string, number>();
  readonly #sendBytes = new Map<string, number>();
  #closed = false;

  constructor(options: KafkaEventLogOptions) {
    this.#options = options;
    this.#kafka = createKafka(options);
    this.#cluster = createCluster(this.#kafka);
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<{ created: string[]; existing: string[] }> {
    const found = await this.describeTopics(specs.map((spec) => spec.name));
    const partitionsOf = new Map(found.map((info) => [info.name, info.partitions]));
    for (const { name, partitions } of specs) {
      const existing = partitionsOf.get(name);
      if (existing !== undefined && existing !== partitions)
        throw partitionsDiffer(name, existing, partitions);
    }
    const missing = specs.filter((spec) => !partitionsOf.has(spec.name));
    if (missing.length > 0) await this.#create(missing);
    return { created: missing.map((spec) => spec.name), existing: [...partitionsOf.keys()] };
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    const existing = (await this.describeTopics(names)).map((info) => info.name);
    if (existing.length === 0) return;
    await this.#administer(async (admin) => admin.deleteTopics({ topics: existing }));
    for (const name of existing) {
      this.#cluster.targetTopics.delete(name);
      this.#partitionCounts.delete(name);
      this.#sendBytes.delete(name);
    }
  }

  async describeTopics(names: readonly string[]): Promise<TopicInfo[]> {
    const states = await this.#topicStates(names);
    return states.map(({ name, id, partitions }) => ({ name, id, partitions }));
  }

  async offsets(topic: string): Promise<{ partition: number; begin: Offset; end: Offset }[]> {
    const partitions = Array.from({ length: await this.#partitionCount(topic) }, (_, partition) => ({
      partition,
    }));
    return this.#request(async (cluster) => {
      await cluster.addTargetTopic(topic);
      const [begin, end] = await Promise.all(
        [true, false].map(async (fromBeginning) => {
          const [found] = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning }]);
          return new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
        }),
      );
      return partitions.map(({ partition }) => ({
        partition,
        begin: begin?.get(partition) ?? 0,
        end: end?.get(partition) ?? 0,
      }));
    });
  }

  async committed(group: string, topic: string, partition: number): Promise<Committed | null> {
    return this.#request(async (cluster) => {
      const coordinator = await cluster.findGroupCoordinator({ groupId: group });
      const { responses } = await coordinator.offsetFetch({
        groupId: group,
        topics: [{ topic, partitions: [{ partition }] }],
      });
      const found = responses[0]?.partitions[0];
      const offset = Number(found?.offset ?? -1);
      return offset < 0 ? null : { offset, metadata: found?.metadata ?? '' };
    });
  }

  async claim(group: string, topic: string, partition: number): Promise<PartitionClaim> {
    this.#assertOpen();
    await this.#checkPartition(topic, partition);
    const claim: PartitionClaim = await claimTransactionally({
      kafka: this.#kafka,
      brokers: this.#options.brokers,
      group,
      topic,
      partition,
      transactionTimeoutMs: this.#options.transactionTimeoutMs ?? TRANSACTION_TIMEOUT_MS,
      readCommitted: async () => this.committed(group, topic, partition),
      checkOutputs: async (outputs) => this.#prepareOutputs(outputs),
      onReleased: (released) => this.#claims.delete(released),
      sendLimits: {
        recordsMax: SEND_RECORDS_MAX,
        bytesMax: (output) => this.#sendBytes.get(output) ?? MESSAGE_BYTES_DEFAULT * SEND_FILL,
      },
    });
    this.#claims.add(claim);
    return claim;
  }

  async commitPositions(moves: readonly PositionMove[]): Promise<void> {
    this.#assertOpen();
    const [first] = moves;
    if (first === undefined) return;
    const holder = this.#holders.get(first.claim.handle);
    for (const { claim } of moves)
      if (holder === undefined || this.#holders.get(claim.handle) !== holder) throw claimForeign(claim);
    await holder?.commitPositions(moves);
  }

  async join(options: JoinOptions): Promise<Membership> {
    this.#assertOpen();
    const membership: KafkaMembership = new KafkaMembership({
      kafka: this.#kafka,
      brokers: this.#options.brokers,
      join: options,
      backoff: this.#options.backoff ?? TASK_BACKOFF,
      sessionTimeoutMs: this.#options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
      heartbeatIntervalMs: this.#options.heartbeatIntervalMs ?? HEARTBEAT_INTERVAL_MS,
      rebalanceTimeoutMs: this.#options.rebalanceTimeoutMs ?? REBALANCE_TIMEOUT_MS,
      countPartitions: async () => this.#countPartitions(options.topics),
      claim: async (topic, partition) => this.claim(options.group, topic, partition),
      readCommitted: async (topic, partition) => this.committed(options.group, topic, partition),
      beginning: async (topic, partition) => (await this.offsets(topic))[partition]?.begin ?? 0,
      onClaim: (handle) => this.#holders.set(handle, membership),
    });
    // A person must be told at once of what only a person can change; a broker that is away comes back by itself.
    await this.#countPartitions(options.topics).catch((error: unknown) => {
      if (isFatal(error)) throw error;
    });
    this.#memberships.add(membership);
    void membership.done.finally(() => this.#memberships.delete(membership)).catch(() => undefined);
    membership.start();
    return membership;
  }

  read(range: {
    topic: string;
    partition: number;
    from: Offset;
    to?: Offset;
    fetchBytesMax?: number;
  }): AsyncIterable<RecordBatch> {
    const { topic, partition } = range;
    // Asked for here and not in the generator, which first runs when it is first asked.
    const bounds = this.#checkPartition(topic, partition).then(
      async () => (await this.offsets(topic))[partition],
    );
    bounds.catch(() => undefined);
    return this.#readForward(range, bounds);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await Promise.all([...this.#memberships].map(async (membership) => membership.stop()));
    this.#closed = true;
    const releases = [...this.#claims].map(async (claim) => claim.release());
    await withinTime(Promise.allSettled([...releases, this.#cluster.disconnect()]), DISCONNECT_WAIT_MS);
  }

  async *#readForward(
    range: { topic: string; partition: number; from: Offset; to?: Offset; fetchBytesMax?: number },
    bounds: Promise<{ begin: Offset; end: Offset } | undefined>,
  ): AsyncGenerator<RecordBatch> {
    const { topic, partition } = range;
    const { begin, end: endOffset } = (await bounds) ?? { begin: 0, end: 0 };
    const to = Math.min(range.to ?? endOffset, endOffset);
    let position = Math.max(range.from, begin);
    let emptyFetches = 0;
    while (position < to) {
      const fetched = await this.#fetch({ ...range, from: position });
      // A batch that compaction emptied is none of these: reading goes on behind it.
      if (fetched.rawMessages.length === 0 && (fetched.lastBatchOffset ?? null) === null) {
        emptyFetches += 1;
        if (emptyFetches >= EMPTY_FETCHES_MAX) throw unreadable(topic, partition, position);
        continue;
      }
      emptyFetches = 0;
      const all = fetched.packed?.records() ?? fetched.messages.map(toLogRecord);
      const records = all.filter((record) => record.offset < to);
      position = Math.min(to, Number(fetched.lastOffset()) + 1);
      if (records.length > 0) yield { topic, partition, records, nextOffset: position, endOffset };
    }
  }

  async #fetch(place: {
    topic: string;
    partition: number;
    from: Offset;
    fetchBytesMax?: number;
  }): Promise<FetchedPartition> {
    const { topic, partition, from, fetchBytesMax = FETCH_BYTES_MAX } = place;
    return this.#request(async (cluster) => {
      await cluster.addTargetTopic(topic);
      const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
      if (nodeId === undefined) throw new Error(`${topic}/${partition} has no leader.`);
      const broker = await cluster.findBroker({ nodeId });
      const offset = String(from);
      return fetchPartition(broker, {
        topic,
        partition,
        offset,
        bytesMax: fetchBytesMax,
        waitMs: READ_WAIT_MS,
      });
    });
  }

  #topicStates(names: readonly string[]): Promise<TopicState[]> {
    return this.#request(async (cluster) => fetchTopicStates(await cluster.findControllerBroker(), names));
  }

  async #create(specs: readonly TopicSpec[]): Promise<void> {
    await this.#administer(async (admin) =>
      admin.createTopics({
        // kafkajs gives up where the broker that it asks has not heard of the topic yet.
        waitForLeaders: false,
        timeout: TOPIC_CREATION_MS_MAX,
        topics: specs.map(({ name, partitions, settings = {} }) => ({
          topic: name,
          numPartitions: partitions,
          // The broker's own default, so that a production cluster replicates and a single node does not.
          replicationFactor: -1,
          configEntries: Object.entries(settings).map(([setting, value]) => ({ name: setting, value })),
        })),
      }),
    );
    await untilTopicsAreLed({
      names: specs.map(({ name }) => name),
      states: async (names) => this.#topicStates(names),
      now: () => performance.now(),
      sleep,
    });
  }

  async #administer(work: (admin: Admin) => Promise<unknown>): Promise<void> {
    const admin = this.#kafka.admin();
    await this.#explain(async () => {
      try {
        await admin.connect();
        await work(admin);
      } finally {
        await admin.disconnect().catch(() => undefined);
      }
    });
  }

  async #countPartitions(topics: readonly string[]): Promise<number> {
    const infos = await this.describeTopics(topics);
    const missing = topics.filter((topic) => !infos.some((info) => info.name === topic));
    if (missing.length > 0) throw topicMissing(missing);
    return infos.reduce((sum, info) => sum + info.partitions, 0);
  }

  async #checkPartition(topic: string, partition: number): Promise<void> {
    const partitions = await this.#partitionCount(topic);
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitions) {
      throw partitionMissing(topic, partition, partitions);
    }
  }

  async #partitionCount(topic: string): Promise<number> {
    const known = this.#partitionCounts.get(topic);
    if (known !== undefined) return known;
    const [info] = await this.describeTopics([topic]);
    if (!info) throw topicMissing([topic]);
    this.#partitionCounts.set(topic, info.partitions);
    return info.partitions;
  }

  /** Refuses partitions that do not exist, and learns how large a record batch each topic takes. */
  async #prepareOutputs(outputs: readonly OutputRecord[]): Promise<void> {
    this.#assertOpen();
    let last = '';
    for (const { topic, partition } of outputs) {
      const key = `${partition}/${topic}`;
      if (key === last) continue;
      last = key;
      await this.#checkPartition(topic, partition);
      if (!this.#sendBytes.has(topic)) this.#sendBytes.set(topic, await this.#findSendBytes(topic));
    }
  }

  async #findSendBytes(topic: string): Promise<number> {
    const admin = this.#kafka.admin();
    const configNames = ['max.message.bytes'];
    try {
      await admin.connect();
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames }],
      });
      const value = Number(resources[0]?.configEntries[0]?.configValue);
      return Math.min(SEND_BYTES_MAX, value > 0 ? value : MESSAGE_BYTES_DEFAULT) * SEND_FILL;
    } catch {
      // Without the right to read settings, Kafka's default is safe wherever nobody lowered it.
      return MESSAGE_BYTES_DEFAULT * SEND_FILL;
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  async #request<T>(ask: (cluster: InternalCluster) => Promise<T>): Promise<T> {
    this.#assertOpen();
    return askAgain({
      brokers: this.#options.brokers,
      connect: async () => this.#connect(),
      ask: async () => ask(this.#cluster),
      prepare: async ({ isTopicUnknown }) => {
        // One topic that is gone makes the answer for all the others useless to kafkajs.
        if (isTopicUnknown) this.#cluster.targetTopics.clear();
        await this.#cluster.refreshMetadata().catch(() => undefined);
      },
      isClosed: () => this.#closed,
      now: () => performance.now(),
      sleep,
    });
  }

  /** kafkajs tries for some seconds by itself. */
  async #connect(): Promise<void> {
    if (!this.#cluster.isConnected()) await this.#explain(async () => this.#cluster.connect());
  }

  async #explain(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw explainKafkaError(asError(error), this.#options.brokers);
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw logClosed();
  }
}

function unreadable(topic: string, partition: number, offset: Offset): EventLogError {
  return new EventLogError({
    code: 'TOLL_KAFKA_UNSUPPORTED',
    message: `The broker gives no records of ${topic}/${partition} at offset ${offset}, though the partition goes on.`,
    remedy: 'Look at the broker’s log for this partition; nothing was skipped.',
    retriable: true,
  });
}
