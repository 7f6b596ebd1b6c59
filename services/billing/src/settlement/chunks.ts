/** A month in pieces of whole accounts: each is settled by itself, in any order, by whoever takes it. */
import type { UsageStore } from '@tollstream/usage-store';
import type { AccountRange } from './month-reader.ts';

export interface Chunk extends AccountRange {
  /** Rows of the table: at least as many as calls. */
  readonly rows: number;
  readonly accounts: number;
}

/** What an account has in the table. */
export interface AccountRows {
  readonly accountId: string;
  readonly rows: number;
}

/** Accounts with calls in the month, in the order of their bytes. */
export async function accountsOf(
  store: UsageStore,
  month: number,
  only: string | null,
): Promise<AccountRows[]> {
  const rows = await store.query<{ account: string; rows: string }>(
    `SELECT account_id AS account, count() AS rows FROM ${store.database}.usage
     WHERE billing_month = {month:UInt32}${only === null ? '' : ' AND account_id = {account:String}'}
     GROUP BY account_id ORDER BY account_id`,
    { month, account: only ?? '' },
  );
  return rows.map(({ account, rows: count }) => ({ accountId: account, rows: Number(count) }));
}

/**
 * Ranges of neighbouring accounts with about `rowsMax` rows each; a larger account has one of its own.
 * @param isSkipped accounts that no range may reach over
 */
export function planChunks(
  accounts: readonly AccountRows[],
  { rowsMax, isSkipped }: { rowsMax: number; isSkipped: (accountId: string) => boolean },
): Chunk[] {
  const chunks: Chunk[] = [];
  let open: { first: string; last: string; rows: number; accounts: number } | null = null;
  const close = (): void => {
    if (open !== null) chunks.push(open);
    open = null;
  };
  for (const { accountId, rows } of accounts) {
    if (isSkipped(accountId)) {
      close();
      continue;
    }
    if (open !== null && open.rows + rows > rowsMax) close();
    open ??= { first: accountId, last: accountId, rows: 0, accounts: 0 };
    open.last = accountId;
    open.rows += rows;
    open.accounts += 1;
  }
  close();
  return chunks;
}
