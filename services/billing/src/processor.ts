/** The invoice of an account and month: a pure function of account, month, catalog version and usage. The same input gives the same bytes. */
import type { Account } from '@tollstream/catalog';
import { CHARGE_SCALE } from '@tollstream/contracts';
import type { CallType, RateType } from '@tollstream/contracts';
import { currencyOf, formatScaled, roundToMinorBig } from '@tollstream/money';
import { currencyMixed } from './errors.ts';
import type { Invoice, UsageLine } from './invoice.ts';
import { dateText, monthBefore, monthText } from './month.ts';
import type { Month } from './month.ts';
import { recurringLines } from './recurring.ts';
import type { PricedLine } from './recurring.ts';
import { minutesOf } from './usage-summary.ts';
import type { UsageRow } from './usage-summary.ts';

/** Days between issue on the 1st and payment. */
const PAYMENT_DAYS = 15;

/** Fees and taxes are not computed yet, and the invoice says so. */
const NOT_INCLUDED = ['fees', 'taxes'] as const;

export interface InvoiceInput {
  readonly account: Account;
  readonly catalogVersion: number;
  /** Month of issue: recurring charges for it, usage of the month before. */
  readonly month: Month;
  /** Usage of the month before, one row per call type, rate type and currency. */
  readonly usage: readonly UsageRow[];
}

/** @throws TollError TOLL_BILLING_CURRENCY_MIXED when usage is in another currency than the account's */
export function makeInvoice({ account, catalogVersion, month, usage }: InvoiceInput): Invoice {
  const { currency } = account;
  const foreign = usage.find((row) => row.currency !== currency && row.charge !== 0n);
  if (foreign !== undefined) throw currencyMixed(account.id, currency, foreign.currency);
  const { minorDigits } = currencyOf(currency);
  const recurring = recurringLines(account, month);
  const usageLines = withoutCurrency(usage).map((row) => usageLine(row, currency, minorDigits));
  const recurringMinor = sum(recurring.map(({ minor }) => minor));
  const usageMinor = sum(usageLines.map(({ minor }) => minor));
  return {
    schema: 'tollstream.invoice/1',
    status: 'preview',
    month: monthText(month),
    usage_month: monthText(monthBefore(month)),
    issue_date: dateText(month),
    due_date: dateText(month, PAYMENT_DAYS),
    account: {
      id: account.id,
      name: account.name,
      address: account.address,
      plan_id: account.plan.id,
      plan_name: account.plan.name,
      plan_is_default: account.isDefault,
      time_zone: account.timeZone,
    },
    currency,
    catalog_version: catalogVersion,
    recurring: recurring.map(({ line }) => line),
    usage: usageLines.map(({ line }) => line),
    totals: {
      calls: usage.reduce((calls, row) => calls + row.calls, 0),
      billable_minutes: minutesOf(sum(usage.map((row) => row.billableSeconds))),
      exact_usage: formatScaled(sum(usage.map((row) => row.charge)), CHARGE_SCALE),
      recurring: formatScaled(recurringMinor, minorDigits),
      usage: formatScaled(usageMinor, minorDigits),
      total: formatScaled(recurringMinor + usageMinor, minorDigits),
    },
    not_included: NOT_INCLUDED,
  };
}

/** Free calls may stand in the currency of another tariff, or in none: one line for each call type and rate type. */
function withoutCurrency(usage: readonly UsageRow[]): UsageRow[] {
  const byTypes = new Map<string, UsageRow>();
  for (const row of usage) {
    const key = `${row.callType}/${row.rateType}`;
    const known = byTypes.get(key);
    byTypes.set(
      key,
      known === undefined
        ? row
        : {
            ...known,
            calls: known.calls + row.calls,
            billableSeconds: known.billableSeconds + row.billableSeconds,
            includedSeconds: known.includedSeconds + row.includedSeconds,
            chargedSeconds: known.chargedSeconds + row.chargedSeconds,
            charge: known.charge + row.charge,
          },
    );
  }
  return [...byTypes.values()];
}

function usageLine(row: UsageRow, currency: string, minorDigits: number): PricedLine<UsageLine> {
  const minor = roundToMinorBig(row.charge, CHARGE_SCALE, currency, 'half_up');
  return {
    minor,
    line: {
      call_type: row.callType,
      rate_type: row.rateType,
      description: `${CALL_TYPE_NAMES[row.callType]}${RATE_TYPE_NAMES[row.rateType]}`,
      calls: row.calls,
      billable_minutes: minutesOf(row.billableSeconds),
      included_minutes: minutesOf(row.includedSeconds),
      charged_minutes: minutesOf(row.chargedSeconds),
      exact_amount: formatScaled(row.charge, CHARGE_SCALE),
      amount: formatScaled(minor, minorDigits),
    },
  };
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

const CALL_TYPE_NAMES: Readonly<Record<CallType, string>> = {
  internal: 'Calls between extensions',
  local: 'Local calls',
  long_distance: 'Long-distance calls',
  premium: 'Premium calls',
  toll_free_outbound: 'Calls to toll-free numbers',
  toll_free_inbound: 'Calls to your toll-free numbers',
  inbound: 'Inbound calls',
  international: 'International calls',
  emergency: 'Emergency calls',
  service_code: 'Service codes',
};

const RATE_TYPE_NAMES: Readonly<Record<RateType, string>> = {
  included: ', included in the plan',
  split: ', partly included',
  overage: ', beyond included minutes',
  metered: '',
  free: ', free',
  unanswered: ', unanswered',
  before_billing_start: ', before billing began',
};
