import { expect, it } from 'vitest';
import { RatingError } from './assert.ts';
import { CHARGE_OVERFLOW, UNITS_PER_CHARGE, chargedSecondsOf, chargeOf, chargeOfParts } from './charge.ts';
import type { RatePrices } from './charge.ts';

const MAX = Number.MAX_SAFE_INTEGER;
/** Scaled as in the tables: a rate by 10^8, a fee by 10^6. */
const prices = (part: Partial<RatePrices> = {}): RatePrices => ({
  initialRatePerMinute: 3_000_000,
  ratePerMinute: 2_200_000,
  connectFee: 10_000,
  initialSeconds: 30,
  ...part,
});

it('has 6,000 rate units × seconds in a charge unit', () => {
  // 60 seconds, and two digits more of a rate than of a charge.
  expect(UNITS_PER_CHARGE).toBe(6_000);
});

it.each([
  // Billable and included seconds at an initial interval of 30 s: charged of it, and of the steps.
  [0, 0, 0, 0],
  [30, 0, 30, 0],
  [36, 0, 30, 6],
  [36, 6, 24, 6],
  [36, 29, 1, 6],
  [36, 30, 0, 6],
  [36, 31, 0, 5],
  [36, 36, 0, 0],
  [30, 30, 0, 0],
])(
  '%i s billable, %i s included: charges %i s of the initial interval and %i s of steps',
  (billable, included, initial, steps) => {
    expect(chargedSecondsOf(prices(), included, billable)).toEqual({ initial, steps });
  },
);

it.each([
  // 0.01 + 30 × 0.03 / 60 + 6 × 0.022 / 60
  [{}, { initial: 30, steps: 6 }, 27_200],
  [{}, { initial: 30, steps: 0 }, 25_000],
  [{}, { initial: 0, steps: 6 }, 12_200],
  [{ connectFee: 0 }, { initial: 30, steps: 6 }, 17_200],
  [{ initialRatePerMinute: 0 }, { initial: 30, steps: 6 }, 12_200],
  [{ ratePerMinute: 0 }, { initial: 30, steps: 6 }, 25_000],
  [{ initialRatePerMinute: 0, ratePerMinute: 0 }, { initial: 30, steps: 6 }, 10_000],
  // Free of charge is not free of a fee, but without charged seconds there is none.
  [{}, { initial: 0, steps: 0 }, 0],
])('%o for %o costs %i', (part, seconds, charge) => {
  expect(chargeOf(prices(part), seconds, 'half_up')).toBe(charge);
  const parts = [
    { seconds: seconds.initial, ratePerMinute: prices(part).initialRatePerMinute },
    { seconds: seconds.steps, ratePerMinute: prices(part).ratePerMinute },
  ].filter((each) => each.seconds > 0);
  expect(chargeOfParts(prices(part).connectFee, parts, 'half_up')).toBe(charge);
});

it.each([
  { initialRatePerMinute: -1 },
  { ratePerMinute: -1 },
  { connectFee: -1 },
  { initialRatePerMinute: Number.NaN },
])('never charges by %o', (part) => {
  expect(() => chargeOf(prices(part), { initial: 30, steps: 6 }, 'up')).toThrow(RatingError);
  expect(() => chargeOf(prices(part), { initial: 30, steps: 6 }, 'up')).toThrow(
    'rates and fees are not negative',
  );
});

it('never charges parts by what is negative', () => {
  const parts = [1, -1, 1].map((ratePerMinute) => ({ seconds: 60, ratePerMinute }));
  expect(() => chargeOfParts(0, parts, 'up')).toThrow('rates are not negative');
  expect(() => chargeOfParts(-1, [{ seconds: 60, ratePerMinute: 1 }], 'up')).toThrow('fees are not negative');
});

it.each(['half_up', 'half_even', 'up', 'down'] as const)('rounds %s on both sides of 2^53', (rounding) => {
  const exact = (fee: number, terms: readonly (readonly [number, number])[]): number => {
    const units = terms.reduce((sum, [s, rate]) => sum + BigInt(s) * BigInt(rate), BigInt(fee) * 6_000n);
    const [whole, rest] = [units / 6_000n, units % 6_000n];
    const isUp = {
      up: rest > 0n,
      down: false,
      half_up: rest >= 3_000n,
      half_even: rest > 3_000n || (rest === 3_000n && whole % 2n === 1n),
    };
    return Number(whole + (isUp[rounding] ? 1n : 0n));
  };
  const rates = [MAX, MAX - 1, 2 ** 52, 2 ** 52 + 1, 2 ** 51, 2 ** 51 + 1];
  for (const rate of rates)
    for (const [initial, steps] of [
      [0, 1],
      [1, 0],
      [1, 1],
      [0, 2],
      [0, 3],
      [7, 60],
    ] as const)
      for (const fee of [0, 1, 2 ** 40, 1_501_199_875_790]) {
        const terms = [
          [initial, rate],
          [steps, 3_001],
        ] as const;
        const own = prices({ initialRatePerMinute: rate, ratePerMinute: 3_001, connectFee: fee });
        expect(chargeOf(own, { initial, steps }, rounding)).toBe(exact(fee, terms));
        const parts = terms.map(([seconds, ratePerMinute]) => ({ seconds, ratePerMinute }));
        expect(chargeOfParts(fee, parts, rounding)).toBe(exact(fee, terms));
        expect(chargeOfParts(fee, parts.toReversed(), rounding)).toBe(exact(fee, terms));
      }
});

it('gives the largest amount, and says that a larger one does not fit', () => {
  const seconds = { initial: 0, steps: 60 };
  // 100 rate units a minute are one charge unit a minute.
  expect(chargeOf(prices({ connectFee: MAX - 1, ratePerMinute: 100 }), seconds, 'up')).toBe(MAX);
  expect(chargeOf(prices({ connectFee: MAX, ratePerMinute: 100 }), seconds, 'up')).toBe(CHARGE_OVERFLOW);
  const parts = [{ seconds: 60, ratePerMinute: 100 }];
  expect(chargeOfParts(MAX - 1, parts, 'up')).toBe(MAX);
  expect(chargeOfParts(MAX, parts, 'up')).toBe(CHARGE_OVERFLOW);
});
