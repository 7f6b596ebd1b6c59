/** What is to be collected: by autopay on its day, and what is overdue. No money moves here: the lists go out, and results come back. */
import type { BillingStore, InvoiceBalance } from '@tollstream/billing-store';
import type { Catalog } from '@tollstream/catalog';
import { currencyOf, formatScaled, parseDecimalBig } from '@tollstream/money';
import { autopayDayWrong } from '../errors.ts';

export interface Collectable {
  /** Under which the result comes back; the same whenever the list is made. */
  readonly key: string;
  readonly invoice: string;
  readonly account: string;
  readonly currency: string;
  readonly amount: string;
}

const AUTOPAY_DAY = 10;

/**
 * What autopay collects on the day: open invoices of accounts that pay so, without what is disputed.
 * @throws TollError TOLL_BILLING_AUTOPAY_DAY on another day of the month
 */
export async function autopayList(
  billing: BillingStore,
  catalog: Catalog,
  day: string,
): Promise<Collectable[]> {
  const autopayDay = catalog.billing?.autopayDay ?? AUTOPAY_DAY;
  if (Number(day.slice(8)) !== autopayDay) throw autopayDayWrong(day, autopayDay);
  const open = await billing.balances({ unpaid: true, issuedUntil: day });
  return open
    .filter(({ account_id }) => catalog.accounts.get(account_id)?.billing?.autopay === true)
    .map((balance) => ({
      key: `autopay ${day} ${balance.number}`,
      invoice: balance.number,
      account: balance.account_id,
      currency: balance.currency,
      amount: undisputed(balance),
    }))
    .filter(({ amount }) => /[1-9]/.test(amount));
}

function undisputed({ balance, disputed, currency }: InvoiceBalance): string {
  const { minorDigits } = currencyOf(currency);
  const minor = (text: string): bigint => parseDecimalBig(text, minorDigits);
  const left = minor(balance) - minor(disputed);
  return formatScaled(left < 0n ? 0n : left, minorDigits);
}
