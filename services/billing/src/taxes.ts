/** Taxes on the overall subtotal, by the jurisdiction of the billing address and the tables in force on the day of issue. */
import type { Account, BillingTerms, DatedRate } from '@tollstream/catalog';
import { currencyOf, formatScaled } from '@tollstream/money';
import { taxJurisdictionUnknown, taxRateMissing } from './errors.ts';
import { exemptionFrom } from './exemptions.ts';
import { holds, percentOf, percentText, place } from './dated.ts';
import type { InvoiceTax } from './invoice.ts';

export interface PricedTax {
  readonly tax: InvoiceTax;
  readonly minor: bigint;
}

/** Each tax is rounded once, half up. */
export function taxesOf(
  account: Account,
  terms: BillingTerms,
  issueDate: string,
  subtotal: bigint,
): PricedTax[] {
  const { country = '', state = '' } = account.billing ?? {};
  const known = terms.taxRates.filter(
    (rate) => rate.country === country && (rate.state === '' || rate.state === state),
  );
  // No row at all is no tax of 0: whoever forgot the jurisdiction would not notice.
  if (known.length === 0) throw taxJurisdictionUnknown(place(country, state));
  const base = subtotal < 0n ? 0n : subtotal;
  const { minorDigits } = currencyOf(account.currency);
  return Array.from(new Set(known.map(taxKey)), (key) => {
    const rows = known.filter((rate) => taxKey(rate) === key);
    const rate = rows.find((row) => holds(row, issueDate));
    if (rate === undefined) throw taxRateMissing(rows[0]!.name, place(country, rows[0]!.state), issueDate);
    const exemption = exemptionFrom(account, rate.id, issueDate, { named: false });
    const minor = exemption === null ? percentOf(base, BigInt(rate.percent)) : 0n;
    return {
      minor,
      tax: {
        id: rate.id,
        name: rate.name,
        country: rate.country,
        state: rate.state,
        base: formatScaled(base, minorDigits),
        percent: percentText(rate.percent),
        amount: formatScaled(minor, minorDigits),
        exemption: exemption?.certificate ?? null,
        source: rate.source,
      },
    };
  });
}

function taxKey({ id, state }: DatedRate): string {
  return `${id}/${state}`;
}
