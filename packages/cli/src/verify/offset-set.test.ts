import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OffsetSet } from './offset-set.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

const offsets = fc.array(
  fc.oneof(
    fc.nat(200),
    fc.integer({ min: 65_500, max: 65_600 }),
    fc.integer({ min: 2 ** 40, max: 2 ** 40 + 70 }),
  ),
);

test('says of every offset what a set of numbers says', () => {
  fc.assert(
    fc.property(offsets, offsets, (some, others) => {
      const [mine, theirs] = [new OffsetSet(), new OffsetSet()];
      const known = new Set<number>();
      for (const offset of some) {
        expect(mine.add(offset)).toBe(!known.has(offset));
        known.add(offset);
      }
      for (const offset of others) theirs.add(offset);
      const rest = [...known].filter((offset) => !others.includes(offset));
      expect(mine.size).toBe(known.size);
      expect(mine.without(theirs)).toEqual({
        count: rest.length,
        first: rest.length === 0 ? null : Math.min(...rest),
      });
      for (const offset of [...some, ...others]) expect(mine.has(offset)).toBe(known.has(offset));
    }),
  );
});
