/** What the dated tables of fees and taxes have in common. */
import { PERCENT_SCALE } from '@tollstream/catalog';
import { formatScaled } from '@tollstream/money';

export function holds({ from, to }: { readonly from: string; readonly to: string }, day: string): boolean {
  return from <= day && (to === '' || to > day);
}

export function place(country: string, state: string): string {
  return state === '' ? country : `${country}-${state}`;
}

export function percentText(percent: number): string {
  return formatScaled(percent, PERCENT_SCALE, { trim: true });
}
