import { ClaimLostError } from '@tollstream/event-log';
import type { Committed, LogRecord, Offset } from '@tollstream/event-log';
import type { Position, StoreCommit, StoreMove } from '../../../packages/event-log/src/local/local-store.ts';
import { MemoryStore } from '../../../packages/event-log/src/memory/memory-store.ts';
import { SimulatedGroup } from './group.ts';
import { EPOCH_MS, type SimulatedProcess } from './virtual-time.ts';
import type { Wire } from './wire.ts';

/** How a broken broker or client differs from a right one; see broken.ts. */
export interface BrokerFlaws {
  readonly hasNoFencing?: boolean;
  readonly readsPositionBeforeFencing?: boolean;
}

const VISIBLE_AFTER_MS_MAX = 20;

/** The log that all simulated processes share: the records and positions of the memory adapter, behind requests that fail. */
export class SimulatedBroker {
  readonly wire: Wire;
  readonly flaws: BrokerFlaws;
  readonly store: MemoryStore;
  /** How far the broker's clock, which stamps the records, is off. */
  clockOffsetMs = 0;
  readonly #groups = new Map<string, SimulatedGroup>();
  readonly #listeners = new Map<string, Set<{ process: SimulatedProcess; wake: () => void }>>();
  readonly #epochs = new Map<string, number>();
  #topicCount = 0;

  constructor(wire: Wire, flaws: BrokerFlaws = {}) {
    this.wire = wire;
    this.flaws = flaws;
    this.store = new MemoryStore({ makeTopicId: () => `topic-${++this.#topicCount}` });
  }

  get wallClockMs(): number {
    return EPOCH_MS + Math.floor(this.wire.time.nowMs) + this.clockOffsetMs;
  }

  group(name: string): SimulatedGroup {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new SimulatedGroup(name, this.wire, (topic) => this.store.topic(topic)?.partitions ?? 0);
      this.#groups.set(name, group);
    }
    return group;
  }

  groups(): Iterable<SimulatedGroup> {
    return this.#groups.values();
  }

  takeClaim(position: Position): number {
    const epoch = this.store.takeClaim(position);
    this.#epochs.set(JSON.stringify(position), epoch);
    return epoch;
  }

  commit(position: Position, epoch: number, step: StoreCommit): void {
    const newest = this.#epochs.get(JSON.stringify(position));
    this.store.commit(position, this.flaws.hasNoFencing === true ? (newest ?? epoch) : epoch, step);
    for (const { topic, partition } of step.outputs) this.#wake(`${topic}/${partition}`);
  }

  commitPositions(moves: readonly StoreMove[]): void {
    const isFenced = this.flaws.hasNoFencing !== true;
    this.store.commitPositions(
      moves.map((move) => ({
        ...move,
        epoch: isFenced ? move.epoch : (this.#epochs.get(JSON.stringify(move.position)) ?? move.epoch),
      })),
    );
  }

  /** A commit that its sender has given up: it takes effect unless a claim was taken meanwhile. */
  later(place: string, commit: () => void): void {
    this.wire.time.schedule(null, this.wire.random.between(20, 3_000), () => {
      try {
        commit();
        this.wire.faults.trace(`late commit of ${place}`);
      } catch (error) {
        if (!(error instanceof ClaimLostError)) throw error;
      }
    });
  }

  /** Appends as a switch does: at least once, outside of any group. */
  publish(topic: string, partition: number, value: Buffer): void {
    const position = { group: `switch-${topic}`, topic, partition };
    const outputs = [{ topic, partition, records: [{ topic, partition, value }] }];
    const nowMs = this.wallClockMs;
    this.commit(position, this.takeClaim(position), { outputs, nextOffset: 0, metadata: '', nowMs });
  }

  listen(process: SimulatedProcess, key: string, wake: () => void): () => void {
    let listeners = this.#listeners.get(key);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(key, listeners);
    }
    const listener = { process, wake };
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** All records of a partition, as they are: for the auditor and to see what is left to do. */
  records(topic: string, partition: number, from: Offset = 0): LogRecord[] {
    const { end } = this.store.bounds(topic, partition);
    return this.store
      .cursor(topic, partition)
      .read(from, { to: end, recordsMax: Infinity, bytesMax: Infinity }).records;
  }

  committed(group: string, topic: string, partition: number): Committed | null {
    return this.store.committed({ group, topic, partition });
  }

  #wake(key: string): void {
    for (const { process, wake } of this.#listeners.get(key) ?? []) {
      this.wire.time.schedule(process, this.wire.random.fraction() * VISIBLE_AFTER_MS_MAX, wake);
    }
  }
}
