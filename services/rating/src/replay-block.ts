import {
  CALL_COLUMNS,
  NativeBlockWriter,
  PRICE_COLUMNS,
  REPLAY_ACTIONS,
  RESOLVED_COLUMNS,
} from '@tollstream/contracts';
import type { NativeBlock, Resolution, RunningTotals } from '@tollstream/contracts';
import { CallRows, emptyCall, priceCall, pushPrice } from '@tollstream/rating-engine';
import type { RateTable } from '@tollstream/rating-engine';
import { isRated, putTogether, resolutionOf } from './assembly.ts';
import type { Reason, Whole } from './assembly.ts';
import { withColumns } from './block-parts.ts';
import type { BlockParts } from './block-parts.ts';
import { ChargeSums } from './charge-sums.ts';
import { resolutionNumber } from './columns.ts';
import { callKeyOf, partReader } from './open-parts.ts';
import type { Part } from './open-parts.ts';
import { unknownAccount } from './payer.ts';
import { BlockAlerts } from './spend-alerts.ts';
import type { RatingState } from './state.ts';

/** What a block of suspended calls that were taken up again became. */
export interface ReplayedBlock {
  readonly rated: BlockParts;
  /** One row for each call of the block. */
  readonly resolved: BlockParts;
  readonly outcomes: Pick<
    RunningTotals,
    'replayed' | 'rated' | 'discarded' | 'kept' | 'assembled' | 'charge' | 'alerts'
  >;
  readonly alerts: BlockAlerts;
  /** Calls that were put together of parts; they are rated apart from the others. */
  readonly wholes: readonly Whole[];
  /** Sources of their parts that are resolved here. */
  readonly resolvedParts: ReadonlySet<string>;
}

const OUTCOME_COLUMNS = [
  ['outcome', RESOLVED_COLUMNS.find(([name]) => name === 'outcome')![1] as `Enum8(${string})`],
  ['code', 'LowCardinality(String)'],
  ['detail', 'String'],
  ['catalog_version', 'UInt32'],
] as const;
const PASSED_NAMES = RESOLVED_COLUMNS.slice(0, -OUTCOME_COLUMNS.length).map(([name]) => name);
const CALL_NAMES = CALL_COLUMNS.map(([name]) => name);
const DISCARD = REPLAY_ACTIONS.indexOf('discard') + 1;

const NO_REASON: { readonly code: string; readonly detail: string } = { code: '', detail: '' };

const call = emptyCall();
const prices = new NativeBlockWriter(PRICE_COLUMNS);
const outcomes = new NativeBlockWriter(OUTCOME_COLUMNS);

/**
 * Takes suspended calls up again. They passed the duplicate window when they were suspended, and whoever publishes them takes each
 * up once: here they are priced, and nothing is asked.
 * @param at offset of the block, and the catalog that must be in force; 0: whichever is
 * @param state allowances and what was spent are changed in place
 */
export function replayBlock(
  block: NativeBlock,
  { offset, catalogVersion }: { readonly offset: number; readonly catalogVersion: number },
  table: RateTable,
  state: RatingState,
): ReplayedBlock {
  const { version } = table.catalog;
  const alerts = new BlockAlerts(block, { offset, catalogVersion: version });
  const calls = new CallRows(block, table);
  const { accounts } = calls;
  const actions = block.column('action').uint8s();
  const payers = state.payers.of(accounts, table, state);
  const ratedRows = new Uint32Array(block.rows);
  const charges = new ChargeSums();
  const counts = { rated: 0, discarded: 0, kept: 0, assembled: 0 };
  const parts = new AskedParts(block, actions);
  const wholes: Whole[] = [];
  const resolvedParts = new Set<string>();
  prices.reset();
  outcomes.reset();

  for (let row = 0; row < block.rows; row++) {
    const part = parts.of(row);
    if (actions[row] === DISCARD) {
      // It was put together with the others after it was asked for.
      if (part !== null && !state.parts.has(part.source) && isRated(part, state)) {
        resolve('kept', { code: 'call_rated', detail: 'The call was rated meanwhile.' });
        continue;
      }
      if (part !== null) state.parts.delete(part.source);
      resolve('discarded');
      continue;
    }
    if (catalogVersion !== 0 && catalogVersion !== version) {
      const detail = `Catalog ${catalogVersion} was asked for, ${version} is in force.`;
      resolve('kept', { code: 'catalog_not_in_force', detail });
      continue;
    }
    const payer = payers[accounts.indexes[row]!]!;
    if (payer.account === null) {
      resolve('kept', unknownAccount(payer.accountId));
      continue;
    }
    if (part !== null) {
      const result = parts.join(
        part,
        (all) => {
          const whole = putTogether(all, table, state);
          if ('parts' in whole) wholes.push(whole);
          return whole;
        },
        state,
      );
      if ('parts' in result) {
        resolvedParts.add(part.source);
        // The call itself is counted where it is rated.
        if (resolutionOf(part) === 'assembled') counts.assembled += 1;
        push(resolutionOf(part));
      } else resolve('kept', result);
      continue;
    }
    calls.fill(call, row, payer.account);
    const outcome = priceCall(call, payer.account, payer.allowance);
    if (outcome.kind === 'unpriceable') {
      resolve('kept', outcome);
      continue;
    }
    ratedRows[counts.rated] = row;
    resolve('rated');
    pushPrice(prices.columns, outcome, payer.account, { catalogVersion: version, revision: 0 });
    charges.add(outcome.currency, outcome.charge);
    payer.allowance.take(call, outcome);
    if (payer.spender !== null && outcome.charge > 0) alerts.spend(payer.spender, call, outcome, row);
  }

  function resolve(outcome: Resolution, reason = NO_REASON): void {
    counts[outcome] += 1;
    push(outcome, reason);
  }

  function push(outcome: Resolution, { code, detail } = NO_REASON): void {
    const { columns } = outcomes;
    columns.outcome.push(resolutionNumber(outcome));
    columns.code.push(code);
    columns.detail.push(detail);
    columns.catalog_version.push(version);
  }

  const allRows = Uint32Array.from({ length: block.rows }, (_, row) => row);
  return {
    rated: withColumns(CALL_NAMES, block, ratedRows.subarray(0, counts.rated), prices),
    resolved: withColumns(PASSED_NAMES, block, allRows, outcomes),
    outcomes: { replayed: block.rows, ...counts, charge: charges.toRecord(), alerts: alerts.list.length },
    alerts,
    wholes,
    resolvedParts,
  };
}

/** The parts among calls that were asked for: with what waits already they may make calls whole. */
class AskedParts {
  readonly #parts: readonly (Part | null)[];
  readonly #byCall: ReadonlyMap<string, readonly Part[]>;
  readonly #results = new Map<string, Whole | Reason>();

  constructor(block: NativeBlock, actions: Uint8Array) {
    const partOf = partReader(block);
    const sequences = block.column('partial_sequence').uint32s();
    this.#parts = Array.from(sequences, (sequence, row) => (sequence === 0 ? null : partOf(row)));
    const asked = this.#parts.filter((part, row): part is Part => part !== null && actions[row] !== DISCARD);
    this.#byCall = Map.groupBy(asked, callKeyOf);
  }

  of(row: number): Part | null {
    return this.#parts[row]!;
  }

  /** What a call came to of which this is a part: tried once, with its first part. */
  join(
    part: Part,
    put: (parts: readonly Part[]) => Whole | Reason,
    { parts, window }: RatingState,
  ): Whole | Reason {
    const key = callKeyOf(part);
    let result = this.#results.get(key);
    if (result === undefined) {
      const bySource = new Map(
        [...parts.of(key, window), ...this.#byCall.get(key)!].map((each) => [each.source, each]),
      );
      result = put([...bySource.values()]);
      this.#results.set(key, result);
    }
    return result;
  }
}
