/** The way from a price to what a rated row stores of it, and back: a row proves its amount without the catalog. */
import { describeOrigin } from '@tollstream/catalog';
import type { ChargeRounding, DurationRounding, Pool, PoolUnit } from '@tollstream/catalog';
import { CHARGE_SCALE, RATE_SCALE } from '@tollstream/contracts';
import type { RateType } from '@tollstream/contracts';
import { formatScaled, parseDecimal, roundDivBig } from '@tollstream/money';
import { chargedSecondsOf, chargeUnits, unitsOfParts, UNITS_PER_CHARGE } from './charge.ts';
import { billableSeconds } from './increments.ts';
import type { PoolUse } from './allowance.ts';
import type { PoolTake } from './pools.ts';
import type { Priced } from './price-call.ts';

/** What a price has beyond the columns that every row has: JSON in `price_detail`, which is '' for most rows. Amounts as text. */
export interface PriceDetail {
  /** Where it differs from `rate_per_minute`. */
  readonly initial_rate_per_minute?: string;
  /** Charged seconds and their rates in order, with the window: they take the place of the rates of the row. */
  readonly parts?: readonly (readonly [seconds: number, ratePerMinute: string, window: string])[];
  /** Which callers the row is for. */
  readonly origin?: string;
  readonly free_seconds?: number;
  readonly minimum_charge?: string;
  readonly maximum_charge?: string;
  /**
   * What each pool gave, where it was not just one of minutes: seconds, calls, or an amount as text; with the account's number whose pool
   * it is, where each number has its own.
   */
  readonly pools?: readonly (
    | readonly [pool: string, unit: PoolUnit, took: string]
    | readonly [pool: string, unit: PoolUnit, took: string, number: string]
  )[];
  /** Of a call that nobody answered. */
  readonly attempt_fee?: string;
}

/** The price columns of a rated row. Scaled as there. */
export interface StoredPrice {
  readonly rateType: RateType;
  readonly durationMs: number;
  readonly initialSeconds: number;
  readonly stepSeconds: number;
  readonly durationRounding: DurationRounding;
  readonly chargeRounding: ChargeRounding;
  readonly billableSeconds: number;
  readonly includedSeconds: number;
  readonly chargedSeconds: number;
  readonly ratePerMinute: number;
  readonly connectFee: number;
  readonly priceDetail: string;
}

/** @returns JSON of a `PriceDetail`, '' when there is nothing to add */
export function priceDetailOf({ rate, rateType, parts, takes, pool }: Priced): string {
  if (rate === null) return '';
  const { special, initialRatePerMinute, ratePerMinute } = rate;
  const pools = takes === null ? null : poolDetail(takes, pool);
  if (special === null && initialRatePerMinute === ratePerMinute && pools === null) return '';
  let detail: PriceDetail = {};
  if (special !== null && special.origin !== null) detail = { origin: describeOrigin(special.origin) };
  if (rateType === 'unanswered')
    return JSON.stringify({ ...detail, attempt_fee: amount(special!.attemptFee) });
  if (parts !== null) {
    const stored = parts.map((part) => [part.seconds, rateText(part.ratePerMinute), part.window] as const);
    detail = { ...detail, parts: stored };
  } else if (initialRatePerMinute !== ratePerMinute) {
    detail = { ...detail, initial_rate_per_minute: rateText(initialRatePerMinute) };
  }
  if (special !== null) {
    const { freeSeconds, minimumCharge, maximumCharge } = special;
    if (freeSeconds > 0) detail = { ...detail, free_seconds: freeSeconds };
    if (minimumCharge > 0) detail = { ...detail, minimum_charge: amount(minimumCharge) };
    if (maximumCharge < Infinity) detail = { ...detail, maximum_charge: amount(maximumCharge) };
  }
  if (pools !== null) detail = { ...detail, ...pools };
  return Object.keys(detail).length === 0 ? '' : JSON.stringify(detail);
}

/** Null where the columns `pool` and `included_seconds` say it all. */
function poolDetail(takes: readonly PoolTake[], first: Pool | null): Pick<PriceDetail, 'pools'> | null {
  const given = takes.filter(({ took }) => took > 0);
  const isInColumns = given.every(
    ({ pool, number }) => pool === first && pool.unit === 'seconds' && number === 0,
  );
  if (isInColumns) return null;
  const pools = given.map(({ pool, took, number }) => {
    const stored = [pool.id, pool.unit, pool.unit === 'money' ? amount(took) : String(took)] as const;
    return number === 0 ? stored : ([...stored, String(number)] as const);
  });
  return { pools };
}

/** What a rated row took from pools that its columns do not say; null = its columns say it. */
export function poolUsesOf(priceDetail: string): readonly PoolUse[] | null {
  // Most rows have no detail, and most details have no pools.
  if (!priceDetail.includes('"pools":')) return null;
  const { pools } = JSON.parse(priceDetail) as PriceDetail;
  return pools!.map(([pool, unit, took, number = '0']) => ({
    pool,
    unit,
    amount: unit === 'money' ? parseDecimal(took, CHARGE_SCALE) : Number(took),
    number: Number(number),
  }));
}

/**
 * Billable seconds and charge of a rated row, worked out again from what it stores, in whole numbers of any size.
 * The zero-length rule of the plan shows in the row itself: a call of 0 ms with billable seconds.
 */
export function recompute(stored: StoredPrice): {
  readonly billableSeconds: number;
  readonly charge: bigint;
} {
  const detail = (stored.priceDetail === '' ? {} : JSON.parse(stored.priceDetail)) as PriceDetail;
  if (stored.rateType === 'unanswered') {
    return { billableSeconds: 0, charge: chargeFrom(detail.attempt_fee ?? '0') };
  }
  if (stored.stepSeconds === 0) return { billableSeconds: 0, charge: 0n }; // no rate: free, before the billing start
  const freeMs = (detail.free_seconds ?? 0) * 1000;
  const isZeroBilled = stored.durationMs === 0 && stored.billableSeconds > 0;
  const billedMs = isZeroBilled ? 1 : Math.max(0, stored.durationMs - freeMs);
  const billable = billableSeconds(billedMs, stored);
  if (stored.chargedSeconds === 0) return { billableSeconds: billable, charge: 0n };
  const units =
    detail.parts === undefined ? unitsOfRow(stored, detail, billable) : unitsOfStored(stored, detail.parts);
  const metered = roundDivBig(units, BigInt(UNITS_PER_CHARGE), stored.chargeRounding);
  return { billableSeconds: billable, charge: limited(metered, detail) - paidByPools(detail) };
}

function unitsOfStored({ connectFee }: StoredPrice, parts: NonNullable<PriceDetail['parts']>): bigint {
  const rated = parts.map(([seconds, rate]) => ({ seconds, ratePerMinute: parseDecimal(rate, RATE_SCALE) }));
  return unitsOfParts(connectFee, rated);
}

function unitsOfRow(stored: StoredPrice, detail: PriceDetail, billable: number): bigint {
  const initial = detail.initial_rate_per_minute;
  const prices = {
    ...stored,
    initialRatePerMinute: initial === undefined ? stored.ratePerMinute : parseDecimal(initial, RATE_SCALE),
  };
  return chargeUnits(prices, chargedSecondsOf(prices, stored.includedSeconds, billable));
}

function limited(charge: bigint, { minimum_charge, maximum_charge }: PriceDetail): bigint {
  const minimum = chargeFrom(minimum_charge ?? '0');
  if (charge < minimum) return minimum;
  if (maximum_charge === undefined) return charge;
  const maximum = chargeFrom(maximum_charge);
  return charge > maximum ? maximum : charge;
}

function paidByPools({ pools = [] }: PriceDetail): bigint {
  return pools.reduce((sum, [, unit, took]) => (unit === 'money' ? sum + chargeFrom(took) : sum), 0n);
}

function amount(charge: number): string {
  return formatScaled(charge, CHARGE_SCALE, { trim: true });
}

function rateText(ratePerMinute: number): string {
  return formatScaled(ratePerMinute, RATE_SCALE, { trim: true });
}

function chargeFrom(text: string): bigint {
  return BigInt(parseDecimal(text, CHARGE_SCALE));
}
