import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CHARGE_OVERFLOW, chargedSecondsOf, chargeOf } from './charge.ts';
import { billableSeconds } from './increments.ts';
import { oraclePrice } from './testing/oracle.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_115);
const CASES = 12_000;

const amount = fc.oneof(
  fc.integer({ min: 0, max: 5_000_000_00 }),
  fc.constantFrom(0, 1, 6_000, 3_000, 2_999, 3_001, 2 ** 52, 2 ** 53 - 1),
  fc.maxSafeNat(),
);
const terms = fc.record({
  initialSeconds: fc.constantFrom(0, 1, 6, 30, 60, 180, 7),
  stepSeconds: fc.constantFrom(1, 6, 30, 60, 7),
  durationRounding: fc.constantFrom('up' as const, 'nearest' as const),
  chargeRounding: fc.constantFrom('half_up' as const, 'up' as const, 'down' as const, 'half_even' as const),
  initialRatePerMinute: amount,
  ratePerMinute: amount,
  connectFee: amount,
});
const duration = fc.oneof(
  fc.integer({ min: 0, max: 7_200_000 }),
  fc
    .tuple(fc.integer({ min: 0, max: 130 }), fc.constantFrom(-1, 0, 1, 500, 499))
    .map(([s, ms]) => Math.max(0, s * 1000 + ms)),
  fc.integer({ min: 0, max: 4_000_000_000_000 }),
);
const left = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: 0, max: 10_000_000 }),
);

it(`charges what the oracle charges (${CASES} cases, seed ${seed})`, () => {
  let wide = 0;
  fc.assert(
    fc.property(terms, duration, left, (rate, durationMs, poolSecondsLeft) => {
      const expected = oraclePrice(durationMs, rate, poolSecondsLeft);
      const billable = billableSeconds(durationMs, rate);
      expect(BigInt(billable)).toBe(expected.billableSeconds);
      const included = Math.min(poolSecondsLeft, billable);
      expect(BigInt(included)).toBe(expected.includedSeconds);
      const parts = chargedSecondsOf(rate, included, billable);
      expect(BigInt(parts.initial + parts.steps)).toBe(expected.chargedSeconds);
      const charge = chargeOf(rate, parts, rate.chargeRounding);
      if (expected.charge > BigInt(Number.MAX_SAFE_INTEGER)) {
        wide += 1;
        expect(charge).toBe(CHARGE_OVERFLOW);
      } else expect(BigInt(charge)).toBe(expected.charge);
    }),
    { numRuns: CASES, seed },
  );
  expect(wide).toBeGreaterThan(0);
});

it(`never charges a longer call less (${CASES} cases, seed ${seed})`, () => {
  fc.assert(
    fc.property(terms, duration, fc.integer({ min: 0, max: 200_000 }), (rate, durationMs, longerMs) => {
      const price = (ms: number): number => {
        const billable = billableSeconds(ms, rate);
        return chargeOf(rate, chargedSecondsOf(rate, 0, billable), rate.chargeRounding);
      };
      const short = price(durationMs);
      const long = price(durationMs + longerMs);
      if (long !== CHARGE_OVERFLOW) expect(long).toBeGreaterThanOrEqual(short);
      else expect(long).toBe(CHARGE_OVERFLOW);
    }),
    { numRuns: CASES, seed },
  );
});

const flat = { initialRatePerMinute: 1, ratePerMinute: 1, connectFee: 0, initialSeconds: 1 };

it.each([
  // Sixtieths: 3,000 of 6,000 rate units × seconds are half a charge unit.
  ['half_up', 3_000, 1],
  ['half_up', 2_999, 0],
  ['half_even', 3_000, 0],
  ['half_even', 9_000, 2],
  ['half_even', 3_001, 1],
  ['up', 1, 1],
  ['down', 5_999, 0],
  ['up', 6_000, 1],
] as const)('%s rounds %i unit seconds to %i', (mode, seconds, expected) => {
  expect(chargeOf(flat, { initial: 0, steps: seconds }, mode)).toBe(expected);
});

it('is exact on both sides of the bound where doubles end', () => {
  const rate = { ...flat, ratePerMinute: 2 ** 45 + 1 };
  for (const seconds of [127, 128, 129, 255, 256, 257, 100_000]) {
    const exact = BigInt(seconds) * (2n ** 45n + 1n);
    expect(BigInt(chargeOf(rate, { initial: 0, steps: seconds }, 'down'))).toBe(exact / 6000n);
  }
});

it('does not fit beyond 2^53', () => {
  const rate = { ...flat, connectFee: Number.MAX_SAFE_INTEGER, ratePerMinute: 6_000 };
  expect(
    chargeOf({ ...rate, ratePerMinute: 0, initialRatePerMinute: 0 }, { initial: 1, steps: 0 }, 'up'),
  ).toBe(Number.MAX_SAFE_INTEGER);
  expect(chargeOf(rate, { initial: 0, steps: 1 }, 'up')).toBe(CHARGE_OVERFLOW);
});

it('charges no connect fee where nothing is charged', () => {
  expect(chargeOf({ ...flat, connectFee: 500 }, { initial: 0, steps: 0 }, 'up')).toBe(0);
});
