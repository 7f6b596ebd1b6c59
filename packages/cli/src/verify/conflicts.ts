/** Records of one call that say different things. They are no loss, and somebody has to look at them: they are counted and the first is named. */
import { SUSPEND_CODES } from '@tollstream/contracts';
import type { Offset } from '@tollstream/event-log';
import type { UsageStore } from '@tollstream/usage-store';
import type { BlockMessage } from './blocks.ts';
import type { SourceRange } from './cut.ts';
import { withinRanges } from './ranges-sql.ts';

/** What two records of one call must agree on; trunks and devices change with a switch's configuration. */
export const CONTENT_COLUMNS = [
  'account_id',
  'started_at',
  'answered_at',
  'ended_at',
  'origin_number',
  'origin_text',
  'destination_number',
  'destination_text',
  'direction',
  'disposition',
] as const;

/** Calls that are looked at in one go: the engine takes some 100 bytes for each. */
const CALLS_AT_ONCE = 4_000_000;

const IDENTITY = 'cityHash64(call_id, switch_id, leg, partial_sequence)';
const CONTENT = `cityHash64(${CONTENT_COLUMNS.join(', ')})`;
const CONFLICT = SUSPEND_CODES.indexOf('content_conflict') + 1;

export interface RatedRecord {
  readonly callId: string;
  readonly accountId: string;
  readonly source: string;
  readonly offset: Offset;
}

/** Calls that were rated more than once, with other content: for two accounts, because a number moved, or as calls of two starts. */
export interface RatedTwice {
  readonly calls: number;
  /** Two records of the one that came first. */
  readonly first: readonly [RatedRecord, RatedRecord] | null;
}

/** Rows of a block of suspended calls that contradict the first record of their call. */
export function countConflicts(
  { block, source, sourceOffsets }: BlockMessage,
  ranges: ReadonlyMap<string, SourceRange>,
): number {
  const range = ranges.get(source);
  if (range === undefined) return 0;
  const codes = block.column('code').uint8s();
  let count = 0;
  for (let row = 0; row < codes.length; row++) {
    if (codes[row] === CONFLICT && sourceOffsets[row]! >= range.from && sourceOffsets[row]! < range.to)
      count += 1;
  }
  return count;
}

/** @param callsAtOnce bounds what the engine holds; the table is read once for each so many rows */
export async function findRatedTwice(
  store: UsageStore,
  ranges: ReadonlyMap<string, SourceRange>,
  callsAtOnce = CALLS_AT_ONCE,
): Promise<RatedTwice> {
  const rows = `${store.database}.usage WHERE (${withinRanges(ranges)})`;
  const [table] = await store.query<{ rows: string }>(`SELECT count() AS rows FROM ${store.database}.usage`);
  const parts = Math.max(1, Math.ceil(Number(table?.rows ?? 0) / callsAtOnce));
  let calls = 0;
  let first: { identity: string; offset: Offset } | null = null;
  for (let part = 0; part < parts; part++) {
    const [found] = await store.query<{ calls: string; identity: string; offset: string }>(
      `SELECT count() AS calls, toString(argMin(identity, first_offset)) AS identity, min(first_offset) AS offset
       FROM
       (
           SELECT ${IDENTITY} AS identity, min(source_offset) AS first_offset
           FROM ${rows} AND ${IDENTITY} % {parts:UInt32} = {part:UInt32}
           GROUP BY identity HAVING count() > 1 AND min(${CONTENT}) != max(${CONTENT})
       )`,
      { parts, part },
    );
    const partCalls = Number(found?.calls ?? 0);
    if (found === undefined || partCalls === 0) continue;
    calls += partCalls;
    const offset = Number(found.offset);
    if (first === null || offset < first.offset) first = { identity: found.identity, offset };
  }
  return { calls, first: first === null ? null : await recordsOf(store, first.identity) };
}

async function recordsOf(store: UsageStore, identity: string): Promise<[RatedRecord, RatedRecord] | null> {
  const rows = await store.query<{
    call_id: string;
    account_id: string;
    source: string;
    source_offset: string;
  }>(
    `SELECT call_id, account_id, concat(source_topic, '/', toString(source_partition)) AS source, source_offset
     FROM ${store.database}.usage WHERE ${IDENTITY} = {identity:UInt64} ORDER BY usage.source_offset, source`,
    { identity },
  );
  const records = rows.map((row) => ({
    callId: row.call_id,
    accountId: row.account_id,
    source: row.source,
    offset: Number(row.source_offset),
  }));
  const [one] = records;
  const other = records.find(({ accountId }) => accountId !== one?.accountId) ?? records[1];
  // Merged away meanwhile: it is told of as what the table keeps once.
  return one === undefined || other === undefined ? null : [one, other];
}
