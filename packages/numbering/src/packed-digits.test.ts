import fc from 'fast-check';
import { expect, test } from 'vitest';
import { E164_DIGITS_MAX, POWERS_OF_TEN, digitCount, packDigits, packedDigit } from './packed-digits.ts';

const SEED = 20_200_131;

test(`the digits of a number are those of its text (10000 cases, seed ${SEED})`, () => {
  const number = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 14 }))
    .map(([first, rest]) => Number([first, ...rest].join('')));
  fc.assert(
    fc.property(number, (value) => {
      const text = String(value);
      expect(digitCount(value)).toBe(text.length);
      const aligned = value * POWERS_OF_TEN[E164_DIGITS_MAX - text.length]!;
      const first = Math.floor(aligned / 1e7);
      const words = [packDigits(first), packDigits((aligned - first * 1e7) * 10)];
      const digits = Array.from(text, (_, at) => packedDigit(words[at < 8 ? 0 : 1]!, at));
      expect(digits.join('')).toBe(text);
    }),
    { seed: SEED, numRuns: 10_000 },
  );
});

test('numbers around a power of ten', () => {
  expect([1, 9, 10, 99, 100, 1e10 - 1, 1e10, 1e14 - 1, 1e14].map(digitCount)).toEqual([
    1, 1, 2, 2, 3, 10, 11, 14, 15,
  ]);
});
