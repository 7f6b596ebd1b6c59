/** What happened on the account: one-time charges, credits, late calls, the buy-out of a contract. */
import type { Account } from '@tollstream/catalog';
import { NO_BILLING } from '@tollstream/catalog';
import { CHARGE_SCALE } from '@tollstream/contracts';
import type { AccountEvent } from '@tollstream/billing-store';
import { currencyOf, formatScaled, parseDecimalBig, roundToMinorBig } from '@tollstream/money';
import type { DraftLine } from './draft-line.ts';
import { currencyMixed } from './errors.ts';
import { dateText, monthBefore } from './month.ts';
import type { Month } from './month.ts';
import { textOf } from './texts/texts.ts';
import type { TextKey } from './texts/texts.ts';

interface Happened {
  readonly section: 'one_time' | 'credit' | 'other_usage';
  readonly id: string;
  readonly key: TextKey;
  readonly name: string;
  readonly date: string;
  readonly minor: bigint;
  readonly billingGroup: string;
}

/** Those of the catalog that happened in the month before, and the recorded ones that no invoice carries yet. */
export function happenedLines(account: Account, month: Month, events: readonly AccountEvent[]): DraftLine[] {
  const { oneTime, credits } = account.billing ?? NO_BILLING;
  const [first, next] = [dateText(monthBefore(month)), dateText(month)];
  const isDue = ({ date }: { readonly date: string }): boolean => date >= first && date < next;
  const minorOf = (amount: number): bigint =>
    roundToMinorBig(BigInt(amount), CHARGE_SCALE, account.currency, 'half_up');
  return [
    ...oneTime.filter(isDue).map((charge): Happened => {
      return { ...charge, section: 'one_time', key: 'line.one_time', minor: minorOf(charge.amount) };
    }),
    ...credits.filter(isDue).map((credit): Happened => {
      return { ...credit, section: 'credit', key: 'line.credit', minor: -minorOf(credit.amount) };
    }),
    ...events.map((event) => recorded(account, event)),
  ].map((happened) => lineOf(account, happened));
}

function recorded(account: Account, event: AccountEvent): Happened {
  if (event.currency !== account.currency) throw currencyMixed(account.id, account.currency, event.currency);
  const { minorDigits } = currencyOf(event.currency);
  const minor = parseDecimalBig(event.amount, minorDigits);
  const common = {
    id: event.id,
    name: event.description,
    date: event.happenedOn,
    billingGroup: event.billingGroup,
  };
  switch (event.kind) {
    case 'one_time':
      return { ...common, section: 'one_time', key: 'line.one_time', minor };
    case 'buy_out':
      return { ...common, section: 'one_time', key: 'line.buy_out', minor };
    case 'credit':
      return { ...common, section: 'credit', key: 'line.credit', minor: -minor };
    case 'late_calls':
      return { ...common, section: 'other_usage', key: 'line.late_calls', minor };
  }
}

function lineOf(
  account: Account,
  { section, id, key, name, date, minor, billingGroup }: Happened,
): DraftLine {
  const amount = formatScaled(minor, currencyOf(account.currency).minorDigits);
  return {
    minor,
    line: {
      section,
      id,
      billing_group: billingGroup,
      description: textOf((account.billing ?? NO_BILLING).language, key, { name, date }),
      period: null,
      quantity: '1',
      unit: 'once',
      unit_price: amount,
      amount,
      usage: null,
    },
  };
}
