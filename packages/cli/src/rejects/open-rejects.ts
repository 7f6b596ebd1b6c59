/** Rejected records as the table holds them, made ready to be read again. */
import type { ReplayAction, SourcePosition } from '@tollstream/contracts';
import type { EventLog, LogRecord, RecordHeaders } from '@tollstream/event-log';
import type { UsageStore } from '@tollstream/usage-store';
import { rejectedCondition } from '../workbench/filter.ts';
import type { ChosenRejected } from '../workbench/filter.ts';
import type { RejectedAgain, RejectsTable } from './publish-again.ts';

/** Integers of 64 bits come as text. */
interface StoredReject {
  readonly format: string;
  readonly position: string;
  readonly received_ms: string;
  readonly source_topic: string;
  readonly source_partition: number;
  readonly source_offset: string;
  readonly bytes: string;
  readonly is_cut: number;
}

/** Of one step: all of it is held at once. */
const STEP_BYTES_MAX = 16 * 1_048_576;
/** Records so close to each other are read in one go. */
const RUN_GAP_MAX = 2_000;
/** As ingest ends the detail of a record that it did not keep whole. */
const CUT = String.raw`\([0-9]+ of [0-9]+ bytes kept\)$`;

export interface OpenRejects extends RejectsTable {
  /** Records that cannot be read again: their topic no longer holds them, and the table only their beginning. */
  readonly lost: number;
}

/** @param headers what records shall say instead of what they said, such as another time zone */
export function rejectsTable(
  { log, store }: { readonly log: EventLog; readonly store: UsageStore },
  chosen: ChosenRejected,
  action: ReplayAction,
  headers: RecordHeaders = {},
): OpenRejects {
  const { database } = store;
  const { sql, parameters } = rejectedCondition(chosen);
  let lost = 0;

  async function rowsBehind(after: SourcePosition | null, limit: number): Promise<StoredReject[]> {
    const isBehind =
      after === null
        ? '1'
        : '(source_topic, source_partition, source_offset) > ({topic:String}, {partition:UInt32}, {offset:UInt64})';
    return store.query<StoredReject>(
      `SELECT format, position, toString(toUnixTimestamp64Milli(received_at)) AS received_ms, source_topic, source_partition,
              toString(open.source_offset) AS source_offset, toString(length(raw)) AS bytes, match(detail, {cut:String}) AS is_cut
       FROM (
         SELECT * FROM ${database}.usage_rejects WHERE state = 'open' AND (${sql}) AND ${isBehind}
         ORDER BY source_topic, source_partition, source_offset LIMIT {limit:UInt32}
       ) AS open ORDER BY open.source_topic, open.source_partition, open.source_offset`,
      { ...parameters, ...after, limit, cut: CUT },
    );
  }

  async function readable(rows: readonly StoredReject[]): Promise<RejectedAgain[]> {
    if (action === 'discard') return rows.map((row) => ({ ...kept(row), value: null, headers: {} }));
    const originals = await originalsOf(log, rows.map(sourceOf));
    const records: RejectedAgain[] = [];
    for (const row of rows) {
      const original = originals.get(keyOf(sourceOf(row)));
      if (original !== undefined) {
        records.push({ ...kept(row), value: original.value, headers: { ...original.headers, ...headers } });
      } else if (row.is_cut === 1) lost += 1;
      else {
        // Of what the record said of itself the table has the format alone.
        const said = { 'tollstream-format': row.format, ...headers };
        records.push({ ...kept(row), value: await rawOf(store, sourceOf(row)), headers: said });
      }
    }
    return records;
  }

  return {
    get lost() {
      return lost;
    },
    async resolutions() {
      const [row] = await store.query<{ count: string }>(
        `SELECT toString(count()) AS count FROM ${database}.usage_resolved WHERE call_id = ''`,
      );
      return Number(row?.count ?? 0);
    },
    async open(after, limit) {
      for (let from = after; ;) {
        const rows = withinBytes(await rowsBehind(from, limit));
        if (rows.length === 0) return [];
        const records = await readable(rows);
        if (records.length > 0) return records;
        from = sourceOf(rows.at(-1)!);
      }
    },
  };
}

/** The first ones, at least one. */
function withinBytes(rows: readonly StoredReject[]): StoredReject[] {
  let bytes = 0;
  return rows.filter((row, index) => {
    bytes += Number(row.bytes);
    return index === 0 || bytes <= STEP_BYTES_MAX;
  });
}

/** The records as they stand on the raw topics, those that are still there: with what they say of themselves. */
async function originalsOf(
  log: EventLog,
  sources: readonly SourcePosition[],
): Promise<Map<string, LogRecord>> {
  const found = new Map<string, LogRecord>();
  for (const [place, all] of Map.groupBy(sources, ({ topic, partition }) => `${topic}/${partition}`)) {
    const { topic, partition } = all[0]!;
    const begin = (await log.offsets(topic)).find((each) => each.partition === partition)?.begin ?? 0;
    const wanted = new Set(all.map(({ offset }) => offset));
    for (const { from, to } of runsOf([...wanted].filter((offset) => offset >= begin))) {
      for await (const batch of log.read({ topic, partition, from, to })) {
        for (const record of batch.records) {
          if (!wanted.has(record.offset)) continue;
          // A record is a view into its batch.
          const value = record.value === null ? null : Buffer.from(record.value);
          found.set(`${place}/${record.offset}`, { ...record, value });
        }
      }
    }
  }
  return found;
}

/** Half-open ranges that hold the offsets, which ascend. */
function runsOf(offsets: readonly number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const offset of offsets) {
    const last = runs.at(-1);
    if (last !== undefined && offset - last.to <= RUN_GAP_MAX) last.to = offset + 1;
    else runs.push({ from: offset, to: offset + 1 });
  }
  return runs;
}

async function rawOf(store: UsageStore, { topic, partition, offset }: SourcePosition): Promise<Buffer> {
  const [row] = await store.query<{ raw: string }>(
    `SELECT hex(stored.raw) AS raw FROM ${store.database}.usage_rejected AS stored
     WHERE source_topic = {topic:String} AND source_partition = {partition:UInt32} AND source_offset = {offset:UInt64}`,
    { topic, partition, offset },
  );
  return Buffer.from(row?.raw ?? '', 'hex');
}

function kept(row: StoredReject): Pick<RejectedAgain, 'source' | 'receivedAt' | 'position'> {
  return { source: sourceOf(row), receivedAt: Number(row.received_ms), position: row.position };
}

function sourceOf(row: StoredReject): SourcePosition {
  return { topic: row.source_topic, partition: row.source_partition, offset: Number(row.source_offset) };
}

function keyOf({ topic, partition, offset }: SourcePosition): string {
  return `${topic}/${partition}/${offset}`;
}
