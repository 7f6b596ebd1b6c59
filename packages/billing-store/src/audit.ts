import type { Transaction } from 'kysely';
import type { BillingTables } from './tables.ts';

/** Says who did what to what, in the transaction that does it. */
export async function writeAudit(
  transaction: Transaction<BillingTables>,
  entries: readonly { actor: string; action: string; subject: string; details?: string }[],
): Promise<void> {
  if (entries.length === 0) return;
  await transaction
    .insertInto('audit')
    .values(entries.map((entry) => ({ details: '', ...entry })))
    .execute();
}
