import type { Pool, PoolUnit } from '@tollstream/catalog';
import type { RatingCall } from './call.ts';
import { CounterTable } from './counter-table.ts';
import type { CounterVisitor } from './counter-table.ts';
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

/** One counter as it stands. */
export interface CounterEntry {
  /** Id of the pool; with its unit behind it where that is not seconds. */
  readonly counter: string;
  readonly billingMonth: number;
  readonly device: string;
  readonly number: number;
  readonly amount: number;
}

/** A pool whose unit was changed starts anew: calls are no seconds. */
function counterOf(poolId: string, unit: PoolUnit): string {
  return unit === 'seconds' ? poolId : `${poolId} ${unit}`;
}

/**
 * Counters of one account. Each use is counted for the account and for the device, whatever the pool's scope: rated
 * rows name pool and device but no scope, and so a state folded from rows needs no catalog and equals the one that wrote them.
 */
export class AccountAllowance implements Allowance {
  readonly #table: CounterTable;
  readonly #account: number;

  /** @param table one that accounts share; their counters lie in it */
  constructor(table: CounterTable = new CounterTable(), account: number = table.addAccount()) {
    this.#table = table;
    this.#account = account;
  }

  /** Reads what the account's next call will probably ask for, so that it is near by then. @returns anything */
  approach(): number {
    return this.#table.approach(this.#account);
  }

  usedSeconds(pool: Pool, device: string, billingMonth: number): number {
    return pool.scope === 'account'
      ? this.#table.total(this.#account, pool.id, billingMonth)
      : this.#table.ofDevice(this.#account, pool.id, billingMonth, device);
  }

  used(pool: Pool, { device, number }: PoolHolder, billingMonth: number): number {
    const counter = counterOf(pool.id, pool.unit);
    switch (pool.scope) {
      case 'account':
      case 'devices':
        return this.#table.total(this.#account, counter, billingMonth);
      case 'device':
        return this.#table.ofDevice(this.#account, counter, billingMonth, device);
      case 'number':
        return this.#table.ofNumber(this.#account, counter, billingMonth, number);
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
    this.#table.addOfDevice(this.#account, poolId, billingMonth, device, seconds);
  }

  addUse({ pool, unit, amount, number }: PoolUse, device: string, billingMonth: number): void {
    const counter = counterOf(pool, unit);
    this.add(counter, device, billingMonth, amount);
    if (number !== 0) this.#table.addOfNumber(this.#account, counter, billingMonth, number, amount);
  }

  /** Every counter, one call each: there are many, and whoever copies them holds up the next batch. */
  each(visit: CounterVisitor): void {
    this.#table.each(this.#account, visit);
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
    if (number === 0) this.add(counter, device, billingMonth, amount);
    else this.#table.addOfNumber(this.#account, counter, billingMonth, number, amount);
  }
}

/** Counters of all accounts of one partition. */
export class Allowances {
  readonly #table = new CounterTable();
  readonly #accounts = new Map<string, number>();

  get accountCount(): number {
    return this.#accounts.size;
  }

  /** Counters of an account, made when first asked for; whoever asks again gets another object over the same counters. */
  of(accountId: string): AccountAllowance {
    let account = this.#accounts.get(accountId);
    if (account === undefined) {
      account = this.#table.addAccount();
      this.#accounts.set(accountId, account);
    }
    return new AccountAllowance(this.#table, account);
  }

  each(visit: (account: string, ...entry: Parameters<CounterVisitor>) => void): void {
    for (const [id, account] of this.#accounts)
      this.#table.each(account, (counter, billingMonth, device, number, amount) =>
        visit(id, counter, billingMonth, device, number, amount),
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
