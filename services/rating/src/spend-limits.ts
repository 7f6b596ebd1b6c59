/**
 * Spend limits: what the calls of an account have cost in an hour, day or month, and an alert for each threshold that they reach. The
 * sums are a fold over the rated calls, in their order, as all state of rating is:
 *
 *   a limit counts from a block on    → the header of that block of rated calls says so (`limitStarts`)
 *   a charge of a call that counts    → stands in the rated row
 *   an alert                          → stands on `usage.alerts`, in the transaction of the call that caused it
 *
 * What decides which calls count in which window is the form of a limit: window, zone, call types, destinations. A limit of another form
 * starts anew, since rated rows do not say what an earlier form would have counted; its amount and its thresholds may change freely.
 */
import { createHash } from 'node:crypto';
import { spendLimitsOf } from '@tollstream/catalog';
import type { Account, DestinationSet, SpendLimit, SpendWindow } from '@tollstream/catalog';
import { compileSet, spendPeriods } from '@tollstream/rating-engine';
import type { Destination, SpendPeriods } from '@tollstream/rating-engine';
import { roundDivBig } from '@tollstream/money';
import type { LimitCounters } from './limit-counters.ts';

const DAY_MS = 86_400_000;

/**
 * A window that ended so long before the latest call that counted is closed: calls that come for it later still do not count, and
 * its sum is forgotten.
 */
const LATE_MS_MAX: Readonly<Record<SpendWindow, number>> = {
  hour: 7 * DAY_MS,
  day: 62 * DAY_MS,
  month: 186 * DAY_MS,
};

/** Scaled integer, exact: a number below 2^53, a BigInt beyond. The two compare exactly with each other. */
export type Sum = number | bigint;

/** A limit as it is counted. */
export interface CountedLimit {
  readonly limit: SpendLimit;
  readonly form: string;
  readonly periods: SpendPeriods;
  /** Ascending. */
  readonly thresholds: readonly CountedThreshold[];
  counts(destination: Destination): boolean;
}

export interface CountedThreshold {
  readonly percent: number;
  /** The least sum that reaches it. */
  readonly atLeast: Sum;
  /** What an alert is told by within its window: of another amount it is another alert. */
  readonly key: string;
}

/** What is known of a limit of an account. */
export interface Counter {
  readonly form: string;
  /** Offset of the accepted block from which on it counts. */
  readonly since: number;
  /** False: restored under a catalog that does not have this form, so that its sums are not known. */
  isWhole: boolean;
  latestMs: number;
  /** That of the call that counted last. */
  last: WindowSum | null;
  /** In the order in which calls came for them; few, and a list of its own length, since there is one for each limit of each account. */
  windows: readonly WindowSum[];
}

interface WindowSum {
  readonly startMs: number;
  readonly endMs: number;
  sum: Sum;
  /** Keys of thresholds; nearly always none. */
  alerted: readonly string[];
}

/** Counters of a partition: of accounts that have limits, or had. */
export type SpendCounters = Map<string, LimitCounters>;

const compiledByPlan = new WeakMap<object, Map<string, readonly CountedLimit[]>>();
const compiledByAccount = new WeakMap<Account, readonly CountedLimit[]>();
const NONE: readonly CountedLimit[] = [];
const NO_WINDOWS: readonly WindowSum[] = [];
const NONE_ALERTED: readonly string[] = [];

/** The limits that hold for an account; compiled once for all accounts of a plan and a zone that have none of their own. */
export function countedLimitsOf(account: Account): readonly CountedLimit[] {
  const { plan, timeZone, spendLimits } = account;
  if (spendLimits === undefined) {
    if (plan.spendLimits === undefined) return NONE;
    let byZone = compiledByPlan.get(plan);
    if (byZone === undefined) compiledByPlan.set(plan, (byZone = new Map()));
    let limits = byZone.get(timeZone);
    if (limits === undefined) byZone.set(timeZone, (limits = compile(account)));
    return limits;
  }
  let limits = compiledByAccount.get(account);
  if (limits === undefined) compiledByAccount.set(account, (limits = compile(account)));
  return limits;
}

function compile(account: Account): CountedLimit[] {
  return spendLimitsOf(account).map((limit) => {
    const { amount, window, thresholds, callTypes, destinations } = limit;
    const sets = destinations.map(compileSet);
    const isEveryCall = callTypes === null && sets.length === 0;
    return {
      limit,
      form: formOf(limit, account.timeZone),
      periods: spendPeriods(account.timeZone, window),
      thresholds: thresholds.map((percent) => ({
        percent,
        atLeast: plain(roundDivBig(BigInt(amount) * BigInt(percent), 100n, 'up')),
        key: `${percent} ${amount}`,
      })),
      counts: (destination) =>
        isEveryCall ||
        callTypes?.has(destination.callType) === true ||
        sets.some((set) => set.has(destination)),
    };
  });
}

function formOf({ window, callTypes, destinations }: SpendLimit, timeZone: string): string {
  const content = [
    window,
    timeZone,
    callTypes === null ? null : [...callTypes].sort(),
    destinations.map(setContent).sort(),
  ];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}

/** What the set holds; its name does not count. */
function setContent({ callTypes, countries, prefixes }: DestinationSet): string {
  return JSON.stringify([
    callTypes === null ? null : [...callTypes].sort(),
    [...countries].sort(),
    prefixes.toSorted(),
  ]);
}

function plain(sum: bigint): Sum {
  return sum <= Number.MAX_SAFE_INTEGER ? Number(sum) : sum;
}

export function emptyCounter(form: string, since: number): Counter {
  return { form, since, isWhole: true, latestMs: -Infinity, last: null, windows: NO_WINDOWS };
}

/** The window that begins then. */
export function windowFrom({ windows }: Counter, startMs: number): WindowSum | undefined {
  return windows.findLast((window) => window.startMs === startMs);
}

/** Adds the charge of a call that the limit counts to the sum of its window. @returns the window; null when it is closed */
export function count(
  counter: Counter,
  { limit, periods }: CountedLimit,
  startedAt: number,
  charge: number,
): WindowSum | null {
  if (startedAt > counter.latestMs) counter.latestMs = startedAt;
  // Nearly always the one of the call before, which nothing that came since has closed.
  let window = counter.last;
  if (window === null || startedAt < window.startMs || startedAt >= window.endMs) {
    const { startMs, endMs } = periods.of(startedAt);
    const closedBefore = counter.latestMs - LATE_MS_MAX[limit.window];
    if (endMs <= closedBefore) return null;
    window = windowFrom(counter, startMs) ?? null;
    if (window === null) {
      window = { startMs, endMs, sum: 0, alerted: NONE_ALERTED };
      counter.windows = counter.windows.filter((each) => each.endMs > closedBefore).concat(window);
    }
    counter.last = window;
  }
  window.sum = added(window.sum, charge);
  return window;
}

function added(sum: Sum, charge: number): Sum {
  return typeof sum === 'number' && charge <= Number.MAX_SAFE_INTEGER - sum
    ? sum + charge
    : BigInt(sum) + BigInt(charge);
}
