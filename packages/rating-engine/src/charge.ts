import type { ChargeRounding, Rate } from '@tollstream/catalog';
import { CHARGE_SCALE, RATE_SCALE } from '@tollstream/contracts';
import { assert } from './assert.ts';

/** Returned instead of a charge that does not fit below 2^53 at `CHARGE_SCALE`. */
export const CHARGE_OVERFLOW = -1;

/** Rate units × seconds in one charge unit: rates are per minute and carry more digits than charges. */
const UNITS_PER_CHARGE = 60 * 10 ** (RATE_SCALE - CHARGE_SCALE);

/**
 * Seconds × rate up to this bound are exact in doubles. Half of 2^53, so that the rounding of the division
 * which checks the bound cannot let a larger product through.
 */
const EXACT_PRODUCT_MAX = 2 ** 52;

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
  const highestRate = initialRatePerMinute > ratePerMinute ? initialRatePerMinute : ratePerMinute;
  assert(
    initialRatePerMinute >= 0 && ratePerMinute >= 0 && connectFee >= 0,
    'rates and fees are not negative',
  );
  // The bound is checked before the arithmetic that relies on it.
  const isWide =
    connectFee > EXACT_PRODUCT_MAX || (highestRate > 0 && initial + steps > EXACT_PRODUCT_MAX / highestRate);
  if (isWide) return wideCharge(prices, seconds, rounding);
  const product = initial * initialRatePerMinute + steps * ratePerMinute;
  const remainder = product % UNITS_PER_CHARGE;
  const floor = (product - remainder) / UNITS_PER_CHARGE;
  const sum = connectFee + floor;
  return remainder > 0 && roundsUp(rounding, remainder * 2 - UNITS_PER_CHARGE, sum % 2 === 1) ? sum + 1 : sum;
}

/** The same in BigInt, for products beyond the doubles' exact range. */
function wideCharge(prices: RatePrices, seconds: ChargedSeconds, rounding: ChargeRounding): number {
  const product =
    BigInt(seconds.initial) * BigInt(prices.initialRatePerMinute) +
    BigInt(seconds.steps) * BigInt(prices.ratePerMinute);
  const remainder = Number(product % BigInt(UNITS_PER_CHARGE));
  const sum = BigInt(prices.connectFee) + product / BigInt(UNITS_PER_CHARGE);
  const charge =
    remainder > 0 && roundsUp(rounding, remainder * 2 - UNITS_PER_CHARGE, sum % 2n === 1n) ? sum + 1n : sum;
  return charge <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(charge) : CHARGE_OVERFLOW;
}

/** @param aboveHalf sign tells whether the remainder (not 0) lies above, on or below one half */
function roundsUp(rounding: ChargeRounding, aboveHalf: number, isOdd: boolean): boolean {
  switch (rounding) {
    case 'up':
      return true;
    case 'down':
      return false;
    case 'half_up':
      return aboveHalf >= 0;
    case 'half_even':
      return aboveHalf > 0 || (aboveHalf === 0 && isOdd);
  }
}
