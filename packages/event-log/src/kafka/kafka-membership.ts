import type { Consumer, ConsumerCrashEvent, EachBatchPayload, Kafka, OffsetsByTopicPartition } from 'kafkajs';
import { checkCommit, checkPosition } from '../commit-check.ts';
import { asError, isFatal } from '../errors.ts';
import {
  backoffMs,
  FETCH_BYTES_MAX,
  FETCH_BYTES_MIN,
  FETCH_WAIT_MS,
  RECORDS_MAX,
  TICK_MS,
  type Backoff,
} from '../limits.ts';
import {
  ClaimLostError,
  type Committed,
  type JoinOptions,
  type Membership,
  type Offset,
  type PartitionClaim,
  type PositionMove,
  type RecordBatch,
} from '../port.ts';
import { PackedBatch } from '../packed-records.ts';
import { TaskHolder, type TaskOutcome } from '../task-holder.ts';
import { sleepUnlessAborted, withinTime } from '../waiting.ts';
import { explainKafkaError } from './kafka-errors.ts';
import type { FetchedPartition } from './kafkajs-internals.ts';
import { CLIENT_RETRY } from './create-kafka.ts';
import { toLogRecord } from './kafka-records.ts';
import { doneWith } from './response-memory.ts';
import { stickyAssigners } from './sticky-assigner.ts';

/** kafkajs waits for every answer before it disconnects, even for that of a broker that is away or of a group that still forms. */
const DISCONNECT_WAIT_MS = 3_000;

export interface KafkaMembershipOptions {
  readonly kafka: Kafka;
  readonly brokers: readonly string[];
  readonly join: JoinOptions;
  readonly backoff: Backoff;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  /** @returns the partitions of all topics together; @throws when a topic is missing */
  readonly countPartitions: () => Promise<number>;
  readonly claim: (topic: string, partition: number) => Promise<PartitionClaim>;
  readonly readCommitted: (topic: string, partition: number) => Promise<Committed | null>;
  readonly beginning: (topic: string, partition: number) => Promise<Offset>;
  /** Told of each claim in mode `offsets`, by its handle. */
  readonly onClaim: (handle: object) => void;
}

/** One assigned partition. */
interface Slot {
  readonly topic: string;
  readonly partition: number;
  readonly abort: AbortController;
  readonly holder: TaskHolder;
  readonly ticking: NodeJS.Timeout;
  /** Where to read next; null while the task is being opened. */
  position: Offset | null;
  /** Another owner took the claim, though the group still says that the partition is ours. */
  isLost: boolean;
  /** A tick waits for its turn or has it: another one would tell the task nothing new. */
  isTicking: boolean;
}

/**
 * A member of a Kafka consumer group. kafkajs reads and keeps the group's protocol; this class decides from where each
 * partition is read, and stops, waits and begins anew where kafkajs would go on or give up.
 */
export class KafkaMembership implements Membership {
  readonly done: Promise<void>;
  readonly #options: KafkaMembershipOptions;
  readonly #slots = new Map<string, Slot>();
  /** Whose partition a claim is, by its handle. */
  readonly #held = new WeakMap<object, Slot>();
  /** Partitions whose former task is still closing. */
  readonly #closing = new Map<string, Promise<void>>();
  readonly #stopRequested = new AbortController();
  readonly #done = Promise.withResolvers<void>();
  #consumer: Consumer | undefined;
  #commitOffsets: ((offsets: OffsetsByTopicPartition) => Promise<void>) | undefined;
  #running: Promise<void> = Promise.resolve();
  #memberId = '';
  #joined = false;
  #attempt = 0;

  constructor(options: KafkaMembershipOptions) {
    this.#options = options;
    this.done = this.#done.promise;
    // Whoever looks at `done` later still learns of a failure; until then it must not end the process.
    this.done.catch(() => undefined);
  }

  get joined(): boolean {
    return this.#joined;
  }

  /** Joins, and joins again whenever the connection is lost, until stopped or until waiting cannot help. */
  start(): void {
    this.#running = this.#supervise().then(this.#done.resolve, (error: unknown) => {
      this.#options.join.onEvent?.({ kind: 'fatal', error: asError(error) });
      this.#done.reject(error);
    });
  }

  async stop(): Promise<void> {
    this.#stopRequested.abort();
    await this.#running;
  }

  async #supervise(): Promise<void> {
    const { join, backoff, brokers } = this.#options;
    const stopped = this.#stopRequested.signal;
    while (!stopped.aborted) {
      try {
        await this.#runConsumer();
      } catch (thrown) {
        const error = explainKafkaError(thrown, brokers);
        if (isFatal(error)) throw error;
        this.#attempt += 1;
        const waitMs = backoffMs(backoff, this.#attempt);
        const topic = join.topics.join(',');
        join.onEvent?.({ kind: 'retry', topic, partition: -1, error, attempt: this.#attempt, waitMs });
        await sleepUnlessAborted(waitMs, stopped);
      }
    }
  }

  /** One life of a consumer: until stopped, or until it fails. */
  async #runConsumer(): Promise<void> {
    const { kafka, join, countPartitions } = this.#options;
    const fetchBytesMax = join.fetchBytesMax ?? FETCH_BYTES_MAX;
    const consumer = kafka.consumer({
      groupId: join.group,
      sessionTimeout: this.#options.sessionTimeoutMs,
      heartbeatInterval: this.#options.heartbeatIntervalMs,
      rebalanceTimeout: this.#options.rebalanceTimeoutMs,
      minBytes: join.fetchBytesMin ?? FETCH_BYTES_MIN,
      maxBytes: fetchBytesMax,
      maxBytesPerPartition: fetchBytesMax,
      // A resumed partition waits for the fetch under way.
      maxWaitTimeInMs: join.fetchWaitMs ?? FETCH_WAIT_MS,
      readUncommitted: false,
      allowAutoTopicCreation: false,
      partitionAssigners: stickyAssigners(() => this.#owned()),
      // kafkajs would restart after some errors and not after others; here all are handled in one place.
      retry: { ...CLIENT_RETRY, restartOnFailure: async () => false },
    });
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    const stopRequested = new Promise<void>((resolve) => {
      this.#stopRequested.signal.addEventListener('abort', () => resolve(), { once: true });
      if (this.#stopRequested.signal.aborted) resolve();
    });
    consumer.on(consumer.events.CRASH, ({ payload }: ConsumerCrashEvent) => failed.reject(payload.error));
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => this.#onAssignment(payload, failed.reject));
    consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize === 0) this.#onControlRecords(payload, failed.reject);
    });
    consumer.on(consumer.events.HEARTBEAT, () => this.#reopenLost(failed.reject));
    this.#consumer = consumer;
    const run = async (): Promise<void> => {
      const concurrency = Math.max(1, await countPartitions());
      await consumer.connect();
      await consumer.subscribe({ topics: [...join.topics], fromBeginning: true });
      if (this.#stopRequested.signal.aborted) return;
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: concurrency,
        eachBatch: async (payload) => this.#onBatch(payload, failed.reject),
      });
    };
    const running = run();
    running.catch(failed.reject);
    try {
      await Promise.race([stopRequested, failed.promise]);
      // The tasks flush and commit before the member leaves the group.
      await this.#closeAll('stop');
    } finally {
      await this.#closeAll('revoked');
      this.#commitOffsets = undefined;
      await withinTime(consumer.disconnect(), DISCONNECT_WAIT_MS);
      // Stopped while it was still connecting, kafkajs goes on trying for some seconds.
      void running.then(async () => consumer.disconnect()).catch(() => undefined);
    }
  }

  /** Called between joining the group and the first fetch of the new generation. */
  #onAssignment(
    { memberId, memberAssignment }: { memberId: string; memberAssignment: Record<string, number[]> },
    fail: (error: unknown) => void,
  ): void {
    if (this.#stopRequested.signal.aborted) return;
    // Under its old id a member was in every generation in between; under a new one it was away, and others may have moved
    // its partitions, even those that it has again.
    const wasAway = memberId !== this.#memberId;
    this.#memberId = memberId;
    const assigned = new Map(
      Object.entries(memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => [keyOf(topic, partition), { topic, partition }] as const),
      ),
    );
    for (const [key, slot] of this.#slots) {
      if (wasAway || slot.isLost || !assigned.has(key)) this.#drop(slot, 'revoked');
    }
    for (const [key, { topic, partition }] of assigned) {
      const kept = this.#slots.get(key);
      if (!kept) this.#take(topic, partition, fail);
      // kafkajs has forgotten where it was reading, and would begin at the committed position.
      else if (kept.position !== null) this.#seek(kept, kept.position);
    }
    this.#joined = true;
    this.#attempt = 0;
  }

  /** Partitions whose tasks are open: their state would have to be restored elsewhere. */
  #owned(): Record<string, number[]> {
    const owned: Record<string, number[]> = {};
    for (const { topic, partition, position, isLost } of this.#slots.values())
      if (position !== null && !isLost) (owned[topic] ??= []).push(partition);
    return owned;
  }

  #take(topic: string, partition: number, fail: (error: unknown) => void): void {
    const { join, backoff, beginning } = this.#options;
    const onEvent = join.onEvent ?? (() => undefined);
    const abort = new AbortController();
    const slot: Slot = {
      topic,
      partition,
      abort,
      position: null,
      isLost: false,
      isTicking: false,
      holder: new TaskHolder({
        topic,
        partition,
        open: join.open,
        onEvent,
        backoff,
        signal: abort.signal,
        claim: async () => this.#claim(slot),
        beginning: async () => beginning(topic, partition),
      }),
      ticking: setInterval(() => void this.#tick(slot, fail), join.tickMs ?? TICK_MS),
    };
    this.#slots.set(keyOf(topic, partition), slot);
    onEvent({ kind: 'assigned', topic, partition });
    void this.#open(slot, fail);
  }

  /** Nothing is read of the partition until its task is open; then reading begins where the task says. */
  async #open(slot: Slot, fail: (error: unknown) => void): Promise<void> {
    const { topic, partition, holder } = slot;
    slot.position = null;
    this.#consumer?.pause([{ topic, partitions: [partition] }]);
    try {
      await this.#closing.get(keyOf(topic, partition));
      const position = await holder.open();
      if (!this.#isCurrent(slot)) return;
      if (position === null) {
        this.#lose(slot);
        return;
      }
      this.#seek(slot, position);
      slot.position = position;
      this.#consumer?.resume([{ topic, partitions: [partition] }]);
    } catch (error) {
      fail(error);
    }
  }

  async #onBatch(payload: EachBatchPayload, fail: (error: unknown) => void): Promise<void> {
    const { batch } = payload;
    this.#commitOffsets = async (offsets) => payload.commitOffsetsIfNecessary(offsets);
    const slot = this.#slots.get(keyOf(batch.topic, batch.partition));
    if (!slot || slot.position === null || payload.isStale()) return;
    const fetched = batch as unknown as FetchedPartition;
    // What was fetched for an earlier life of the task, or for another position after a rebalance, is not for this one.
    if (Number(fetched.fetchedOffset) !== slot.position) {
      this.#seek(slot, slot.position);
      return;
    }
    // kafkajs sends heartbeats between batches only.
    const beating = setInterval(
      () => void payload.heartbeat().catch(() => undefined),
      this.#options.heartbeatIntervalMs,
    );
    try {
      for (const slice of this.#slices(slot, fetched)) {
        if (this.#stopRequested.signal.aborted || !this.#isCurrent(slot)) return;
        const outcome = await slot.holder.process(slice);
        if (outcome !== 'done') {
          this.#afterFailure(slot, outcome, fail);
          return;
        }
        slot.position = slice.nextOffset;
        payload.resolveOffset(String(slice.nextOffset - 1));
      }
    } catch (error) {
      fail(error);
    } finally {
      clearInterval(beating);
      if (fetched.packed !== undefined) doneWith(fetched.packed.bytes);
    }
  }

  /** A fetch of nothing but control records or aborted ones: kafkajs reads on behind them without asking. */
  #onControlRecords(
    fetched: {
      topic: string;
      partition: number;
      firstOffset: string;
      lastOffset: string;
      highWatermark: string;
    },
    fail: (error: unknown) => void,
  ): void {
    const { topic, partition } = fetched;
    const slot = this.#slots.get(keyOf(topic, partition));
    const from = slot?.position ?? null;
    if (!slot || from === null || Number(fetched.firstOffset) < from) return;
    const to = Number(fetched.lastOffset) + 1;
    slot.position = to;
    this.#options.join.onEvent?.({
      kind: 'lag',
      topic,
      partition,
      lag: Math.max(0, Number(fetched.highWatermark) - to),
    });
    slot.holder.advance(from, to).then((outcome) => {
      if (outcome !== 'done') this.#afterFailure(slot, outcome, fail);
    }, fail);
  }

  *#slices({ topic, partition }: Slot, fetched: FetchedPartition): Generator<RecordBatch> {
    const recordsMax = this.#options.join.recordsMax ?? RECORDS_MAX;
    // Records of a transaction that is under way are none to be read yet: a steady stream of transactions would always look like a backlog.
    const endOffset = Number(fetched.lastStableOffset ?? fetched.highWatermark);
    const { messages, packed } = fetched;
    if (packed !== undefined) {
      for (let from = 0; from < packed.count; from += recordsMax) {
        const to = Math.min(packed.count, from + recordsMax);
        const nextOffset = to < packed.count ? packed.offsets[to]! : Number(fetched.lastOffset()) + 1;
        yield new PackedBatch({ topic, partition, packed: packed.slice(from, to), nextOffset, endOffset });
      }
      return;
    }
    for (let from = 0; from < messages.length; from += recordsMax) {
      const records = messages.slice(from, from + recordsMax).map(toLogRecord);
      const following = messages[from + recordsMax];
      // The end of the fetch counts the control records, so that lag can become nothing.
      const nextOffset = following ? Number(following.offset) : Number(fetched.lastOffset()) + 1;
      yield { topic, partition, records, nextOffset, endOffset };
    }
  }

  async #tick(slot: Slot, fail: (error: unknown) => void): Promise<void> {
    if (slot.position === null || slot.isTicking || !slot.holder.isOpen || !this.#isCurrent(slot)) return;
    slot.isTicking = true;
    try {
      const outcome = await slot.holder.tick(Date.now());
      if (outcome !== 'done') this.#afterFailure(slot, outcome, fail);
    } catch (error) {
      fail(error);
    } finally {
      slot.isTicking = false;
    }
  }

  #afterFailure(slot: Slot, outcome: TaskOutcome, fail: (error: unknown) => void): void {
    if (!this.#isCurrent(slot)) return;
    if (outcome === 'failed') void this.#open(slot, fail);
    if (outcome === 'lost') this.#lose(slot);
  }

  /** The group may not know yet, or the broker ended a transaction that took too long. The next heartbeat tells. */
  #lose(slot: Slot): void {
    if (slot.isLost) return;
    const { topic, partition } = slot;
    slot.isLost = true;
    slot.position = null;
    clearInterval(slot.ticking);
    this.#consumer?.pause([{ topic, partitions: [partition] }]);
    slot.holder.tellGivenUp();
  }

  /** A heartbeat was answered, so the partitions are ours in the present generation: those that were taken are claimed again. */
  #reopenLost(fail: (error: unknown) => void): void {
    for (const slot of this.#slots.values()) {
      if (!slot.isLost) continue;
      this.#drop(slot, 'revoked');
      this.#take(slot.topic, slot.partition, fail);
    }
  }

  #drop(slot: Slot, reason: 'stop' | 'revoked'): void {
    const { topic, partition, holder, abort } = slot;
    const key = keyOf(topic, partition);
    this.#slots.delete(key);
    clearInterval(slot.ticking);
    abort.abort();
    const closing = holder
      .close(reason)
      .catch(() => undefined)
      .then(() => {
        if (!slot.isLost) holder.tellGivenUp();
        if (this.#closing.get(key) === closing) this.#closing.delete(key);
      });
    this.#closing.set(key, closing);
  }

  async #closeAll(reason: 'stop' | 'revoked'): Promise<void> {
    if (reason === 'stop') {
      // Until their tasks are closed, the slots stay: a commit on the way out is one of a present owner.
      await Promise.all(
        [...this.#slots.values()].map(async ({ holder, abort }) => {
          abort.abort();
          await holder.close('stop').catch(() => undefined);
        }),
      );
    }
    for (const slot of this.#slots.values()) this.#drop(slot, reason);
    await Promise.all(this.#closing.values());
  }

  async #claim(slot: Slot): Promise<PartitionClaim> {
    const { join, claim, readCommitted } = this.#options;
    const { topic, partition } = slot;
    if (join.mode === 'transactional') return claim(topic, partition);
    // Being a member of the present generation is the claim: the broker refuses commits of every earlier one.
    const handle = {};
    const committed = await readCommitted(topic, partition);
    this.#held.set(handle, slot);
    this.#options.onClaim(handle);
    const claimed: PartitionClaim = {
      group: join.group,
      topic,
      partition,
      handle,
      committed,
      commit: async (step) => {
        checkCommit(step, 'offsets');
        const { nextOffset, metadata } = step;
        await this.commitPositions([{ claim: claimed, nextOffset, metadata }]);
      },
      release: async () => {
        this.#held.delete(handle);
      },
    };
    return claimed;
  }

  /**
   * One request: the broker writes all positions of it in one batch, or none. It carries the generation that kafkajs is in. A partition that
   * this member lost is in no slot any more, so no commit for it can slip into a later generation.
   */
  async commitPositions(moves: readonly PositionMove[]): Promise<void> {
    const topics = new Map<string, OffsetsByTopicPartition['topics'][number]>();
    for (const { claim, nextOffset, metadata } of moves) {
      const { topic, partition } = claim;
      checkPosition({ nextOffset, metadata });
      const slot = this.#held.get(claim.handle);
      if (slot === undefined)
        throw new ClaimLostError(`The claim on ${topic}/${partition} was given back.`, partition);
      if (!this.#isCurrent(slot))
        throw new ClaimLostError(`The group gave ${topic}/${partition} to another member.`, partition);
      const ofTopic = topics.get(topic) ?? { topic, partitions: [] };
      topics.set(topic, ofTopic);
      // The typings of kafkajs leave the metadata out.
      const position = { partition, offset: String(nextOffset), metadata };
      ofTopic.partitions.push(position);
    }
    if (!this.#commitOffsets) throw new Error('The member has not read anything yet.');
    try {
      await this.#commitOffsets({ topics: [...topics.values()] });
    } catch (error) {
      throw explainKafkaError(error, this.#options.brokers);
    }
  }

  #isCurrent(slot: Slot): boolean {
    return this.#slots.get(keyOf(slot.topic, slot.partition)) === slot;
  }

  #seek({ topic, partition }: Slot, offset: Offset): void {
    this.#consumer?.seek({ topic, partition, offset: String(offset) });
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
