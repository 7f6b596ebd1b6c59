import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 100;

/** Waits for a condition, with a deadline. @throws when it does not hold in time */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  deadlineMs = 90_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await wait(POLL_MS);
  }
}
