import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assignSticky, type Assignment, type GroupMemberState } from './sticky-assignment.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_115);
const topics = fc.uniqueArray(
  fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), partitions: fc.integer({ min: 1, max: 13 }) }),
  { selector: ({ name }) => name, minLength: 1 },
);
/** Members come and go by name. */
const course = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }), {
  minLength: 1,
  maxLength: 8,
});

function partitionsOf(each: readonly { name: string; partitions: number }[]): Map<string, number[]> {
  return new Map(each.map(({ name, partitions }) => [name, Array.from({ length: partitions }, (_, i) => i)]));
}

function placesOf(assignment: Assignment, id: string): string[] {
  return Object.entries(assignment.get(id) ?? {}).flatMap(([topic, partitions]) =>
    partitions.map((partition) => `${topic}/${partition}`),
  );
}

it(`each partition has one owner, shares are even, and what can stay stays (seed ${seed})`, () => {
  fc.assert(
    fc.property(topics, course, (named, generations) => {
      const partitions = partitionsOf(named);
      let before: Assignment = new Map();
      for (const ids of generations) {
        const members: GroupMemberState[] = ids.map((n) => {
          const id = `member-${n}`;
          return { id, owned: before.get(id) ?? {} };
        });
        const now = assignSticky(partitions, members);
        expect(members.flatMap(({ id }) => placesOf(now, id)).sort()).toEqual(
          [...partitions].flatMap(([topic, list]) => list.map((partition) => `${topic}/${partition}`)).sort(),
        );
        for (const [topic, list] of partitions) {
          const least = Math.floor(list.length / ids.length);
          for (const { id, owned } of members) {
            const share = now.get(id)![topic] ?? [];
            expect(share.length - least === 0 || share.length - least === 1).toBe(true);
            // What a member has of a topic, it keeps up to the share that all have.
            const kept = share.filter((partition) => owned[topic]?.includes(partition));
            expect(kept.length).toBeGreaterThanOrEqual(Math.min(owned[topic]?.length ?? 0, least));
          }
        }
        // Worked out by another member, it is the same.
        expect(assignSticky(partitions, members.toReversed())).toEqual(now);
        before = now;
      }
    }),
    { numRuns: 500, seed },
  );
});

it('a group that stays as it is moves nothing', () => {
  const partitions = partitionsOf([{ name: 'a', partitions: 7 }]);
  const first = assignSticky(
    partitions,
    ['x', 'y', 'z'].map((id) => ({ id, owned: {} })),
  );
  const again = assignSticky(
    partitions,
    ['z', 'y', 'x'].map((id) => ({ id, owned: first.get(id)! })),
  );
  expect(again).toEqual(first);
});

it('one that leaves and comes back moves its share only', () => {
  const partitions = partitionsOf([{ name: 'a', partitions: 9 }]);
  const three = assignSticky(
    partitions,
    ['x', 'y', 'z'].map((id) => ({ id, owned: {} })),
  );
  const two = assignSticky(
    partitions,
    ['x', 'y'].map((id) => ({ id, owned: three.get(id)! })),
  );
  for (const id of ['x', 'y']) expect(placesOf(two, id)).toEqual(expect.arrayContaining(placesOf(three, id)));
  const again = assignSticky(partitions, [
    { id: 'new', owned: {} },
    ...['x', 'y'].map((id) => ({ id, owned: two.get(id)! })),
  ]);
  for (const id of ['x', 'y']) expect(placesOf(two, id)).toEqual(expect.arrayContaining(placesOf(again, id)));
});

it('topics of one partition do not all stay with the first member', () => {
  const partitions = partitionsOf(['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, partitions: 1 })));
  const alone = assignSticky(partitions, [{ id: 'x', owned: {} }]);
  const shared = assignSticky(partitions, [
    { id: 'x', owned: alone.get('x')! },
    { id: 'y', owned: {} },
  ]);
  expect([placesOf(shared, 'x').length, placesOf(shared, 'y').length]).toEqual([3, 2]);
});
