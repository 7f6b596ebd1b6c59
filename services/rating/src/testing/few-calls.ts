import { LAST_PART } from '@tollstream/contracts';
import fc from 'fast-check';
import type { DedupeLimits } from '../dedupe-window.ts';
import { ANSWERED_AT } from './stage.ts';
import type { TestCall } from './stage.ts';

const DAY_MS = 86_400_000;

/** Few ids, devices and destinations, so that duplicates, split calls and suspended calls meet in every run. */
export function fewCalls(idsMax: number): fc.Arbitrary<TestCall> {
  return fc.record({
    id: fc.nat(idsMax).map((n) => `call-${n}`),
    account: fc.constantFrom('acme', 'mill', 'shop', 'shop', 'stranger'),
    device: fc.constantFrom('', 'desk', 'fax'),
    to: fc.constantFrom<number | string>(
      14155550199,
      14155550199,
      5511987650123,
      442071234567,
      '911',
      'nowhere',
    ),
    answeredAt: fc.option(
      fc.nat(40).map((day) => ANSWERED_AT + day * DAY_MS),
      { nil: null, freq: 8 },
    ),
    seconds: fc.nat(400),
    partialSequence: fc.constantFrom(0, 0, 0, 0, 1, 2, LAST_PART + 1, LAST_PART + 2),
  });
}

/** Small windows as well, so that what was let go is let go alike. */
export const windowLimits: fc.Arbitrary<DedupeLimits> = fc.record({
  windowCallsMax: fc.constantFrom(3, 10, 1_000),
  windowAgeMs: fc.constantFrom(2 * DAY_MS, 60 * DAY_MS),
});
