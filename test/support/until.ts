import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 100;

/** Waits for a condition, with a deadline. @throws when it does not hold in time */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  deadlineMs = 180_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  const describe = (): string => `not within ${deadlineMs} ms: ${what}`;
  // A condition that never answers is a condition that does not hold.
  while (!(await within(Math.max(0, end - performance.now()), Promise.resolve(condition()), describe))) {
    await wait(POLL_MS);
  }
}

/** Waits for a promise, with a deadline. @throws what `describe` says when it is not settled in time */
export async function within<T>(deadlineMs: number, promise: Promise<T>, describe: () => string): Promise<T> {
  const over = new AbortController();
  const deadline = wait(deadlineMs, undefined, { signal: over.signal }).then(() => {
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
