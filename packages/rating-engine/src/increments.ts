import type { Rate } from '@tollstream/catalog';
import { floorDiv } from '@tollstream/money';
import { assert } from './assert.ts';

/** `60/60 nearest`: a first interval that is always billed whole, then steps, and how a duration goes to them. Whole seconds. */
export type Increments = Pick<Rate, 'initialSeconds' | 'stepSeconds' | 'durationRounding'>;

/**
 * Billable seconds of a conversation. The duration is rounded once, from milliseconds straight to the increment:
 * the initial interval whole, then steps, `up` or to the `nearest` step with ties up.
 * @param durationMs whole milliseconds, 0 or more; 0 bills nothing
 * @returns whole seconds, 0 or more
 */
export function billableSeconds(
  durationMs: number,
  { initialSeconds, stepSeconds, durationRounding }: Increments,
): number {
  assert(Number.isSafeInteger(durationMs) && durationMs >= 0, 'duration is a whole number of ms below 2^53');
  assert(
    stepSeconds > 0 && initialSeconds >= 0,
    'the step is at least 1 s and the initial interval not negative',
  );
  if (durationMs === 0) return 0;
  const excessMs = durationMs - initialSeconds * 1000;
  if (excessMs <= 0) return initialSeconds;
  const stepMs = stepSeconds * 1000;
  const wholeSteps = floorDiv(excessMs, stepMs);
  const remainderMs = excessMs - wholeSteps * stepMs;
  const roundsUp = durationRounding === 'up' ? remainderMs > 0 : remainderMs * 2 >= stepMs;
  return initialSeconds + (wholeSteps + (roundsUp ? 1 : 0)) * stepSeconds;
}
