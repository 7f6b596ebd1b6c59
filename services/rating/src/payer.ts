import { ByteDictionary } from '@tollstream/contracts';
import type { LowCardinalityPlaces } from '@tollstream/contracts';
import { RatesAhead } from '@tollstream/rating-engine';
import type {
  AccountAllowance,
  CallRows,
  RatedAccount,
  RateTable,
  Unpriceable,
} from '@tollstream/rating-engine';
import { spenderOf } from './spend-alerts.ts';
import type { Spender } from './spend-alerts.ts';
import type { RatingState } from './state.ts';

/** What an account id of a call stands for. */
export interface Payer {
  readonly accountId: string;
  readonly account: RatedAccount | null;
  readonly allowance: AccountAllowance;
  /** Null: nothing of what it spends is counted. */
  readonly spender: Spender | null;
}

/** Ids that are remembered; beyond it all are forgotten at once. */
const REMEMBERED_IDS_MAX = 1_000_000;

/**
 * The payers of one partition, under one rate table. With thousands of accounts nearly each call of a block has another one, so they are kept
 * from block to block, and found by the bytes of their ids: one look-up in place of one for the account, one for its allowances and one for
 * its limits.
 */
export class Payers {
  #table: RateTable | null = null;
  readonly #ids = new ByteDictionary();
  #known: (Payer | undefined)[] = [];

  /** One for each key of a block's account ids, in their order. */
  of({ bytes, starts, ends }: LowCardinalityPlaces, table: RateTable, state: RatingState): Payer[] {
    if (this.#table !== table || this.#ids.count > REMEMBERED_IDS_MAX) {
      this.#table = table;
      this.#ids.reset();
      this.#known = [];
    }
    const payers: Payer[] = [];
    for (let key = 0; key < starts.length; key++) {
      const start = starts[key]!;
      const end = ends[key]!;
      const index = this.#ids.indexOf(bytes, start, end);
      payers.push(this.#known[index] ?? this.#find(index, bytes.toString('utf8', start, end), table, state));
    }
    return payers;
  }

  /** Accounts of the default plan are found anew for each block: there may be any number of unknown ids. */
  #find(index: number, accountId: string, table: RateTable, { allowances, spend }: RatingState): Payer {
    const account = table.account(accountId);
    const payer = {
      accountId,
      account,
      allowance: allowances.of(accountId),
      spender: account === null ? null : spenderOf(account.account, spend),
    };
    if (account !== null && !account.account.isDefault) {
      while (this.#known.length < index) this.#known.push(undefined);
      this.#known[index] = payer;
    }
    return payer;
  }
}

/** What `approachPayers` read: for nobody, but a compiler would leave out the reading of what is not kept. */
const approached = { sum: 0 };
const rates = new RatesAhead();

/**
 * Reads what the calls in [from, to) will ask of their payers and of large decks, and nothing more: with thousands of accounts each is in places of
 * its own, and read in a row none waits for the one before. See `DedupeWindow.approach`.
 */
export function approachPayers(
  payers: readonly Payer[],
  { accounts: { indexes }, destinationNumbers }: CallRows,
  from: number,
  to: number,
): void {
  let sum = approached.sum;
  for (let row = from; row < to; row++) {
    const { account, allowance } = payers[indexes[row]!]!;
    sum += allowance.approach();
    if (account === null) continue;
    if (account.account.isDefault && account.numbers.main === 0) sum += 1;
    rates.add(account, destinationNumbers[row]!);
  }
  rates.flush();
  approached.sum = sum;
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
