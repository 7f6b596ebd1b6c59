/** A credit note as it is written to JSON (schemas/invoice.schema.json): what of an issued invoice is not owed any more. */
import type { CreditKind } from '@tollstream/billing-store';
import type { Language } from '@tollstream/catalog';
import { currencyOf, formatScaled, parseDecimalBig, roundDivBig } from '@tollstream/money';
import type { Invoice, InvoiceAccount, InvoiceLine, InvoiceSeller } from '../invoice.ts';

export interface CreditNote {
  readonly schema: 'tollstream.credit-note/1';
  readonly number: string;
  readonly kind: CreditKind;
  readonly reason: string;
  readonly issue_date: string;
  readonly currency: string;
  readonly language: Language;
  readonly invoice: {
    readonly number: string;
    readonly month: string;
    readonly issue_date: string;
    readonly total: string;
  };
  readonly seller: InvoiceSeller | null;
  readonly account: InvoiceAccount;
  /** What changed, as it would stand on an invoice; empty where an amount was credited as such. */
  readonly lines: readonly InvoiceLine[];
  /** Runs whose adjustments it carries. */
  readonly adjustments: Invoice['adjustments'];
  /** The part of regulatory fees; '0.00' where an amount was credited as such. */
  readonly fees: string;
  /** Without taxes. */
  readonly net: string;
  readonly taxes: string;
  /** Taxes included. */
  readonly amount: string;
}

export function creditNoteDocument(
  about: {
    readonly kind: CreditKind;
    readonly reason: string;
    readonly issueDate: string;
    /** Where it was worked out line by line; otherwise taxes are the part that the amount has of the invoice. */
    readonly fees?: string;
    readonly taxes?: string;
    readonly lines?: readonly InvoiceLine[];
    readonly adjustments?: Invoice['adjustments'];
  },
  given: { readonly number: string; readonly amount: string; readonly invoiceDocument: string },
): string {
  const invoice = JSON.parse(given.invoiceDocument) as Invoice;
  const { minorDigits } = currencyOf(invoice.currency);
  const minor = (amount: string): bigint => parseDecimalBig(amount, minorDigits);
  const amount = minor(given.amount);
  const total = minor(invoice.totals.total);
  const part = total === 0n ? 0n : roundDivBig(amount * minor(invoice.totals.taxes), total, 'half_up');
  const taxes = about.taxes === undefined ? part : minor(about.taxes);
  const note: CreditNote = {
    schema: 'tollstream.credit-note/1',
    number: given.number,
    kind: about.kind,
    reason: about.reason,
    issue_date: about.issueDate,
    currency: invoice.currency,
    language: invoice.language,
    invoice: {
      number: invoice.number ?? '',
      month: invoice.month,
      issue_date: invoice.issue_date,
      total: invoice.totals.total,
    },
    seller: invoice.seller,
    account: invoice.account,
    lines: about.lines ?? [],
    adjustments: about.adjustments ?? [],
    fees: about.fees ?? formatScaled(0n, minorDigits),
    net: formatScaled(amount - taxes, minorDigits),
    taxes: formatScaled(taxes, minorDigits),
    amount: formatScaled(amount, minorDigits),
  };
  return JSON.stringify(note);
}
