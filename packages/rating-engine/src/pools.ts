/**
 * Allowances beyond one pool of minutes: pools in seconds, calls and money, several behind one rule. A call takes from the first pool that
 * has something left, what that does not cover from the next, and the rest is charged. Pools in money pay the charge of that rest.
 */
import type { Account, Pool } from '@tollstream/catalog';
import { CHARGE_SCALE } from '@tollstream/contracts';
import { formatScaled, roundDivBig } from '@tollstream/money';
import type { Allowance } from './allowance.ts';
import { assert } from './assert.ts';
import type { RatingCall } from './call.ts';
import { compileSet } from './destination-set.ts';
import type { CompiledSet, Destination } from './destination-set.ts';

export interface CompiledPool {
  readonly pool: Pool;
  readonly set: CompiledSet | null;
}

/** What a call found in a pool that it asked, and what it took: in the pool's unit. */
export interface PoolTake {
  readonly pool: Pool;
  /** The number that holds the pool; 0 unless each number has its own. */
  readonly number: number;
  readonly size: number;
  readonly left: number;
  took: number;
}

/** What an account has of the pools of its plan. */
export interface Holdings {
  readonly numbers: ReadonlySet<number>;
  /** Kind → ids; '' → all. */
  readonly devices: ReadonlyMap<string, ReadonlySet<string>>;
  /** Billing month in which billing began, yyyymm; 0 = none, or that month is whole. */
  readonly firstMonth: number;
  /** By id of the pool. */
  readonly sizes: ReadonlyMap<string, { readonly inFirstMonth: number; readonly later: number }>;
}

/** One pool of minutes for the account or for each device, open to all calls: what the engine prices without a detour. */
export function isPlainPool({ unit, scope, deviceKind, destinations, proration }: Pool): boolean {
  const isOpen = deviceKind === '' && destinations === null && proration === 'none';
  return unit === 'seconds' && (scope === 'account' || scope === 'device') && isOpen;
}

export function compilePool(pool: Pool): CompiledPool {
  return { pool, set: pool.destinations === null ? null : compileSet(pool.destinations) };
}

/** @param monthOf yyyymm of an instant in the account's zone */
export function holdingsOf(account: Account, monthOf: (atMs: number) => number): Holdings {
  const devices = new Map<string, Set<string>>([['', new Set()]]);
  for (const { id, kind } of account.devices) {
    devices.get('')!.add(id);
    devices.set(kind, (devices.get(kind) ?? new Set()).add(id));
  }
  const first = firstMonthOf(account, monthOf);
  const sizes = account.plan.pools.map((pool) => {
    const later = fullSize(pool, devices.get(pool.deviceKind)?.size ?? 0);
    return [pool.id, { later, inFirstMonth: proratedSize(later, pool, first) }] as const;
  });
  return {
    numbers: new Set(account.numbers.map(({ number }) => number)),
    devices,
    firstMonth: first.month,
    sizes: new Map(sizes),
  };
}

function fullSize({ scope, perMonth, devicesMin }: Pool, deviceCount: number): number {
  if (scope !== 'devices') return perMonth;
  if (deviceCount < devicesMin) return 0;
  const size = perMonth * deviceCount;
  assert(Number.isSafeInteger(size), 'the pool of all devices is counted exactly');
  return size;
}

interface FirstMonth {
  readonly month: number;
  readonly days: number;
  readonly ofDays: number;
}

/** Days as recurring charges count them: those after the day on which billing began, and all when that is the first. */
function firstMonthOf({ billingStart, timeZone }: Account, monthOf: (atMs: number) => number): FirstMonth {
  if (!Number.isFinite(billingStart)) return { month: 0, days: 1, ofDays: 1 };
  const month = monthOf(billingStart);
  const day = Number(new Intl.DateTimeFormat('en-US', { timeZone, day: 'numeric' }).format(billingStart));
  const ofDays = new Date(Date.UTC(Math.floor(month / 100), month % 100, 0)).getUTCDate();
  return { month: day === 1 ? 0 : month, days: ofDays - day, ofDays };
}

function proratedSize(size: number, { proration }: Pool, { month, days, ofDays }: FirstMonth): number {
  if (proration === 'none' || month === 0) return size;
  const rounding = proration === 'nearest' ? 'half_up' : proration;
  return Number(roundDivBig(BigInt(size) * BigInt(days), BigInt(ofDays), rounding));
}

export interface PoolRequest {
  readonly pools: readonly CompiledPool[];
  readonly holdings: Holdings;
  readonly allowance: Allowance;
  readonly call: RatingCall;
  readonly destination: Destination;
  /** The toll-free number on which the account was called; 0 = none. */
  readonly tollFreeNumber: number;
  readonly billingMonth: number;
}

/** The pools that the call may use, in order, each with what it has left; nothing is taken yet. */
export function askPools(request: PoolRequest): PoolTake[] {
  const { pools, holdings, allowance, call, destination, billingMonth } = request;
  const takes: PoolTake[] = [];
  for (const { pool, set } of pools) {
    if (set !== null && !set.has(destination)) continue;
    if (pool.deviceKind !== '' || pool.scope === 'devices') {
      if (holdings.devices.get(pool.deviceKind)?.has(call.device) !== true) continue;
    }
    const number = pool.scope === 'number' ? ownNumber(request) : 0;
    if (pool.scope === 'number' && number === 0) continue;
    const { inFirstMonth, later } = holdings.sizes.get(pool.id)!;
    const size = billingMonth === holdings.firstMonth ? inFirstMonth : later;
    // Too few devices: then there is no such pool, which is not the same as an empty one.
    if (pool.scope === 'devices' && later === 0) continue;
    const used = allowance.used(pool, { device: call.device, number }, billingMonth);
    takes.push({ pool, number, size, left: Math.max(0, size - used), took: 0 });
  }
  return takes;
}

/** The account's own end of the call; 0 when that is none of its numbers, whatever the caller says. */
function ownNumber({ call, holdings, tollFreeNumber }: PoolRequest): number {
  const inbound = tollFreeNumber > 0 ? tollFreeNumber : call.destinationNumber;
  const number = call.direction === 'inbound' ? inbound : call.originNumber;
  return holdings.numbers.has(number) ? number : 0;
}

/** Takes seconds and calls for the billable seconds, pool by pool. @returns the seconds that are included */
export function takeSeconds(takes: readonly PoolTake[], billableSeconds: number): number {
  let rest = billableSeconds;
  for (const take of takes) {
    if (rest === 0) break;
    if (take.left === 0) continue;
    switch (take.pool.unit) {
      case 'seconds':
        take.took = Math.min(take.left, rest);
        rest -= take.took;
        break;
      case 'calls':
        // One call of the pool covers all that is left of this call.
        take.took = 1;
        rest = 0;
        break;
      case 'money':
        break;
    }
  }
  return billableSeconds - rest;
}

/** Lets the pools in money pay. @returns what they paid of the charge */
export function takeMoney(takes: readonly PoolTake[], charge: number): number {
  let rest = charge;
  for (const take of takes) {
    if (take.pool.unit !== 'money') continue;
    take.took = Math.min(take.left, rest);
    rest -= take.took;
  }
  return charge - rest;
}

/** An amount in the pool's unit, as text. */
export function poolAmount({ unit }: Pool, amount: number): string {
  return unit === 'money' ? formatScaled(amount, CHARGE_SCALE, { trim: true }) : String(amount);
}
