import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CHARGE_OVERFLOW, chargedSecondsOf, chargeOf, chargeUnits } from './charge.ts';
import { billableSeconds } from './increments.ts';
import { billedDurationMs, withinLimits } from './special-charge.ts';
import { casesOf } from './testing/cases.ts';
import { oraclePrice } from './testing/oracle.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_115);
const CASES = casesOf(12_000);

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
  special: fc.option(
    fc
      .tuple(amount, amount, fc.constantFrom(0, 0, 1, 6, 10, 60), fc.boolean())
      .map(([a, b, freeSeconds, isUnlimited]) => ({
        minimumCharge: Math.min(a, b),
        maximumCharge: isUnlimited ? Infinity : Math.max(a, b),
        freeSeconds,
      })),
    { nil: null },
  ),
  billsZeroLength: fc.boolean(),
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

function limited(
  { special }: { special: { minimumCharge: number; maximumCharge: number } | null },
  chargedSeconds: number,
  metered: number,
): number {
  return special === null || chargedSeconds === 0 ? metered : withinLimits(metered, special);
}

it(`charges what the oracle charges (${CASES} cases, seed ${seed})`, () => {
  let wide = 0;
  fc.assert(
    fc.property(terms, duration, left, (rate, durationMs, poolSecondsLeft) => {
      const expected = oraclePrice(durationMs, rate, poolSecondsLeft);
      const billable = billableSeconds(billedDurationMs(durationMs, rate.special, rate), rate);
      expect(BigInt(billable)).toBe(expected.billableSeconds);
      const included = Math.min(poolSecondsLeft, billable);
      expect(BigInt(included)).toBe(expected.includedSeconds);
      const parts = chargedSecondsOf(rate, included, billable);
      expect(BigInt(parts.initial + parts.steps)).toBe(expected.chargedSeconds);
      const charge = limited(rate, parts.initial + parts.steps, chargeOf(rate, parts, rate.chargeRounding));
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
        const billable = billableSeconds(billedDurationMs(ms, rate.special, rate), rate);
        const metered = chargeOf(rate, chargedSecondsOf(rate, 0, billable), rate.chargeRounding);
        return limited(rate, billable, metered);
      };
      const short = price(durationMs);
      const long = price(durationMs + longerMs);
      if (long !== CHARGE_OVERFLOW) expect(long).toBeGreaterThanOrEqual(short);
      else expect(long).toBe(CHARGE_OVERFLOW);
    }),
    { numRuns: CASES, seed },
  );
});

/** What a call costs to the last fraction, × `UNITS_PER_CHARGE`: rounding to six digits can make two halves cheaper than one. */
it(`never makes a call cheaper by splitting it, with \`up\` under one rate (${CASES} cases, seed ${seed})`, () => {
  const oneRate = fc.record({
    ratePerMinute: amount,
    connectFee: amount,
    // The step divides the initial interval, as in everything that is sold: at 6/30 two calls of 6 s are cheaper than one of 12 s.
    increments: fc.constantFrom([60, 60], [60, 1], [30, 6], [6, 6], [1, 1], [60, 30]),
  });
  fc.assert(
    fc.property(oneRate, duration, duration, ({ ratePerMinute, connectFee, increments }, first, second) => {
      const [initialSeconds = 1, stepSeconds = 1] = increments;
      const rate = {
        ratePerMinute,
        initialRatePerMinute: ratePerMinute,
        connectFee,
        initialSeconds,
        stepSeconds,
        durationRounding: 'up',
      } as const;
      const price = (ms: number): bigint =>
        ms === 0 ? 0n : chargeUnits(rate, chargedSecondsOf(rate, 0, billableSeconds(ms, rate)));
      expect(price(first) + price(second)).toBeGreaterThanOrEqual(price(first + second));
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
