/** Calls that came in parts: put together when the last missing part has come, and rated as one. */
import { CALL_COLUMNS, NativeBlockWriter, PRICE_COLUMNS, RESOLVED_COLUMNS } from '@tollstream/contracts';
import type { Resolution, RunningTotals, SuspendCode } from '@tollstream/contracts';
import { CallRows, emptyCall, priceCall, pushPrice } from '@tollstream/rating-engine';
import type { Priced, RateTable } from '@tollstream/rating-engine';
import { withColumns } from './block-parts.ts';
import type { BlockParts } from './block-parts.ts';
import { callContents } from './call-content.ts';
import { ChargeSums } from './charge-sums.ts';
import { callIdentities, resolutionNumber } from './columns.ts';
import { callKeyOf, wholeCalls, wholeOf } from './open-parts.ts';
import type { Part, Parts } from './open-parts.ts';
import { unknownAccount } from './payer.ts';
import type { Payer } from './payer.ts';
import { BlockAlerts } from './spend-alerts.ts';
import type { RatingState } from './state.ts';

export interface Reason {
  readonly code: SuspendCode;
  readonly detail: string;
}

/** A call that was put together, and its price. */
export interface Whole {
  readonly parts: Parts;
  readonly priced: Priced;
}

const call = emptyCall();
const prices = new NativeBlockWriter(PRICE_COLUMNS);
const resolutions = new NativeBlockWriter(RESOLVED_COLUMNS);
const CALL_NAMES = CALL_COLUMNS.map(([name]) => name);

/**
 * A part that came for the first time.
 * @returns why it is suspended, and the call when it is whole and has a price
 */
export function arrive(
  part: Part,
  table: RateTable,
  state: RatingState,
): { readonly reason: Reason; readonly whole: Whole | null } {
  state.parts.add(part, state.window);
  const incomplete = (detail: string): Reason => ({ code: 'partial_incomplete', detail });
  if (!state.parts.has(part.source)) {
    const reason = incomplete(
      `Part ${part.number} of a call that is older than what is remembered of parts.`,
    );
    return { reason, whole: null };
  }
  const result = putTogether(state.parts.of(callKeyOf(part), state.window), table, state);
  if ('code' in result) {
    const { code, detail } = result;
    return { reason: { code, detail: `Part ${part.number} of a call: ${detail}` }, whole: null };
  }
  const reason = incomplete(
    `Part ${part.number} was the one missing: all ${result.parts.length} are one call.`,
  );
  return { reason, whole: result };
}

/**
 * Puts a call together when its parts are all there and it has a price: then none of them waits any longer.
 * @param state window, allowances and open parts are changed in place
 */
export function putTogether(parts: Parts, table: RateTable, state: RatingState): Whole | Reason {
  const ordered = wholeOf(parts);
  if (typeof ordered === 'string') return { code: 'partial_incomplete', detail: `${ordered}.` };
  const block = wholeCalls([ordered]);
  const calls = new CallRows(block, table);
  const { account, accountId, allowance } = payersOf(calls, table, state)[0]!;
  if (account === null) return unknownAccount(accountId);
  calls.fill(call, 0, account);
  const priced = priceCall(call, account, allowance);
  if (priced.kind === 'unpriceable')
    return { code: priced.code, detail: `all parts have come. ${priced.detail}` };
  // From here on a record of the whole call is a copy; and where one came first, the parts are.
  const seen = state.window.add(callIdentities(block), 0, calls.startedAt[0]!, callContents(block)[0]!);
  if (seen !== 'new')
    return { code: 'partial_incomplete', detail: 'the call came as a whole, too, and counts so.' };
  allowance.take(call, priced);
  for (const { source } of ordered) state.parts.delete(source);
  return { parts: ordered, priced };
}

/** One for each row. */
function payersOf({ accounts }: CallRows, table: RateTable, state: RatingState): Payer[] {
  const byKey = state.payers.of(accounts, table, state);
  return Array.from(accounts.indexes, (key) => byKey[key]!);
}

/** Whether the call of a part was rated, be it from its parts or as a whole record. */
export function isRated(part: Part, { window }: RatingState): boolean {
  return window.has(part.cells.call_hash as Uint32Array, 0);
}

/** What a part becomes when its call is put together: the first one stands for the call. */
export function resolutionOf({ number }: Part): Resolution {
  return number === 1 ? 'rated' : 'assembled';
}

/** What is written of calls that were put together, of parts from one raw partition. */
export interface AssemblyStep {
  readonly rated: BlockParts;
  readonly resolved: BlockParts;
  readonly outcomes: Pick<RunningTotals, 'replayed' | 'rated' | 'assembled' | 'charge' | 'alerts'>;
  readonly alerts: BlockAlerts;
}

/**
 * Writes the calls of an input block that were put together; blocks of a step are valid until the next one. All rows of a block
 * are of one raw partition, so parts from several take several steps.
 * @param elsewhere sources of parts that were asked for, and are resolved with what else was
 */
export function* assemblySteps(
  wholes: readonly Whole[],
  elsewhere: ReadonlySet<string>,
  offset: number,
  table: RateTable,
  state: RatingState,
): Generator<AssemblyStep> {
  const sources = new Set(wholes.flatMap(({ parts }) => parts.map(partitionOf)));
  for (const source of sources) {
    const rated = wholes.filter(({ parts }) => partitionOf(parts[0]!) === source);
    const block = wholeCalls(rated.map(({ parts }) => parts));
    const calls = new CallRows(block, table);
    const payers = payersOf(calls, table, state);
    const alerts = new BlockAlerts(block, { offset, catalogVersion: table.catalog.version });
    const charges = new ChargeSums();
    prices.reset();
    resolutions.reset();
    for (const [row, { priced }] of rated.entries()) {
      const { account, spender } = payers[row]!;
      calls.fill(call, row, account!);
      pushPrice(prices.columns, priced, account!, { catalogVersion: table.catalog.version, revision: 0 });
      charges.add(priced.currency, priced.charge);
      if (spender !== null && priced.charge > 0) alerts.spend(spender, call, priced, row);
    }
    let assembled = 0;
    for (const { parts } of wholes) {
      for (const part of parts) {
        if (partitionOf(part) !== source || elsewhere.has(part.source)) continue;
        const outcome = resolutionOf(part);
        if (outcome === 'assembled') assembled += 1;
        pushResolution(part, outcome, parts, table.catalog.version);
      }
    }
    yield {
      rated: withColumns(
        CALL_NAMES,
        block,
        Uint32Array.from(rated, (_, row) => row),
        prices,
      ),
      resolved: withColumns([], block, new Uint32Array(resolutions.rows), resolutions),
      outcomes: {
        replayed: resolutions.rows,
        rated: rated.length,
        assembled,
        charge: charges.toRecord(),
        alerts: alerts.list.length,
      },
      alerts,
    };
  }
}

function partitionOf({ cells }: Part): string {
  return `${cells.source_topic as string}/${cells.source_partition as number}`;
}

function pushResolution(
  { cells, number }: Part,
  outcome: Resolution,
  parts: Parts,
  catalogVersion: number,
): void {
  const { columns } = resolutions;
  columns.call_id.push(cells.call_id as string);
  columns.switch_id.push(cells.switch_id as string);
  columns.leg.push(cells.leg as number);
  columns.account_id.push(cells.account_id as string);
  columns.started_at.push(cells.started_at as number);
  columns.source_topic.push(cells.source_topic as string);
  columns.source_partition.push(cells.source_partition as number);
  columns.source_offset.push(cells.source_offset as number);
  // Nobody asked: what is here comes from the parts alone, so that the same input gives the same bytes.
  columns.reason.push('all parts have come');
  columns.requested_by.push('rating');
  columns.requested_at.push(Math.max(...parts.map((part) => part.cells.ended_at as number)));
  columns.run.push('');
  columns.outcome.push(resolutionNumber(outcome));
  columns.code.push('');
  columns.detail.push(`Part ${number} of ${parts.length}.`);
  columns.catalog_version.push(catalogVersion);
}
