import type { AccountAllowance, RatedAccount, RateTable, Unpriceable } from '@tollstream/rating-engine';
import type { RatingState } from './state.ts';

/** What a block's dictionary of account ids stands for; one entry per id, found when its first call is met. */
export interface Payer {
  readonly account: RatedAccount | null;
  readonly allowance: AccountAllowance;
}

export function payerOf(accountId: string, table: RateTable, { allowances }: RatingState): Payer {
  return { account: table.account(accountId), allowance: allowances.of(accountId) };
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
