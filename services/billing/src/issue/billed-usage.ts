/**
 * Tells ClickHouse what documents have billed of each month's usage: `finance.unbilled` is made from it. The billing store is the truth and
 * knows nothing of this: documents are numbered without gaps and in the order of their commits, so that whatever was told last says what
 * comes next, after a crash and with two at it alike.
 */
import type { BillingStore, Series } from '@tollstream/billing-store';
import { CHARGE_SCALE, NativeBlockWriter } from '@tollstream/contracts';
import { parseDecimalBig } from '@tollstream/money';
import type { SettlementStore } from '@tollstream/usage-store';
import type { Invoice, InvoiceLine } from '../invoice.ts';
import { monthNumber, parseMonth } from '../month.ts';
import type { CreditNote } from './credit-note.ts';

const COLUMNS = [
  ['series', "Enum8('invoice' = 1, 'credit_note' = 2)"],
  ['sequence', 'UInt64'],
  ['billing_month', 'UInt32'],
  ['currency', 'LowCardinality(String)'],
  ['account_id', 'LowCardinality(String)'],
  ['number', 'String'],
  ['charge', `Decimal(18, ${CHARGE_SCALE})`],
] as const;
const SERIES: readonly Series[] = ['invoice', 'credit_note'];
/** Documents of one insert. */
const PAGE_DOCUMENTS = 500;

/** @returns how many documents were told now */
export async function tellBilledUsage({
  billing,
  store,
}: {
  readonly billing: BillingStore;
  readonly store: SettlementStore;
}): Promise<number> {
  let told = 0;
  for (const series of SERIES) {
    let last = await lastTold(store, series);
    for (;;) {
      const documents = await billing.documentsAfter(series, { sequence: last, limit: PAGE_DOCUMENTS });
      if (documents.length === 0) break;
      const writer = new NativeBlockWriter(COLUMNS);
      for (const { sequence, number, account_id, document } of documents) {
        for (const [month, charge] of await billedBy(billing, series, document)) {
          writer.columns.series.push(SERIES.indexOf(series) + 1);
          writer.columns.sequence.push(sequence);
          writer.columns.billing_month.push(monthNumber(parseMonth(month)));
          writer.columns.currency.push((JSON.parse(document) as Invoice | CreditNote).currency);
          writer.columns.account_id.push(account_id);
          writer.columns.number.push(number);
          writer.columns.charge.push(exactNumber(charge));
        }
      }
      const insert = { columns: COLUMNS.map(([name]) => name), natives: [writer.toBuffer()] };
      await store.insertKeyed({ table: 'billed_usage', ...insert });
      told += documents.length;
      last = documents.at(-1)!.sequence;
    }
  }
  return told;
}

async function lastTold(store: SettlementStore, series: Series): Promise<number> {
  const [row] = await store.query<{ last: string }>(
    `SELECT toString(max(sequence)) AS last FROM ${store.database}.billed_usage WHERE series = {series:String}`,
    { series },
  );
  return Number(row?.last ?? 0);
}

type Billed = Map<string, bigint>;

/** Month of calls → exact sum. Every document has a month at least, so that it is known as told. */
async function billedBy(billing: BillingStore, series: Series, document: string): Promise<Billed> {
  if (series === 'invoice') return billedByInvoice(JSON.parse(document) as Invoice);
  const note = JSON.parse(document) as CreditNote;
  const invoice = JSON.parse((await billing.invoice(note.invoice.number)).document) as Invoice;
  const sums: Billed = new Map([[invoice.usage_month, 0n]]);
  if (note.kind === 'late_calls') addLines(sums, note.lines);
  if (note.kind === 'void') {
    for (const [month, charge] of billedByInvoice(invoice)) add(sums, month, -charge);
    // What was credited of it before comes back with it.
    for (const earlier of await billing.creditNotes(note.invoice.number)) {
      if (earlier.kind !== 'late_calls') continue;
      const credited: Billed = new Map();
      addLines(credited, (JSON.parse(earlier.document) as CreditNote).lines);
      for (const [month, charge] of credited) add(sums, month, -charge);
    }
  }
  return sums;
}

function billedByInvoice({ usage_month, totals, lines }: Invoice): Billed {
  const sums: Billed = new Map([[usage_month, parseDecimalBig(totals.exact_usage, CHARGE_SCALE)]]);
  addLines(sums, lines);
  return sums;
}

/** What later runs found or changed. */
function addLines(sums: Billed, lines: readonly InvoiceLine[]): void {
  for (const { usage } of lines) {
    if (usage === null || usage.adjustment === null) continue;
    add(sums, usage.month, parseDecimalBig(usage.exact_amount, CHARGE_SCALE));
  }
}

function add(sums: Billed, month: string, charge: bigint): void {
  sums.set(month, (sums.get(month) ?? 0n) + charge);
}

/** Scaled, in whole numbers: nine billions of currency units fit. */
function exactNumber(charge: bigint): number {
  const number = Number(charge);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${charge} millionths of a currency unit`);
  return number;
}
