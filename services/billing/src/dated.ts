/** What the dated tables of fees and taxes have in common. */
import { PERCENT_SCALE } from '@tollstream/catalog';
import { formatScaled, roundDivBig } from '@tollstream/money';

/** 100 % on the scale of percents. */
export const HUNDRED_PERCENT = 100n * 10n ** BigInt(PERCENT_SCALE);

/** A fee or tax on an amount in minor units, rounded once, half up. @param percent scaled by 10^PERCENT_SCALE */
export function percentOf(base: bigint, percent: bigint): bigint {
  return roundDivBig(base * percent, HUNDRED_PERCENT, 'half_up');
}

/** A percentage of a part of an amount in minor units, which is `part / of` of it; rounded down, so that it is never more than that. */
export function percentOfPart(
  base: bigint,
  { part, of }: { part: bigint; of: bigint },
  percent: bigint,
): bigint {
  return (base * part * percent) / (of * HUNDRED_PERCENT);
}

export function holds({ from, to }: { readonly from: string; readonly to: string }, day: string): boolean {
  return from <= day && (to === '' || to > day);
}

export function place(country: string, state: string): string {
  return state === '' ? country : `${country}-${state}`;
}

export function percentText(percent: number): string {
  return formatScaled(percent, PERCENT_SCALE, { trim: true });
}
