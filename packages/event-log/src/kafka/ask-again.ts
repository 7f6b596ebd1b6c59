import { EventLogError, isFatal } from '../errors.ts';
import { backoffMs, type Backoff } from '../limits.ts';
import { ClaimLostError } from '../port.ts';
import { explainKafkaError, isBrokerNotReady, isFailureOfType } from './kafka-errors.ts';

/** Attempts of one request about metadata or offsets; they take about 6 s together. */
export const REQUEST_ATTEMPTS_MAX = 8;
const REQUEST_BACKOFF: Backoff = { initialMs: 50, maxMs: 1_500 };
/** How long a broker may say that it is not ready: one that has just started or been elected takes its time on a busy machine. */
export const BROKER_READY_MS_MAX = 60_000;

export interface AskAgain<Answer> {
  readonly brokers: readonly string[];
  /** Before each attempt; what it throws is not tried again, for kafkajs has done that. */
  readonly connect: () => Promise<void>;
  readonly ask: () => Promise<Answer>;
  /** Called before each further attempt. */
  readonly prepare: (error: { readonly isTopicUnknown: boolean }) => Promise<void>;
  readonly isClosed: () => boolean;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** Asks again while leaders move and connections come back; what lasts is explained and thrown. */
export async function askAgain<Answer>(options: AskAgain<Answer>): Promise<Answer> {
  const { brokers, connect, ask, prepare, isClosed, now, sleep } = options;
  const startedMs = now();
  for (let attempt = 1; ; attempt += 1) {
    await connect();
    try {
      return await ask();
    } catch (thrown) {
      const error = explainKafkaError(thrown, brokers);
      if (isFatal(error) || error instanceof ClaimLostError || isClosed()) throw error;
      // kafkajs has tried many times by itself to reach a broker that is away.
      const isAway = error instanceof EventLogError && error.code === 'TOLL_KAFKA_UNREACHABLE';
      const isOver = isBrokerNotReady(thrown)
        ? now() - startedMs >= BROKER_READY_MS_MAX
        : attempt >= REQUEST_ATTEMPTS_MAX;
      if (isOver || (isAway && attempt > 1)) throw error;
      await prepare({ isTopicUnknown: isFailureOfType(thrown, 'UNKNOWN_TOPIC_OR_PARTITION') });
      await sleep(backoffMs(REQUEST_BACKOFF, attempt));
    }
  }
}
