/** What became of records that were published once more. */
import type { EventLog, Offset } from '@tollstream/event-log';
import { groupName } from '@tollstream/service-kit';
import type { UsageStore } from '@tollstream/usage-store';
import { REPLAY_RUN } from './publish-again.ts';

export interface AgainRow {
  readonly outcome: 'accepted' | 'rejected';
  /** Why it was rejected again. */
  readonly reason: string;
  readonly records: number;
}

interface Options {
  readonly log: EventLog;
  readonly store: UsageStore;
  readonly rejectedTopic: string;
  readonly groupPrefix: string;
  readonly run: string;
  /** Ends of the raw partitions before anything was published, by `<topic>/<partition>`. */
  readonly before: ReadonlyMap<string, Offset>;
  readonly until: (condition: () => Promise<boolean>) => Promise<void>;
}

/** Waits until ingest has read them, and until those that it rejected again are in the table. */
export async function outcomesAgain(options: Options): Promise<AgainRow[]> {
  const { log, store, rejectedTopic, groupPrefix, run, before, until } = options;
  const published = await publishedBy(log, run, before);
  const hasPassed = async (group: string, topic: string, partition: number, end: Offset): Promise<boolean> =>
    ((await log.committed(group, topic, partition))?.offset ?? 0) >= end;
  for (const { topic, partition, offsets } of published) {
    const end = Math.max(...offsets) + 1;
    await until(() => hasPassed(groupName('ingest', groupPrefix), topic, partition, end));
  }
  for (const { partition, begin, end } of await log.offsets(rejectedTopic)) {
    if (end > begin)
      await until(() => hasPassed(groupName('aggregator', groupPrefix), rejectedTopic, partition, end));
  }
  const codes = new Map<string, number>();
  let records = 0;
  for (const { topic, partition, offsets } of published) {
    records += offsets.size;
    const rows = await store.query<{ offset: string; code: string }>(
      `SELECT toString(source_offset) AS offset, toString(code) AS code FROM ${store.database}.usage_rejected
       WHERE source_topic = {topic:String} AND source_partition = {partition:UInt32} AND source_offset >= {first:UInt64}`,
      { topic, partition, first: Math.min(...offsets) },
    );
    for (const { offset, code } of rows) {
      if (offsets.has(Number(offset))) codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  }
  const again = [...codes].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const accepted = records - again.reduce((sum, [, count]) => sum + count, 0);
  return [
    ...(accepted === 0 ? [] : [{ outcome: 'accepted', reason: '', records: accepted } as const]),
    ...again.map(([reason, count]) => ({ outcome: 'rejected', reason, records: count }) as const),
  ];
}

/** Where they stand now: what was published meanwhile by others lies between them. */
async function publishedBy(
  log: EventLog,
  run: string,
  before: ReadonlyMap<string, Offset>,
): Promise<{ topic: string; partition: number; offsets: Set<Offset> }[]> {
  const found: { topic: string; partition: number; offsets: Set<Offset> }[] = [];
  for (const [place, from] of before) {
    const at = place.lastIndexOf('/');
    const [topic, partition] = [place.slice(0, at), Number(place.slice(at + 1))];
    const offsets = new Set<Offset>();
    for await (const batch of log.read({ topic, partition, from })) {
      for (const { offset, headers } of batch.records) {
        if (headers?.[REPLAY_RUN] === run) offsets.add(offset);
      }
    }
    if (offsets.size > 0) found.push({ topic, partition, offsets });
  }
  return found;
}
