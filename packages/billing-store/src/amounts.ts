/** Amounts between the database and exact integers. */
import { currencyOf, formatScaled, MoneyError, parseDecimalBig } from '@tollstream/money';
import { BillingStoreError } from './errors.ts';

/** In minor units of the currency. The database may show more zeros than the currency has digits. */
export function minorOf(amount: string, currency: string): bigint {
  const { minorDigits } = currencyOf(currency);
  const [whole = '', fraction = ''] = amount.split('.');
  const kept = fraction.slice(0, minorDigits);
  if (/[1-9]/.test(fraction.slice(minorDigits))) throw invalid(amount, currency);
  return parseDecimalBig(kept === '' ? whole : `${whole}.${kept}`, minorDigits);
}

export function amountText(minor: bigint, currency: string): string {
  return formatScaled(minor, currencyOf(currency).minorDigits);
}

/** What a person wrote, as the database keeps it. @throws TOLL_AMOUNT_INVALID unless it is positive */
export function positiveAmount(amount: string, currency: string): string {
  let minor: bigint;
  try {
    minor = minorOf(amount, currency);
  } catch (error) {
    if (!(error instanceof MoneyError)) throw error;
    throw invalid(amount, currency);
  }
  if (minor <= 0n) throw invalid(amount, currency);
  return amountText(minor, currency);
}

function invalid(amount: string, currency: string): BillingStoreError {
  const shown = JSON.stringify(amount.slice(0, 40));
  return new BillingStoreError('TOLL_AMOUNT_INVALID', `${shown} is no amount in ${currency}.`);
}
