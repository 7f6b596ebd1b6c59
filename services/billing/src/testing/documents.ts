/** Invoices for the tests of documents. */
import type { Language } from '@tollstream/catalog';
import type { Invoice } from '../invoice.ts';
import { creditNoteDocument } from '../issue/credit-note.ts';
import type { CreditNote } from '../issue/credit-note.ts';
import { NO_USAGE } from '../invoice-usage.ts';
import { parseMonth } from '../month.ts';
import { makeInvoice } from '../processor.ts';
import { TERMS, accountOn, billingOf, usageRow } from './samples.ts';

const DAYS_OF_JANUARY = 31;

/** Issued, with recurring charges, included, charged and international calls on every day, fees, a tax and remittance. */
export function issuedInvoice(language: Language = 'en', changes: Partial<Invoice> = {}): Invoice {
  const invoice = makeInvoice({
    account: accountOn({ billing: billingOf({ language }) }),
    catalog: { version: 3, plans: new Map(), billing: TERMS },
    month: parseMonth('2020-02'),
    usage: {
      ...NO_USAGE,
      rows: [
        usageRow({
          rateType: 'included',
          charge: 0n,
          calls: 1_234,
          billableSeconds: 74_040n,
          includedSeconds: 74_040n,
        }),
        usageRow({}),
        usageRow({ callType: 'international', rateType: 'metered', charge: 1_234_567_890n }),
        usageRow({ rateType: 'unanswered', charge: 0n, calls: 21, billableSeconds: 0n }),
      ],
    },
  });
  return {
    ...invoice,
    status: 'issued',
    number: 'INV-000001',
    usage_summary: {
      ...invoice.usage_summary,
      by_day: Array.from({ length: DAYS_OF_JANUARY }, (_, i) => ({
        day: `2020-01-${String(i + 1).padStart(2, '0')}`,
        calls: (i * 7) % 50,
        billable_minutes: `${(i * 37) % 113}.5`,
        exact_amount: '0.000000',
      })),
    },
    ...changes,
  };
}

/** So many lines more, in two billing groups. */
export function longInvoice(lines: number): Invoice {
  const invoice = issuedInvoice();
  const [line] = invoice.lines;
  const more = Array.from({ length: lines }, (_, i) => ({
    ...line!,
    id: `line-${i}`,
    billing_group: i % 2 === 0 ? 'North' : 'South',
    description: { ...line!.description, text: `Phone service of desk ${i}, February 2020` },
    amount: `${i}.25`,
  }));
  return { ...invoice, lines: [...more, ...invoice.lines.slice(1)] };
}

/** On the invoice above: of an amount as such, or with lines, as a run that made calls cheaper issues it. */
export function issuedCreditNote(
  language: Language = 'en',
  about: Partial<Parameters<typeof creditNoteDocument>[0]> = {},
  amount = '20.80',
): CreditNote {
  const document = creditNoteDocument(
    { kind: 'correction', reason: 'a wrong rate', issueDate: '2020-02-20', ...about },
    { number: 'CN-000001', amount, invoiceDocument: JSON.stringify(issuedInvoice(language)) },
  );
  return JSON.parse(document) as CreditNote;
}

/** What the invoice's usage lines cost less. */
export function creditNoteWithLines(language: Language = 'en'): CreditNote {
  const lines = issuedInvoice(language)
    .lines.filter(({ usage }) => usage !== null)
    .slice(0, 2)
    .map((line, i) => ({ ...line, amount: `-${i + 1}.25`, unit_price: null }));
  return issuedCreditNote(
    language,
    { kind: 'late_calls', reason: '2020-01-2', fees: '0.40', taxes: '0.16', lines },
    '4.06',
  );
}
