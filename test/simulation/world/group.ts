import type { JoinOptions } from '@tollstream/event-log';
import type { PartitionWorker } from '../../../packages/event-log/src/local/partition-worker.ts';
import type { SimulatedProcess } from './virtual-time.ts';
import type { Wire } from './wire.ts';

export interface GroupMember {
  readonly process: SimulatedProcess;
  readonly options: JoinOptions;
  readonly workers: Map<string, PartitionWorker>;
  /** When the coordinator last heard of it. */
  heardAtMs: number;
  /** Its heartbeats do not arrive until then, while its requests do. */
  unheardUntilMs: number;
}

const SESSION_TIMEOUT_MS = 6_000;

/**
 * The coordinator's view of a group: who is a member and who has which partition. Members learn of it by their heartbeats
 * only, so an owner of the past goes on until it hears, is fenced, or wakes up.
 */
export class SimulatedGroup {
  readonly name: string;
  readonly #wire: Wire;
  readonly #partitionsOf: (topic: string) => number;
  readonly #members = new Set<GroupMember>();
  #owners = new Map<string, GroupMember>();

  constructor(name: string, wire: Wire, partitionsOf: (topic: string) => number) {
    this.name = name;
    this.#wire = wire;
    this.#partitionsOf = partitionsOf;
  }

  get members(): readonly GroupMember[] {
    return [...this.#members];
  }

  heard(member: GroupMember): void {
    member.heardAtMs = this.#wire.time.nowMs;
    if (this.#members.has(member)) return;
    this.#members.add(member);
    this.rebalance(`${member.process.name} joined`);
  }

  leave(member: GroupMember): void {
    if (this.#members.delete(member)) this.rebalance(`${member.process.name} left`);
  }

  /** Drops whom nobody heard of. */
  expire(): void {
    const oldest = this.#wire.time.nowMs - SESSION_TIMEOUT_MS;
    for (const member of this.#members) if (member.heardAtMs < oldest) this.leave(member);
  }

  /** Partitions of the member by the newest generation: `topic/partition` → place. */
  assignmentOf(member: GroupMember): Map<string, { topic: string; partition: number }> {
    const places = new Map<string, { topic: string; partition: number }>();
    for (const [key, owner] of this.#owners) {
      const slash = key.lastIndexOf('/');
      if (owner === member)
        places.set(key, { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)) });
    }
    return places;
  }

  /** Deals all partitions anew, at random: most of them move. */
  rebalance(why: string): void {
    const dealt = this.#wire.random.shuffled([...this.#members]);
    this.#owners = new Map();
    const topics = [...new Set(dealt.flatMap(({ options }) => options.topics))].sort();
    let next = 0;
    for (const topic of topics) {
      for (let partition = 0; partition < this.#partitionsOf(topic); partition += 1) {
        this.#owners.set(`${topic}/${partition}`, dealt[next++ % dealt.length]!);
      }
    }
    this.#wire.faults.trace(`rebalance of ${this.name}: ${why}`);
  }
}
