/** An invoice for a terminal: plain text in columns, colour only when asked for. */
import { currencyOf } from '@tollstream/money';
import type { Invoice, UsageLine } from './invoice.ts';
import { monthName, parseMonth } from './month.ts';

export interface RenderOptions {
  /** ANSI bold and dim. */
  readonly colour?: boolean;
}

const BOLD = '1';
const DIM = '2';
const HEADINGS = ['', 'quantity', 'unit price', 'amount'];
const USAGE_HEADINGS = ['', 'calls', 'minutes', 'amount'];

export function renderInvoiceText(invoice: Invoice, { colour = false }: RenderOptions = {}): string {
  const paint = (code: string, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const { symbol } = currencyOf(invoice.currency);
  const money = (amount: string): string =>
    amount.startsWith('-') ? `-${symbol}${grouped(amount.slice(1))}` : `${symbol}${grouped(amount)}`;
  const usageMonth = monthName(parseMonth(invoice.usage_month));
  const shown = invoice.usage.filter(
    // Nobody misses a line about nothing; attempts that have a fee are shown.
    (line) => line.rate_type !== 'unanswered' || /[1-9]/.test(line.exact_amount),
  );

  const recurringRows = invoice.recurring.map((line) => [
    line.description,
    grouped(String(line.quantity)),
    money(line.unit_price),
    money(line.amount),
  ]);
  const usageRows = shown.map((line) => [
    line.description,
    grouped(String(line.calls)),
    grouped(line.billable_minutes),
    money(line.amount),
  ]);
  const total = ['', '', 'Total', money(invoice.totals.total)];
  const widths = columnWidths([HEADINGS, USAGE_HEADINGS, ...recurringRows, ...usageRows, total]);
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? padEnd(cell, widths[i]!) : padStart(cell, widths[i]!)))
      .join('  ')
      .trimEnd();
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1));
  const block = (
    title: string,
    headings: readonly string[],
    rows: readonly string[][],
    subtotal: string,
  ): string[] => [
    '',
    paint(DIM, row([title, ...headings.slice(1)])),
    ...rows.map(row),
    row(['', '', '', money(subtotal)]),
  ];

  return [
    paint(BOLD, `Invoice ${monthName(parseMonth(invoice.month))} · ${printable(invoice.account.name)}`),
    ...invoice.account.address.map(printable),
    paint(
      DIM,
      `Account ${printable(invoice.account.id)} · ${printable(invoice.account.plan_name)}${invoice.account.plan_is_default ? ' (default plan)' : ''}`,
    ),
    `Issued ${invoice.issue_date} · due ${invoice.due_date} · ${invoice.currency} · preview`,
    ...(recurringRows.length === 0
      ? []
      : block('Recurring charges', HEADINGS, recurringRows, invoice.totals.recurring)),
    ...block(`Usage ${usageMonth}`, USAGE_HEADINGS, usageRows, invoice.totals.usage),
    rule,
    paint(BOLD, row(total)),
    '',
    ...notes(invoice, shown),
  ].join('\n');
}

function notes(invoice: Invoice, shown: readonly UsageLine[]): string[] {
  const lines = [`Usage to the last digit: ${grouped(invoice.totals.exact_usage)} ${invoice.currency}.`];
  const unanswered = invoice.usage
    .filter((line) => !shown.includes(line))
    .reduce((sum, { calls }) => sum + calls, 0);
  if (unanswered > 0) lines.push(`${grouped(String(unanswered))} unanswered calls cost nothing.`);
  if (invoice.not_included.length > 0) lines.push(`Not included: ${invoice.not_included.join(', ')}.`);
  return lines;
}

/** Names come from files: nothing in them may steer the terminal. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?');
}

/** '1234567.5' → '1,234,567.5'. */
function grouped(decimal: string): string {
  const [whole = '', fraction] = decimal.split('.');
  const groups = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  return HEADINGS.map((_, i) => Math.max(...rows.map((cells) => printable(cells[i]!).length)));
}

function padEnd(text: string, width: number): string {
  return printable(text).padEnd(width);
}

function padStart(text: string, width: number): string {
  return printable(text).padStart(width);
}
