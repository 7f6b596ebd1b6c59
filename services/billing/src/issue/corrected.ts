/** What an issued invoice would have come to with other usage: from its own JSON, percentages and roundings. Pure. */
import { PERCENT_SCALE } from '@tollstream/catalog';
import type { BillingTerms } from '@tollstream/catalog';
import { currencyOf, parseDecimalBig } from '@tollstream/money';
import { HUNDRED_PERCENT, percentOf, percentOfPart } from '../dated.ts';
import { sumOf } from '../draft-line.ts';
import type { DraftLine } from '../draft-line.ts';
import type { Invoice, InvoiceFee } from '../invoice.ts';

export interface Correction {
  /** Of each what the invoice would have more, or less, in minor units. */
  readonly charges: bigint;
  readonly fees: bigint;
  readonly taxes: bigint;
}

/**
 * @param lines what the invoice would have besides
 * @param terms say which sections each fee is of; the rest stands on the invoice
 */
export function correctionOf(
  invoice: Invoice,
  lines: readonly DraftLine[],
  terms: Pick<BillingTerms, 'fees'>,
): Correction {
  const { minorDigits } = currencyOf(invoice.currency);
  const minor = (text: string): bigint => parseDecimalBig(text, minorDigits);
  const charges = lines.reduce((sum, line) => sum + line.minor, 0n);
  let fees = 0n;
  for (const fee of invoice.fees) {
    const base = terms.fees.find(({ id }) => id === fee.id)?.base ?? [];
    // A fee for each number does not change with calls, and what was exempted stays so.
    if (fee.kind === 'per_unit' || fee.exemption !== null) continue;
    const oldBase = minor(fee.base);
    const newBase = oldBase + sumOf(lines, base);
    // The same working on both sides: whatever it cuts off, what did not change makes no difference.
    fees += feeOn(fee, newBase < 0n ? 0n : newBase) - feeOn(fee, oldBase);
  }
  const subtotal = minor(invoice.totals.subtotal) + charges + fees;
  let taxes = 0n;
  for (const tax of invoice.taxes) {
    if (tax.exemption !== null) continue;
    const percent = parseDecimalBig(tax.percent, PERCENT_SCALE);
    taxes += percentOf(subtotal < 0n ? 0n : subtotal, percent) - minor(tax.amount);
  }
  return { charges, fees, taxes };
}

function feeOn(fee: InvoiceFee, base: bigint): bigint {
  const percent = parseDecimalBig(fee.percent ?? '0', PERCENT_SCALE);
  if (fee.kind === 'percent') return percentOf(base, percent);
  const seconds = fee.share_seconds ?? null;
  const share =
    seconds === null
      ? { part: parseDecimalBig(fee.share_percent ?? '0', PERCENT_SCALE), of: HUNDRED_PERCENT }
      : { part: BigInt(seconds.part), of: BigInt(seconds.of) };
  return percentOfPart(base, share, percent);
}
