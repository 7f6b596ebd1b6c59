import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 100;
const STEP_MS = 1_000;

/** Waits for a condition, with a deadline. @throws when it does not hold in time */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  deadlineMs = 180_000,
): Promise<void> {
  const over = new AbortController();
  const holds = async (): Promise<void> => {
    while (!over.signal.aborted && !(await condition())) await wait(POLL_MS);
  };
  try {
    // A condition that never answers is a condition that does not hold.
    await within(deadlineMs, holds(), () => `not within ${deadlineMs} ms: ${what}`);
  } finally {
    over.abort();
  }
}

/** Waits for a promise, with a deadline. @throws what `describe` says when it is not settled in time */
export async function within<T>(deadlineMs: number, promise: Promise<T>, describe: () => string): Promise<T> {
  const over = new AbortController();
  const deadline = afterRunningFor(deadlineMs, over.signal).then(() => {
    throw new Error(describe());
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    // The timer ends with the wait; its own end is of no interest.
    deadline.catch(() => undefined);
    over.abort();
  }
}

/** In steps: for how long this process was stopped, and those that it waits for with it, is nobody's delay. */
async function afterRunningFor(ms: number, signal: AbortSignal): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= STEP_MS)
    await wait(Math.min(leftMs, STEP_MS), undefined, { signal });
}
