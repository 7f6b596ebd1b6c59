/** Where the time of a row went, told from outside: by the times that the log stamped on the blocks that carried it. */
import { accountPartition, decodeBlock } from '@tollstream/contracts';
import type { EventLog } from '@tollstream/event-log';
import type { StageTopics } from '../../packages/cli/src/embedded/status.ts';
import { spanAt } from './pauses.ts';
import type { Span } from './pauses.ts';
import type { StageTimes } from './result.ts';
import type { Query } from './visible-rows.ts';
import { FOLLOWED_ONE_IN } from './visible-rows.ts';

/** A block on a topic after ingest: when it was sent, and which offsets of its source it was made from. */
interface StampedBlock {
  readonly offset: number;
  readonly sentMs: number;
  readonly first: number;
  readonly next: number;
}

/** Milliseconds of `performance.now()` of each row, by its source. */
type Times = Pick<ReadonlyMap<string, number>, 'get'>;

/** @returns of the calls that were published in each span, in milliseconds of `performance.now()` */
export async function stageTimes(options: {
  log: EventLog;
  topics: StageTopics;
  query: Query;
  publishedAt: Times;
  visibleAt: Times;
  spans: readonly Span[];
}): Promise<StageTimes[]> {
  const { log, topics, query, publishedAt, visibleAt, spans } = options;
  const accepted = await blocksOf(log, topics.accepted);
  const rated = await blocksOf(log, topics.rated);
  const partitions = (await log.offsets(topics.accepted)).length;
  const rows = await query<{ source: string; account: string }>(
    `SELECT concat(toString(source_partition), '/', toString(source_offset)) AS source, account_id AS account
     FROM tollstream.usage WHERE source_offset % ${FOLLOWED_ONE_IN} = 0`,
  );
  const times = spans.map(() => ({
    ingest: [] as number[],
    rating: [] as number[],
    aggregator: [] as number[],
  }));
  for (const { source, account } of rows) {
    const [publishedMs, visibleMs] = [publishedAt.get(source), visibleAt.get(source)];
    if (publishedMs === undefined || visibleMs === undefined) continue;
    const found = times[spanAt(spans, publishedMs)];
    if (found === undefined) continue;
    const [rawPartition = '', rawOffset = ''] = source.split('/');
    const partition = accountPartition(account, partitions);
    const call = blockOver(accepted.get(`${partition} of ${rawPartition}`), Number(rawOffset));
    const usage = blockOver(rated.get(`${partition} of ${partition}`), call.offset);
    found.ingest.push(call.sentMs - publishedMs);
    found.rating.push(usage.sentMs - call.sentMs);
    found.aggregator.push(visibleMs - usage.sentMs);
  }
  return times.map(({ ingest, rating, aggregator }) => ({
    published_to_accepted: middleAndEnd(ingest),
    accepted_to_rated: middleAndEnd(rating),
    rated_to_visible: middleAndEnd(aggregator),
  }));
}

/** All blocks of a topic, by `<partition> of <source partition>`, in order. */
async function blocksOf(log: EventLog, topic: string): Promise<Map<string, StampedBlock[]>> {
  const found = new Map<string, StampedBlock[]>();
  for (const { partition, begin, end } of await log.offsets(topic)) {
    for await (const { records } of log.read({ topic, partition, from: begin, to: end })) {
      for (const { offset, value, timestampMs } of records) {
        const { sourcePartition, firstOffset, nextOffset } = decodeBlock(value!).header;
        const key = `${partition} of ${sourcePartition}`;
        const blocks = found.get(key) ?? [];
        found.set(key, blocks);
        blocks.push({
          offset,
          sentMs: timestampMs - performance.timeOrigin,
          first: firstOffset,
          next: nextOffset,
        });
      }
    }
  }
  return found;
}

function blockOver(blocks: readonly StampedBlock[] = [], source: number): StampedBlock {
  let [low, high] = [0, blocks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (blocks[middle]!.next <= source) low = middle + 1;
    else high = middle;
  }
  const block = blocks[low];
  if (block === undefined || block.first > source)
    throw new Error(`no block was made from source offset ${source}`);
  return block;
}

function middleAndEnd(times: readonly number[]): { p50_ms: number; p99_ms: number } {
  const sorted = Float64Array.from(times).sort();
  const at = (share: number): number => Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? 0);
  return { p50_ms: at(0.5), p99_ms: at(0.99) };
}
