/** The end of an account: its last day, and what the rest of its contract costs. Pure. */
import type { Cancellation } from '@tollstream/billing-store';
import type { Account, Catalog } from '@tollstream/catalog';
import { monthsLater } from '@tollstream/catalog';
import { CHARGE_SCALE } from '@tollstream/contracts';
import { currencyOf, formatScaled, parseDecimalBig } from '@tollstream/money';
import { cancellationForbidden } from '../errors.ts';
import { NO_USAGE } from '../invoice-usage.ts';
import { dateText, daysIn, monthAfter, parseMonth } from '../month.ts';
import type { Month } from '../month.ts';
import { makeInvoice } from '../processor.ts';

/** Who may cancel an account. */
const ROLE = 'super_admin';
const CANCELLATION_DAYS = 10;
const DAY_MS = 86_400_000;

export interface CancellationRequest {
  readonly account: Account;
  readonly catalog: Catalog;
  readonly requestedOn: string;
  readonly requestedBy: string;
  readonly role: string;
}

/**
 * Asked at least so many days before the end of a month it holds for that month, otherwise for the next. What is left of the contract
 * after the last day is bought out: whole months at the recurring charges of a month, and the days of the last one.
 * @throws TollError TOLL_BILLING_CANCELLATION_FORBIDDEN unless a super-admin asks
 */
export function cancellationOf(request: CancellationRequest): Cancellation {
  const { account, catalog, requestedOn, requestedBy, role } = request;
  if (role !== ROLE) throw cancellationForbidden(account.id, role);
  const month = parseMonth(requestedOn.slice(0, 7));
  const notice = catalog.billing?.cancellationDays ?? CANCELLATION_DAYS;
  const end = lastDayOf(month);
  const isInTime = (Date.parse(end) - Date.parse(requestedOn)) / DAY_MS >= notice;
  const last = isInTime ? month : monthAfter(month);
  const effectiveOn = lastDayOf(last);
  return {
    accountId: account.id,
    requestedOn,
    requestedBy,
    effectiveOn,
    currency: account.currency,
    buyOut: buyOut(account, catalog, monthAfter(last)),
  };
}

/** @param from the first month without service */
function buyOut(account: Account, catalog: Catalog, from: Month): string {
  const { minorDigits } = currencyOf(account.currency);
  const contract = account.billing?.contract;
  // The first day on which the contract does not hold any more.
  const end =
    contract === undefined || contract === null ? '' : monthsLater(contract.signedOn, contract.termMonths);
  let minor = 0n;
  for (let month = from; dateText(month) < end; month = monthAfter(month)) {
    const monthly = recurringOf(account, catalog, month, minorDigits);
    const days = end < dateText(monthAfter(month)) ? Number(end.slice(8)) - 1 : daysIn(month);
    minor += roundedPart(monthly, days, daysIn(month));
  }
  return formatScaled(minor, minorDigits);
}

function roundedPart(monthly: bigint, days: number, of: number): bigint {
  return (monthly * BigInt(days) * 2n + BigInt(of)) / (2n * BigInt(of));
}

/** What the account pays in advance for the month, as it stands. */
function recurringOf(account: Account, catalog: Catalog, month: Month, minorDigits: number): bigint {
  const { lines } = makeInvoice({
    // Taxes and fees of a month to come are not known, and are not bought out.
    account: { ...account, billing: { ...account.billing!, country: '' } },
    catalog,
    month,
    usage: NO_USAGE,
  });
  return lines
    .filter(({ period }) => period !== null && period.from >= dateText(month))
    .reduce((sum, { amount }) => sum + parseDecimalBig(amount, Math.min(minorDigits, CHARGE_SCALE)), 0n);
}

function lastDayOf(month: Month): string {
  return dateText(month, daysIn(month) - 1);
}
