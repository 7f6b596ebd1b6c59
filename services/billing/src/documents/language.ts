/** An issued document in another language than the account's: every text stands in it as key and values. Names of the catalog stay as they are. */
import type { Language } from '@tollstream/catalog';
import type { Invoice, InvoiceText } from '../invoice.ts';
import type { CreditNote } from '../issue/credit-note.ts';
import { textOf } from '../texts/texts.ts';

export function invoiceInLanguage(invoice: Invoice, language: Language): Invoice {
  const again = textIn(language);
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

export function creditNoteInLanguage(note: CreditNote, language: Language): CreditNote {
  const again = textIn(language);
  return {
    ...note,
    language,
    lines: note.lines.map((line) => ({ ...line, description: again(line.description) })),
  };
}

function textIn(language: Language): (text: InvoiceText) => InvoiceText {
  return ({ key, values }) => textOf(language, key, values);
}
