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
  // Numerators beside a multiple are where the quotient of doubles is rounded to the next integer.
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
  // Half of what is odd and near 2^53 is rounded up to a whole number by the division.
  [MAX, 2, (MAX - 1) / 2],
  [MAX - 2, 2, (MAX - 3) / 2],
  [MAX - 1, 3, Number((2n ** 53n - 2n) / 3n)],
])('%i / %i = %i', (numerator, denominator, quotient) => {
  expect(floorDiv(numerator, denominator)).toBe(quotient);
});
