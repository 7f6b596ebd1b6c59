/** What an account or catalog lacks for an invoice to be issued. A preview says it; issuing refuses with the first. */
import type { Account, BillingTerms, Catalog } from '@tollstream/catalog';
import { accountMoved, accountUnknown, addressMissing, remittanceMissing, termsMissing } from './errors.ts';
import type { Hindrance, InvoiceRemittance } from './invoice.ts';

export function hindrancesOf(account: Account, catalog: Pick<Catalog, 'billing'>): Hindrance[] {
  const { country = '', state = '' } = account.billing ?? {};
  const found = [
    account.isDefault ? accountUnknown(account.id) : null,
    catalog.billing === undefined ? termsMissing() : null,
    country === '' || account.address.length === 0 ? addressMissing(account.id) : null,
    country !== '' && state === '' && needsState(catalog.billing, country)
      ? addressMissing(account.id)
      : null,
    country !== '' && country !== account.plan.country
      ? accountMoved(
          account.id,
          { country, currency: account.currency, name: 'the billing address' },
          account.plan,
          '',
        )
      : null,
    catalog.billing !== undefined && country !== '' && remittanceFor(account, catalog) === null
      ? remittanceMissing(country, account.currency)
      : null,
  ];
  return found
    .filter((error) => error !== null)
    .map(({ code, message, remedy }) => ({ code, message, remedy }));
}

function needsState(terms: BillingTerms | undefined, country: string): boolean {
  return terms?.taxRates.some((rate) => rate.country === country && rate.state !== '') ?? false;
}

export function remittanceFor(
  account: Account,
  { billing }: Pick<Catalog, 'billing'>,
): InvoiceRemittance | null {
  const country = account.billing?.country ?? '';
  return (
    billing?.remittances.find(
      (remittance) => remittance.country === country && remittance.currency === account.currency,
    ) ?? null
  );
}
