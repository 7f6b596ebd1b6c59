/** Holds a table against the topic it is filled from: first by sums, then, where they differ, row by row. */
import {
  CHARGE_SCALE,
  RATED_COLUMNS,
  REJECTED_COLUMNS,
  ALERT_COLUMNS,
  RESOLVED_COLUMNS,
  SUSPENDED_COLUMNS,
} from '@tollstream/contracts';
import type { Offset } from '@tollstream/event-log';
import { parseDecimalBig } from '@tollstream/money';
import { USAGE_TABLES } from '@tollstream/usage-store';
import type { UsageStore, UsageTable } from '@tollstream/usage-store';
import type { SourceRange } from './cut.ts';
import type { Check } from './findings.ts';
import { splitSource, withinRanges } from './ranges-sql.ts';
import { RowHash } from './row-hash.ts';
import { STRETCH_OFFSETS, sumKey } from './table-sums.ts';
import type { Stretch, StretchSum } from './table-sums.ts';

const COLUMNS = {
  usage: RATED_COLUMNS,
  usage_suspended: SUSPENDED_COLUMNS,
  usage_resolved: RESOLVED_COLUMNS,
  usage_alerts: ALERT_COLUMNS,
  usage_rejected: REJECTED_COLUMNS,
};

export interface HashedTable {
  readonly table: UsageTable;
  readonly hash: RowHash;
  /** Rows of `usage` may have been replaced by further revisions: then what was streamed stands among the adjustments. */
  readonly isAdjusted?: boolean;
}

export type RowHashes = Readonly<Record<UsageTable, RowHash>>;

const CALL_KEY = USAGE_TABLES.usage.rowKey.join(', ');

/** What stands in the table as it was streamed, to be selected from. */
function streamedRows(store: UsageStore, { table, hash, isAdjusted }: HashedTable): string {
  const { database } = store;
  if (isAdjusted !== true) return `${database}.${table}`;
  const columns = hash.columns.map(({ name }) => name).join(', ');
  const adjusted = `${database}.usage_adjustments`;
  // A replaced row may not be merged away yet: it counts once, and in the table.
  return `(SELECT ${columns} FROM ${database}.usage WHERE revision = 0
    UNION ALL
    SELECT ${columns} FROM ${adjusted} FINAL WHERE revision = 0 AND new_revision > revision AND (${CALL_KEY}) NOT IN (
      SELECT ${CALL_KEY} FROM ${database}.usage
      WHERE revision = 0 AND (${CALL_KEY}) IN (SELECT ${CALL_KEY} FROM ${adjusted})))`;
}

/** Whether any row was settled or priced again; a store of before there was settlement has no table for it. */
export async function hasAdjustments(store: UsageStore): Promise<boolean> {
  const [table] = await store.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = {database:String} AND name = 'usage_adjustments'",
    { database: store.database },
  );
  if (table === undefined) return false;
  const [row] = await store.query<{ rows: string }>(
    `SELECT (SELECT count() FROM ${store.database}.usage_adjustments) + (SELECT count() FROM ${store.database}.usage WHERE revision > 0) AS rows`,
  );
  return Number(row?.rows) > 0;
}

/** The hash of what each table stores of a row; a store of an older version may lack columns. */
export async function rowHashesOf(store: UsageStore): Promise<RowHashes> {
  const found = await store.query<{ table: string; name: string }>(
    'SELECT table, name FROM system.columns WHERE database = {database:String}',
    { database: store.database },
  );
  const stored = new Set(found.map(({ table, name }) => `${table}.${name}`));
  const hashOf = (table: UsageTable): RowHash =>
    new RowHash(
      COLUMNS[table]
        .filter(([name]) => USAGE_TABLES[table].columns.includes(name) && stored.has(`${table}.${name}`))
        .map(([name, type]) => ({ name, type })),
    );
  return {
    usage: hashOf('usage'),
    usage_suspended: hashOf('usage_suspended'),
    usage_resolved: hashOf('usage_resolved'),
    usage_alerts: hashOf('usage_alerts'),
    usage_rejected: hashOf('usage_rejected'),
  };
}

/** What the table holds of the ranges, summed as `TableSums` does. */
export async function sumsOfTable(
  store: UsageStore,
  hashed: HashedTable,
  ranges: ReadonlyMap<string, SourceRange>,
): Promise<Map<string, StretchSum>> {
  const { table, hash } = hashed;
  const isRated = table === 'usage';
  const rows = await store.query<{
    source: string;
    stretch: string;
    stretch_currency: string;
    row_count: string;
    charge_sum: string;
    checksum: string;
  }>(
    `SELECT concat(source_topic, '/', toString(source_partition)) AS source, intDiv(source_offset, ${STRETCH_OFFSETS}) AS stretch,
            ${isRated ? 'toString(currency)' : "''"} AS stretch_currency, count() AS row_count,
            ${isRated ? 'toString(sum(charge))' : "'0'"} AS charge_sum, sum(${hash.sql}) AS checksum
     FROM ${streamedRows(store, hashed)} WHERE ${withinRanges(ranges)} GROUP BY source, stretch, stretch_currency`,
  );
  return new Map(
    rows.map((row) => [
      sumKey({ source: row.source, index: Number(row.stretch) }, row.stretch_currency),
      {
        rows: Number(row.row_count),
        charge: parseDecimalBig(row.charge_sum, CHARGE_SCALE),
        checksum: BigInt(row.checksum),
      },
    ]),
  );
}

/** One row of the stream or of the table. */
export interface AuditedRow {
  readonly hash: number;
  readonly callId: string;
  /** What each column gives to the hash. */
  readonly terms: () => readonly number[];
}

/** Rows of a stretch in the table, by source offset. */
export async function rowsOfTable(
  store: UsageStore,
  hashed: HashedTable,
  stretch: Stretch,
  range: SourceRange,
): Promise<Map<Offset, AuditedRow[]>> {
  const { table, hash } = hashed;
  const first = Math.max(range.from, stretch.index * STRETCH_OFFSETS);
  const next = Math.min(range.storedTo, (stretch.index + 1) * STRETCH_OFFSETS);
  const { sql, termsSql } = hash;
  const { topic, partition } = splitSource(stretch.source);
  const rows = await store.query<{ source_offset: string; hash: string; call_id: string; terms: string[] }>(
    `SELECT source_offset, ${sql} AS hash, ${table === 'usage_rejected' ? "''" : 'call_id'} AS call_id, ${termsSql} AS terms
     FROM ${streamedRows(store, hashed)}
     WHERE source_topic = {topic:String} AND source_partition = {partition:UInt32}
       AND source_offset >= {first:UInt64} AND source_offset < {next:UInt64}`,
    { topic, partition, first, next },
  );
  const found = new Map<Offset, AuditedRow[]>();
  for (const row of rows) {
    const offset = Number(row.source_offset);
    const terms = row.terms.map(Number);
    found.set(offset, [
      ...(found.get(offset) ?? []),
      { hash: Number(row.hash), callId: row.call_id, terms: () => terms },
    ]);
  }
  return found;
}

/**
 * Tells the rows apart. A call that came twice, further apart than the duplicate window reaches, collapses in the table to one row: what
 * `collapsedOf` confirms is no difference.
 * @returns how many rows had collapsed
 */
export async function compareRows(options: {
  readonly table: HashedTable;
  readonly source: string;
  readonly stream: ReadonlyMap<Offset, readonly AuditedRow[]>;
  readonly stored: ReadonlyMap<Offset, readonly AuditedRow[]>;
  /** Asked once, with all of which rows are missing: that may be all of a table that was emptied. */
  readonly collapsedOf: (offsets: readonly Offset[]) => Promise<ReadonlySet<Offset>>;
  readonly check: Check;
}): Promise<number> {
  const { table, source, stream, stored, collapsedOf, check } = options;
  const problems: { offset: Offset; callId: string; problem: string }[] = [];
  const missing: Offset[] = [];
  for (const offset of [...new Set([...stream.keys(), ...stored.keys()])].toSorted((a, b) => a - b)) {
    // One suspended call may have been taken up several times.
    const expected = byHash(stream.get(offset));
    const found = byHash(stored.get(offset));
    const problem = rowProblem(table, expected, found);
    if (problem === null) continue;
    if (found.length < expected.length) missing.push(offset);
    problems.push({ offset, callId: (expected[0] ?? found[0])?.callId ?? '', problem });
  }
  const collapsed = missing.length === 0 ? new Set<Offset>() : await collapsedOf(missing);
  for (const { offset, callId, problem } of problems) {
    if (collapsed.has(offset)) continue;
    check.differs({ place: source, offset, text: `${callId === '' ? '' : `call ${callId}: `}${problem}` });
  }
  return collapsed.size;
}

function byHash(rows: readonly AuditedRow[] = []): readonly AuditedRow[] {
  return rows.length < 2 ? rows : rows.toSorted((a, b) => a.hash - b.hash);
}

function rowProblem(
  { table, hash }: HashedTable,
  expected: readonly AuditedRow[],
  found: readonly AuditedRow[],
): string | null {
  const at = Math.max(
    0,
    expected.findIndex(({ hash: each }, row) => each !== found[row]?.hash),
  );
  const [mine, theirs] = [expected[at], found[at]];
  if (expected.length === 0) return `is in ${table}, but not on the stream`;
  if (found.length === 0) return `is missing in ${table}`;
  if (found.length > expected.length) return `is in ${table} ${found.length} times`;
  if (mine === undefined || theirs === undefined || found.length < expected.length)
    return `is on the stream ${expected.length} times, in ${table} ${found.length} times`;
  if (mine.hash === theirs.hash) return null;
  const [right, wrong] = [mine.terms(), theirs.terms()];
  const names = hash.columns.filter((_, index) => right[index] !== wrong[index]).map(({ name }) => name);
  return `${names.join(', ')} in ${table} ${names.length === 1 ? 'is' : 'are'} not what was rated`;
}

/** The highest source offset of each raw partition in the table. */
export async function lastOffsetsIn(
  store: UsageStore,
  table: UsageTable,
): Promise<{ source: string; last: Offset }[]> {
  const rows = await store.query<{ source: string; last: string }>(
    `SELECT concat(source_topic, '/', toString(source_partition)) AS source, max(source_offset) AS last
     FROM ${store.database}.${table} GROUP BY source ORDER BY source`,
  );
  return rows.map(({ source, last }) => ({ source, last: Number(last) }));
}

export interface CallKey {
  readonly accountId: string;
  readonly startedAtMs: number;
  readonly callId: string;
  readonly leg: number;
  readonly switchId: string;
}

/** Calls that are looked up in one go: their ids go as a parameter, which a server takes in its address. */
const CALLS_AT_ONCE = 400;

export function callKey({ accountId, startedAtMs, callId, leg, switchId }: CallKey): string {
  return JSON.stringify([accountId, startedAtMs, callId, leg, switchId]);
}

/** What each column gives to the hash of the record that stands in the table for each of the calls, by `callKey`. */
export async function storedCallTerms(
  store: UsageStore,
  hash: RowHash,
  calls: readonly CallKey[],
): Promise<Map<string, readonly number[]>> {
  const found = new Map<string, readonly number[]>();
  const list = (name: string): string => `(SELECT arrayJoin(JSONExtract({${name}:String}, 'Array(String)')))`;
  for (let from = 0; from < calls.length; from += CALLS_AT_ONCE) {
    const some = calls.slice(from, from + CALLS_AT_ONCE);
    const starts = some.map(({ startedAtMs }) => startedAtMs);
    const parameters = {
      // With the account these are what the table is sorted by: little of it is read.
      from: Math.min(...starts),
      to: Math.max(...starts),
      accounts: JSON.stringify([...new Set(some.map(({ accountId }) => accountId))]),
      ids: JSON.stringify(some.map(({ callId }) => callId)),
    };
    const rows = await store.query<{
      account_id: string;
      started_ms: string;
      call_id: string;
      leg: number;
      switch_id: string;
      terms: string[];
    }>(
      `SELECT account_id, toString(toUnixTimestamp64Milli(started_at)) AS started_ms, call_id, leg, switch_id, ${hash.termsSql} AS terms
       FROM ${store.database}.usage WHERE account_id IN ${list('accounts')} AND call_id IN ${list('ids')}
         AND started_at BETWEEN fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND fromUnixTimestamp64Milli({to:Int64}, 'UTC')`,
      parameters,
    );
    for (const {
      account_id: accountId,
      started_ms,
      call_id: callId,
      leg,
      switch_id: switchId,
      terms,
    } of rows)
      found.set(
        callKey({ accountId, startedAtMs: Number(started_ms), callId, leg, switchId }),
        terms.map(Number),
      );
  }
  return found;
}
