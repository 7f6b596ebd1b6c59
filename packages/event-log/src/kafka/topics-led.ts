import { EventLogError } from '../errors.ts';
import { backoffMs, type Backoff } from '../limits.ts';
import type { TopicState } from './topic-metadata.ts';

/** How long a broker may take until it tells of topics that were just made, and has a leader for every partition of theirs. */
export const TOPIC_LED_MS_MAX = 60_000;
const LOOK_AGAIN: Backoff = { initialMs: 20, maxMs: 1_000 };

export interface TopicsMade {
  readonly names: readonly string[];
  /** What the broker tells of them; it may not know of some yet. */
  readonly states: (names: readonly string[]) => Promise<readonly TopicState[]>;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** Waits until topics that were made can be written and read. @throws EventLogError when they cannot in time */
export async function untilTopicsAreLed({ names, states, now, sleep }: TopicsMade): Promise<void> {
  const startedMs = now();
  for (let attempt = 1; ; attempt += 1) {
    const found = await states(names);
    const led = new Set(
      found.filter(({ partitions, partitionsLed }) => partitionsLed === partitions).map(({ name }) => name),
    );
    const waiting = names.filter((name) => !led.has(name));
    if (waiting.length === 0) return;
    if (now() - startedMs >= TOPIC_LED_MS_MAX) throw notReady(waiting);
    await sleep(backoffMs(LOOK_AGAIN, attempt));
  }
}

function notReady(names: readonly string[]): EventLogError {
  return new EventLogError({
    code: 'TOLL_KAFKA_TOPIC_NOT_READY',
    message: `Topics made, and without a leader after ${TOPIC_LED_MS_MAX / 1_000} s: ${names.join(', ')}.`,
    remedy:
      'Look at the broker: it is overloaded, or too few of its nodes run. The same command goes on from here.',
    retriable: true,
  });
}
