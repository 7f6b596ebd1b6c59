import fc from 'fast-check';
import { expect, test } from 'vitest';
import { floorDiv } from './index.ts';

const SEED = 20_200_131;
const MAX = Number.MAX_SAFE_INTEGER;
const RUNS = (20_000 * Number(process.env['FC_CASES_PERCENT'] ?? 100)) / 100;

test(`divides as unbounded integers do (${RUNS} cases, seed ${SEED})`, () => {
  const denominator = fc.oneof(
    fc.integer({ min: 1, max: 1000 }),
    fc.constantFrom(60, 6000, 60_000),
    fc.integer({ min: 1, max: MAX }),
  );
  // Numerators just below a multiple are where a quotient of doubles would be rounded up to the next integer, if it ever were.
  const numerator = fc.tuple(denominator, fc.nat({ max: MAX }), fc.integer({ min: -2, max: 2 }));
  fc.assert(
    fc.property(numerator, ([divisor, any, beside]) => {
      const multiple = Number((BigInt(any) / BigInt(divisor)) * BigInt(divisor));
      for (const value of [any, Math.min(MAX, Math.max(0, multiple + beside))]) {
        expect(floorDiv(value, divisor)).toBe(Number(BigInt(value) / BigInt(divisor)));
      }
    }),
    { seed: SEED, numRuns: RUNS },
  );
});

test.each([
  [0, 1, 0],
  [MAX, 1, MAX],
  [MAX, MAX, 1],
  [MAX - 1, MAX, 0],
  // The closest that quotients come to the next integer: one unit of the numerator below it, where doubles are sparsest.
  [MAX, 2, (MAX - 1) / 2],
  [MAX - 2, 2, (MAX - 3) / 2],
  [MAX - 1, 3, Number((2n ** 53n - 2n) / 3n)],
  [MAX, 4, 2 ** 51 - 1],
  [MAX, 2 ** 26, 2 ** 27 - 1],
  [MAX, 2 ** 52, 1],
  [3 * 94_906_265 - 1, 94_906_265, 2],
])('%i / %i = %i', (numerator, denominator, quotient) => {
  expect(floorDiv(numerator, denominator)).toBe(quotient);
});
