/**
 * The rules of interval billing once more, in exact fractions and without a thought for speed. Shares no code with the
 * engine: what both agree on was written twice from the rules (README.md).
 */

/** numerator / denominator; denominator positive. */
interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

function fraction(numerator: bigint | number, denominator: bigint | number = 1): Fraction {
  return { numerator: BigInt(numerator), denominator: BigInt(denominator) };
}

function add(a: Fraction, b: Fraction): Fraction {
  return {
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  };
}

function multiply(a: Fraction, b: Fraction): Fraction {
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator };
}

function compare(a: Fraction, b: Fraction): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export interface OracleTerms {
  readonly initialSeconds: number;
  readonly stepSeconds: number;
  readonly durationRounding: 'up' | 'nearest';
  readonly chargeRounding: 'half_up' | 'up' | 'down' | 'half_even';
  /** Scaled: rates by 10^8 a minute, the fee by 10^6. */
  readonly initialRatePerMinute: number;
  readonly ratePerMinute: number;
  readonly connectFee: number;
  /** Null or left out: none. */
  readonly special?: {
    readonly minimumCharge: number;
    /** `Infinity`: none. */
    readonly maximumCharge: number;
    readonly freeSeconds: number;
    readonly priceLists?: OracleLists | null;
  } | null;
  /** Of the plan. */
  readonly billsZeroLength?: boolean;
}

/** Rates of a row by window of the tariff and by tier. */
export interface OracleLists {
  readonly base: OracleList | null;
  readonly byWindow: readonly (OracleList | null)[];
}

interface OracleList {
  readonly initialRatePerMinute: number;
  readonly tiers: readonly { readonly fromSeconds: number; readonly ratePerMinute: number }[];
}

export interface OraclePrice {
  readonly billableSeconds: bigint;
  readonly includedSeconds: bigint;
  readonly chargedSeconds: bigint;
  /** Scaled by 10^6. */
  readonly charge: bigint;
}

/**
 * @param poolSecondsLeft what the allowance still holds; 0 without one
 * @param windowAfter     the tariff's window that holds so many seconds after the answer; -1 = none
 * @throws RangeError when an increment starts where there is no rate
 */
export function oraclePrice(
  durationMs: number,
  terms: OracleTerms,
  poolSecondsLeft: number,
  windowAfter: (seconds: number) => number = () => -1,
): OraclePrice {
  const billable = oracleBillable(durationMs, terms);
  const left = BigInt(Math.max(0, poolSecondsLeft));
  const included = left < billable ? left : billable;
  const lists = terms.special?.priceLists ?? null;
  if (lists !== null) return priceByIncrement(billable, included, lists, terms, windowAfter);
  // Second by second would be the definition; whole stretches at one rate say the same.
  const initialEnd = billable < BigInt(terms.initialSeconds) ? billable : BigInt(terms.initialSeconds);
  const inInitial = included < initialEnd ? initialEnd - included : 0n;
  const inSteps = billable - included - inInitial;
  let exact = fraction(0);
  if (billable > included) exact = fraction(terms.connectFee, 10n ** 6n);
  exact = add(exact, multiply(fraction(inInitial, 60), fraction(terms.initialRatePerMinute, 10n ** 8n)));
  exact = add(exact, multiply(fraction(inSteps, 60), fraction(terms.ratePerMinute, 10n ** 8n)));
  if (billable > included) exact = oracleLimits(exact, terms);
  return {
    billableSeconds: billable,
    includedSeconds: included,
    chargedSeconds: billable - included,
    charge: roundTo(multiply(exact, fraction(10n ** 6n)), terms.chargeRounding),
  };
}

export interface OraclePool {
  readonly unit: 'seconds' | 'calls' | 'money';
  /** Money scaled by 10^6. */
  readonly left: bigint;
}

export interface PooledPrice extends OraclePrice {
  /** Of each pool, in its unit. */
  readonly took: readonly bigint[];
}

/**
 * With several pools, in their order: each second of the call goes to the first pool that can bear it, and what is to be paid in the end
 * to the first pool in money that can.
 */
export function oraclePooledPrice(
  durationMs: number,
  terms: OracleTerms,
  pools: readonly OraclePool[],
  windowAfter: (seconds: number) => number = () => -1,
): PooledPrice {
  const took = pools.map(() => 0n);
  let bearer = -1;
  let included = 0;
  for (let second = 0n; second < oracleBillable(durationMs, terms); second++) {
    if (bearer < 0) {
      const able = pools.findIndex(({ unit, left }, i) => unit !== 'money' && took[i]! < left);
      if (able < 0) break;
      took[able]! += 1n;
      // A call of a pool bears the rest of the call.
      if (pools[able]!.unit === 'calls') bearer = able;
    }
    included += 1;
  }
  const price = oraclePrice(durationMs, terms, included, windowAfter);
  let due = price.charge;
  pools.forEach(({ unit, left }, i) => {
    if (unit !== 'money') return;
    took[i] = left < due ? left : due;
    due -= took[i];
  });
  return { ...price, charge: due, took };
}

/** Every increment for itself, by where it starts. */
function priceByIncrement(
  billable: bigint,
  included: bigint,
  lists: OracleLists,
  terms: OracleTerms,
  windowAfter: (seconds: number) => number,
): OraclePrice {
  let secondsTimesRate = 0n;
  for (let start = 0; BigInt(start) < billable;) {
    const isInitial = start === 0 && terms.initialSeconds > 0;
    const end = start + (isInitial ? terms.initialSeconds : terms.stepSeconds);
    const window = windowAfter((terms.special?.freeSeconds ?? 0) + start);
    const list = (window < 0 ? null : lists.byWindow[window]) ?? lists.base;
    if (list === null) throw new RangeError(`no rate at second ${start}`);
    let rate = list.initialRatePerMinute;
    if (!isInitial) for (const tier of list.tiers) if (tier.fromSeconds <= start) rate = tier.ratePerMinute;
    const charged = BigInt(end) - (included > BigInt(start) ? included : BigInt(start));
    if (charged > 0n) secondsTimesRate += charged * BigInt(rate);
    start = end;
  }
  let exact = fraction(secondsTimesRate, 60n * 10n ** 8n);
  if (billable > included) exact = oracleLimits(add(exact, fraction(terms.connectFee, 10n ** 6n)), terms);
  return {
    billableSeconds: billable,
    includedSeconds: included,
    chargedSeconds: billable - included,
    charge: roundTo(multiply(exact, fraction(10n ** 6n)), terms.chargeRounding),
  };
}

/** Limits hold for the exact price; they are amounts that rounding leaves alone. */
function oracleLimits(exact: Fraction, { special }: OracleTerms): Fraction {
  if (special === null || special === undefined) return exact;
  const minimum = fraction(special.minimumCharge, 10n ** 6n);
  const raised = compare(exact, minimum) < 0 ? minimum : exact;
  if (special.maximumCharge === Infinity) return raised;
  const maximum = fraction(special.maximumCharge, 10n ** 6n);
  return compare(raised, maximum) > 0 ? maximum : raised;
}

function oracleBillable(durationMs: number, terms: OracleTerms): bigint {
  const initial = BigInt(terms.initialSeconds);
  const free = terms.special?.freeSeconds ?? 0;
  if (durationMs === 0) return free === 0 && terms.billsZeroLength === true ? initial : 0n;
  const seconds = add(fraction(durationMs, 1000), fraction(-free));
  if (seconds.numerator <= 0n) return 0n;
  if (compare(seconds, fraction(initial)) <= 0) return initial;
  const steps = multiply(add(seconds, fraction(-initial)), fraction(1, terms.stepSeconds));
  const rounded = roundTo(steps, terms.durationRounding === 'up' ? 'up' : 'half_up');
  return initial + rounded * BigInt(terms.stepSeconds);
}

/** Nearest whole number by mode; values are not negative. */
function roundTo(value: Fraction, mode: OracleTerms['chargeRounding']): bigint {
  const below = value.numerator / value.denominator;
  const isWhole = below * value.denominator === value.numerator;
  if (isWhole || mode === 'down') return below;
  if (mode === 'up') return below + 1n;
  const half = compare(value, add(fraction(below), fraction(1, 2)));
  if (half !== 0) return half > 0 ? below + 1n : below;
  return mode === 'half_up' || below % 2n === 1n ? below + 1n : below;
}
