import { describe, expect, it } from 'vitest';
import {
  MoneyError,
  SCALED_MAX,
  currencyOf,
  formatScaled,
  mulDiv,
  parseDecimal,
  parseDecimalBig,
  roundDiv,
  roundDivBig,
  roundToMinor,
  roundToMinorBig,
} from './index.ts';

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof MoneyError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

describe('decimal text', () => {
  it.each([
    ['0', 6, 0],
    ['0.0125', 6, 12500],
    ['-12.5', 2, -1250],
    ['+7', 0, 7],
    ['1.2300', 2, 123],
    ['-0', 2, 0],
    ['007', 1, 70],
    ['9007199254740991', 0, SCALED_MAX],
  ])('%s at scale %i is %i', (text, scale, value) => {
    expect(parseDecimal(text, scale)).toBe(value);
  });

  it.each(['', '.', '1.', '.5', '1e3', ' 1', '1 ', '1,5', '0x10', '--1', 'NaN', 'Infinity', '١', '1\n'])(
    'refuses %j',
    (text) => {
      expect(codeOf(() => parseDecimal(text, 6))).toBe('TOLL_MONEY_NOT_DECIMAL');
    },
  );

  it('refuses digits it cannot keep, and amounts beyond 2^53', () => {
    expect(codeOf(() => parseDecimal('0.0000001', 6))).toBe('TOLL_MONEY_TOO_MANY_DIGITS');
    expect(codeOf(() => parseDecimal('9007199254740992', 0))).toBe('TOLL_MONEY_TOO_LARGE');
    expect(codeOf(() => parseDecimal('9007199254.740992', 6))).toBe('TOLL_MONEY_TOO_LARGE');
    expect(parseDecimalBig('9007199254.740992', 6)).toBe(9007199254740992n);
    expect(codeOf(() => parseDecimal('9'.repeat(40), 6))).toBe('TOLL_MONEY_TOO_LARGE');
  });

  it('writes all digits, or only those that say something', () => {
    expect(formatScaled(12500, 6)).toBe('0.012500');
    expect(formatScaled(12500, 6, { trim: true })).toBe('0.0125');
    expect(formatScaled(-5, 2)).toBe('-0.05');
    expect(formatScaled(1000000, 6, { trim: true })).toBe('1');
    expect(formatScaled(-0, 2)).toBe('0.00');
    expect(formatScaled(7, 0)).toBe('7');
    expect(formatScaled(12345678901234567890n, 6)).toBe('12345678901234.567890');
    expect(codeOf(() => formatScaled(0.5, 2))).toBe('TOLL_MONEY_TOO_LARGE');
    expect(codeOf(() => formatScaled(1, 16))).toBe('TOLL_MONEY_SCALE_INVALID');
  });
});

describe('rounding', () => {
  it.each([
    ['half_up', [-3, -2, -1, 0, 1, 2, 3]],
    ['up', [-3, -2, -1, 0, 1, 2, 3]],
    ['down', [-2, -1, 0, 0, 0, 1, 2]],
    ['half_even', [-2, -2, 0, 0, 0, 2, 2]],
  ] as const)('%s of -2.5, -1.5, -0.5, 0, 0.5, 1.5, 2.5', (mode, expected) => {
    expect([-5, -3, -1, 0, 1, 3, 5].map((half) => roundDiv(half, 2, mode))).toEqual(expected);
  });

  it.each(['half_up', 'up', 'down', 'half_even'] as const)('%s of a bigint is that of the number', (mode) => {
    for (let half = -7; half <= 7; half += 1)
      expect(roundDivBig(BigInt(half), 2n, mode), `${half}/2`).toBe(BigInt(roundDiv(half, 2, mode)));
  });

  it('never returns a minus zero', () => {
    expect(Object.is(roundDiv(-1, 10, 'down'), 0)).toBe(true);
    expect(Object.is(mulDiv(-0, 5, 10, 'up'), 0)).toBe(true);
  });

  it('is exact where a product passes 2^53', () => {
    // 94,906,265 × 94,906,267 is 2^53 + 71,321,763; with 94,906,264 it is below 2^53.
    for (const a of [94_906_264, 94_906_265, 94_906_266]) {
      const product = BigInt(a) * 94_906_267n;
      for (const mode of ['half_up', 'up', 'down', 'half_even'] as const)
        expect(BigInt(mulDiv(a, 94_906_267, 60, mode))).toBe(roundDivBig(product, 60n, mode));
    }
    expect(mulDiv(SCALED_MAX, 1, 1, 'down')).toBe(SCALED_MAX);
    expect(mulDiv(-SCALED_MAX, 1, 1, 'down')).toBe(-SCALED_MAX);
    expect(mulDiv(0, SCALED_MAX, 7, 'up')).toBe(0);
    expect(mulDiv(SCALED_MAX, 0, 7, 'up')).toBe(0);
  });

  it('multiplies beyond 2^53 and refuses only a result beyond it', () => {
    expect(mulDiv(SCALED_MAX, 60, 60, 'half_up')).toBe(SCALED_MAX);
    expect(mulDiv(3_000_000_000_000, 100_000_000, 6_000_000_000, 'half_up')).toBe(
      50_000_000_000_000_000 / 1_000_000,
    );
    expect(codeOf(() => mulDiv(SCALED_MAX, 2, 1, 'up'))).toBe('TOLL_MONEY_TOO_LARGE');
    expect(codeOf(() => mulDiv(1, 1, 0, 'up'))).toBe('TOLL_MONEY_DIVISOR_INVALID');
    expect(codeOf(() => roundDiv(1, -1, 'up'))).toBe('TOLL_MONEY_DIVISOR_INVALID');
    expect(codeOf(() => roundDiv(2 ** 53, 1, 'up'))).toBe('TOLL_MONEY_TOO_LARGE');
  });
});

describe('currency', () => {
  it('rounds to the minor unit', () => {
    expect(roundToMinor(12_345_678, 6, 'USD', 'half_up')).toBe(1235);
    expect(roundToMinor(-12_345_000, 6, 'USD', 'half_up')).toBe(-1235);
    expect(roundToMinor(500_000, 6, 'JPY', 'half_even')).toBe(0);
    expect(roundToMinorBig(10n ** 20n + 5_000n, 6, 'CAD', 'half_up')).toBe(10n ** 16n + 1n);
    expect(codeOf(() => roundToMinor(1, 0, 'BRL', 'up'))).toBe('TOLL_MONEY_SCALE_INVALID');
  });

  it('knows its currencies by code', () => {
    expect(currencyOf('BRL')).toEqual({ code: 'BRL', minorDigits: 2, symbol: 'R$' });
    expect(codeOf(() => currencyOf('usd'))).toBe('TOLL_MONEY_CURRENCY_UNKNOWN');
  });
});

describe('bounds', () => {
  it('keeps scales from 0 to 15', () => {
    expect(parseDecimalBig('1.000000000000001', 15)).toBe(1_000_000_000_000_001n);
    for (const scale of [-1, 0.5, 16, Number.NaN]) {
      expect(codeOf(() => parseDecimal('1', scale))).toBe('TOLL_MONEY_SCALE_INVALID');
      expect(codeOf(() => formatScaled(1, scale))).toBe('TOLL_MONEY_SCALE_INVALID');
    }
  });

  it('reads the smallest amount, and none below it', () => {
    expect(parseDecimal('-9007199254740991', 0)).toBe(-SCALED_MAX);
    expect(codeOf(() => parseDecimal('-9007199254740992', 0))).toBe('TOLL_MONEY_TOO_LARGE');
  });

  it('rounds to the minor unit from its own scale up to 15 digits more', () => {
    expect(roundToMinor(7, 2, 'USD', 'up')).toBe(7);
    expect(roundToMinor(10 ** 15, 15, 'JPY', 'up')).toBe(1);
    expect(codeOf(() => roundToMinorBig(1n, 18, 'USD', 'up'))).toBe('TOLL_MONEY_SCALE_INVALID');
    expect(codeOf(() => roundToMinorBig(1n, 2.5, 'USD', 'up'))).toBe('TOLL_MONEY_SCALE_INVALID');
  });

  it('never divides by less than one, nor multiplies what is no exact integer', () => {
    for (const divisor of [0n, -1n]) {
      expect(codeOf(() => roundDivBig(1n, divisor, 'up'))).toBe('TOLL_MONEY_DIVISOR_INVALID');
    }
    // Beyond 2^53 the product goes by bigint, where a fraction of a divisor would throw something else.
    expect(codeOf(() => mulDiv(SCALED_MAX, 2, 1.5, 'up'))).toBe('TOLL_MONEY_DIVISOR_INVALID');
    expect(codeOf(() => mulDiv(0.5, 2, 1, 'up'))).toBe('TOLL_MONEY_TOO_LARGE');
    expect(codeOf(() => mulDiv(2, 0.5, 1, 'up'))).toBe('TOLL_MONEY_TOO_LARGE');
  });
});

describe('what a person reads', () => {
  const LONG = '9'.repeat(61);
  it.each([
    [() => parseDecimal('12,5', 6), '"12,5" is no decimal amount.', /^Write digits .* such as 0\.0125\.$/],
    [
      () => parseDecimal(LONG, 0),
      `"${'9'.repeat(60)}…" with 0 decimal places does not fit below 2^53.`,
      /^Use an amount of at most 9007199254740991\.$/,
    ],
    [
      () => parseDecimal('9'.repeat(60), 0),
      `"${'9'.repeat(60)}" with 0 decimal places does not fit below 2^53.`,
      /at most/,
    ],
    [
      () => parseDecimal('0.125', 2),
      '"0.125" has 3 decimal places; at most 2 can be kept.',
      /^Round it to 2 decimal places\.$/,
    ],
    [() => formatScaled(0.5, 2), '0.5 is no exact integer below 2^53.', /^Use the bigint variant/],
    [() => formatScaled(1, 16), '16 is no scale.', /^Use an integer from 0 to 15\.$/],
    [() => roundDiv(1, 0, 'up'), 'Cannot divide by 0.', /^Divide by an exact integer of at least 1\.$/],
    [() => currencyOf('usd'), '"usd" is no currency this program knows.', /^Use one of AED, ARS, .*, ZAR\.$/],
    [
      () => roundToMinor(1, 0, 'BRL', 'up'),
      'An amount with 0 decimal places cannot be rounded to the minor unit of BRL.',
      /^Use a scale of at least/,
    ],
  ] as const)('error %#: %s', (action, message, remedy) => {
    expect(action).toThrow(
      expect.objectContaining({ name: 'MoneyError', message, remedy: expect.stringMatching(remedy) }),
    );
  });
});
