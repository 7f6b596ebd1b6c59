/** What a carrier charges, by prefix and time: rows of a tariff made so that a call is looked up by digits and time alone. Pure. */
import type { Rate, Tariff } from '@tollstream/catalog';

/** Begins where time does: the store has no earlier instants than it can hold. */
const ALWAYS_MS = 0;
/** 2299-12-31: the last day of a DateTime64(3). */
const NEVER_MS = Date.UTC(2299, 11, 31);
/** In place of a rate that there is none of. */
export const NO_RATE = -1;

export interface CostTerms {
  readonly description: string;
  readonly deck: string;
  readonly currency: string;
  readonly initialSeconds: number;
  readonly stepSeconds: number;
  readonly durationRounding: Tariff['durationRounding'];
  readonly costRounding: Tariff['chargeRounding'];
  /** Scaled by 10^CHARGE_SCALE. */
  readonly connectFee: number;
  /** A minute, scaled by 10^RATE_SCALE; `NO_RATE` = none. */
  readonly initialRate: number;
  readonly rate: number;
  readonly rateInterstate: number;
  readonly rateIntrastate: number;
  readonly rateIndeterminate: number;
}

/** A row of a deck: holds in [fromMs, toMs). */
export interface CostRow extends CostTerms {
  /** E.164 digits. */
  readonly prefix: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A row of the table: what numbers that begin with `digits`, and with no longer ones that there are, cost in [fromMs, toMs). */
export interface CostEntry extends CostRow {
  readonly digits: string;
}

/** @returns the rows, or what of the tariff costs cannot have, as sentences */
export function costRowsOf(tariff: Tariff): { rows: readonly CostRow[]; refused: readonly string[] } {
  const refused = new Map<string, { first: string; count: number }>();
  const refuse = (what: string, prefix: string): void => {
    const before = refused.get(what);
    if (before === undefined) refused.set(what, { first: prefix, count: 1 });
    else before.count++;
  };
  if (tariff.byRoutingNumber) refuse('rates by routing number', '');
  const rows: CostRow[] = [];
  for (const rate of tariff.rates) {
    for (const what of beyondCosts(rate)) refuse(what, rate.prefix);
    const fromMs = Math.max(rate.effectiveFrom, ALWAYS_MS);
    const toMs = Math.min(rate.effectiveTo, NEVER_MS);
    if (fromMs < toMs) rows.push({ prefix: rate.prefix, fromMs, toMs, ...termsOf(rate, tariff) });
  }
  return {
    rows,
    refused: [...refused].map(([what, { first, count }]) =>
      first === '' ? what : `${what} (prefix ${first}${count > 1 ? ` and ${count - 1} more` : ''})`,
    ),
  };
}

function* beyondCosts({ special }: Rate): Generator<string> {
  if (special === null) return;
  if (special.priceLists !== null) yield 'rates by the time of day, or tiers';
  if (special.origin !== null) yield 'rates by who calls';
  if (special.minimumCharge > 0) yield 'minimum charges';
  if (special.maximumCharge < Infinity) yield 'maximum charges';
  if (special.attemptFee > 0) yield 'fees for calls that nobody answers';
  if (special.freeSeconds > 0) yield 'free seconds';
}

function termsOf(rate: Rate, tariff: Tariff): CostTerms {
  const { blocked, special } = rate;
  const byJurisdiction = special?.jurisdictionRates ?? null;
  const known = (each: number | null): number => (blocked || each === null ? NO_RATE : each);
  const step = known(byJurisdiction === null ? rate.ratePerMinute : byJurisdiction.other);
  return {
    description: rate.description,
    deck: tariff.id,
    currency: tariff.currency,
    initialSeconds: rate.initialSeconds,
    stepSeconds: rate.stepSeconds,
    durationRounding: rate.durationRounding,
    costRounding: tariff.chargeRounding,
    connectFee: rate.connectFee,
    initialRate: byJurisdiction === null ? known(rate.initialRatePerMinute) : step,
    rate: step,
    rateInterstate: byJurisdiction === null ? step : known(byJurisdiction.interstate),
    rateIntrastate: byJurisdiction === null ? step : known(byJurisdiction.intrastate),
    rateIndeterminate: byJurisdiction === null ? step : known(byJurisdiction.indeterminate),
  };
}

/** Rows of two loads as one deck: until the instant those before, from it on the new ones. */
export function replacedFrom(
  before: readonly CostRow[],
  after: readonly CostRow[],
  fromMs: number,
): CostRow[] {
  return [...clipped(before, ALWAYS_MS, fromMs), ...clipped(after, fromMs, NEVER_MS)];
}

/**
 * Gives each prefix, where its own rows do not hold, the rows of the next shorter prefix that hold then. A longer prefix that starts tomorrow
 * so does not hide today's shorter one.
 * @param rows no two of one prefix overlap
 */
export function costEntries(rows: readonly CostRow[]): CostEntry[] {
  const own = Map.groupBy(rows, ({ prefix }) => prefix);
  const whole = new Map<string, readonly CostRow[]>();
  const entries: CostEntry[] = [];
  for (const digits of [...own.keys()].sort((a, b) => a.length - b.length)) {
    const shorter = shorterPrefix(digits, own);
    const timeline = filled(own.get(digits)!, shorter === null ? [] : whole.get(shorter)!);
    whole.set(digits, timeline);
    for (const row of timeline) entries.push({ ...row, digits });
  }
  return entries;
}

function shorterPrefix(digits: string, known: ReadonlyMap<string, unknown>): string | null {
  for (let length = digits.length - 1; length > 0; length--) {
    const prefix = digits.slice(0, length);
    if (known.has(prefix)) return prefix;
  }
  return null;
}

function filled(own: readonly CostRow[], shorter: readonly CostRow[]): CostRow[] {
  const timeline: CostRow[] = [];
  let filledToMs = ALWAYS_MS;
  for (const row of own.toSorted((a, b) => a.fromMs - b.fromMs)) {
    timeline.push(...clipped(shorter, filledToMs, row.fromMs), row);
    filledToMs = row.toMs;
  }
  timeline.push(...clipped(shorter, filledToMs, NEVER_MS));
  return timeline;
}

function clipped(rows: readonly CostRow[], fromMs: number, toMs: number): CostRow[] {
  return rows
    .map((row) => ({ ...row, fromMs: Math.max(row.fromMs, fromMs), toMs: Math.min(row.toMs, toMs) }))
    .filter((row) => row.fromMs < row.toMs);
}
