/** What accounts have spent, as objects and maps: the plain version, against which tests hold the columns. */
import type { SpendPeriods } from '@tollstream/rating-engine';
import type { SpendCounter, Sum } from '../spend-table.ts';

interface Counter {
  readonly form: string;
  readonly since: number;
  latestMs: number;
  /** By the start of the window. */
  readonly windows: Map<number, WindowSum>;
}

interface WindowSum {
  readonly startMs: number;
  readonly endMs: number;
  sum: Sum;
  readonly alerted: Set<string>;
}

export class PlainSpend {
  readonly #accounts = new Map<string, Map<string, Counter>>();

  begin(account: string, limit: string, form: string, since: number): void {
    const counters = this.#accounts.get(account) ?? new Map<string, Counter>();
    this.#accounts.set(account, counters);
    counters.set(limit, { form, since, latestMs: -Infinity, windows: new Map() });
  }

  end(account: string, limit: string): void {
    this.#accounts.get(account)?.delete(limit);
  }

  /** @returns the sum of the window; null when it is closed, or nothing counts */
  count(
    account: string,
    limit: string,
    call: { readonly startedAt: number; readonly charge: number },
    periods: SpendPeriods,
    lateMsMax: number,
  ): Sum | null {
    const { startedAt, charge } = call;
    const counter = this.#accounts.get(account)?.get(limit);
    if (counter === undefined) return null;
    counter.latestMs = Math.max(counter.latestMs, startedAt);
    const { startMs, endMs } = periods.of(startedAt);
    const closedBefore = counter.latestMs - lateMsMax;
    if (endMs <= closedBefore) return null;
    let window = counter.windows.get(startMs);
    if (window === undefined) {
      for (const each of counter.windows.values())
        if (each.endMs <= closedBefore) counter.windows.delete(each.startMs);
      window = { startMs, endMs, sum: 0, alerted: new Set() };
      counter.windows.set(startMs, window);
    }
    const sum = BigInt(window.sum) + BigInt(charge);
    window.sum = sum <= Number.MAX_SAFE_INTEGER ? Number(sum) : sum;
    return window.sum;
  }

  alert(account: string, limit: string, startMs: number, key: string): void {
    this.#accounts.get(account)?.get(limit)?.windows.get(startMs)?.alerted.add(key);
  }

  counters(): SpendCounter[] {
    return [...this.#accounts].flatMap(([account, counters]) =>
      Array.from(counters, ([limit, { windows, ...counter }]) => ({
        account,
        limit,
        ...counter,
        isWhole: true,
        windows: Array.from(windows.values(), ({ alerted, ...window }) => ({
          ...window,
          alerted: [...alerted],
        })),
      })),
    );
  }
}
