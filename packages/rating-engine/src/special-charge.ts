import type { Plan, SpecialTerms } from '@tollstream/catalog';
import { CHARGE_OVERFLOW } from './charge.ts';

/**
 * What of a conversation goes to the increments: what is left after the free seconds. An answered call of no length counts as
 * one of a millisecond where the plan bills it, unless there are free seconds to cover it.
 */
export function billedDurationMs(
  durationMs: number,
  special: Pick<SpecialTerms, 'freeSeconds'> | null,
  { billsZeroLength }: Pick<Plan, 'billsZeroLength'>,
): number {
  const freeMs = special === null ? 0 : special.freeSeconds * 1000;
  if (durationMs === 0) return billsZeroLength && freeMs === 0 ? 1 : 0;
  return durationMs > freeMs ? durationMs - freeMs : 0;
}

/** The charge of a call with charged seconds, raised to the minimum or lowered to the maximum of its rate. */
export function withinLimits(
  charge: number,
  { minimumCharge, maximumCharge }: Pick<SpecialTerms, 'minimumCharge' | 'maximumCharge'>,
): number {
  // An amount too large to be held is above any maximum, since that one is held.
  if (charge === CHARGE_OVERFLOW) return maximumCharge === Infinity ? charge : maximumCharge;
  if (charge < minimumCharge) return minimumCharge;
  return charge > maximumCharge ? maximumCharge : charge;
}
