/**
 * What an invoice's documents say, in its language and in their order; HTML and PDF differ only in how they draw it. Everything is taken
 * from the invoice: no catalog, no clock.
 */
import type { Language } from '@tollstream/catalog';
import { currencyOf, formatScaled, parseDecimalBig } from '@tollstream/money';
import { compare } from '../draft-line.ts';
import type { Invoice, InvoiceFee, InvoiceLine, InvoiceSeller, InvoiceTax } from '../invoice.ts';
import { isTextKey, monthName, translate } from '../texts/texts.ts';
import type { TextKey } from '../texts/texts.ts';
import type { ChartBar } from './chart.ts';
import { cleanText, formatDay, formatMoney, formatNumber, formatPercent } from './format.ts';

export interface DocumentContent {
  readonly language: Language;
  /** Where it is read: the size of its paper. */
  readonly country: string;
  readonly issueDate: string;
  readonly title: string;
  /** Title and number. */
  readonly heading: string;
  /** Set on what is not an invoice. */
  readonly warning: string | null;
  readonly from: Party | null;
  readonly billedTo: Party;
  readonly facts: readonly Pair[];
  readonly summary: { readonly title: string; readonly rows: readonly Pair[] };
  readonly total: { readonly label: string; readonly amount: string; readonly due: string };
  readonly usage: UsageContent | null;
  readonly details: Table;
  readonly groups: Table | null;
  readonly feesAndTaxes: Table | null;
  readonly remittance: {
    readonly title: string;
    readonly rows: readonly Pair[];
    readonly hint: string;
  } | null;
  readonly notes: { readonly title: string; readonly lines: readonly string[] } | null;
  readonly page: (page: number, pages: number) => string;
}

export interface Party {
  readonly title: string;
  readonly name: string;
  readonly lines: readonly string[];
  /** In place of the first letter of the name. */
  readonly logo?: InvoiceSeller['logo'];
}

export interface Pair {
  readonly label: string;
  readonly value: string;
  readonly isStrong?: boolean;
}

/** The first column is text, the others are figures. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly kind: 'section' | 'group' | 'line';
  readonly cells: readonly string[];
  /** Small, under the first cell. */
  readonly remark?: string;
}

export interface UsageContent {
  readonly chart: { readonly title: string; readonly bars: readonly ChartBar[] };
  readonly calls: Table;
  readonly jurisdictions: { readonly title: string; readonly rows: readonly Pair[] } | null;
}

type Say = (key: TextKey, values?: Readonly<Record<string, string>>) => string;
export interface Words {
  readonly say: Say;
  readonly money: (amount: string) => string;
  readonly number: (decimal: string) => string;
  readonly percent: (percent: string) => string;
  readonly day: (day: string) => string;
}

export function wordsOf({ language, currency }: { language: Language; currency: string }): Words {
  return {
    say: (key, values) => translate(language, key, values),
    money: (amount) => formatMoney(language, currency, amount),
    number: (decimal) => formatNumber(language, decimal),
    percent: (percent) => formatPercent(language, percent),
    day: (day) => formatDay(language, day),
  };
}

export function invoiceContent(invoice: Invoice): DocumentContent {
  const words = wordsOf(invoice);
  const { say } = words;
  const title = say('title.invoice');
  return {
    language: invoice.language,
    country: invoice.account.country,
    issueDate: invoice.issue_date,
    title,
    heading: invoice.number === null ? title : `${title} ${cleanText(invoice.number)}`,
    warning: invoice.status === 'preview' ? say('document.preview') : null,
    from: sellerOf(invoice, words),
    billedTo: customerOf(invoice, words),
    facts: factsOf(invoice, words),
    summary: { title: say('document.summary'), rows: summaryOf(invoice, words) },
    total: totalOf(invoice, words),
    usage: usageOf(invoice, words),
    details: detailsOf(invoice, words),
    groups: groupsOf(invoice, words),
    feesAndTaxes: feesAndTaxesOf(invoice, words),
    remittance: remittanceOf(invoice, words),
    notes: notesOf(invoice, words),
    page: (page, pages) => say('document.page', { page: String(page), pages: String(pages) }),
  };
}

export function sellerOf({ seller }: Pick<Invoice, 'seller'>, { say }: Words): Party | null {
  if (seller === null) return null;
  return {
    title: say('document.from'),
    name: cleanText(seller.name),
    logo: seller.logo,
    lines: [
      ...seller.address,
      ...taxId(seller.tax_id, say),
      ...[seller.phone, seller.email, seller.website].filter((text) => text !== ''),
    ].map(cleanText),
  };
}

export function customerOf({ account }: Pick<Invoice, 'account'>, { say }: Words): Party {
  return {
    title: say('document.billed_to'),
    name: cleanText(account.name),
    lines: [
      ...account.address,
      ...taxId(account.tax_id, say),
      ...(account.email === '' ? [] : [account.email]),
    ].map(cleanText),
  };
}

function taxId(id: string, say: Say): string[] {
  return id === '' ? [] : [say('document.tax_id', { id })];
}

function factsOf(invoice: Invoice, { say, day }: Words): Pair[] {
  const { account, language } = invoice;
  const name = cleanText(account.plan_name);
  return [
    ...(invoice.number === null
      ? []
      : [{ label: say('document.number'), value: cleanText(invoice.number), isStrong: true }]),
    { label: say('document.issue_date'), value: day(invoice.issue_date) },
    { label: say('document.due_date'), value: day(invoice.due_date) },
    { label: say('label.account'), value: cleanText(account.id) },
    {
      label: say('document.plan'),
      value: account.plan_is_default ? say('document.default_plan', { name }) : name,
    },
    { label: say('document.charges_for'), value: monthName(language, invoice.month) },
    { label: say('document.usage_of'), value: monthName(language, invoice.usage_month) },
  ];
}

function summaryOf({ totals, usage_month, language }: Invoice, { say, money }: Words): Pair[] {
  const pair = (label: string, amount: string, isStrong = false): Pair => ({
    label,
    value: money(amount),
    isStrong,
  });
  const month = { month: usage_month };
  return [
    pair(say('label.recurring'), totals.recurring),
    pair(translate(language, 'label.usage', month), totals.usage),
    ...(isZero(totals.adjustments) ? [] : [pair(say('label.adjustments'), totals.adjustments)]),
    ...(isZero(totals.one_time) ? [] : [pair(say('section.one_time'), totals.one_time)]),
    ...(isZero(totals.credits) ? [] : [pair(say('section.credit'), totals.credits)]),
    pair(say('section.fees'), totals.fees),
    pair(say('label.subtotal'), totals.subtotal, true),
    pair(say('section.taxes'), totals.taxes),
    pair(say('label.total'), totals.total, true),
  ];
}

function totalOf({ totals, due_date, account }: Invoice, { say, money, day }: Words) {
  const isOwed = !totals.total.startsWith('-');
  const due = account.autopay ? say('document.autopay') : say('document.due_by', { day: day(due_date) });
  return {
    label: say(isOwed ? 'document.total_due' : 'document.in_your_favour'),
    amount: money(totals.total),
    due: isOwed && !isZero(totals.total) ? due : say('document.nothing_due'),
  };
}

type Detailed = Pick<Invoice, 'lines' | 'currency'>;

/** Every line by its section and billing group. */
export function detailsOf(invoice: Detailed, words: Words): Table {
  const { say } = words;
  const sections = [...new Set(invoice.lines.map(({ section }) => section))];
  return {
    title: say('document.details'),
    columns: [
      say('document.description'),
      say('document.period'),
      say('document.quantity'),
      say('document.unit_price'),
      say('document.amount'),
    ],
    rows:
      sections.length === 0
        ? [{ kind: 'line', cells: [say('document.no_charges'), '', '', '', words.money(zero(invoice))] }]
        : sections.flatMap((section) => {
            const lines = invoice.lines.filter((line) => line.section === section);
            return [
              sectionRow(say(`section.${section}`), sum(invoice, lines), words),
              ...linesOf(lines, words),
            ];
          }),
  };
}

function sectionRow(title: string, amount: string, { money }: Words): TableRow {
  return { kind: 'section', cells: [title, '', '', '', money(amount)] };
}

/** The lines of one section, each billing group's under its name. */
function linesOf(lines: readonly InvoiceLine[], words: Words): TableRow[] {
  const groups = [...new Set(lines.map((line) => line.billing_group))].sort(compare);
  const hasGroups = groups.some((group) => group !== '');
  return groups.flatMap((group) => [
    ...(hasGroups ? [groupRow(groupName(group, words))] : []),
    ...lines.filter((line) => line.billing_group === group).map((line) => lineRow(line, words)),
  ]);
}

function groupRow(name: string): TableRow {
  return { kind: 'group', cells: [name, '', '', '', ''] };
}

function groupName(group: string, { say }: Words): string {
  return group === '' ? say('document.no_group') : say('document.group', { name: cleanText(group) });
}

function lineRow(line: InvoiceLine, { money, number }: Words): TableRow {
  const unit = line.unit === 'minute' ? '\u00a0min' : '';
  const { period } = line;
  return {
    kind: 'line',
    cells: [
      cleanText(line.description.text),
      // Days stand as ISO 8601 writes them, which no reader takes for another day.
      period === null ? '' : period.from === period.to ? period.from : `${period.from} – ${period.to}`,
      number(line.quantity) + unit,
      line.unit_price === null ? '' : money(line.unit_price),
      money(line.amount),
    ],
  };
}

function groupsOf(invoice: Invoice, words: Words): Table | null {
  if (!invoice.billing_groups.some(({ billing_group }) => billing_group !== '')) return null;
  return {
    title: words.say('document.groups'),
    columns: [words.say('document.description'), words.say('document.amount')],
    rows: invoice.billing_groups.map(({ billing_group, amount }) => ({
      kind: 'line',
      cells: [groupName(billing_group, words), words.money(amount)],
    })),
  };
}

function feesAndTaxesOf(invoice: Invoice, words: Words): Table | null {
  const { say, money } = words;
  if (invoice.fees.length + invoice.taxes.length === 0) return null;
  const block = (title: string, amount: string, rows: readonly TableRow[]): TableRow[] =>
    rows.length === 0 ? [] : [{ kind: 'section', cells: [title, '', '', money(amount)] }, ...rows];
  return {
    title: say('document.fees_and_taxes'),
    columns: [
      say('document.description'),
      say('document.base'),
      say('document.rate'),
      say('document.amount'),
    ],
    rows: [
      ...block(
        say('section.fees'),
        invoice.totals.fees,
        invoice.fees.map((fee) => feeRow(fee, words)),
      ),
      ...block(
        say('section.taxes'),
        invoice.totals.taxes,
        invoice.taxes.map((tax) => taxRow(tax, words)),
      ),
    ],
  };
}

function feeRow(fee: InvoiceFee, words: Words): TableRow {
  const { say, money, number, percent } = words;
  const remarks: string[] = [];
  if (fee.share_percent !== null) {
    const key = fee.share_source === 'actual' ? 'document.actual_share' : 'document.safe_harbour';
    remarks.push(say(key, { percent: percent(fee.share_percent) }));
  }
  if (fee.quarter !== null) remarks.push(say('document.quarter', { quarter: fee.quarter }));
  return {
    kind: 'line',
    cells: [
      cleanText(fee.name),
      fee.kind === 'per_unit' ? number(fee.base) : money(fee.base),
      fee.percent === null ? money(fee.unit_price ?? '0') : percent(fee.percent),
      money(fee.amount),
    ],
    remark: remarkOf([...remarks, ...exempt(fee.exemption, say), ...source(fee.source, say)]),
  };
}

function taxRow(tax: InvoiceTax, { say, money, percent }: Words): TableRow {
  return {
    kind: 'line',
    cells: [cleanText(tax.name), money(tax.base), percent(tax.percent), money(tax.amount)],
    remark: remarkOf([...exempt(tax.exemption, say), ...source(tax.source, say)]),
  };
}

function exempt(certificate: string | null, say: Say): string[] {
  return certificate === null ? [] : [say('label.exempt', { certificate: cleanText(certificate) })];
}

function source(text: string, say: Say): string[] {
  return text === '' ? [] : [say('document.source', { source: cleanText(text) })];
}

function remarkOf(parts: readonly string[]): string {
  return parts.join(' · ');
}

function usageOf({ usage_summary, usage_month, totals }: Invoice, words: Words): UsageContent | null {
  const { say, money, number } = words;
  const { by_call_type, by_day, by_jurisdiction } = usage_summary;
  if (by_call_type.length === 0) return null;
  const jurisdictions = by_jurisdiction.filter(({ jurisdiction }) => jurisdiction !== '');
  return {
    chart: {
      title: say('document.minutes_by_day'),
      bars: by_day.map(({ day, billable_minutes }) => ({ label: day, value: billable_minutes })),
    },
    calls: {
      title: say('document.usage_summary', { month: usage_month }),
      columns: [
        say('document.call_type'),
        say('document.calls'),
        say('document.minutes'),
        say('document.cost'),
      ],
      rows: [
        ...by_call_type.map((row): TableRow => ({
          kind: 'line',
          cells: [
            cleanText(row.description.text),
            number(String(row.calls)),
            number(row.billable_minutes),
            money(row.exact_amount),
          ],
        })),
        {
          kind: 'section',
          cells: [
            say('label.total'),
            number(String(totals.calls)),
            number(totals.billable_minutes),
            money(totals.exact_usage),
          ],
        },
      ],
    },
    jurisdictions:
      jurisdictions.length === 0
        ? null
        : {
            title: say('document.jurisdiction'),
            rows: jurisdictions.map(({ jurisdiction, billable_minutes }) => ({
              label: labelOf('jurisdiction', jurisdiction, say),
              value: number(billable_minutes),
            })),
          },
  };
}

function remittanceOf({ remittance, number }: Invoice, { say }: Words): DocumentContent['remittance'] {
  if (remittance === null || remittance.lines.length === 0) return null;
  return {
    title: say('document.how_to_pay'),
    rows: remittance.lines.map(({ label, value }) => ({
      label: labelOf('remittance', label, say),
      value: cleanText(value),
    })),
    hint: number === null ? '' : say('document.pay_with_number', { number: cleanText(number) }),
  };
}

/** Labels that the texts know are put into the language; others stand as the catalog has them. */
function labelOf(kind: 'remittance' | 'jurisdiction', label: string, say: Say): string {
  const key = `${kind}.${label}`;
  return isTextKey(key) ? say(key) : cleanText(label);
}

function notesOf(invoice: Invoice, { say, money }: Words): DocumentContent['notes'] {
  const what = invoice.not_included.map((name) => say(`section.${name}`)).join(', ');
  const lines = [
    ...invoice.notes.map(({ text }) => cleanText(text)),
    say('document.exact_usage', { amount: money(invoice.totals.exact_usage) }),
    ...(what === '' ? [] : [say('document.not_included', { what })]),
    ...invoice.hindrances.map(({ message, code }) =>
      say('document.cannot_be_issued', { reason: `${cleanText(message)} [${code}]` }),
    ),
  ];
  return { title: say('document.notes'), lines };
}

function sum({ currency }: Detailed, lines: readonly InvoiceLine[]): string {
  const { minorDigits } = currencyOf(currency);
  return formatScaled(
    lines.reduce((total, { amount }) => total + parseDecimalBig(amount, minorDigits), 0n),
    minorDigits,
  );
}

function zero(invoice: Detailed): string {
  return sum(invoice, []);
}

function isZero(amount: string): boolean {
  return !/[1-9]/.test(amount);
}
