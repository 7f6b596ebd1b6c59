import type { PartitionWorker } from './partition-worker.ts';

export interface GroupMember {
  readonly topics: readonly string[];
  readonly workers: Map<string, PartitionWorker>;
  readonly startWorker: (topic: string, partition: number) => void;
  readonly onAssigned: () => void;
}

export function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/** Members of one group inside this process share its partitions evenly; one join or leave is handled at a time. */
export class Group {
  readonly #members: GroupMember[] = [];
  readonly #partitionsOf: (topic: string) => number;
  #rebalance: Promise<void> = Promise.resolve();

  constructor(partitionsOf: (topic: string) => number) {
    this.#partitionsOf = partitionsOf;
  }

  async add(member: GroupMember): Promise<void> {
    this.#members.push(member);
    await this.#redistribute();
  }

  async remove(member: GroupMember): Promise<void> {
    const index = this.#members.indexOf(member);
    if (index < 0) return;
    this.#members.splice(index, 1);
    await this.#redistribute();
  }

  async #redistribute(): Promise<void> {
    const run = this.#rebalance.then(async () => {
      const wanted = this.#assignment();
      // An old owner flushes and closes before the new one claims, so that nothing flushed is lost to fencing.
      await Promise.all(
        this.#members.flatMap((member) =>
          [...member.workers]
            .filter(([key]) => wanted.get(key)?.member !== member)
            .map(([, worker]) => worker.giveUp('revoked')),
        ),
      );
      for (const [key, { member, topic, partition }] of wanted) {
        if (!member.workers.has(key)) member.startWorker(topic, partition);
      }
      for (const member of this.#members) member.onAssigned();
    });
    this.#rebalance = run.catch(() => undefined);
    await run;
  }

  #assignment(): Map<string, { member: GroupMember; topic: string; partition: number }> {
    const assignment = new Map<string, { member: GroupMember; topic: string; partition: number }>();
    const topics = [...new Set(this.#members.flatMap((member) => member.topics))].sort();
    for (const topic of topics) {
      const interested = this.#members.filter((member) => member.topics.includes(topic));
      for (let partition = 0; partition < this.#partitionsOf(topic); partition += 1) {
        const member = interested[partition % interested.length];
        if (member) assignment.set(partitionKey(topic, partition), { member, topic, partition });
      }
    }
    return assignment;
  }
}
