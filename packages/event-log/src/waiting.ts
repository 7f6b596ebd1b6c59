import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Lets every other partition, timer and socket have its turn. */
export async function yieldToEventLoop(): Promise<void> {
  await nextTurn();
}

/** Sleeps, or returns early when the signal aborts. */
export async function sleepUnlessAborted(waitMs: number, signal: AbortSignal): Promise<void> {
  await sleep(waitMs, undefined, { signal }).catch(() => undefined);
}

/** Waits for work to end, well or badly, but no longer than that. */
export async function withinTime(work: Promise<unknown>, waitMs: number): Promise<void> {
  const abort = new AbortController();
  const ended = work.catch(() => undefined).finally(() => abort.abort());
  await Promise.race([ended, sleepUnlessAborted(waitMs, abort.signal)]);
}
