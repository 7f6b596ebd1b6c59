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
import type { Sum } from './spend-table.ts';

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

/** A limit as it is counted. */
export interface CountedLimit {
  readonly limit: SpendLimit;
  readonly form: string;
  readonly periods: SpendPeriods;
  readonly lateMsMax: number;
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

const compiledByPlan = new WeakMap<object, Map<string, readonly CountedLimit[]>>();
const compiledByAccount = new WeakMap<Account, readonly CountedLimit[]>();
const NONE: readonly CountedLimit[] = [];

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
      lateMsMax: LATE_MS_MAX[window],
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
