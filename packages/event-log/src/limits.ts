/** Limits that all adapters share. */

export const FETCH_BYTES_MAX = 4 * 1024 * 1024;
export const FETCH_BYTES_MIN = 1;
export const FETCH_WAIT_MS = 250;
export const RECORDS_MAX = 25_000;
export const TICK_MS = 1_000;
/** Kafka's own default (`offset.metadata.max.bytes`) is 4,096. */
export const METADATA_BYTES_MAX = 4_000;

/** Waiting between attempts doubles from `initialMs` up to `maxMs`. */
export interface Backoff {
  readonly initialMs: number;
  readonly maxMs: number;
}

export const TASK_BACKOFF: Backoff = { initialMs: 100, maxMs: 30_000 };

/** @param attempt counted from 1 */
export function backoffMs(backoff: Backoff, attempt: number): number {
  return Math.min(backoff.maxMs, backoff.initialMs * 2 ** Math.min(attempt - 1, 30));
}
