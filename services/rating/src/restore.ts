import type { Catalog } from '@tollstream/catalog';
import {
  RESOLVED_OUTCOMES,
  SUSPEND_CODES,
  decodeBlock,
  parseTotals,
  readNativeBlock,
} from '@tollstream/contracts';
import type { NativeBlock, RunningTotals } from '@tollstream/contracts';
import { ClaimLostError } from '@tollstream/event-log';
import type { EventLog, PartitionClaim, SnapshotStore } from '@tollstream/event-log';
import { poolUsesOf } from '@tollstream/rating-engine';
import { callContents } from './call-content.ts';
import { CONFLICT, asConflict, callIdentities } from './columns.ts';
import type { DedupeLimits } from './dedupe-window.ts';
import { RatingStateError } from './errors.ts';
import type { RatingTopics } from './processor.ts';
import { partReader, sourceText } from './open-parts.ts';
import { foldAlerts, foldSpend, markUnknown } from './restore-spend.ts';
import { findSnapshots } from './snapshot/find-snapshots.ts';
import type { LoadedSnapshot, OutputBounds } from './snapshot/find-snapshots.ts';
import type { SnapshotEvent } from './snapshot/snapshot-writer.ts';
import { OUTPUTS } from './snapshot/state-frames.ts';
import type { Output } from './snapshot/state-frames.ts';
import { emptyState } from './state.ts';
import type { RatingState } from './state.ts';

export interface RestoreProgress {
  readonly topic: string;
  readonly partition: number;
  /** Records (blocks) of the topic's partition read in this step. */
  readonly records: number;
  readonly nextOffset: number;
  readonly endOffset: number;
}

const UNKNOWN_CODE = SUSPEND_CODES.indexOf('account_unknown') + 1;
const KEPT = RESOLVED_OUTCOMES.indexOf('kept') + 1;
const CONFLICT_CODE = SUSPEND_CODES.indexOf(CONFLICT.code) + 1;
const COUNT_OF = { rated: 'rated', suspended: 'suspended', resolved: 'replayed', alerts: 'alerts' } as const;

export interface RestoreOptions {
  readonly topics: RatingTopics;
  readonly limits: DedupeLimits;
  /** Says what counts towards spend limits; all else is folded without it. */
  readonly catalog: Catalog;
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** Where snapshots are; absent: nowhere. */
  readonly snapshots?: SnapshotStore | undefined;
  readonly onSnapshot?: ((event: SnapshotEvent) => void) | undefined;
}

/**
 * The state of one partition as of its committed position: what its own blocks say was seen, used, spent and told.
 * Output and position were committed together, so the two agree; that they do is checked by the totals. Where there is a snapshot, only output
 * after it is read; one that cannot be used, for whatever reason, is told of and passed over.
 * @throws RatingStateError TOLL_RATING_OUTPUT_MISSING when output that was committed is gone
 */
export async function restoreState(
  claim: PartitionClaim,
  log: EventLog,
  options: RestoreOptions,
): Promise<RatingState> {
  const { limits, snapshots, onSnapshot } = options;
  const bounds = await outputBounds(claim, log, options.topics);
  if (snapshots !== undefined && claim.committed !== null) {
    const { partition } = claim;
    for await (const { name, found } of findSnapshots(snapshots, { ...options, claim, log, bounds })) {
      let reason: string;
      if (typeof found === 'string') reason = found;
      else {
        try {
          const state = await foldOutput(found.state, found, { claim, log, bounds, ...options });
          state.snapshotCalls = found.totals.seen + found.totals.replayed;
          onSnapshot?.({ kind: 'used', partition, name, offset: found.to });
          return state;
        } catch (error) {
          if (!(error instanceof RatingStateError)) throw error;
          reason = `it does not go with the output after it: ${error.message}`;
        }
      }
      onSnapshot?.({ kind: 'refused', partition, name, reason });
    }
  }
  const empty = emptyState(limits, parseTotals(claim.committed?.metadata ?? ''));
  return foldOutput(empty, null, { claim, log, bounds, ...options });
}

async function outputBounds(
  { partition }: PartitionClaim,
  log: EventLog,
  topics: RatingTopics,
): Promise<OutputBounds> {
  const found: Partial<Record<Output, OutputBounds[Output]>> = {};
  for (const output of OUTPUTS) {
    const bounds = (await log.offsets(topics[output])).find((each) => each.partition === partition);
    if (bounds === undefined) {
      throw new RatingStateError(
        'TOLL_RATING_OUTPUT_MISSING',
        `The topic ${topics[output]} has no partition ${partition}.`,
      );
    }
    found[output] = bounds;
  }
  return found as OutputBounds;
}

/** @param snapshot what `state` holds already; null = nothing */
async function foldOutput(
  state: RatingState,
  snapshot: LoadedSnapshot | null,
  {
    claim,
    log,
    bounds,
    topics,
    catalog,
    onProgress,
  }: RestoreOptions & {
    readonly claim: PartitionClaim;
    readonly log: EventLog;
    readonly bounds: OutputBounds;
  },
): Promise<RatingState> {
  const totals = parseTotals(claim.committed?.metadata ?? '');
  const { partition } = claim;
  const [windowFrom, allFrom] = snapshot === null ? [0, 0] : [snapshot.from, snapshot.to];
  for (const schema of OUTPUTS) {
    const topic = topics[schema];
    const { begin, end } = bounds[schema];
    let last: RunningTotals | null = snapshot?.totals ?? null;
    const from = snapshot?.outputs[schema] ?? begin;
    for await (const batch of log.read({ topic, partition, from, to: end })) {
      for (const { value } of batch.records) {
        const { header, native } = decodeBlock(value!);
        // What became of rejected records stands beside, and says nothing of calls.
        if (header.schema === 'reject_resolved') continue;
        if (header.firstOffset < windowFrom) continue;
        const isNew = header.firstOffset >= allFrom;
        if (isNew) last = header.totals;
        switch (schema) {
          case 'rated': {
            const block = readNativeBlock(native);
            foldIdentities(state, block, schema);
            if (!isNew) break;
            foldAllowances(state, block);
            foldSpend(state.spend, header, block, catalog);
            break;
          }
          case 'suspended': {
            const block = readNativeBlock(native);
            foldIdentities(state, block, schema);
            if (isNew) foldParts(state, block);
            break;
          }
          case 'resolved':
            // What it rated stands among the rated calls.
            if (isNew) foldResolved(state, readNativeBlock(native));
            break;
          case 'alerts':
            if (isNew) foldAlerts(state.spend, readNativeBlock(native));
            break;
        }
      }
      onProgress?.({
        topic,
        partition,
        records: batch.records.length,
        nextOffset: batch.nextOffset,
        endOffset: end,
      });
    }
    // Nothing to hold against each other: never committed, or all of the output has passed its retention.
    const isComparable = claim.committed !== null && (last !== null || begin === 0);
    const count = COUNT_OF[schema];
    if (isComparable && (last?.[count] ?? 0) !== totals[count]) {
      await assertStillOwner(claim, log);
      throw new RatingStateError(
        'TOLL_RATING_OUTPUT_MISSING',
        `The position of ${claim.topic}/${partition} says ${totals[count]} ${schema === 'alerts' ? 'alerts were given' : `calls were ${count}`}; ${topic}/${partition} ends at ${last?.[count] ?? 0}.`,
      );
    }
  }
  state.totals = totals;
  markUnknown(state.spend, catalog);
  return state;
}

/**
 * While one that was the owner restores, the next one may already have rated on: then the output is newer than the position of
 * the claim, and nothing is wrong but that the claim is lost.
 */
async function assertStillOwner(
  { group, topic, partition, committed }: PartitionClaim,
  log: EventLog,
): Promise<void> {
  const now = await log.committed(group, topic, partition);
  if (now?.offset !== committed?.offset) {
    throw new ClaimLostError(
      `Another owner rated on from ${topic}/${partition} while its state was restored.`,
    );
  }
}

/** The same changes that rating the calls made. Where they were made before, none. */
function foldIdentities({ window }: RatingState, block: NativeBlock, schema: 'rated' | 'suspended'): void {
  const identities = callIdentities(block);
  const contents = callContents(block);
  const codes = schema === 'suspended' ? block.column('code').uint8s() : null;
  const startedAt = block.column('started_at').integers();
  for (let row = 0; row < block.rows; row++) {
    if (codes?.[row] === CONFLICT_CODE) asConflict(identities, row, contents[row]!);
    window.restore(identities, row, startedAt[row]!, contents[row]!);
  }
}

function foldAllowances({ allowances }: RatingState, block: NativeBlock): void {
  const includedSeconds = block.column('included_seconds').uint32s();
  const accounts = block.column('account_id').lowCardinality();
  const devices = block.column('device').lowCardinality();
  const pools = block.column('pool').lowCardinality();
  const months = block.column('billing_month').uint32s();
  const details = block.column('price_detail');
  for (let row = 0; row < block.rows; row++) {
    const seconds = includedSeconds[row]!;
    const detail = details.string(row);
    const isPlain = detail === '';
    if (seconds === 0 && isPlain) continue;
    const allowance = allowances.of(accounts.dictionary[accounts.indexes[row]!]!);
    const device = devices.dictionary[devices.indexes[row]!]!;
    const uses = isPlain ? null : poolUsesOf(detail);
    if (uses !== null) {
      for (const use of uses) allowance.addUse(use, device, months[row]!);
      continue;
    }
    if (seconds === 0) continue;
    allowance.add(pools.dictionary[pools.indexes[row]!]!, device, months[row]!, seconds);
  }
}

/** Parts that were held when they came. */
function foldParts({ parts, window }: RatingState, block: NativeBlock): void {
  const sequences = block.column('partial_sequence').uint32s();
  const codes = block.column('code').uint8s();
  const partOf = partReader(block);
  for (let row = 0; row < block.rows; row++) {
    const isHeld = sequences[row] !== 0 && codes[row] !== CONFLICT_CODE && codes[row] !== UNKNOWN_CODE;
    if (isHeld) parts.add(partOf(row), window);
  }
}

/** Parts that wait no longer. */
function foldResolved({ parts }: RatingState, block: NativeBlock): void {
  if (parts.size === 0) return;
  const outcomes = block.column('outcome').uint8s();
  const topics = block.column('source_topic');
  const partitions = block.column('source_partition').uint32s();
  const offsets = block.column('source_offset').integers();
  for (let row = 0; row < block.rows; row++)
    if (outcomes[row] !== KEPT) parts.delete(sourceText(topics.string(row), partitions[row]!, offsets[row]!));
}
