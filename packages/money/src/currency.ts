/** Currencies by ISO 4217 code: digits of the minor unit and the symbol invoices print. */
import { MoneyError } from './errors.ts';
import { roundDiv, roundDivBig } from './rounding.ts';
import type { RoundingMode } from './rounding.ts';

export interface Currency {
  readonly code: string;
  /** Decimal places of the minor unit: 2 for USD, 0 for JPY, 3 for KWD. */
  readonly minorDigits: number;
  readonly symbol: string;
}

const TABLE: readonly (readonly [code: string, minorDigits: number, symbol: string])[] = [
  ['AED', 2, 'AED'],
  ['ARS', 2, 'AR$'],
  ['AUD', 2, 'A$'],
  ['BHD', 3, 'BHD'],
  ['BRL', 2, 'R$'],
  ['CAD', 2, 'CA$'],
  ['CHF', 2, 'CHF'],
  ['CLP', 0, 'CLP'],
  ['CNY', 2, 'CN¥'],
  ['COP', 2, 'COP'],
  ['CZK', 2, 'Kč'],
  ['DKK', 2, 'DKK'],
  ['EUR', 2, '€'],
  ['GBP', 2, '£'],
  ['HKD', 2, 'HK$'],
  ['HUF', 2, 'Ft'],
  ['ILS', 2, '₪'],
  ['INR', 2, '₹'],
  ['ISK', 0, 'ISK'],
  ['JOD', 3, 'JOD'],
  ['JPY', 0, '¥'],
  ['KRW', 0, '₩'],
  ['KWD', 3, 'KWD'],
  ['MXN', 2, 'MX$'],
  ['NOK', 2, 'NOK'],
  ['NZD', 2, 'NZ$'],
  ['OMR', 3, 'OMR'],
  ['PEN', 2, 'S/'],
  ['PLN', 2, 'zł'],
  ['SEK', 2, 'SEK'],
  ['SGD', 2, 'S$'],
  ['TND', 3, 'TND'],
  ['TRY', 2, '₺'],
  ['USD', 2, '$'],
  ['UYU', 2, 'UYU'],
  ['ZAR', 2, 'R'],
];

export const CURRENCIES: ReadonlyMap<string, Currency> = new Map(
  TABLE.map(([code, minorDigits, symbol]) => [code, { code, minorDigits, symbol }]),
);

/** @throws MoneyError TOLL_MONEY_CURRENCY_UNKNOWN */
export function currencyOf(code: string): Currency {
  const currency = CURRENCIES.get(code);
  if (currency === undefined) {
    throw new MoneyError(
      'TOLL_MONEY_CURRENCY_UNKNOWN',
      `${JSON.stringify(code)} is no currency this program knows.`,
      `Use one of ${[...CURRENCIES.keys()].join(', ')}.`,
    );
  }
  return currency;
}

/**
 * Rounds a scaled amount to the currency's minor unit: (12345678, 6, 'USD', half_up) → 1235 cents.
 * @param scale decimal places of `value`, at least those of the minor unit
 * @returns minor units (scale `minorDigits`)
 */
export function roundToMinor(value: number, scale: number, code: string, mode: RoundingMode): number {
  return roundDiv(value, 10 ** minorShift(scale, code), mode);
}

/** As `roundToMinor`, for sums beyond 2^53. */
export function roundToMinorBig(value: bigint, scale: number, code: string, mode: RoundingMode): bigint {
  return roundDivBig(value, 10n ** BigInt(minorShift(scale, code)), mode);
}

function minorShift(scale: number, code: string): number {
  const shift = scale - currencyOf(code).minorDigits;
  if (!Number.isInteger(shift) || shift < 0 || shift > 15) {
    throw new MoneyError(
      'TOLL_MONEY_SCALE_INVALID',
      `An amount with ${scale} decimal places cannot be rounded to the minor unit of ${code}.`,
      'Use a scale of at least the digits of the minor unit.',
    );
  }
  return shift;
}
