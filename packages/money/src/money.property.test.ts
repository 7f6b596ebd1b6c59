/**
 * Against an oracle in exact rationals that shares no code with the package: every rounding is told from the
 * inequalities that define it, in bigint.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ROUNDING_MODES,
  formatScaled,
  mulDiv,
  parseDecimal,
  parseDecimalBig,
  roundDiv,
  roundDivBig,
} from './index.ts';
import type { RoundingMode } from './index.ts';

const SEED = 20200131;
const RUNS = (5_000 * Number(process.env['FC_CASES_PERCENT'] ?? 100)) / 100;
const safe = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1000, max: 1000 }));
const divisor = fc.oneof(
  fc.integer({ min: 1, max: 12 }),
  fc.constantFrom(60, 60_000, 6_000_000, 10_000_000_000),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
);
const mode = fc.constantFrom(...ROUNDING_MODES);

/** Whether q is n/d rounded as named. */
function isRounded(q: bigint, n: bigint, d: bigint, how: RoundingMode): boolean {
  const abs = (x: bigint): bigint => (x < 0n ? -x : x);
  const distance = abs(n - q * d);
  if (distance === 0n) return true;
  if (distance >= d) return false;
  const away = abs(q) * d > abs(n);
  const sameSide = q === 0n || q < 0n === n < 0n;
  switch (how) {
    case 'up':
      return away && sameSide;
    case 'down':
      return !away && sameSide;
    case 'half_up':
      return sameSide && (2n * distance < d || (2n * distance === d && away));
    case 'half_even':
      return sameSide && (2n * distance < d || (2n * distance === d && q % 2n === 0n));
  }
}

describe('against exact rationals', () => {
  it('divides numbers as named', () => {
    fc.assert(
      fc.property(safe, divisor, mode, (n, d, how) => {
        const q = roundDiv(n, d, how);
        return isRounded(BigInt(q), BigInt(n), BigInt(d), how) && roundDiv(-n, d, how) === (q === 0 ? 0 : -q);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('divides bigints as named', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt({ min: 1n, max: 10n ** 30n }), mode, (n, d, how) =>
        isRounded(roundDivBig(n, d, how), n, d, how),
      ),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('multiplies and divides as if with unbounded integers', () => {
    fc.assert(
      fc.property(safe, safe, divisor, mode, (a, b, d, how) => {
        const exact = roundDivBig(BigInt(a) * BigInt(b), BigInt(d), how);
        if (exact > BigInt(Number.MAX_SAFE_INTEGER) || exact < -BigInt(Number.MAX_SAFE_INTEGER)) {
          expect(() => mulDiv(a, b, d, how)).toThrow(/2\^53/);
        } else {
          expect(BigInt(mulDiv(a, b, d, how))).toBe(exact);
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger(),
        fc.integer({ min: 0, max: 15 }),
        fc.boolean(),
        (value, scale, trim) => {
          expect(parseDecimal(formatScaled(value, scale, { trim }), scale)).toBe(value === 0 ? 0 : value);
          expect(parseDecimalBig(formatScaled(BigInt(value) * 977n, scale, { trim }), scale)).toBe(
            BigInt(value) * 977n,
          );
        },
      ),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('reads what a decimal library reads', async () => {
    const { Decimal } = await import('decimal.js');
    Decimal.set({ precision: 60 });
    fc.assert(
      fc.property(fc.stringMatching(/^-?\d{1,9}(\.\d{1,6})?$/), (text) => {
        expect(String(parseDecimal(text, 6))).toBe(
          new Decimal(text).times(1_000_000).plus(0).toFixed().replace(/^-0$/, '0'),
        );
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});
