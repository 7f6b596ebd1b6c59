import { CALL_COLUMNS, NativeBlockWriter, PRICE_COLUMNS } from '@tollstream/contracts';
import type { NativeBlock, RunningTotals, SuspendCode } from '@tollstream/contracts';
import { CallRows, emptyCall, priceCall, pushPrice } from '@tollstream/rating-engine';
import type { RateTable } from '@tollstream/rating-engine';
import { withColumns } from './block-parts.ts';
import type { BlockParts } from './block-parts.ts';
import { ChargeSums } from './charge-sums.ts';
import { arrive } from './assembly.ts';
import type { Whole } from './assembly.ts';
import { callContents } from './call-content.ts';
import { CONFLICT, SUSPENSE_COLUMNS, asConflict, callIdentities, pushSuspense } from './columns.ts';
import { RatingStateError } from './errors.ts';
import { partReader } from './open-parts.ts';
import { approachPayers, unknownAccount } from './payer.ts';
import { BlockAlerts } from './spend-alerts.ts';
import type { RatingState } from './state.ts';

/** What one accepted block became. */
export interface RatedBlock {
  readonly rated: BlockParts;
  readonly suspended: BlockParts;
  readonly outcomes: Pick<RunningTotals, 'seen' | 'rated' | 'suspended' | 'duplicate' | 'charge' | 'alerts'>;
  readonly suspendCodes: ReadonlyMap<SuspendCode, number>;
  /** What its calls did to spend limits. */
  readonly alerts: BlockAlerts;
  /** Calls of which the last missing part was among them. */
  readonly wholes: readonly Whole[];
}

/** Calls of which what they will look up is read before the first is decided. */
const APPROACHED_CALLS = 128;
const CALL_NAMES = CALL_COLUMNS.map(([name]) => name);
const call = emptyCall();
const prices = new NativeBlockWriter(PRICE_COLUMNS);
const suspense = new NativeBlockWriter(SUSPENSE_COLUMNS);

/**
 * Decides each call of a block, in this order: duplicate → conflict → suspended → rated. A suspended call counts as seen, so that its
 * duplicate is a duplicate. Parts of calls are suspended, also the one that makes a call whole.
 * @param offset of the block
 * @param state window, allowances and what was spent are changed in place
 */
export function rateBlock(
  block: NativeBlock,
  offset: number,
  table: RateTable,
  state: RatingState,
): RatedBlock {
  const { version } = table.catalog;
  const alerts = new BlockAlerts(block, { offset, catalogVersion: version });
  const identities = callIdentities(block);
  const contents = callContents(block);
  const calls = new CallRows(block, table);
  const { accounts, startedAt } = calls;
  const sequences = block.column('partial_sequence').uint32s();
  const partOf = partReader(block);
  const wholes: Whole[] = [];

  const payers = state.payers.of(accounts, table, state);
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
    if (row % APPROACHED_CALLS === 0) {
      const end = Math.min(block.rows, row + APPROACHED_CALLS);
      state.window.approach(identities, row, end);
      approachPayers(payers, calls, row, end);
    }
    let seen = state.window.add(identities, row, startedAt[row]!, contents[row]!);
    if (seen === 'conflict') {
      asConflict(identities, row, contents[row]!);
      seen = state.window.add(identities, row, startedAt[row]!, contents[row]!);
      if (seen === 'new') {
        suspendedRows[suspended++] = row;
        suspend(CONFLICT);
        continue;
      }
    }
    if (seen !== 'new') {
      duplicate += 1;
      continue;
    }
    const payer = payers[accounts.indexes[row]!]!;
    if (payer.account === null) {
      suspendedRows[suspended++] = row;
      suspend(unknownAccount(payer.accountId));
      continue;
    }
    if (sequences[row] !== 0) {
      const { reason, whole } = arrive(partOf(row), table, state);
      if (whole !== null) wholes.push(whole);
      suspendedRows[suspended++] = row;
      suspend(reason);
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
        if (payer.spender !== null && outcome.charge > 0) alerts.spend(payer.spender, call, outcome, row);
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
    rated: withColumns(CALL_NAMES, block, ratedRows.subarray(0, rated), prices),
    suspended: withColumns(CALL_NAMES, block, suspendedRows.subarray(0, suspended), suspense),
    outcomes: {
      seen: block.rows,
      rated,
      suspended,
      duplicate,
      charge: charges.toRecord(),
      alerts: alerts.list.length,
    },
    suspendCodes,
    alerts,
    wholes,
  };
}
