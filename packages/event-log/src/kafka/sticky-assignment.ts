/**
 * Who of a group gets which partition: each keeps what it has as far as the shares stay even, since whoever gets a partition must first
 * restore its state. A pure function of what the members say that they have, so that it does not matter which of them works it out.
 */

export interface GroupMemberState {
  readonly id: string;
  /** Partitions that it works on now, by topic. */
  readonly owned: Readonly<Record<string, readonly number[]>>;
}

/** By member, then by topic. */
export type Assignment = ReadonlyMap<string, Record<string, number[]>>;

/**
 * The partitions of each topic are shared evenly by themselves: one topic may be far busier than another. The one more that some members
 * must have of a topic is counted over all topics, so that no member has it of all.
 */
export function assignSticky(
  partitionsOf: ReadonlyMap<string, readonly number[]>,
  members: readonly GroupMemberState[],
): Assignment {
  const assignment = new Map<string, Record<string, number[]>>(members.map(({ id }) => [id, {}]));
  const extrasOf = new Map(members.map(({ id }) => [id, 0]));
  const counts = [...partitionsOf.values()].map(({ length }) => length % members.length);
  const extrasMax = Math.ceil(counts.reduce((sum, count) => sum + count, 0) / members.length);
  for (const [topic, partitions] of partitionsOf) {
    const free = new Set(partitions);
    const least = Math.floor(partitions.length / members.length);
    const extras = partitions.length % members.length;
    const ownedCount = ({ owned }: GroupMemberState): number =>
      (owned[topic] ?? []).filter((partition) => free.has(partition)).length;
    const rank = (member: GroupMemberState): readonly number[] => {
      const used = extrasOf.get(member.id)!;
      return [used < extrasMax ? 0 : 1, ownedCount(member) > least ? 0 : 1, used];
    };
    const ordered = members
      .map((member) => ({ member, rank: rank(member) }))
      .sort((a, b) => compare(a.rank, b.rank) || (a.member.id < b.member.id ? -1 : 1))
      .map(({ member }) => member);
    const shares = ordered.map((member, i) => ({ member, share: least + (i < extras ? 1 : 0) }));
    for (const { id } of ordered.slice(0, extras)) extrasOf.set(id, extrasOf.get(id)! + 1);
    const given = new Map<string, number[]>();
    for (const { member, share } of shares) {
      const kept = (member.owned[topic] ?? []).filter((partition) => free.has(partition)).slice(0, share);
      for (const partition of kept) free.delete(partition);
      given.set(member.id, kept);
    }
    const rest = [...free];
    for (const { member, share } of shares) {
      const all = given.get(member.id)!;
      all.push(...rest.splice(0, share - all.length));
      if (all.length > 0) assignment.get(member.id)![topic] = all.sort((a, b) => a - b);
    }
  }
  return assignment;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - b[i]!;
  return 0;
}
