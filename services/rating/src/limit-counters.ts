import type { Counter } from './spend-limits.ts';

type Entry = readonly [limit: string, counter: Counter];

const NONE: readonly Entry[] = [];

/**
 * The counters of one account by the id of their limit, in the order in which they began. There is one of these for each account that has
 * limits, which has few: a list takes a fifth of what a map of two entries does.
 */
export class LimitCounters {
  #entries: readonly Entry[] = NONE;

  get size(): number {
    return this.#entries.length;
  }

  get(limit: string): Counter | undefined {
    return this.#entries.find(([id]) => id === limit)?.[1];
  }

  /** One of the same limit gives its place away. */
  set(limit: string, counter: Counter): void {
    const place = this.#entries.findIndex(([id]) => id === limit);
    this.#entries =
      place < 0 ? this.#entries.concat([[limit, counter]]) : this.#entries.with(place, [limit, counter]);
  }

  delete(limit: string): void {
    this.#entries = this.#entries.filter(([id]) => id !== limit);
  }

  /** Limits that are deleted meanwhile are told all the same. */
  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries[Symbol.iterator]();
  }
}
