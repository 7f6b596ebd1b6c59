import { setTimeout as sleep } from 'node:timers/promises';
import type { Health } from './health.ts';
import type { Logger } from './logger.ts';
import { describeError } from './toll-error.ts';

export interface AnswerPauses {
  readonly firstMs: number;
  readonly longestMs: number;
}

const PAUSES: AnswerPauses = { firstMs: 500, longestMs: 10_000 };

/**
 * What a service cannot start without, asked for until it answers: a dependency that is away makes it wait, with growing pauses, and
 * not end. Only a failure that says that it passes is waited for.
 * @throws what says that trying again does not help
 */
export async function untilAnswered<T>(
  { health, log }: { readonly health: Health; readonly log: Logger },
  name: string,
  ask: () => Promise<T>,
  { firstMs, longestMs }: AnswerPauses = PAUSES,
): Promise<T> {
  for (let waitMs = firstMs; ; waitMs = Math.min(waitMs * 2, longestMs)) {
    try {
      const answer = await ask();
      health.dependency(name, null);
      return answer;
    } catch (error) {
      if (!(error instanceof Error && 'retriable' in error && error.retriable === true)) throw error;
      health.dependency(name, describeError(error));
      log.warn({ err: error, waitMs }, `${name} does not answer; waiting`);
      // The service may be told to stop meanwhile: a pause holds nothing up.
      await sleep(waitMs, undefined, { ref: false });
    }
  }
}
