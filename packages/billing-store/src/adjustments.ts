/** Which document carries what later runs changed in months that were billed before: each once, as long as it is in force. */
import type { Kysely, Transaction } from 'kysely';
import { BillingStoreError } from './errors.ts';
import type { AdjustmentRef } from './port.ts';
import type { BillingTables } from './tables.ts';

/** `2020-01/2` of each account. What a void invoice carries, or a credit note of one, is left out. */
export async function billedAdjustments(
  database: Kysely<BillingTables>,
  accountIds: readonly string[],
): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  if (accountIds.length === 0) return found;
  const rows = await database
    .selectFrom('billed_adjustments')
    .leftJoin('credit_notes', 'credit_notes.number', 'billed_adjustments.credit_note_number')
    .leftJoin('credit_notes as voids', (join) =>
      join
        .on((expression) =>
          expression(
            'voids.invoice_number',
            '=',
            expression.fn.coalesce('billed_adjustments.number', 'credit_notes.invoice_number'),
          ),
        )
        .on('voids.kind', '=', 'void'),
    )
    .select(['billed_adjustments.account_id', 'usage_month', 'run'])
    .where('billed_adjustments.account_id', 'in', accountIds)
    .where('voids.number', 'is', null)
    .execute();
  for (const { account_id, usage_month, run } of rows) {
    const own = found.get(account_id) ?? new Set<string>();
    found.set(account_id, own);
    own.add(`${usage_month}/${run}`);
  }
  return found;
}

/**
 * Notes what a document carries, in the transaction that issues it.
 * @throws BillingStoreError TOLL_INVOICE_STALE when another document took some of it since it was read
 */
export async function carryAdjustments(
  transaction: Transaction<BillingTables>,
  accountId: string,
  adjustments: readonly AdjustmentRef[],
  carrier: { readonly number: string } | { readonly credit_note_number: string },
): Promise<void> {
  if (adjustments.length === 0) return;
  const billed = (await billedAdjustments(transaction, [accountId])).get(accountId);
  const taken = adjustments.find(({ usageMonth, run }) => billed?.has(`${usageMonth}/${run}`) === true);
  if (taken !== undefined) {
    const message = `Another document of account ${accountId} took the adjustments of run ${taken.usageMonth}-${taken.run} meanwhile.`;
    throw new BillingStoreError('TOLL_INVOICE_STALE', message, { transient: true });
  }
  await transaction
    .insertInto('billed_adjustments')
    .values(
      adjustments.map(({ usageMonth, run }) => ({
        account_id: accountId,
        usage_month: usageMonth,
        run,
        ...carrier,
      })),
    )
    .execute();
}
