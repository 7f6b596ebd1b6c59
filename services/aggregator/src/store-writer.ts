import { setTimeout as delay } from 'node:timers/promises';
import { StoreError, USAGE_TABLES } from '@tollstream/usage-store';
import type { Limiter, UsageStore, UsageTable } from '@tollstream/usage-store';
import { rowsOf } from './processor.ts';
import type { Boundary } from './processor.ts';

export interface RetryLimits {
  readonly waitMsInitial: number;
  readonly waitMsMax: number;
  /** How long one write is tried in place. Then the task gives up and is opened anew, with the boundary as committed. */
  readonly tryForMs: number;
}

export interface Waiting {
  readonly table: UsageTable;
  /** Whose rows the insert holds. */
  readonly partitions: readonly number[];
  readonly error: Error;
  readonly attempt: number;
  readonly waitMs: number;
}

/** A place among the inserts under way; given back while an insert waits to be tried again, so that other tables go on. */
export class Turn {
  readonly #turns: readonly Limiter[];
  readonly #leave: (() => void)[] = [];

  /** @param turns a place in each is needed; they are taken in this order, by all alike, so that nobody waits for one who waits */
  constructor(turns: readonly Limiter[]) {
    this.#turns = turns;
  }

  async take(): Promise<void> {
    for (const turns of this.#turns.slice(this.#leave.length)) this.#leave.push(await turns.acquire());
  }

  giveBack(): void {
    for (const leave of this.#leave.splice(0)) leave();
  }
}

export interface WriteOptions {
  readonly store: UsageStore;
  /** Taken by the caller, who also gives it back at the end. */
  readonly turn: Turn;
  readonly table: UsageTable;
  readonly retry: RetryLimits;
  /** Aborted when the service is to stop: a store that is down does not hold up the stop. */
  readonly signal: AbortSignal;
  readonly onWaiting: (waiting: Waiting) => void;
}

/**
 * Writes the rows of a boundary, waiting while the store is unreachable or busy.
 * @param mayBeStored whether these rows may have been sent before: by this process or by one that crashed
 * @returns how many of the rows were not stored yet
 */
export async function writeRows(
  options: WriteOptions,
  boundary: Boundary,
  natives: readonly Buffer[],
  mayBeStored: boolean,
): Promise<number> {
  const { store, table, retry, signal } = options;
  const insert = {
    table,
    columns: USAGE_TABLES[table].columns,
    natives,
    token: boundary.token,
    rows: rowsOf(boundary),
  };
  const partitions = boundary.ranges.map(({ partition }) => partition);
  const startedMs = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      if (mayBeStored || attempt > 1) return await store.replayBlocks(insert);
      await store.insertBlocks(insert);
      return insert.rows;
    } catch (error) {
      const transient = error instanceof StoreError && error.transient;
      const waitMs = Math.min(retry.waitMsMax, retry.waitMsInitial * 2 ** Math.min(attempt - 1, 20));
      const overdue = performance.now() - startedMs + waitMs > retry.tryForMs;
      if (!transient || overdue || signal.aborted) throw error;
      options.onWaiting({ table, partitions, error, attempt, waitMs });
      options.turn.giveBack();
      // An aborted wait ends like a finished one: the next attempt decides.
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
      await options.turn.take();
    }
  }
}
