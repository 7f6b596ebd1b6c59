import { accountFor } from '@tollstream/catalog';
import type { Account, Catalog } from '@tollstream/catalog';
import type { UsageStore } from '@tollstream/usage-store';
import { accountUnknown } from './errors.ts';
import type { Invoice } from './invoice.ts';
import { monthBefore, parseMonth } from './month.ts';
import { makeInvoice } from './processor.ts';
import { readUsage } from './usage-summary.ts';

/**
 * The invoice as it would be issued on the 1st of the month, from usage as it stands.
 * @param month `2020-02`: recurring charges of February, usage of January
 * @throws TollError TOLL_BILLING_ACCOUNT_UNKNOWN | TOLL_BILLING_MONTH_INVALID | TOLL_BILLING_CURRENCY_MIXED; StoreError
 */
export async function previewInvoice(
  store: UsageStore,
  catalog: Catalog,
  accountId: string,
  month: string,
): Promise<Invoice> {
  const parsed = parseMonth(month);
  const account = accountOf(catalog, accountId);
  const usage = await readUsage(store, accountId, monthBefore(parsed));
  // Any name would be an account on the default plan; without a call in the month it is a misspelled one.
  if (account.isDefault && usage.length === 0) throw accountUnknown(accountId);
  return makeInvoice({ account, catalogVersion: catalog.version, month: parsed, usage });
}

/** @throws TollError TOLL_BILLING_ACCOUNT_UNKNOWN */
export function accountOf(catalog: Catalog, accountId: string): Account {
  const account = accountFor(catalog, accountId);
  if (account === null) throw accountUnknown(accountId);
  return account;
}
