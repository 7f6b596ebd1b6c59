import type {
  ClaimMode,
  Commit,
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
} from '@tollstream/event-log';
import { checkCommit, checkPosition } from '../../../packages/event-log/src/commit-check.ts';
import { groupOutputs } from '../../../packages/event-log/src/local/group-outputs.ts';
import type { Position } from '../../../packages/event-log/src/local/local-store.ts';
import { PartitionWorker } from '../../../packages/event-log/src/local/partition-worker.ts';
import type { SimulatedBroker } from './broker.ts';
import type { FaultKind, Step } from './faults.ts';
import type { GroupMember } from './group.ts';
import type { SimulatedProcess } from './virtual-time.ts';

const HEARTBEAT_MS = 500;
const BATCH_RECORDS_MAX = 25;
const READ_RECORDS_MAX = 20;
const PROBABILITY = { commit: 0.03, read: 0.02, claim: 0.02, cut: 0.03, standStill: 0.03 };
const STAND_STILL_MS = { min: 500, max: 10_000 };

/** The event log as one simulated process reaches it. */
export class BrokerClient implements EventLog {
  readonly kind = 'memory';
  readonly #broker: SimulatedBroker;
  readonly #process: SimulatedProcess;
  readonly #held = new WeakMap<object, { position: Position; epoch: number }>();

  constructor(broker: SimulatedBroker, process: SimulatedProcess) {
    this.#broker = broker;
    this.#process = process;
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<{ created: string[]; existing: string[] }> {
    for (const spec of specs) this.#broker.store.createTopic(spec);
    return { created: specs.map(({ name }) => name), existing: [] };
  }

  async deleteTopics(): Promise<void> {
    throw new Error('The simulation deletes no topics.');
  }

  async describeTopics(names: readonly string[]): Promise<TopicInfo[]> {
    return names.map((name) => this.#broker.store.topic(name)).filter((info) => info !== undefined);
  }

  async offsets(topic: string): Promise<{ partition: number; begin: Offset; end: Offset }[]> {
    const partitions = this.#broker.store.topic(topic)?.partitions ?? 0;
    return this.#request('restore read', () => {
      this.#failAtRandom('read failed', PROBABILITY.read, 'offsets');
      return Array.from({ length: partitions }, (_, partition) => ({
        partition,
        ...this.#broker.store.bounds(topic, partition),
      }));
    });
  }

  async committed(group: string, topic: string, partition: number): Promise<Committed | null> {
    return this.#broker.committed(group, topic, partition);
  }

  async claim(group: string, topic: string, partition: number): Promise<PartitionClaim> {
    return this.#claim({ group, topic, partition }, 'transactional');
  }

  async *read(range: {
    topic: string;
    partition: number;
    from: Offset;
    to?: Offset;
  }): AsyncGenerator<RecordBatch> {
    const { topic, partition } = range;
    const { end: endOffset } = this.#broker.store.bounds(topic, partition);
    const to = Math.min(range.to ?? endOffset, endOffset);
    const cursor = this.#broker.store.cursor(topic, partition);
    for (let position = range.from; position < to;) {
      const from = position;
      const { records, nextOffset } = await this.#request('restore read', () => {
        this.#failAtRandom('read failed', PROBABILITY.read, `${topic}/${partition}`);
        return cursor.read(from, { to, recordsMax: READ_RECORDS_MAX, bytesMax: Infinity });
      });
      position = nextOffset;
      if (records.length > 0) yield { topic, partition, records, nextOffset, endOffset };
    }
  }

  async join(options: JoinOptions): Promise<Membership> {
    const group = this.#broker.group(options.group);
    const { time } = this.#broker.wire;
    const done = Promise.withResolvers<void>();
    done.promise.catch(() => undefined);
    const member: GroupMember = {
      process: this.#process,
      options,
      workers: new Map(),
      heardAtMs: time.nowMs,
      unheardUntilMs: 0,
    };
    let stopping: Promise<void> | undefined;
    const heartbeat = (): void => {
      if (stopping !== undefined) return;
      time.schedule(this.#process, HEARTBEAT_MS, heartbeat);
      if (member.unheardUntilMs > time.nowMs || this.#broker.wire.faults.logOutage() !== null) return;
      group.heard(member);
      this.#reconcile(member, group.assignmentOf(member), (error) => done.reject(error));
    };
    heartbeat();
    return {
      done: done.promise,
      joined: true,
      stop: async () => {
        stopping ??= (async () => {
          await Promise.all([...member.workers.values()].map((worker) => worker.giveUp('stop')));
          group.leave(member);
          done.resolve();
        })();
        await stopping;
      },
    };
  }

  async close(): Promise<void> {
    return Promise.resolve();
  }

  #reconcile(
    member: GroupMember,
    assigned: ReadonlyMap<string, { topic: string; partition: number }>,
    onFatal: (error: unknown) => void,
  ): void {
    for (const [key, worker] of member.workers) if (!assigned.has(key)) void worker.giveUp('revoked');
    for (const [key, { topic, partition }] of assigned) {
      if (member.workers.has(key)) continue;
      const worker = this.#startWorker(member.options, topic, partition);
      member.workers.set(key, worker);
      void worker.finished.catch(onFatal).finally(() => member.workers.delete(key));
    }
  }

  #startWorker(options: JoinOptions, topic: string, partition: number): PartitionWorker {
    const broker = this.#broker;
    const cursor = broker.store.cursor(topic, partition, { oneBatchAtATime: true });
    return new PartitionWorker({
      topic,
      partition,
      open: options.open,
      onEvent: options.onEvent ?? (() => undefined),
      backoff: { initialMs: 100, maxMs: 5_000 },
      tickMs: options.tickMs ?? 1_000,
      now: Date.now,
      claim: async () => this.#claim({ group: options.group, topic, partition }, options.mode),
      beginning: async () => broker.store.bounds(topic, partition).begin,
      onAppend: (wake) => broker.listen(this.#process, `${topic}/${partition}`, wake),
      fetch: (from) => {
        const { faults, random } = broker.wire;
        const { end } = broker.store.bounds(topic, partition);
        if (faults.logOutage() !== null)
          return { topic, partition, records: [], nextOffset: from, endOffset: end };
        const isCut = end > from && faults.strikes('fetch cut short', PROBABILITY.cut);
        const { records, nextOffset } = cursor.read(from, {
          to: isCut ? random.between(from, end) : end,
          recordsMax: random.between(1, options.recordsMax ?? BATCH_RECORDS_MAX),
          bytesMax: Infinity,
        });
        return { topic, partition, records, nextOffset: Math.max(from, nextOffset), endOffset: end };
      },
    });
  }

  async #claim(position: Position, mode: ClaimMode): Promise<PartitionClaim> {
    const broker = this.#broker;
    const readEarly =
      broker.flaws.readsPositionBeforeFencing === true
        ? await this.#request('claim', () => broker.store.committed(position))
        : undefined;
    const { epoch, committed } = await this.#request('claim', () => {
      // 1 fence → 2 read the position as it stands after fencing.
      const fenced = broker.takeClaim(position);
      this.#failAtRandom('claim failed', PROBABILITY.claim, position.topic);
      return { epoch: fenced, committed: broker.store.committed(position) };
    });
    const handle = {};
    this.#held.set(handle, { position, epoch });
    return {
      ...position,
      handle,
      committed: readEarly === undefined ? committed : readEarly,
      commit: async (step) => this.#commit(position, epoch, mode, step),
      release: async () => undefined,
    };
  }

  async #commit(position: Position, epoch: number, mode: ClaimMode, step: Commit): Promise<void> {
    checkCommit(step, mode);
    const broker = this.#broker;
    const place = `${position.topic}/${position.partition}`;
    // Values are views that the sender uses again once it has been told of a failure.
    const copies = step.outputs.map((output) => ({
      ...output,
      value: output.value === null ? null : Buffer.from(output.value),
    }));
    const commit = {
      outputs: groupOutputs(copies),
      nextOffset: step.nextOffset,
      metadata: step.metadata,
      nowMs: broker.wallClockMs,
    };
    await this.#attempt(stepOf(position, step), place, () => broker.commit(position, epoch, commit));
  }

  /** One request for all, as the group's coordinator takes it. */
  async commitPositions(moves: readonly PositionMove[]): Promise<void> {
    const steps = moves.map(({ claim, nextOffset, metadata }) => {
      checkPosition({ nextOffset, metadata });
      return { ...this.#held.get(claim.handle)!, nextOffset, metadata };
    });
    const [first] = steps;
    if (first === undefined) return;
    const place = steps.map(({ position }) => `${position.topic}/${position.partition}`).join(' ');
    await this.#attempt(stepOf(first.position, first), place, () => {
      this.#broker.commitPositions(steps);
      if (isBoundary(first)) this.#maybeStandStill(first.position);
    });
  }

  /**
   * Its partitions become others', some of them, while it waits for the answer: then it goes on as an owner of the past, right before the
   * insert that must be harmless.
   */
  #maybeStandStill({ group }: Position): void {
    const { faults, random, time } = this.#broker.wire;
    if (!faults.draws(PROBABILITY.standStill)) return;
    const lengthMs = random.between(STAND_STILL_MS.min, STAND_STILL_MS.max);
    faults.count('process paused', `${this.#process.name} ${lengthMs} ms with a boundary committed`);
    this.#process.pausedUntilMs = time.nowMs + lengthMs;
    faults.count('rebalance', group);
    this.#broker.group(group).rebalance('beside a process that stands still');
  }

  /** What can become of a commit: done, done and reported as failed, done later, or not done. */
  async #attempt(step: Step, place: string, commit: () => void): Promise<void> {
    const { faults } = this.#broker.wire;
    await this.#request(step, () => {
      this.#failAtRandom('commit aborted', PROBABILITY.commit, place);
      if (faults.strikes('commit late', PROBABILITY.commit, place)) {
        this.#broker.later(place, commit);
        throw new Error('The request timed out (simulated).');
      }
      commit();
      this.#failAtRandom('commit response lost', PROBABILITY.commit, place);
    });
  }

  async #request<T>(step: Step, effect: () => T): Promise<T> {
    return this.#broker.wire.request(this.#process, step, () => {
      const outage = this.#broker.wire.faults.logOutage();
      if (outage !== null) throw outage;
      return effect();
    });
  }

  #failAtRandom(kind: FaultKind, probability: number, place: string): void {
    if (this.#broker.wire.faults.strikes(kind, probability, place)) throw new Error(`${kind} (simulated)`);
  }
}

function stepOf({ group }: Position, { metadata }: Pick<Commit, 'metadata'>): Step {
  if (group === 'ingest') return 'ingest commit';
  if (group === 'rating') return 'rating commit';
  if (group === 'suspense') return 'operator commit';
  return isBoundary({ metadata }) ? 'aggregator boundary' : 'aggregator offset';
}

function isBoundary({ metadata }: Pick<Commit, 'metadata'>): boolean {
  return metadata.includes('"boundary"');
}
