/** Rows by their key, against grouping all of them, for rows that come sorted and for those that do not, asked for in any order. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RowsByKey } from './rows-by-key.ts';

const SEED = Number(process.env['FC_SEED'] ?? 20_200_201);
const RUNS = 4_000;

const key = fc.integer({ min: 1, max: 60 }).map(String);
const keys = fc.array(key, { maxLength: 40 });

it(`are those of all rows, in the order in which they come first (${RUNS} lists, seed ${SEED})`, () => {
  let sorted = 0;
  fc.assert(
    fc.property(keys, fc.boolean(), fc.array(key), fc.boolean(), (list, sortRows, asked, sortAsked) => {
      const rows = (sortRows ? list.toSorted() : list).map((each, line) => ({ key: each, line }));
      const expected = Map.groupBy(rows, (row) => row.key);
      const found = new RowsByKey(rows);
      expect([...found]).toEqual([...expected]);
      expect(found.size).toBe(expected.size);
      for (const each of sortAsked ? asked.toSorted() : asked) {
        expect(found.has(each)).toBe(expected.has(each));
        expect(found.of(each)).toEqual(expected.get(each) ?? []);
      }
      if (sortRows && expected.size > 1) sorted++;
    }),
    { seed: SEED, numRuns: RUNS },
  );
  expect(sorted).toBeGreaterThan(RUNS / 10);
});
