/** An invoice in another language than the account's: every text stands in it as key and values. Names of the catalog stay as they are. */
import type { Language } from '@tollstream/catalog';
import type { Invoice, InvoiceText } from '../invoice.ts';
import { textOf } from '../texts/texts.ts';

export function invoiceInLanguage(invoice: Invoice, language: Language): Invoice {
  const again = ({ key, values }: InvoiceText): InvoiceText => textOf(language, key, values);
  const { usage_summary } = invoice;
  return {
    ...invoice,
    language,
    lines: invoice.lines.map((line) => ({ ...line, description: again(line.description) })),
    usage_summary: {
      ...usage_summary,
      by_call_type: usage_summary.by_call_type.map((row) => ({
        ...row,
        description: again(row.description),
      })),
    },
    notes: invoice.notes.map(again),
  };
}
