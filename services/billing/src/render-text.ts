/** An invoice for a terminal: plain text in columns, in the language of the invoice, colour only when asked for. */
import { currencyOf } from '@tollstream/money';
import { compare } from './draft-line.ts';
import type { Invoice, InvoiceFee, InvoiceLine, InvoiceTax } from './invoice.ts';
import { monthName, translate } from './texts/texts.ts';
import type { TextKey } from './texts/texts.ts';

export interface RenderOptions {
  /** ANSI bold and dim. */
  readonly colour?: boolean;
}

const BOLD = '1';
const DIM = '2';
const GROUP_INDENT = '  ';

type Row = readonly [text: string, quantity: string, price: string, amount: string];
interface Block {
  readonly title: string;
  readonly rows: readonly Row[];
}

export function renderInvoiceText(invoice: Invoice, { colour = false }: RenderOptions = {}): string {
  const paint = (code: string, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const say = (key: TextKey, values: Readonly<Record<string, string>> = {}): string =>
    translate(invoice.language, key, values);
  const money = moneyIn(invoice.currency);
  const blocks = blocksOf(invoice, say, money);
  const totals: Row[] = [
    ...(invoice.fees.length + invoice.taxes.length === 0
      ? []
      : [total(say('label.subtotal'), money(invoice.totals.subtotal))]),
    total(say('label.total'), money(invoice.totals.total)),
  ];
  const headings: Row = ['', say('label.quantity'), say('label.unit_price'), say('label.amount')];
  const widths = columnWidths([
    headings,
    ...totals,
    ...blocks.flatMap(({ title, rows }) => [heading(title), ...rows]),
  ]);
  const row = (cells: Row): string =>
    cells
      .map((cell, i) => (i === 0 ? padEnd(cell, widths[i]!) : padStart(cell, widths[i]!)))
      .join('  ')
      .trimEnd();
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1));
  return [
    paint(BOLD, titleOf(invoice, say)),
    ...invoice.account.address.map(printable),
    paint(
      DIM,
      `${say('label.account')} ${printable(invoice.account.id)} · ${invoice.account.plan_is_default ? say('document.default_plan', { name: printable(invoice.account.plan_name) }) : printable(invoice.account.plan_name)}`,
    ),
    `${say('label.issued')} ${invoice.issue_date} · ${say('label.due')} ${invoice.due_date} · ${invoice.currency}${invoice.status === 'preview' ? ` · ${say('label.preview')}` : ''}`,
    '',
    paint(DIM, row(headings)),
    ...blocks.flatMap(({ title, rows }) => [paint(BOLD, printable(title)), ...rows.map(row)]),
    rule,
    ...totals.map((cells) => paint(BOLD, row(cells))),
    '',
    ...notes(invoice, say),
  ].join('\n');
}

type Say = (key: TextKey, values?: Readonly<Record<string, string>>) => string;
type Money = (amount: string) => string;

function titleOf(invoice: Invoice, say: Say): string {
  const number = invoice.number === null ? '' : ` ${invoice.number}`;
  return `${say('title.invoice')}${number} ${monthName(invoice.language, invoice.month)} · ${printable(invoice.account.name)}`;
}

function blocksOf(invoice: Invoice, say: Say, money: Money): Block[] {
  const sections = [...new Set(invoice.lines.map(({ section }) => section))];
  return [
    ...sections.map((section) => ({
      title: say(`section.${section}`),
      rows: grouped(invoice.lines.filter((line) => line.section === section)).map((entry): Row =>
        typeof entry === 'string' ? [`${GROUP_INDENT}[${entry}]`, '', '', ''] : lineRow(entry, money),
      ),
    })),
    ...(invoice.fees.length === 0
      ? []
      : [{ title: say('section.fees'), rows: invoice.fees.map((fee) => feeRow(fee, say, money)) }]),
    ...(invoice.taxes.length === 0
      ? []
      : [{ title: say('section.taxes'), rows: invoice.taxes.map((tax) => taxRow(tax, say, money)) }]),
  ];
}

/** Lines with the name of each billing group before its own. */
function grouped(lines: readonly InvoiceLine[]): (InvoiceLine | string)[] {
  const groups = [...new Set(lines.map((line) => line.billing_group))].sort(compare);
  return groups.flatMap((group) => [
    ...(group === '' ? [] : [group]),
    ...lines.filter((line) => line.billing_group === group),
  ]);
}

function lineRow(line: InvoiceLine, money: Money): Row {
  const unit = line.unit === 'minute' ? ' min' : '';
  return [
    GROUP_INDENT + line.description.text,
    line.unit === 'once' ? '' : thousands(line.quantity) + unit,
    line.unit_price === null || line.unit === 'once' ? '' : money(line.unit_price),
    money(line.amount),
  ];
}

function feeRow(fee: InvoiceFee, say: Say, money: Money): Row {
  const share = fee.share_percent === null ? '' : ` × ${fee.share_percent} %`;
  const base = fee.kind === 'per_unit' ? thousands(fee.base) : `${money(fee.base)}${share}`;
  const price = fee.percent === null ? money(fee.unit_price ?? '0') : `${fee.percent} %`;
  return [GROUP_INDENT + fee.name + exempt(fee.exemption, say), base, price, money(fee.amount)];
}

function taxRow(tax: InvoiceTax, say: Say, money: Money): Row {
  return [
    GROUP_INDENT + tax.name + exempt(tax.exemption, say),
    money(tax.base),
    `${tax.percent} %`,
    money(tax.amount),
  ];
}

function exempt(certificate: string | null, say: Say): string {
  return certificate === null ? '' : ` (${say('label.exempt', { certificate })})`;
}

function total(label: string, amount: string): Row {
  return ['', '', label, amount];
}

function heading(title: string): Row {
  return [title, '', '', ''];
}

function notes(invoice: Invoice, say: Say): string[] {
  const lines = [
    say('document.exact_usage', { amount: `${thousands(invoice.totals.exact_usage)} ${invoice.currency}` }),
    ...invoice.notes.map(({ text }) => printable(text)),
  ];
  const unanswered = invoice.usage_summary.by_call_type
    .filter(({ rate_type, exact_amount }) => rate_type === 'unanswered' && !/[1-9]/.test(exact_amount))
    .reduce((sum, { calls }) => sum + calls, 0);
  if (unanswered > 0) lines.push(say('note.unanswered', { calls: thousands(String(unanswered)) }));
  if (invoice.not_included.length > 0) {
    const what = invoice.not_included.map((name) => say(`section.${name}`)).join(', ');
    lines.push(say('document.not_included', { what }));
  }
  for (const { message, code } of invoice.hindrances) {
    lines.push(say('document.cannot_be_issued', { reason: `${printable(message)} [${code}]` }));
  }
  if (invoice.status === 'issued' && invoice.remittance !== null) {
    lines.push('', say('label.pay_to'));
    for (const { label, value } of invoice.remittance.lines)
      lines.push(`  ${remittanceLabel(label, say)}: ${printable(value)}`);
  }
  return lines;
}

const REMITTANCE_LABELS = [
  'payee',
  'bank',
  'routing_number',
  'account_number',
  'transit_number',
  'institution_number',
  'branch',
  'pix',
  'iban',
] as const;

/** Labels that are known are put into the language; others stand as the catalog has them. */
function remittanceLabel(label: string, say: Say): string {
  const known = REMITTANCE_LABELS.find((name) => name === label);
  return known === undefined ? printable(label) : say(`remittance.${known}`);
}

function moneyIn(currency: string): Money {
  const { symbol } = currencyOf(currency);
  return (amount) =>
    amount.startsWith('-') ? `-${symbol}${thousands(amount.slice(1))}` : `${symbol}${thousands(amount)}`;
}

/** Names come from files: nothing in them may steer the terminal. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?');
}

/** '1234567.5' → '1,234,567.5'. */
function thousands(decimal: string): string {
  const [whole = '', fraction] = decimal.split('.');
  const groups = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}

function columnWidths(rows: readonly Row[]): number[] {
  return [0, 1, 2, 3].map((i) => Math.max(...rows.map((cells) => printable(cells[i]!).length)));
}

function padEnd(text: string, width: number): string {
  return printable(text).padEnd(width);
}

function padStart(text: string, width: number): string {
  return printable(text).padStart(width);
}
