/**
 * The invoice of an account and month: a pure function of catalog, account, month, usage and what was recorded of the account. The same
 * input gives the same bytes.
 */
import type { AccountEvent, Cancellation } from '@tollstream/billing-store';
import type { Account, Catalog } from '@tollstream/catalog';
import { CHARGE_SECTIONS, NO_BILLING } from '@tollstream/catalog';
import { CHARGE_SCALE } from '@tollstream/contracts';
import { currencyOf, formatScaled } from '@tollstream/money';
import { happenedLines } from './charges.ts';
import { compare, inLineOrder, sumOf } from './draft-line.ts';
import type { DraftLine } from './draft-line.ts';
import { currencyMixed, totalNegative } from './errors.ts';
import { expiredNotes } from './exemptions.ts';
import { feesOf } from './fees.ts';
import { hindrancesOf, remittanceFor } from './hindrances.ts';
import type { Invoice, InvoiceAccount, InvoiceSeller, InvoiceText } from './invoice.ts';
import type { AccountUsage } from './invoice-usage.ts';
import { dateText, localDate, monthBefore, monthText } from './month.ts';
import type { Month } from './month.ts';
import { planChangesIn, planHistoryOf, planOn } from './plan-history.ts';
import type { PlanHistory } from './plan-history.ts';
import { recurringLines } from './recurring.ts';
import { taxesOf } from './taxes.ts';
import { textOf } from './texts/texts.ts';
import { adjustmentLines, usageLines, usageSummary } from './usage-lines.ts';
import { minutesOf } from './usage-summary.ts';

/** Where the catalog names no other number of days between issue on the 1st and payment. */
const PAYMENT_DAYS = 15;

export interface InvoiceInput {
  readonly account: Account;
  readonly catalog: Pick<Catalog, 'version' | 'plans' | 'billing'> & { readonly fingerprint?: string };
  /** Month of issue: recurring charges for it, usage of the month before. */
  readonly month: Month;
  /** Usage of the month before, with the adjustments that no invoice has yet. */
  readonly usage: AccountUsage;
  /** Recorded of the account, not on an invoice yet. */
  readonly events?: readonly AccountEvent[];
  readonly cancellation?: Cancellation | undefined;
}

/**
 * @throws TollError TOLL_BILLING_CURRENCY_MIXED | TOLL_BILLING_ACCOUNT_MOVED | TOLL_BILLING_TOTAL_NEGATIVE, and TOLL_BILLING_FACTOR_MISSING |
 * TOLL_BILLING_FEE_RATE_MISSING | TOLL_BILLING_TAX_RATE_MISSING | TOLL_BILLING_TAX_JURISDICTION_UNKNOWN by the name of what is missing
 */
export function makeInvoice(input: InvoiceInput): Invoice {
  const { account, catalog, month, usage } = input;
  const { currency } = account;
  const billing = account.billing ?? NO_BILLING;
  const foreign =
    usage.rows.find((row) => row.currency !== currency && row.charge !== 0n) ??
    usage.adjustments.find((each) => each.currency !== currency && each.difference !== 0n);
  if (foreign !== undefined) throw currencyMixed(account.id, currency, foreign.currency);
  const history = planHistoryOf(account, catalog, month);
  const issueDate = dateText(month);
  const start = startOf(account);
  const recurring = recurringLines(account, month, {
    start,
    end: input.cancellation?.effectiveOn ?? '',
    history,
  });
  const ofUsage = usageLines(account, monthText(monthBefore(month)), usage.rows);
  const ofAdjustments = adjustmentLines(account, usage.adjustments);
  const happened = happenedLines(account, month, input.events ?? []);
  const lines = inLineOrder([...recurring, ...ofUsage, ...ofAdjustments, ...happened]);

  // Fees and taxes need to know the jurisdiction; what is missing for them hinders the issue and is said.
  const hindrances = [
    ...hindrancesOf(account, catalog),
    ...(usage.hindrance === null ? [] : [usage.hindrance]),
  ];
  const terms = billing.country === '' ? undefined : catalog.billing;
  const fees = terms === undefined ? [] : feesOf({ account, terms, issueDate, lines, usage: usage.rows });
  const charges = sumOf(lines, CHARGE_SECTIONS);
  const feeSum = sum(fees.map(({ minor }) => minor));
  const subtotal = charges + feeSum;
  if (subtotal < 0n)
    throw totalNegative(account.id, formatScaled(subtotal, currencyOf(currency).minorDigits));
  const taxes = terms === undefined ? [] : taxesOf(account, terms, issueDate, subtotal);
  const taxSum = sum(taxes.map(({ minor }) => minor));

  const { minorDigits } = currencyOf(currency);
  const money = (minor: bigint): string => formatScaled(minor, minorDigits);
  return {
    schema: 'tollstream.invoice/2',
    status: 'preview',
    number: null,
    month: monthText(month),
    usage_month: monthText(monthBefore(month)),
    issue_date: issueDate,
    due_date: dateText(month, catalog.billing?.paymentDays ?? PAYMENT_DAYS),
    currency,
    language: billing.language,
    catalog_version: catalog.version,
    catalog_fingerprint: catalog.fingerprint ?? '',
    seller: sellerOf(catalog),
    remittance: remittanceFor(account, catalog),
    account: describeAccount(account, planOn(history, issueDate)),
    lines: lines.map(({ line }) => line),
    billing_groups: groupsOf(lines, money),
    fees: fees.map(({ fee }) => fee),
    taxes: taxes.map(({ tax }) => tax),
    totals: {
      calls: usage.rows.reduce((calls, row) => calls + row.calls, 0),
      billable_minutes: minutesOf(sum(usage.rows.map((row) => row.billableSeconds))),
      exact_usage: formatScaled(sum(usage.rows.map((row) => row.charge)), CHARGE_SCALE),
      exact_adjustments: formatScaled(
        sum(usage.adjustments.map(({ difference }) => difference)),
        CHARGE_SCALE,
      ),
      recurring: money(sum(recurring.map(({ minor }) => minor))),
      usage: money(sum(ofUsage.map(({ minor }) => minor))),
      adjustments: money(sum(ofAdjustments.map(({ minor }) => minor))),
      one_time: money(sumOf(lines, ['one_time'])),
      credits: money(sumOf(lines, ['credit'])),
      charges: money(charges),
      fees: money(feeSum),
      subtotal: money(subtotal),
      taxes: money(taxSum),
      total: money(subtotal + taxSum),
    },
    usage_summary: usageSummary(billing.language, usage),
    adjustments: runsOf(usage),
    notes: notesOf(account, history, month, start),
    not_included: terms === undefined ? ['fees', 'taxes'] : [],
    hindrances,
  };
}

function runsOf({ adjustments }: AccountUsage): Invoice['adjustments'] {
  const runs = adjustments.map(({ month, run }): [string, Invoice['adjustments'][number]] => [
    `${month}/${run}`,
    { month, run },
  ]);
  return [...new Map(runs).values()];
}

/** The first day of billing in the account's time zone: '' = always, null = never. */
function startOf(account: Account): string | null {
  if (account.billingStart === Number.POSITIVE_INFINITY) return null;
  const start = localDate(account.billingStart, account.timeZone);
  return start === null ? '' : dateText(start, start.day - 1);
}

function sellerOf({ billing }: InvoiceInput['catalog']): InvoiceSeller | null {
  if (billing === undefined) return null;
  const { name, address, country, taxId, email, phone, website, logo } = billing.seller;
  const seller = { name, address, country, tax_id: taxId, email, phone, website };
  return logo === undefined ? seller : { ...seller, logo: { media_type: logo.mediaType, data: logo.data } };
}

function describeAccount(account: Account, plan: Account['plan']): InvoiceAccount {
  const { country, state, email, taxId, autopay } = account.billing ?? NO_BILLING;
  return {
    id: account.id,
    name: account.name,
    address: account.address,
    country,
    state,
    email,
    tax_id: taxId,
    autopay,
    plan_id: plan.id,
    plan_name: plan.name,
    plan_is_default: account.isDefault,
    time_zone: account.timeZone,
  };
}

function groupsOf(lines: readonly DraftLine[], money: (minor: bigint) => string): Invoice['billing_groups'] {
  const groups = new Map<string, bigint>();
  for (const { line, minor } of lines) {
    groups.set(line.billing_group, (groups.get(line.billing_group) ?? 0n) + minor);
  }
  return [...groups]
    .toSorted(([a], [b]) => compare(a, b))
    .map(([billing_group, minor]) => ({ billing_group, amount: money(minor) }));
}

function notesOf(account: Account, history: PlanHistory, month: Month, start: string | null): InvoiceText[] {
  const { language } = account.billing ?? NO_BILLING;
  const isFree = start !== null && start > dateText(month);
  return [
    ...(isFree ? [textOf(language, 'note.free_until', { date: start })] : []),
    ...planChangesIn(history, month).map(({ before, after, until }) =>
      textOf(language, 'note.plan_changed', { from: before.name, to: after.name, date: until }),
    ),
    ...expiredNotes(account, month),
  ];
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
