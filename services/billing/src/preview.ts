import { accountFor } from '@tollstream/catalog';
import type { Account, Catalog } from '@tollstream/catalog';
import type { BillingStore } from '@tollstream/billing-store';
import type { UsageStore } from '@tollstream/usage-store';
import { accountUnknown } from './errors.ts';
import type { Invoice } from './invoice.ts';
import { NO_USAGE } from './invoice-usage.ts';
import { adjustmentsBilled } from './issue/issue-month.ts';
import { dateText, monthBefore, parseMonth } from './month.ts';
import { makeInvoice } from './processor.ts';
import { usageForPreview } from './settlement/settled-usage.ts';

/**
 * The invoice as it would be issued on the 1st of the month: from settled usage, or else from usage as it stands, which it then says.
 * @param month `2020-02`: recurring charges of February, usage of January
 * @param billing where it is given, with what was recorded of the account, and adjustments that are not billed yet
 * @throws TollError TOLL_BILLING_…; StoreError
 */
export async function previewInvoice(
  store: UsageStore,
  catalog: Catalog,
  accountId: string,
  month: string,
  billing?: BillingStore,
): Promise<Invoice> {
  const parsed = parseMonth(month);
  const account = accountOf(catalog, accountId);
  const found = await usageForPreview(store)([account], monthBefore(parsed));
  const usage = found.get(accountId) ?? NO_USAGE;
  const isBilled = billing === undefined ? () => true : await adjustmentsBilled(billing, found);
  // Any name would be an account on the default plan; without a call in the month it is a misspelled one.
  if (account.isDefault && usage.rows.length === 0) throw accountUnknown(accountId);
  return makeInvoice({
    account,
    catalog,
    month: parsed,
    usage: { ...usage, adjustments: usage.adjustments.filter((each) => !isBilled(accountId, each)) },
    events: (await billing?.unbilledEvents([accountId], dateText(parsed)))?.get(accountId) ?? [],
    cancellation: (await billing?.cancellations([accountId]))?.get(accountId),
  });
}

/** @throws TollError TOLL_BILLING_ACCOUNT_UNKNOWN */
export function accountOf(catalog: Catalog, accountId: string): Account {
  const account = accountFor(catalog, accountId);
  if (account === null) throw accountUnknown(accountId);
  return account;
}
