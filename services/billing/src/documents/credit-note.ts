/** What a credit note's documents say: what of an invoice is not owed any more, as amounts above zero. Everything is taken from the note. */
import { currencyOf, formatScaled, parseDecimalBig } from '@tollstream/money';
import type { InvoiceLine, InvoiceText } from '../invoice.ts';
import type { CreditNote } from '../issue/credit-note.ts';
import { textOf } from '../texts/texts.ts';
import { customerOf, detailsOf, sellerOf, wordsOf } from './content.ts';
import type { DocumentContent, Pair, Words } from './content.ts';
import { cleanText } from './format.ts';

export function creditNoteContent(note: CreditNote): DocumentContent {
  const words = wordsOf(note);
  const { say, money, day } = words;
  const title = say('title.credit_note');
  const invoice = cleanText(note.invoice.number);
  return {
    language: note.language,
    country: note.account.country,
    issueDate: note.issue_date,
    title,
    heading: `${title} ${cleanText(note.number)}`,
    warning: null,
    from: sellerOf(note, words),
    billedTo: customerOf(note, words),
    facts: [
      { label: say('document.credit_note_number'), value: cleanText(note.number), isStrong: true },
      { label: say('document.issue_date'), value: day(note.issue_date) },
      { label: say('document.of_invoice'), value: invoice },
      { label: say('document.invoice_issued'), value: day(note.invoice.issue_date) },
      { label: say('document.invoice_total'), value: money(note.invoice.total) },
      { label: say('label.account'), value: cleanText(note.account.id) },
    ],
    summary: { title: say('document.summary'), rows: summaryOf(note, words) },
    total: {
      label: say('document.total_credited'),
      amount: money(note.amount),
      due: say('document.taken_off', { number: invoice }),
    },
    usage: null,
    details: detailsOf({ currency: note.currency, lines: creditedLines(note) }, words),
    groups: null,
    feesAndTaxes: null,
    remittance: null,
    notes: { title: say('document.notes'), lines: [say(`credit.${note.kind}`), ...reasonOf(note)] },
    page: (page, pages) => say('document.page', { page: String(page), pages: String(pages) }),
  };
}

/** What is given back; their sum, fees and taxes make the amount. Where nothing was worked out line by line, the note is one line. */
export function creditedLines(note: CreditNote): InvoiceLine[] {
  if (note.lines.length > 0) {
    const { minorDigits } = currencyOf(note.currency);
    const taken = (amount: string): string =>
      formatScaled(-parseDecimalBig(amount, minorDigits), minorDigits);
    // On an invoice they would be below zero.
    return note.lines.map((line) => ({ ...line, amount: taken(line.amount) }));
  }
  return [
    {
      section: 'credit',
      id: note.kind,
      billing_group: '',
      description: creditText(note),
      period: null,
      quantity: '1',
      unit: 'once',
      unit_price: null,
      amount: chargesOf(note),
      usage: null,
    },
  ];
}

/** What is given back without fees and taxes. */
function chargesOf({ currency, net, fees }: CreditNote): string {
  const { minorDigits } = currencyOf(currency);
  return formatScaled(parseDecimalBig(net, minorDigits) - parseDecimalBig(fees, minorDigits), minorDigits);
}

function creditText({ language, invoice }: CreditNote): InvoiceText {
  return textOf(language, 'line.credited', { number: cleanText(invoice.number) });
}

function summaryOf(note: CreditNote, { say, money }: Words): Pair[] {
  return [
    { label: say('document.charges_credited'), value: money(chargesOf(note)) },
    { label: say('section.fees'), value: money(note.fees) },
    { label: say('label.subtotal'), value: money(note.net), isStrong: true },
    { label: say('section.taxes'), value: money(note.taxes) },
    { label: say('document.total_credited'), value: money(note.amount), isStrong: true },
  ];
}

/** A run's name says nothing to a customer; its lines do. */
export function reasonOf({ kind, reason }: Pick<CreditNote, 'kind' | 'reason'>): string[] {
  const text = cleanText(reason).trim();
  return kind === 'late_calls' || text === '' ? [] : [text];
}
