import type { AccountAllowance, RatedAccount, RateTable, Unpriceable } from '@tollstream/rating-engine';
import { spenderOf } from './spend-alerts.ts';
import type { Spender } from './spend-alerts.ts';
import type { RatingState } from './state.ts';

/** What a block's dictionary of account ids stands for; one entry per id, found when its first call is met. */
export interface Payer {
  readonly account: RatedAccount | null;
  readonly allowance: AccountAllowance;
  /** Null: nothing of what it spends is counted. */
  readonly spender: Spender | null;
}

export function payerOf(accountId: string, table: RateTable, { allowances, spend }: RatingState): Payer {
  const account = table.account(accountId);
  return {
    account,
    allowance: allowances.of(accountId),
    spender: account === null ? null : spenderOf(account.account, spend),
  };
}

export function unknownAccount(accountId: string): Pick<Unpriceable, 'code' | 'detail'> {
  return {
    code: 'account_unknown',
    detail:
      accountId === ''
        ? 'No account could be told from the call, and no default plan was named.'
        : `The catalog knows no account '${accountId}', and no default plan was named.`,
  };
}
