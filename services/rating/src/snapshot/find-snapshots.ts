/** The snapshots of a partition, and why one of them is not to be used. */
import { accountFor } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { ZERO_TOTALS } from '@tollstream/contracts';
import type { RunningTotals } from '@tollstream/contracts';
import { SnapshotDamagedError, readFrames } from '@tollstream/event-log';
import type { EventLog, PartitionClaim, SnapshotStore } from '@tollstream/event-log';
import type { DedupeLimits } from '../dedupe-window.ts';
import type { RatingTopics } from '../processor.ts';
import { countedLimitsOf } from '../spend-limits.ts';
import type { SpendTable } from '../spend-table.ts';
import { emptyState } from '../state.ts';
import type { RatingState } from '../state.ts';
import { differenceOf, sourceOf } from './snapshot-source.ts';
import { OUTPUTS, STATE_SCHEMA, readState } from './state-frames.ts';
import type { Output, SnapshotHead, SnapshotSource } from './state-frames.ts';

export type OutputBounds = Readonly<Record<Output, { readonly begin: number; readonly end: number }>>;

/** A state from a snapshot; see `state-frames.ts` for its two positions. */
export interface LoadedSnapshot {
  readonly state: RatingState;
  readonly from: number;
  readonly to: number;
  /** As of `to`. */
  readonly totals: RunningTotals;
  readonly outputs: Readonly<Record<Output, number>>;
}

interface Place {
  readonly claim: PartitionClaim;
  readonly log: EventLog;
  readonly bounds: OutputBounds;
  readonly topics: RatingTopics;
  readonly limits: DedupeLimits;
  readonly catalog: Catalog;
}

/** Newest first; in place of a state the reason why there is none. */
export async function* findSnapshots(
  store: SnapshotStore,
  place: Place,
): AsyncGenerator<{ readonly name: string; readonly found: LoadedSnapshot | string }> {
  let names: string[];
  try {
    names = await store.list(place.claim);
  } catch (error) {
    yield { name: '', found: `the snapshots cannot be listed: ${messageOf(error)}` };
    return;
  }
  if (names.length === 0) return;
  const source = await sourceOf(place);
  for (const name of names) yield { name, found: await load(store, name, source, place) };
}

async function load(
  store: SnapshotStore,
  name: string,
  source: SnapshotSource,
  { claim, bounds, limits, catalog }: Place,
): Promise<LoadedSnapshot | string> {
  const state = emptyState(limits, ZERO_TOTALS);
  try {
    const stored = await store.open(claim, name);
    try {
      const read = await readState(readFrames(stored), state, (head) => refusalOf(head, source, bounds));
      if (typeof read === 'string') return read;
      const { head, end } = read;
      const committed = claim.committed!.offset;
      if (end.to > committed)
        return `it is newer than the log: of offset ${end.to}, and ${committed} is committed`;
      const unknown = unknownLimit(state.spend, catalog);
      if (unknown !== null)
        return `it does not know what counts towards limit ${unknown}, which the catalog has again`;
      return { state, from: head.from, to: end.to, totals: end.totals, outputs: head.outputs };
    } finally {
      await stored.close();
    }
  } catch (error) {
    if (error instanceof SnapshotDamagedError) return error.message;
    return `it cannot be read: ${messageOf(error)}`;
  }
}

function refusalOf(head: SnapshotHead, source: SnapshotSource, bounds: OutputBounds): string | null {
  if (head.schema !== STATE_SCHEMA)
    return `it is of schema ${head.schema}, and this program reads ${STATE_SCHEMA}`;
  const difference = differenceOf(head.source, source);
  if (difference !== null) return difference;
  for (const output of OUTPUTS) {
    const { begin, end } = bounds[output];
    const from = head.outputs[output];
    if (from > end)
      return `it is newer than the log: the topic of ${output} records ends at ${end}, before ${from}`;
    if (from < begin)
      return `output after it is gone: the topic of ${output} records begins at ${begin}, behind ${from}`;
  }
  return null;
}

/** A limit whose sums were not known when the snapshot was written, and are asked for now. */
function unknownLimit(spend: SpendTable, catalog: Catalog): string | null {
  for (const id of spend.accounts()) {
    const account = accountFor(catalog, id);
    if (account === null) continue;
    for (const { limit, form } of countedLimitsOf(account)) {
      const counter = spend.find(id, limit.id);
      const isAsked = counter >= 0 && spend.formOf(counter) === form;
      if (isAsked && !spend.isWhole(counter)) return `${limit.id} of account ${id}`;
    }
  }
  return null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
