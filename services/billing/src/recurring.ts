/** Recurring charges, in advance for the invoice's month; the first invoice also has the rest of the month billing began in. */
import type { Account, RecurringCharge } from '@tollstream/catalog';
import { CHARGE_SCALE } from '@tollstream/contracts';
import { currencyOf, formatScaled, roundDivBig } from '@tollstream/money';
import type { RecurringLine } from './invoice.ts';
import { dateText, daysIn, localDate, monthBefore, monthName, monthNumber } from './month.ts';
import type { Month } from './month.ts';

/** A line and its amount in minor units. */
export interface PricedLine<Line> {
  readonly line: Line;
  readonly minor: bigint;
}

/**
 * Billing that began on or before the 1st: the whole month. Begun on a later day of the month before: that month's days after
 * the start day, then the whole month. A closed account has none; a charge with nothing to count is left out.
 */
export function recurringLines(account: Account, month: Month): PricedLine<RecurringLine>[] {
  if (account.status === 'closed') return [];
  const start = localDate(account.billingStart, account.timeZone);
  if (account.billingStart === Number.POSITIVE_INFINITY) return [];
  const whole = { month, days: daysIn(month) };
  if (start === null || monthNumber(start) * 100 + start.day <= monthNumber(month) * 100 + 1) {
    const before = monthBefore(month);
    const startedInMonthBefore =
      start !== null && monthNumber(start) === monthNumber(before) && start.day > 1;
    const rest = startedInMonthBefore ? [{ month: before, days: daysIn(before) - start.day }] : [];
    return [...rest, whole]
      .filter(({ days }) => days > 0)
      .flatMap((period) =>
        account.plan.recurring.flatMap((charge) => recurringLine(account, charge, period)),
      );
  }
  return [];
}

function recurringLine(
  account: Account,
  charge: RecurringCharge,
  { month, days }: { readonly month: Month; readonly days: number },
): PricedLine<RecurringLine>[] {
  const quantity = quantityOf(account, charge.per);
  if (quantity === 0) return [];
  const inMonth = daysIn(month);
  const { minorDigits } = currencyOf(account.currency);
  const exact = BigInt(charge.amount) * BigInt(quantity) * BigInt(days);
  const minor = roundDivBig(exact, BigInt(inMonth) * 10n ** BigInt(CHARGE_SCALE - minorDigits), 'half_up');
  const part = days === inMonth ? '' : `, ${days} of ${inMonth} days`;
  return [
    {
      minor,
      line: {
        id: charge.id,
        description: `${charge.name}, ${monthName(month)}${part}`,
        period_from: dateText(month, inMonth - days),
        period_to: dateText(month, inMonth - 1),
        quantity,
        unit: charge.per,
        unit_price: unitPrice(charge.amount, minorDigits),
        amount: formatScaled(minor, minorDigits),
      },
    },
  ];
}

/** At least the digits of the minor unit, and all that say something. */
function unitPrice(amount: number, minorDigits: number): string {
  const exact = formatScaled(amount, CHARGE_SCALE);
  const shortest = exact.length - (CHARGE_SCALE - minorDigits);
  return exact.slice(0, shortest) + exact.slice(shortest).replace(/0+$/, '');
}

function quantityOf(account: Account, per: RecurringCharge['per']): number {
  switch (per) {
    case 'account':
      return 1;
    case 'device':
      return account.devices.length;
    case 'did':
      return account.numbers.filter(({ kind }) => kind === 'did').length;
    case 'toll_free_did':
      return account.numbers.filter(({ kind }) => kind === 'toll_free').length;
  }
}
