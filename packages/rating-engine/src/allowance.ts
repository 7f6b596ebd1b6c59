import type { Pool, PoolUnit } from '@tollstream/catalog';
import type { RatingCall } from './call.ts';
import type { Priced } from './price-call.ts';

/** What the engine reads of an account's pools; it never writes. */
export interface Allowance {
  /** Seconds already taken from a pool in a billing month (yyyymm), as the pool's scope counts them. */
  usedSeconds(pool: Pool, device: string, billingMonth: number): number;
  /** The same of a pool of any unit and scope. */
  used(pool: Pool, holder: PoolHolder, billingMonth: number): number;
}

/** Who uses a pool, as far as pools are counted by it. */
export interface PoolHolder {
  readonly device: string;
  /** 0 = the pool is not counted by number. */
  readonly number: number;
}

/** Used of a pool, in its unit. */
export interface PoolUse {
  readonly pool: string;
  readonly unit: PoolUnit;
  readonly amount: number;
  /** The number whose pool it is; 0 = the pool is not counted by number. */
  readonly number: number;
}

/** Of an account that used nothing. */
export const UNUSED_ALLOWANCE: Allowance = { usedSeconds: () => 0, used: () => 0 };

interface MonthCounter {
  readonly billingMonth: number;
  total: number;
  readonly byDevice: Map<string, number>;
  readonly byNumber: Map<number, number>;
}

/** One counter as it stands. */
export interface CounterEntry {
  /** Id of the pool; with its unit behind it where that is not seconds. */
  readonly counter: string;
  readonly billingMonth: number;
  readonly device: string;
  readonly number: number;
  readonly amount: number;
}

export type CounterVisitor = (
  counter: string,
  billingMonth: number,
  device: string,
  number: number,
  amount: number,
) => void;

/** A pool whose unit was changed starts anew: calls are no seconds. */
function counterOf(poolId: string, unit: PoolUnit): string {
  return unit === 'seconds' ? poolId : `${poolId} ${unit}`;
}

/**
 * Counters of one account. Each use is counted for the account and for the device, whatever the pool's scope: rated
 * rows name pool and device but no scope, and so a state folded from rows needs no catalog and equals the one that wrote them.
 */
export class AccountAllowance implements Allowance {
  readonly #months = new Map<string, MonthCounter[]>();

  usedSeconds(pool: Pool, device: string, billingMonth: number): number {
    const counter = this.#find(pool.id, billingMonth);
    if (counter === undefined) return 0;
    return pool.scope === 'account' ? counter.total : (counter.byDevice.get(device) ?? 0);
  }

  used(pool: Pool, { device, number }: PoolHolder, billingMonth: number): number {
    const counter = this.#find(counterOf(pool.id, pool.unit), billingMonth);
    if (counter === undefined) return 0;
    switch (pool.scope) {
      case 'account':
      case 'devices':
        return counter.total;
      case 'device':
        return counter.byDevice.get(device) ?? 0;
      case 'number':
        return counter.byNumber.get(number) ?? 0;
    }
  }

  /** What a price that is accepted takes of its pools. */
  take({ device }: Pick<RatingCall, 'device'>, priced: Priced): void {
    if (priced.takes !== null) {
      for (const { pool, number, took } of priced.takes) {
        const use = { pool: pool.id, unit: pool.unit, amount: took, number };
        if (took > 0) this.addUse(use, device, priced.billingMonth);
      }
      return;
    }
    if (priced.includedSeconds === 0) return;
    this.add(priced.pool!.id, device, priced.billingMonth, priced.includedSeconds);
  }

  /** Seconds of a pool that is not counted by number. */
  add(poolId: string, device: string, billingMonth: number, seconds: number): void {
    const counter = this.#counter(poolId, billingMonth);
    counter.total += seconds;
    counter.byDevice.set(device, (counter.byDevice.get(device) ?? 0) + seconds);
  }

  addUse({ pool, unit, amount, number }: PoolUse, device: string, billingMonth: number): void {
    const counterId = counterOf(pool, unit);
    this.add(counterId, device, billingMonth, amount);
    if (number === 0) return;
    const { byNumber } = this.#counter(counterId, billingMonth);
    byNumber.set(number, (byNumber.get(number) ?? 0) + amount);
  }

  /** Every counter, one call each: there are many, and whoever copies them holds up the next batch. */
  each(visit: CounterVisitor): void {
    for (const [counter, months] of this.#months)
      for (const { billingMonth, byDevice, byNumber } of months) {
        for (const [device, amount] of byDevice) visit(counter, billingMonth, device, 0, amount);
        for (const [number, amount] of byNumber) visit(counter, billingMonth, '', number, amount);
      }
  }

  /** Every counter, for tests and inspection. */
  entries(): CounterEntry[] {
    const found: CounterEntry[] = [];
    this.each((counter, billingMonth, device, number, amount) =>
      found.push({ counter, billingMonth, device, number, amount }),
    );
    return found;
  }

  /** One that `each` told of. */
  addEntry({ counter, billingMonth, device, number, amount }: CounterEntry): void {
    if (number === 0) {
      this.add(counter, device, billingMonth, amount);
      return;
    }
    const { byNumber } = this.#counter(counter, billingMonth);
    byNumber.set(number, (byNumber.get(number) ?? 0) + amount);
  }

  #counter(id: string, billingMonth: number): MonthCounter {
    let counter = this.#find(id, billingMonth);
    if (counter === undefined) {
      counter = { billingMonth, total: 0, byDevice: new Map(), byNumber: new Map() };
      const months = this.#months.get(id);
      if (months === undefined) this.#months.set(id, [counter]);
      else months.push(counter);
    }
    return counter;
  }

  // Latest month last: calls arrive roughly in time, so the search from the end ends at once.
  #find(poolId: string, billingMonth: number): MonthCounter | undefined {
    const months = this.#months.get(poolId);
    if (months === undefined) return undefined;
    for (let i = months.length - 1; i >= 0; i--)
      if (months[i]!.billingMonth === billingMonth) return months[i];
    return undefined;
  }
}

/** Counters of all accounts of one partition. */
export class Allowances {
  readonly #accounts = new Map<string, AccountAllowance>();

  get accountCount(): number {
    return this.#accounts.size;
  }

  /** Counters of an account, made when first asked for. */
  of(accountId: string): AccountAllowance {
    let account = this.#accounts.get(accountId);
    if (account === undefined) {
      account = new AccountAllowance();
      this.#accounts.set(accountId, account);
    }
    return account;
  }

  each(visit: (account: string, ...entry: Parameters<CounterVisitor>) => void): void {
    for (const [account, allowance] of this.#accounts)
      allowance.each((counter, billingMonth, device, number, amount) =>
        visit(account, counter, billingMonth, device, number, amount),
      );
  }

  entries(): (CounterEntry & { readonly account: string })[] {
    const found: (CounterEntry & { readonly account: string })[] = [];
    this.each((account, counter, billingMonth, device, number, amount) =>
      found.push({ account, counter, billingMonth, device, number, amount }),
    );
    return found;
  }
}
