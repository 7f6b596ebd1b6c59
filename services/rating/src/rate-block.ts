import { CALL_COLUMNS, NativeBlockWriter, PRICE_COLUMNS, assembleNativeBlock } from '@tollstream/contracts';
import type { NativeBlock, RunningTotals, SuspendCode } from '@tollstream/contracts';
import { CallRows, emptyCall, priceCall, pushPrice } from '@tollstream/rating-engine';
import type { AccountAllowance, RatedAccount, RateTable } from '@tollstream/rating-engine';
import { ChargeSums } from './charge-sums.ts';
import { SUSPENSE_COLUMNS, callIdentities, pushSuspense } from './columns.ts';
import { RatingStateError } from './errors.ts';
import type { RatingState } from './state.ts';

/** What one accepted block became. */
export interface RatedBlock {
  readonly rated: BlockParts;
  readonly suspended: BlockParts;
  readonly outcomes: Pick<RunningTotals, 'seen' | 'rated' | 'suspended' | 'duplicate' | 'charge'>;
  readonly suspendCodes: ReadonlyMap<SuspendCode, number>;
}

export interface BlockParts {
  readonly rows: number;
  /** One Native block as views, valid until the next block is rated: copy them into the message. Empty when no row is left. */
  readonly native: readonly Uint8Array[];
}

/** What a block's dictionary of account ids stands for; one entry per id, found when its first call is met. */
interface Payer {
  readonly account: RatedAccount | null;
  readonly allowance: AccountAllowance;
}

const call = emptyCall();
const prices = new NativeBlockWriter(PRICE_COLUMNS);
const suspense = new NativeBlockWriter(SUSPENSE_COLUMNS);

/**
 * Decides each call of a block, in this order: duplicate → suspended → rated. A suspended call counts as seen, so that its
 * duplicate is a duplicate.
 * @param state window and allowances are changed in place
 */
export function rateBlock(block: NativeBlock, table: RateTable, state: RatingState): RatedBlock {
  const { version } = table.catalog;
  const identities = callIdentities(block);
  const calls = new CallRows(block, table);
  const { accounts, startedAt } = calls;

  const payers = accounts.dictionary.map((): Payer | undefined => undefined);
  const ratedRows = new Uint32Array(block.rows);
  const suspendedRows = new Uint32Array(block.rows);
  const charges = new ChargeSums();
  const suspendCodes = new Map<SuspendCode, number>();
  let rated = 0;
  let suspended = 0;
  let duplicate = 0;
  prices.reset();
  suspense.reset();

  for (let row = 0; row < block.rows; row++) {
    if (!state.window.add(identities, row, startedAt[row]!)) {
      duplicate += 1;
      continue;
    }
    const accountIndex = accounts.indexes[row]!;
    const accountId = accounts.dictionary[accountIndex]!;
    const payer = (payers[accountIndex] ??= payerOf(accountId, table, state));
    if (payer.account === null) {
      suspendedRows[suspended++] = row;
      suspend({ code: 'account_unknown', detail: unknownAccount(accountId) });
      continue;
    }
    calls.fill(call, row, payer.account);

    const outcome = priceCall(call, payer.account, payer.allowance);
    switch (outcome.kind) {
      case 'priced':
        ratedRows[rated++] = row;
        pushPrice(prices.columns, outcome, payer.account, { catalogVersion: version, revision: 0 });
        charges.add(outcome.currency, outcome.charge);
        payer.allowance.take(call, outcome);
        break;
      case 'unpriceable':
        suspendedRows[suspended++] = row;
        suspend(outcome);
        break;
    }
  }

  function suspend(reason: { code: SuspendCode; detail: string }): void {
    pushSuspense(suspense.columns, reason, version);
    suspendCodes.set(reason.code, (suspendCodes.get(reason.code) ?? 0) + 1);
  }

  if (rated + suspended + duplicate !== block.rows) {
    throw new RatingStateError(
      'TOLL_RATING_OUTCOME_LOST',
      `A block of ${block.rows} calls had ${rated} rated, ${suspended} suspended, ${duplicate} duplicate.`,
    );
  }
  return {
    rated: withCallColumns(block, ratedRows.subarray(0, rated), prices),
    suspended: withCallColumns(block, suspendedRows.subarray(0, suspended), suspense),
    outcomes: { seen: block.rows, rated, suspended, duplicate, charge: charges.toRecord() },
    suspendCodes,
  };
}

function payerOf(accountId: string, table: RateTable, { allowances }: RatingState): Payer {
  return { account: table.account(accountId), allowance: allowances.of(accountId) };
}

function unknownAccount(accountId: string): string {
  return accountId === ''
    ? 'No account could be told from the call, and no default plan was named.'
    : `The catalog knows no account '${accountId}', and no default plan was named.`;
}

/** The call columns of the rows as byte ranges of the input, then the columns that rating adds. */
function withCallColumns(
  block: NativeBlock,
  rows: Uint32Array,
  added: { readonly columnCount: number; columnParts(): Uint8Array[] },
): BlockParts {
  if (rows.length === 0) return { rows: 0, native: [] };
  const passedThrough = CALL_COLUMNS.flatMap(([name]) => block.filterColumn(name, rows));
  return {
    rows: rows.length,
    native: assembleNativeBlock({
      columnCount: CALL_COLUMNS.length + added.columnCount,
      rowCount: rows.length,
      columnParts: [...passedThrough, ...added.columnParts()],
    }),
  };
}
