import { CHARGE_SECTIONS } from '@tollstream/catalog';
import type { ChargeSection } from '@tollstream/catalog';
import { CHARGE_SCALE } from '@tollstream/contracts';
import { formatScaled } from '@tollstream/money';
import type { InvoiceLine } from './invoice.ts';

/** A line and its amount in minor units. */
export interface DraftLine {
  readonly line: InvoiceLine;
  readonly minor: bigint;
}

/** By section; within one by billing group, in the order in which they were made. */
export function inLineOrder(lines: readonly DraftLine[]): DraftLine[] {
  return lines.toSorted(
    (a, b) =>
      CHARGE_SECTIONS.indexOf(a.line.section) - CHARGE_SECTIONS.indexOf(b.line.section) ||
      compare(a.line.billing_group, b.line.billing_group),
  );
}

export function sumOf(lines: readonly DraftLine[], sections: readonly ChargeSection[]): bigint {
  return lines.reduce((sum, { line, minor }) => (sections.includes(line.section) ? sum + minor : sum), 0n);
}

export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A price with at least the digits of the minor unit, and all that say something. */
export function priceText(amount: number, minorDigits: number): string {
  const exact = formatScaled(amount, CHARGE_SCALE);
  const shortest = exact.length - (CHARGE_SCALE - minorDigits);
  return exact.slice(0, shortest) + exact.slice(shortest).replace(/0+$/, '');
}
