import { checkCommit, checkPosition, claimForeign } from '../commit-check.ts';
import {
  asError,
  logClosed,
  partitionMissing,
  partitionsDiffer,
  recordsGone,
  topicMissing,
} from '../errors.ts';
import { FETCH_BYTES_MAX, RECORDS_MAX, TASK_BACKOFF, TICK_MS, type Backoff } from '../limits.ts';
import { PackedBatch, PackedRecords, recordCount } from '../packed-records.ts';
import type {
  ClaimMode,
  Committed,
  EventLog,
  JoinOptions,
  Membership,
  Offset,
  PartitionClaim,
  PositionMove,
  RecordBatch,
  TopicInfo,
  TopicSpec,
} from '../port.ts';
import { yieldToEventLoop } from '../waiting.ts';
import { groupOutputs } from './group-outputs.ts';
import { Group, partitionKey, type GroupMember } from './group.ts';
import type { Cursor, LocalStore, Position, ReadResult } from './local-store.ts';
import { PartitionWorker } from './partition-worker.ts';

export interface LocalEventLogOptions {
  readonly kind: 'sqlite' | 'memory';
  readonly store: LocalStore;
  readonly now?: () => number;
  readonly backoff?: Backoff;
  /** Called once the store is closed. */
  readonly onClosed?: () => void;
}

/** An event log whose members all live in this process, over any store that can append and commit in one step. */
export class LocalEventLog implements EventLog {
  readonly kind: 'sqlite' | 'memory';
  readonly #store: LocalStore;
  readonly #now: () => number;
  readonly #backoff: Backoff;
  readonly #onClosed: () => void;
  readonly #groups = new Map<string, Group>();
  readonly #memberships = new Set<Membership>();
  readonly #held = new WeakMap<object, { position: Position; epoch: number }>();
  readonly #appendListeners = new Map<string, Set<() => void>>();
  #closed = false;

  constructor(options: LocalEventLogOptions) {
    this.kind = options.kind;
    this.#store = options.store;
    this.#now = options.now ?? Date.now;
    this.#backoff = options.backoff ?? TASK_BACKOFF;
    this.#onClosed = options.onClosed ?? (() => undefined);
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<{ created: string[]; existing: string[] }> {
    this.#assertOpen();
    for (const spec of specs) {
      const found = this.#store.topic(spec.name);
      if (found && found.partitions !== spec.partitions) {
        throw partitionsDiffer(spec.name, found.partitions, spec.partitions);
      }
    }
    const existing = specs.filter((spec) => this.#store.topic(spec.name) !== undefined);
    const missing = specs.filter((spec) => !existing.includes(spec));
    for (const spec of missing) this.#store.createTopic(spec);
    return { created: missing.map((spec) => spec.name), existing: existing.map((spec) => spec.name) };
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    this.#assertOpen();
    for (const name of names) {
      if (this.#store.topic(name)) this.#store.deleteTopic(name);
    }
  }

  async describeTopics(names: readonly string[]): Promise<TopicInfo[]> {
    this.#assertOpen();
    return names.map((name) => this.#store.topic(name)).filter((info) => info !== undefined);
  }

  async offsets(topic: string): Promise<{ partition: number; begin: Offset; end: Offset }[]> {
    const { partitions } = this.#topic(topic);
    return Array.from({ length: partitions }, (_, partition) => ({
      partition,
      ...this.#store.bounds(topic, partition),
    }));
  }

  async committed(group: string, topic: string, partition: number): Promise<Committed | null> {
    this.#checkPartition(topic, partition);
    return this.#store.committed({ group, topic, partition });
  }

  async claim(group: string, topic: string, partition: number): Promise<PartitionClaim> {
    return this.#claim({ group, topic, partition }, 'transactional');
  }

  async commitPositions(moves: readonly PositionMove[]): Promise<void> {
    this.#assertOpen();
    const steps = moves.map(({ claim, nextOffset, metadata }) => {
      const held = this.#held.get(claim.handle);
      if (held === undefined) throw claimForeign(claim);
      checkPosition({ nextOffset, metadata });
      return { ...held, nextOffset, metadata };
    });
    this.#store.commitPositions(steps);
  }

  async join(options: JoinOptions): Promise<Membership> {
    this.#assertOpen();
    const missing = options.topics.filter((topic) => this.#store.topic(topic) === undefined);
    if (missing.length > 0) throw topicMissing(missing);
    const membership = await this.#startMembership(options);
    this.#memberships.add(membership);
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
    this.#checkPartition(topic, partition);
    // Taken here and not in the generator, which first runs when it is first asked.
    const endOffset = this.#store.bounds(topic, partition).end;
    const to = Math.min(range.to ?? endOffset, endOffset);
    return this.#readForward(range, to, endOffset);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await Promise.all([...this.#memberships].map((membership) => membership.stop()));
    this.#closed = true;
    this.#store.close();
    this.#onClosed();
  }

  async *#readForward(
    range: { topic: string; partition: number; from: Offset; fetchBytesMax?: number },
    to: Offset,
    endOffset: Offset,
  ): AsyncGenerator<RecordBatch> {
    const { topic, partition } = range;
    const cursor = this.#store.cursor(topic, partition);
    const { id } = this.#topic(topic);
    const limits = { to, recordsMax: RECORDS_MAX, bytesMax: range.fetchBytesMax ?? FETCH_BYTES_MAX };
    let position = range.from;
    while (position < to) {
      this.#assertSame({ topic, partition, id });
      const { records, nextOffset } = cursor.read(position, limits);
      position = nextOffset;
      const batch = batchOf(records, { topic, partition, nextOffset, endOffset });
      if (recordCount(batch) === 0) continue;
      yield batch;
      await yieldToEventLoop();
    }
  }

  async #startMembership(options: JoinOptions): Promise<Membership> {
    const group = this.#group(options.group);
    const done = Promise.withResolvers<void>();
    // Whoever looks at `done` later still learns of a failure; until then it must not end the process.
    done.promise.catch(() => undefined);
    let joined = false;
    let stopping: Promise<void> | undefined;

    const workers = new Map<string, PartitionWorker>();
    const stop = async (): Promise<void> => {
      stopping ??= (async () => {
        await Promise.all([...workers.values()].map((worker) => worker.giveUp('stop')));
        await group.remove(member);
        this.#memberships.delete(membership);
        done.resolve();
      })();
      await stopping;
    };
    const fail = (error: Error): void => {
      options.onEvent?.({ kind: 'fatal', error });
      done.reject(error);
      void stop();
    };
    const member: GroupMember = {
      topics: options.topics,
      workers,
      startWorker: (topic, partition) => {
        if (stopping) return;
        const key = partitionKey(topic, partition);
        const worker = this.#createWorker(options, topic, partition);
        workers.set(key, worker);
        void worker.finished
          .catch((error: unknown) => fail(asError(error)))
          .finally(() => {
            if (workers.get(key) === worker) workers.delete(key);
          });
      },
      onAssigned: () => {
        joined = true;
      },
    };
    const membership: Membership = {
      done: done.promise,
      stop,
      get joined() {
        return joined;
      },
    };
    await group.add(member);
    return membership;
  }

  #createWorker(options: JoinOptions, topic: string, partition: number): PartitionWorker {
    const cursor = this.#store.cursor(topic, partition, { oneBatchAtATime: true });
    const { id } = this.#topic(topic);
    return new PartitionWorker({
      topic,
      partition,
      open: options.open,
      onEvent: options.onEvent ?? (() => undefined),
      backoff: this.#backoff,
      tickMs: options.tickMs ?? TICK_MS,
      now: this.#now,
      claim: async () => this.#claim({ group: options.group, topic, partition }, options.mode),
      beginning: async () => this.#store.bounds(topic, partition).begin,
      fetch: (from) => {
        this.#assertSame({ topic, partition, id });
        return this.#fetch(cursor, options, { topic, partition, from });
      },
      onAppend: (wake) => this.#listen(partitionKey(topic, partition), wake),
    });
  }

  #fetch(
    cursor: Cursor,
    options: JoinOptions,
    place: { topic: string; partition: number; from: Offset },
  ): RecordBatch {
    const { topic, partition, from } = place;
    const { begin, end } = this.#store.bounds(topic, partition);
    const { records, nextOffset } = cursor.read(Math.max(from, begin), {
      to: end,
      recordsMax: options.recordsMax ?? RECORDS_MAX,
      bytesMax: options.fetchBytesMax ?? FETCH_BYTES_MAX,
    });
    return batchOf(records, { topic, partition, nextOffset: Math.max(from, nextOffset), endOffset: end });
  }

  #claim(position: Position, mode: ClaimMode): PartitionClaim {
    this.#checkPartition(position.topic, position.partition);
    // 1 fence → 2 read the position as it stands after fencing.
    const epoch = this.#store.takeClaim(position);
    const committed = this.#store.committed(position);
    const handle = {};
    this.#held.set(handle, { position, epoch });
    return {
      ...position,
      handle,
      committed,
      commit: async (step) => {
        this.#assertOpen();
        checkCommit(step, mode);
        const outputs = groupOutputs(step.outputs);
        const { packed, nextOffset, metadata } = step;
        const places = packed === undefined ? outputs : [...outputs, packed];
        for (const { topic, partition } of places) this.#checkPartition(topic, partition);
        this.#store.commit(position, epoch, { outputs, packed, nextOffset, metadata, nowMs: this.#now() });
        for (const { topic, partition } of places) this.#wake(partitionKey(topic, partition));
      },
      release: async () => undefined,
    };
  }

  #group(name: string): Group {
    let group = this.#groups.get(name);
    if (!group) {
      group = new Group((topic) => this.#store.topic(topic)?.partitions ?? 0);
      this.#groups.set(name, group);
    }
    return group;
  }

  #listen(key: string, wake: () => void): () => void {
    let listeners = this.#appendListeners.get(key);
    if (!listeners) {
      listeners = new Set();
      this.#appendListeners.set(key, listeners);
    }
    listeners.add(wake);
    return () => listeners.delete(wake);
  }

  #wake(key: string): void {
    for (const wake of this.#appendListeners.get(key) ?? []) wake();
  }

  #topic(name: string): TopicInfo {
    this.#assertOpen();
    const info = this.#store.topic(name);
    if (!info) throw topicMissing([name]);
    return info;
  }

  /** A topic that was deleted and made anew has other records at the same offsets. */
  #assertSame({ topic, partition, id }: { topic: string; partition: number; id: string }): void {
    if (this.#topic(topic).id !== id) throw recordsGone(topic, partition);
  }

  #checkPartition(topic: string, partition: number): void {
    const { partitions } = this.#topic(topic);
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitions) {
      throw partitionMissing(topic, partition, partitions);
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw logClosed();
  }
}

function batchOf(
  records: ReadResult['records'],
  place: Pick<RecordBatch, 'topic' | 'partition' | 'nextOffset' | 'endOffset'>,
): RecordBatch {
  return records instanceof PackedRecords
    ? new PackedBatch({ ...place, packed: records })
    : { ...place, records };
}
