import type { ChargeRounding, Rate } from '@tollstream/catalog';
import { CHARGE_SCALE, RATE_SCALE } from '@tollstream/contracts';
import { roundDiv, roundDivBig } from '@tollstream/money';
import { assert } from './assert.ts';

/** Returned instead of a charge that does not fit below 2^53 at `CHARGE_SCALE`. */
export const CHARGE_OVERFLOW = -1;

/** Rate units × seconds in one charge unit: rates are per minute and carry more digits than charges. */
export const UNITS_PER_CHARGE = 60 * 10 ** (RATE_SCALE - CHARGE_SCALE);

/** The prices of a rate row: scaled integers, see `Rate`. */
export type RatePrices = Pick<
  Rate,
  'initialRatePerMinute' | 'ratePerMinute' | 'connectFee' | 'initialSeconds'
>;

/** Charged seconds split by the rate they are priced at. */
export interface ChargedSeconds {
  readonly initial: number;
  readonly steps: number;
}

export interface RatedSeconds {
  readonly seconds: number;
  readonly ratePerMinute: number;
}

/**
 * Included seconds are the first of the call, so what is charged is its end: first what is left of the initial
 * interval, then steps.
 */
export function chargedSecondsOf(
  prices: RatePrices,
  includedSeconds: number,
  billableSeconds: number,
): ChargedSeconds {
  const initialBillable = billableSeconds < prices.initialSeconds ? billableSeconds : prices.initialSeconds;
  const initial = initialBillable > includedSeconds ? initialBillable - includedSeconds : 0;
  return { initial, steps: billableSeconds - includedSeconds - initial };
}

/**
 * `connectFee + initial · R1 / 60 + steps · Rn / 60`, rounded once. No charged seconds, no connect fee.
 * @returns charge scaled by `CHARGE_SCALE`, or `CHARGE_OVERFLOW`
 */
export function chargeOf(prices: RatePrices, seconds: ChargedSeconds, rounding: ChargeRounding): number {
  const { initial, steps } = seconds;
  if (initial === 0 && steps === 0) return 0;
  const { initialRatePerMinute, ratePerMinute, connectFee } = prices;
  assert(
    initialRatePerMinute >= 0 && ratePerMinute >= 0 && connectFee >= 0,
    'rates and fees are not negative',
  );
  const units = connectFee * UNITS_PER_CHARGE + initial * initialRatePerMinute + steps * ratePerMinute;
  return isExact(units)
    ? roundDiv(units, UNITS_PER_CHARGE, rounding)
    : wide(chargeUnits(prices, seconds), rounding);
}

/**
 * `connectFee + Σ seconds · rate / 60`, rounded once: the charge of a call whose parts have rates of their own.
 * @returns charge scaled by `CHARGE_SCALE`, or `CHARGE_OVERFLOW`
 */
export function chargeOfParts(
  connectFee: number,
  parts: readonly RatedSeconds[],
  rounding: ChargeRounding,
): number {
  if (parts.length === 0) return 0;
  assert(connectFee >= 0, 'fees are not negative');
  let units = connectFee * UNITS_PER_CHARGE;
  for (const { seconds, ratePerMinute } of parts) {
    assert(ratePerMinute >= 0, 'rates are not negative');
    units += seconds * ratePerMinute;
  }
  return isExact(units)
    ? roundDiv(units, UNITS_PER_CHARGE, rounding)
    : wide(unitsOfParts(connectFee, parts), rounding);
}

/**
 * Whether a sum of products was computed without a rounding. None of its terms is negative, and what is 2^53 or more is never rounded to
 * less: so below it no product and no sum on the way was beyond it.
 */
function isExact(sum: number): boolean {
  return sum <= Number.MAX_SAFE_INTEGER;
}

function wide(units: bigint, rounding: ChargeRounding): number {
  const charge = roundDivBig(units, BigInt(UNITS_PER_CHARGE), rounding);
  return charge <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(charge) : CHARGE_OVERFLOW;
}

/** The exact charge × `UNITS_PER_CHARGE` of parts that are charged. */
export function unitsOfParts(connectFee: number, parts: readonly RatedSeconds[]): bigint {
  return parts.reduce(
    (units, { seconds, ratePerMinute }) => units + BigInt(seconds) * BigInt(ratePerMinute),
    BigInt(connectFee) * BigInt(UNITS_PER_CHARGE),
  );
}

/** The exact charge × `UNITS_PER_CHARGE`. */
export function chargeUnits(prices: RatePrices, seconds: ChargedSeconds): bigint {
  return (
    BigInt(prices.connectFee) * BigInt(UNITS_PER_CHARGE) +
    BigInt(seconds.initial) * BigInt(prices.initialRatePerMinute) +
    BigInt(seconds.steps) * BigInt(prices.ratePerMinute)
  );
}
