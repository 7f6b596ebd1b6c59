/**
 * Decimal text ↔ scaled integers. An amount of scale s is the integer value × 10^s: `'0.0125'` at scale 6 is 12500.
 * Numbers are used below 2^53; whatever may grow beyond it has a bigint variant. Nothing here is ever a fraction of a float.
 */
import { MoneyError } from './errors.ts';

/** Largest magnitude of a scaled integer held as a number. */
export const SCALED_MAX = Number.MAX_SAFE_INTEGER;

/** Digits after the decimal point an amount may have at most; 10^15 is the last power of ten below 2^53. */
export const SCALE_MAX = 15;

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?$/;

/**
 * Reads `-12.5`, `+0.0125`, `7`: an optional sign, digits, and optionally a point and digits. No exponent, no grouping, no blanks.
 * Zeros beyond the scale are no digits lost and are allowed; a minus zero is 0.
 * @param text  decimal text
 * @param scale digits after the point that the integer keeps, 0 to `SCALE_MAX`
 * @throws MoneyError TOLL_MONEY_NOT_DECIMAL | TOLL_MONEY_TOO_MANY_DIGITS | TOLL_MONEY_TOO_LARGE
 */
export function parseDecimal(text: string, scale: number): number {
  const value = parseDecimalBig(text, scale);
  if (value > SCALED_MAX || value < -SCALED_MAX) {
    throw new MoneyError(
      'TOLL_MONEY_TOO_LARGE',
      `${quote(text)} with ${scale} decimal places does not fit below 2^53.`,
      `Use an amount of at most ${formatScaled(SCALED_MAX, scale)}.`,
    );
  }
  return Number(value);
}

/** As `parseDecimal`, without the bound of 2^53. */
export function parseDecimalBig(text: string, scale: number): bigint {
  assertScale(scale);
  const match = DECIMAL.exec(text);
  if (match === null) {
    throw new MoneyError(
      'TOLL_MONEY_NOT_DECIMAL',
      `${quote(text)} is no decimal amount.`,
      'Write digits with an optional sign and an optional decimal point, such as 0.0125.',
    );
  }
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > scale) {
    throw new MoneyError(
      'TOLL_MONEY_TOO_MANY_DIGITS',
      `${quote(text)} has ${fraction.length} decimal places; at most ${scale} can be kept.`,
      `Round it to ${scale} decimal places.`,
    );
  }
  const magnitude = BigInt(match[2]! + fraction.padEnd(scale, '0'));
  return match[1] === '-' ? -magnitude : magnitude;
}

export interface FormatOptions {
  /** Drop zeros at the end of the fraction, and the point when nothing follows it. */
  readonly trim?: boolean;
}

/**
 * Writes a scaled integer as decimal text: (12500, 6) → '0.012500', trimmed '0.0125'.
 * @throws MoneyError TOLL_MONEY_TOO_LARGE when a number is no exact integer below 2^53
 */
export function formatScaled(value: number | bigint, scale: number, options: FormatOptions = {}): string {
  assertScale(scale);
  if (typeof value === 'number') assertScaled(value);
  const negative = value < 0;
  const digits = String(negative ? -value : value).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  let fraction = digits.slice(digits.length - scale);
  if (options.trim === true) fraction = fraction.replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Refuses a number that is no exact integer below 2^53. */
export function assertScaled(value: number): void {
  if (!Number.isSafeInteger(value)) {
    throw new MoneyError(
      'TOLL_MONEY_TOO_LARGE',
      `${value} is no exact integer below 2^53.`,
      'Use the bigint variant for sums that may grow beyond it.',
    );
  }
}

function assertScale(scale: number): void {
  if (!Number.isInteger(scale) || scale < 0 || scale > SCALE_MAX) {
    throw new MoneyError(
      'TOLL_MONEY_SCALE_INVALID',
      `${scale} is no scale.`,
      `Use an integer from 0 to ${SCALE_MAX}.`,
    );
  }
}

/** Quotes offending text, cut so that a message stays one line. */
function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
