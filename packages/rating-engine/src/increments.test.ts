import { describe, expect, it } from 'vitest';
import { billableSeconds } from './increments.ts';

/** Durations in ms → billable seconds, worked by hand. Rows: increments; up; nearest. */
const GOLDEN: Record<
  string,
  { up: [ms: number, seconds: number][]; nearest: [ms: number, seconds: number][] }
> = {
  '60/60': {
    up: [
      [0, 0],
      [1, 60],
      [20_000, 60],
      [59_999, 60],
      [60_000, 60],
      [60_001, 120],
      [61_000, 120],
      [89_999, 120],
      [90_000, 120],
      [119_999, 120],
      [120_000, 120],
      [120_001, 180],
      [3_600_000, 3600],
      [3_600_001, 3660],
    ],
    nearest: [
      [0, 0],
      [1, 60],
      [20_000, 60],
      [59_999, 60],
      [60_000, 60],
      [60_001, 60],
      [89_999, 60],
      [90_000, 120],
      [90_001, 120],
      [119_999, 120],
      [120_000, 120],
      [149_999, 120],
      [150_000, 180],
      [3_629_999, 3600],
      [3_630_000, 3660],
    ],
  },
  '60/1': {
    up: [
      [0, 0],
      [1, 60],
      [59_999, 60],
      [60_000, 60],
      [60_001, 61],
      [61_000, 61],
      [61_001, 62],
      [61_999, 62],
    ],
    nearest: [
      [0, 0],
      [1, 60],
      [60_000, 60],
      [60_001, 60],
      [60_499, 60],
      [60_500, 61],
      [61_000, 61],
      [61_499, 61],
      [61_500, 62],
    ],
  },
  '30/6': {
    up: [
      [0, 0],
      [1, 30],
      [29_999, 30],
      [30_000, 30],
      [30_001, 36],
      [31_000, 36],
      [35_999, 36],
      [36_000, 36],
      [36_001, 42],
    ],
    nearest: [
      [0, 0],
      [1, 30],
      [30_000, 30],
      [32_999, 30],
      [33_000, 36],
      [36_000, 36],
      [38_999, 36],
      [39_000, 42],
    ],
  },
  '6/6': {
    up: [
      [0, 0],
      [1, 6],
      [5_999, 6],
      [6_000, 6],
      [6_001, 12],
      [11_999, 12],
      [12_000, 12],
      [12_001, 18],
    ],
    nearest: [
      [0, 0],
      [1, 6],
      [6_000, 6],
      [8_999, 6],
      [9_000, 12],
      [12_000, 12],
      [14_999, 12],
      [15_000, 18],
    ],
  },
  '1/1': {
    up: [
      [0, 0],
      [1, 1],
      [999, 1],
      [1_000, 1],
      [1_001, 2],
      [1_999, 2],
      [2_000, 2],
      [2_001, 3],
    ],
    nearest: [
      [0, 0],
      [1, 1],
      [1_000, 1],
      [1_499, 1],
      [1_500, 2],
      [2_000, 2],
      [2_499, 2],
      [2_500, 3],
    ],
  },
};

for (const [increments, golden] of Object.entries(GOLDEN)) {
  const [initialSeconds = 0, stepSeconds = 0] = increments.split('/').map(Number);
  describe(`billable seconds at ${increments}`, () => {
    for (const rounding of ['up', 'nearest'] as const) {
      it.each(golden[rounding])(`${rounding}: %i ms → %i s`, (durationMs, expected) => {
        expect(billableSeconds(durationMs, { initialSeconds, stepSeconds, durationRounding: rounding })).toBe(
          expected,
        );
      });
    }
  });
}

it('stays exact at the largest durations', () => {
  const largest = Number.MAX_SAFE_INTEGER; // …740,991 ms
  expect(billableSeconds(largest, { initialSeconds: 1, stepSeconds: 1, durationRounding: 'up' })).toBe(
    9_007_199_254_741,
  );
  expect(billableSeconds(largest - 991, { initialSeconds: 1, stepSeconds: 1, durationRounding: 'up' })).toBe(
    9_007_199_254_740,
  );
  expect(billableSeconds(largest - 990, { initialSeconds: 1, stepSeconds: 1, durationRounding: 'up' })).toBe(
    9_007_199_254_741,
  );
});

it.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53])('refuses a duration of %d ms', (durationMs) => {
  expect(() =>
    billableSeconds(durationMs, { initialSeconds: 60, stepSeconds: 60, durationRounding: 'up' }),
  ).toThrow('whole number of ms');
});

it('refuses a step of nothing', () => {
  expect(() => billableSeconds(1, { initialSeconds: 60, stepSeconds: 0, durationRounding: 'up' })).toThrow(
    'at least 1 s',
  );
});

it('refuses an initial interval of less than nothing, and takes one of nothing', () => {
  const at = (initialSeconds: number): number =>
    billableSeconds(7_000, { initialSeconds, stepSeconds: 6, durationRounding: 'up' });
  expect(() => at(-1)).toThrow('the initial interval not negative');
  expect(at(0)).toBe(12);
});

/** 0, 1 ms, and 1 ms before, at and after: the end of the initial interval, the middle and the end of the first step. */
it.each([
  [
    60,
    60,
    [0, 1, 59_999, 60_000, 60_001, 89_999, 90_000, 90_001, 119_999, 120_000, 120_001],
    {
      up: [0, 60, 60, 60, 120, 120, 120, 120, 120, 120, 180],
      nearest: [0, 60, 60, 60, 60, 60, 120, 120, 120, 120, 120],
    },
  ],
  [
    60,
    1,
    [0, 1, 59_999, 60_000, 60_001, 60_499, 60_500, 60_501, 60_999, 61_000, 61_001],
    { up: [0, 60, 60, 60, 61, 61, 61, 61, 61, 61, 62], nearest: [0, 60, 60, 60, 60, 60, 61, 61, 61, 61, 61] },
  ],
  [
    30,
    6,
    [0, 1, 29_999, 30_000, 30_001, 32_999, 33_000, 33_001, 35_999, 36_000, 36_001],
    { up: [0, 30, 30, 30, 36, 36, 36, 36, 36, 36, 42], nearest: [0, 30, 30, 30, 30, 30, 36, 36, 36, 36, 36] },
  ],
  [
    6,
    6,
    [0, 1, 5_999, 6_000, 6_001, 8_999, 9_000, 9_001, 11_999, 12_000, 12_001],
    { up: [0, 6, 6, 6, 12, 12, 12, 12, 12, 12, 18], nearest: [0, 6, 6, 6, 6, 6, 12, 12, 12, 12, 12] },
  ],
  [
    1,
    1,
    [0, 1, 999, 1_000, 1_001, 1_499, 1_500, 1_501, 1_999, 2_000, 2_001],
    { up: [0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3], nearest: [0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2] },
  ],
] as const)('%i/%i at every border: %j', (initialSeconds, stepSeconds, durations, expected) => {
  for (const durationRounding of ['up', 'nearest'] as const)
    expect(
      durations.map((ms) => billableSeconds(ms, { initialSeconds, stepSeconds, durationRounding })),
    ).toEqual(expected[durationRounding]);
});
