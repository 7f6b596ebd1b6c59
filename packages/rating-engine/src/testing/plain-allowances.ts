/** Counters of pools as objects and maps: the plain version, against which tests hold the columns. */
import type { Pool, PoolUnit } from '@tollstream/catalog';
import type { PoolHolder, PoolUse } from '../allowance.ts';
import type { CounterVisitor } from '../counter-table.ts';

interface MonthCounter {
  readonly billingMonth: number;
  total: number;
  readonly byDevice: Map<string, number>;
  readonly byNumber: Map<number, number>;
}

function counterOf(poolId: string, unit: PoolUnit): string {
  return unit === 'seconds' ? poolId : `${poolId} ${unit}`;
}

/** Of one account. */
export class PlainAllowance {
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

  each(visit: CounterVisitor): void {
    for (const [counter, months] of this.#months)
      for (const { billingMonth, byDevice, byNumber } of months) {
        for (const [device, amount] of byDevice) visit(counter, billingMonth, device, 0, amount);
        for (const [number, amount] of byNumber) visit(counter, billingMonth, '', number, amount);
      }
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
