import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LANGUAGES } from '@tollstream/catalog';
import { extractText, getDocumentProxy } from 'unpdf';
import { expect, it } from 'vitest';
import type { Invoice } from '../invoice.ts';
import { creditNoteWithLines, issuedCreditNote, issuedInvoice, longInvoice } from '../testing/documents.ts';
import { writeDocuments } from './files.ts';
import { formatDay, formatMoney, formatNumber } from './format.ts';
import { inLanguage, renderDocument } from './render.ts';
import type { IssuedDocument } from './render.ts';

/** Of a test that draws many pages, on a machine that may be busy. */
const MANY_PAGES_MS = 120_000;
const HOSTILE = `<script>alert("1")</script> & 'Söhne' \u202eשלום\u0007 😀 ${'W'.repeat(300)}`;

const pdfOf = (document: IssuedDocument): Promise<Buffer> => renderDocument(document, 'pdf');
const htmlOf = async (document: IssuedDocument): Promise<string> =>
  String(await renderDocument(document, 'html'));
const ublOf = async (document: IssuedDocument): Promise<string> =>
  String(await renderDocument(document, 'ubl'));

interface Paper {
  readonly pages: readonly string[];
  readonly text: string;
}

async function read(pdf: Uint8Array): Promise<Paper> {
  const { text } = await extractText(await getDocumentProxy(new Uint8Array(pdf)), { mergePages: false });
  return { pages: text.map(plain), text: plain(text.join(' ')) };
}

/** Spaces of every kind are one. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** Every amount that the invoice has, as its documents write it. */
function amountsOf(invoice: Invoice): string[] {
  const { lines, fees, taxes, totals, usage_summary, currency, language } = invoice;
  return [
    ...lines.map(({ amount }) => amount),
    ...lines.flatMap(({ unit_price }) => unit_price ?? []),
    ...fees.map(({ amount }) => amount),
    ...taxes.flatMap(({ base, amount }) => [base, amount]),
    ...usage_summary.by_call_type.map(({ exact_amount }) => exact_amount),
    totals.recurring,
    totals.usage,
    totals.fees,
    totals.subtotal,
    totals.taxes,
    totals.total,
    totals.exact_usage,
  ].map((amount) => plain(formatMoney(language, currency, amount)));
}

function withName(name: string): Invoice {
  const invoice = issuedInvoice();
  return {
    ...invoice,
    account: { ...invoice.account, name, address: [name], email: name, tax_id: name },
    seller: { ...invoice.seller!, name, phone: name },
    lines: invoice.lines.map((line) => ({
      ...line,
      billing_group: name,
      description: { ...line.description, text: name },
    })),
  };
}

it(
  'documents made again are the same to the byte',
  async () => {
    const invoice = longInvoice(60);
    const again = JSON.parse(JSON.stringify(invoice)) as Invoice;
    expect(Buffer.compare(await pdfOf(invoice), await pdfOf(again))).toBe(0);
    expect(await htmlOf(invoice)).toBe(await htmlOf(again));
    expect(await ublOf(invoice)).toBe(await ublOf(again));
  },
  MANY_PAGES_MS,
);

it.each(LANGUAGES)(
  'PDF and HTML in %s hold every amount, and each text in that language',
  async (language) => {
    const invoice = issuedInvoice(language);
    const { text } = await read(await pdfOf(invoice));
    const html = plain(await htmlOf(invoice));
    for (const amount of amountsOf(invoice)) {
      expect(text).toContain(amount);
      expect(html).toContain(amount);
    }
    const due = { en: 'Total due', es: 'Total a pagar', pt: 'Total a pagar', fr: 'Total à payer' }[language];
    for (const words of [due, formatDay(language, '2020-02-16'), invoice.lines[2]!.description.text]) {
      expect(text).toContain(words);
    }
    expect(html).toContain(`<html lang="${language}">`);
  },
);

it('an invoice in another language is the one that an account of that language has', () => {
  expect(inLanguage(issuedInvoice('en'), 'fr')).toEqual(issuedInvoice('fr'));
});

it.each(LANGUAGES)('a credit note in %s says what is given back of which invoice', async (language) => {
  const note = creditNoteWithLines(language);
  const { text } = await read(await pdfOf(note));
  const html = plain(await htmlOf(note));
  const [title, total, why] = {
    en: ['Credit note', 'Total credited', 'were priced again and cost less'],
    es: ['Nota de crédito', 'Total abonado', 'se tarificaron de nuevo'],
    pt: ['Nota de crédito', 'Total creditado', 'foram tarifadas de novo'],
    fr: ['Note de crédit', 'Total crédité', 'ont été tarifés à nouveau'],
  }[language];
  for (const document of [text, html]) {
    for (const words of [title, total, why, 'CN-000001', 'INV-000001', note.lines[0]!.description.text])
      expect(document).toContain(words);
    for (const amount of ['1.25', '2.25', '0.40', '0.16', '4.06'])
      expect(document).toContain(plain(formatMoney(language, 'USD', amount)));
    expect(document).not.toContain('2020-01-2');
  }
  expect(inLanguage(creditNoteWithLines('en'), language)).toEqual(note);
});

it('a credit note made again is the same to the byte, and says why it was issued', async () => {
  const note = issuedCreditNote();
  const again = JSON.parse(JSON.stringify(note)) as typeof note;
  for (const format of ['pdf', 'html', 'ubl'] as const)
    expect(Buffer.compare(await renderDocument(note, format), await renderDocument(again, format))).toBe(0);
  const { text } = await read(await pdfOf(note));
  for (const words of ['a wrong rate', 'Credit on invoice INV-000001', 'Taken off what is owed'])
    expect(text).toContain(words);
  expect(text).not.toContain('How to pay');
});

it('a hostile reason is text', async () => {
  const note = issuedCreditNote('en', { reason: HOSTILE });
  expect(await htmlOf(note)).not.toMatch(/<script/);
  expect(await ublOf(note)).not.toMatch(/<script|&(?!#\d+;)/);
});

/** Four red pixels. */
const LOGO =
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGO4o6ABQgwQCgAloAS5BeobHAAAAABJRU5ErkJggg==';

it('the logo of the seller stands in PDF and HTML, of credit notes too, the same to the byte', async () => {
  const logo = { media_type: 'image/png' as const, data: LOGO };
  const invoice = issuedInvoice();
  const withLogo = { ...invoice, seller: { ...invoice.seller!, logo } };
  const note = issuedCreditNote();
  const noteWithLogo = { ...note, seller: { ...note.seller!, logo } };
  for (const document of [withLogo, noteWithLogo]) {
    const pdf = await pdfOf(document);
    expect(pdf.includes('/Subtype /Image')).toBe(true);
    expect(Buffer.compare(pdf, await pdfOf(JSON.parse(JSON.stringify(document)) as typeof document))).toBe(0);
    const pixels = Buffer.from(LOGO, 'base64');
    const at = pixels.indexOf('IDAT') + 4;
    // As they are in the file: nothing was compressed anew.
    expect(pdf.includes(pixels.subarray(at, at + 16))).toBe(true);
    expect((await read(pdf)).text).toContain('Seller');
    const html = await htmlOf(document);
    expect(html).toContain(`<img class="logo" alt="" src="data:image/png;base64,${LOGO}">`);
    expect(html).toContain("default-src 'none'; style-src 'unsafe-inline'; img-src data:");
  }
  expect((await pdfOf(invoice)).includes('/Subtype /Image')).toBe(false);
});

it('numbers and days are written as the language does', () => {
  expect(formatNumber('en', '1234567.50')).toBe('1,234,567.50');
  expect(formatNumber('pt', '1234567.50')).toBe('1.234.567,50');
  expect(formatNumber('fr', '1234.5')).toBe('1\u00a0234,5');
  expect(formatMoney('en', 'USD', '-1234.50')).toBe('-$1,234.50');
  expect(formatMoney('pt', 'BRL', '0.02')).toBe('R$0,02');
  expect(formatDay('en', '2020-02-01')).toBe('February 1, 2020');
  expect(formatDay('fr', '2020-02-01')).toBe('1er février 2020');
});

it(
  '500 lines go over pages, each with the head of the table and its number',
  async () => {
    const { pages, text } = await read(await pdfOf(longInvoice(500)));
    expect(pages.length).toBeGreaterThan(8);
    for (const [i, page] of pages.entries()) expect(page).toContain(`Page ${i + 1} of ${pages.length}`);
    for (const page of pages.slice(1, 8))
      expect(page).toContain('Description Period Quantity Unit price Amount');
    for (let i = 0; i < 500; i += 1) expect(text).toContain(`desk ${i},`);
    expect(text).toContain('Billing group South');
  },
  MANY_PAGES_MS,
);

it('a hostile name is text in every document and nothing else', async () => {
  const invoice = withName(HOSTILE);
  const html = await htmlOf(invoice);
  // oxlint-disable-next-line no-control-regex
  expect(html).not.toMatch(/<script|\u202e|\u0007/);
  expect(html).toContain('&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62; &#38; &#39;Söhne&#39;');
  expect(html).toContain('😀');
  const ubl = await ublOf(invoice);
  // oxlint-disable-next-line no-control-regex
  expect(ubl).not.toMatch(/<script|&(?!#\d+;)|[\u0000-\u0008]/);
  expect(ubl).toContain('שלום');
  const { text } = await read(await pdfOf(invoice));
  expect(text).toContain('<script>');
  for (const amount of amountsOf(invoice)) expect(text).toContain(amount);
});

it('HTML loads nothing and runs nothing', async () => {
  const html = await htmlOf(issuedInvoice());
  expect(html).not.toMatch(/<script|<link|<img|<iframe|url\(|@import|\son\w+=|src=|href=/i);
  expect(html).toContain("default-src 'none'");
  expect(html.match(/<th scope="col">/g)!.length).toBeGreaterThan(8);
});

it('nothing is to be paid of an empty invoice, and of one that is below zero', async () => {
  const whole = issuedInvoice();
  const zero = Object.fromEntries(Object.keys(whole.totals).map((key) => [key, '0.00']));
  const totals = { ...whole.totals, ...zero, calls: 0 };
  const nothing = {
    lines: [],
    fees: [],
    taxes: [],
    totals,
    usage_summary: { by_call_type: [], by_day: [], by_jurisdiction: [] },
  };
  const empty = await read(await pdfOf({ ...whole, ...nothing }));
  expect(empty.text).toContain('Nothing to pay');
  expect(empty.text).toContain('No charges this month');
  expect(await ublOf({ ...whole, ...nothing })).toContain('<cac:InvoiceLine>');
  const credit = {
    ...whole,
    lines: [{ ...whole.lines[0]!, section: 'credit' as const, amount: '-12.50' }],
    totals: { ...totals, credits: '-12.50', charges: '-12.50', subtotal: '-12.50', total: '-12.50' },
  };
  const below = await read(await pdfOf(credit));
  expect(below.text).toContain('In your favour -$12.50 Nothing to pay');
  expect(await htmlOf(credit)).toContain('-$12.50');
  expect(await ublOf(credit)).toContain('<cbc:PayableAmount currencyID="USD">-12.50<');
});

it('a preview says that it is none, without seller too', async () => {
  const preview = issuedInvoice('en', { status: 'preview', number: null, seller: null, remittance: null });
  expect((await read(await pdfOf(preview))).text).toContain('not an invoice and not to be paid');
  expect(await htmlOf(preview)).toContain('class="warning"');
  expect(await ublOf(preview)).toContain('<cbc:InvoiceTypeCode>325<');
});

it('a document that cannot be written leaves no part of itself', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tollstream-documents-'));
  try {
    const html = path.join(folder, 'invoice.html');
    const missing = path.join(folder, 'missing', 'invoice.xml');
    await expect(writeDocuments(issuedInvoice(), { ubl: missing })).rejects.toMatchObject({
      code: 'TOLL_BILLING_FILE_UNWRITABLE',
    });
    expect(await writeDocuments(issuedInvoice(), { html })).toEqual([html]);
    expect(await readdir(folder)).toEqual(['invoice.html']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
