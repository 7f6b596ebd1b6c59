import type { Pool } from '@tollstream/catalog';
import type { RatingCall } from './call.ts';
import type { Priced } from './price-call.ts';

/** What the engine reads of an account's pools; it never writes. */
export interface Allowance {
  /** Seconds already taken from a pool in a billing month (yyyymm), as the pool's scope counts them. */
  usedSeconds(pool: Pool, device: string, billingMonth: number): number;
}

/** Of an account that used nothing. */
export const UNUSED_ALLOWANCE: Allowance = { usedSeconds: () => 0 };

interface MonthCounter {
  readonly billingMonth: number;
  totalSeconds: number;
  readonly secondsByDevice: Map<string, number>;
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
    return pool.scope === 'account' ? counter.totalSeconds : (counter.secondsByDevice.get(device) ?? 0);
  }

  /** What a price that is accepted takes of its pool. */
  take({ device }: Pick<RatingCall, 'device'>, priced: Priced): void {
    if (priced.includedSeconds === 0) return;
    this.add(priced.pool!.id, device, priced.billingMonth, priced.includedSeconds);
  }

  add(poolId: string, device: string, billingMonth: number, seconds: number): void {
    let counter = this.#find(poolId, billingMonth);
    if (counter === undefined) {
      counter = { billingMonth, totalSeconds: 0, secondsByDevice: new Map() };
      const months = this.#months.get(poolId);
      if (months === undefined) this.#months.set(poolId, [counter]);
      else months.push(counter);
    }
    counter.totalSeconds += seconds;
    counter.secondsByDevice.set(device, (counter.secondsByDevice.get(device) ?? 0) + seconds);
  }

  /** Every counter, for tests and inspection. */
  *entries(): Generator<{ pool: string; billingMonth: number; device: string; seconds: number }> {
    for (const [pool, months] of this.#months)
      for (const { billingMonth, secondsByDevice } of months)
        for (const [device, seconds] of secondsByDevice) yield { pool, billingMonth, device, seconds };
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

  *entries(): Generator<{
    account: string;
    pool: string;
    billingMonth: number;
    device: string;
    seconds: number;
  }> {
    for (const [account, allowance] of this.#accounts)
      for (const entry of allowance.entries()) yield { account, ...entry };
  }
}
