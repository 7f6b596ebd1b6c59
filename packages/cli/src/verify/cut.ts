/**
 * Where to verify to while the pipeline runs: positions are read from the back of the pipeline to its front, then the ends of the topics.
 * Whatever a stage had done when its position was read is below the ends, and what came later is told by its offsets.
 */
import { decodeBlock, parseTotals, readNativeBlock } from '@tollstream/contracts';
import type { RunningTotals } from '@tollstream/contracts';
import type { EventLog, Offset } from '@tollstream/event-log';
import { groupName } from '@tollstream/service-kit';
import type { UsageTable } from '@tollstream/usage-store';

export interface VerifiedTopics {
  /** All topics that ingest reads. */
  readonly raw: readonly string[];
  readonly accepted: string;
  readonly rejected: string;
  readonly rated: string;
  readonly suspended: string;
}

/** One partition of a topic with the position of the stage that reads it. */
export interface PartitionCut {
  readonly topic: string;
  readonly partition: number;
  readonly begin: Offset;
  readonly end: Offset;
  /** Up to here the reading stage has committed. */
  readonly done: Offset;
  /** What it wrote beside its position; '' when it never committed. */
  readonly metadata: string;
}

/** Offsets of a raw partition, half-open. */
export interface SourceRange {
  readonly from: Offset;
  /** All below has passed ingest. */
  readonly to: Offset;
  /** All below has passed every stage and is in its table. */
  readonly storedTo: Offset;
}

export interface Cut {
  readonly raw: readonly PartitionCut[];
  readonly accepted: readonly PartitionCut[];
  readonly rejected: readonly PartitionCut[];
  readonly rated: readonly PartitionCut[];
  readonly suspended: readonly PartitionCut[];
  /** Raw partition (`sourceKey`) → what of it is verified. */
  readonly ranges: ReadonlyMap<string, SourceRange>;
  /** Whether all topics are held from their first record on, so that totals can be counted from zero. */
  readonly isWhole: boolean;
}

export const TABLE_TOPICS = {
  usage: 'rated',
  usage_suspended: 'suspended',
  usage_rejected: 'rejected',
} as const satisfies Record<UsageTable, keyof Cut>;

export function sourceKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

export function totalsOf(cut: PartitionCut): RunningTotals {
  return parseTotals(cut.metadata);
}

export async function takeCut(
  log: EventLog,
  topics: VerifiedTopics,
  options: { groupPrefix: string; from?: Offset | undefined; to?: Offset | undefined },
): Promise<Cut> {
  const groupOf = (stage: 'ingest' | 'rating' | 'aggregator'): string =>
    groupName(stage, options.groupPrefix);
  const positions = async (group: string, names: readonly string[]): Promise<Position[]> =>
    (await Promise.all(names.map((topic) => positionsOf(log, group, topic)))).flat();
  // 1 aggregator → 2 rating → 3 ingest → 4 the ends of all
  const stored = await positions(groupOf('aggregator'), [topics.rejected, topics.rated, topics.suspended]);
  const rated = await positions(groupOf('rating'), [topics.accepted]);
  const ingested = await positions(groupOf('ingest'), topics.raw);
  const withEnds = async (all: readonly Position[]): Promise<PartitionCut[]> =>
    Promise.all(all.map((position) => withEnd(log, position)));
  const of = (all: readonly PartitionCut[], topic: string): PartitionCut[] =>
    all.filter((each) => each.topic === topic);
  const blocks = await withEnds([...stored, ...rated]);
  const raw = await withEnds(ingested);
  return {
    raw,
    accepted: of(blocks, topics.accepted),
    rejected: of(blocks, topics.rejected),
    rated: of(blocks, topics.rated),
    suspended: of(blocks, topics.suspended),
    ranges: await rangesOf(log, raw, blocks, options),
    isWhole: [...raw, ...blocks].every(({ begin }) => begin === 0),
  };
}

type Position = Omit<PartitionCut, 'begin' | 'end'>;

async function positionsOf(log: EventLog, group: string, topic: string): Promise<Position[]> {
  const partitions = await log.offsets(topic);
  return Promise.all(
    partitions.map(async ({ partition, begin }) => {
      const committed = await log.committed(group, topic, partition);
      return { topic, partition, done: committed?.offset ?? begin, metadata: committed?.metadata ?? '' };
    }),
  );
}

async function withEnd(log: EventLog, position: Position): Promise<PartitionCut> {
  const bounds = (await log.offsets(position.topic)).find(
    ({ partition }) => partition === position.partition,
  );
  const { begin, end } = bounds ?? { begin: 0, end: 0 };
  return { ...position, begin, end };
}

/**
 * Blocks of one raw partition lie in its order in every partition that they reach. So the first offset found behind a stage's position
 * bounds what it has not done, and the first offset found in a topic that lost its beginning bounds what can still be seen.
 */
async function rangesOf(
  log: EventLog,
  raw: readonly PartitionCut[],
  blocks: readonly PartitionCut[],
  asked: { from?: Offset | undefined; to?: Offset | undefined },
): Promise<Map<string, SourceRange>> {
  const ranges = new Map(
    raw.map((cut) => {
      const from = Math.max(cut.begin, asked.from ?? 0);
      const to = Math.max(from, Math.min(cut.done, asked.to ?? Infinity));
      return [sourceKey(cut.topic, cut.partition), { from, to, storedTo: to }];
    }),
  );
  for (const cut of blocks) {
    if (cut.begin > 0) {
      const seen = await firstSources(log, cut, { from: cut.begin, wanted: ranges.size });
      for (const [key, range] of ranges)
        range.from = Math.min(range.to, Math.max(range.from, seen.get(key) ?? range.to));
    }
    const waiting = await firstSources(log, cut, { from: cut.done, wanted: ranges.size });
    for (const [key, range] of ranges)
      range.storedTo = Math.min(range.storedTo, waiting.get(key) ?? Infinity);
  }
  for (const range of ranges.values()) range.storedTo = Math.max(range.from, range.storedTo);
  return ranges;
}

/** The first source offset of each raw partition from a position on. */
async function firstSources(
  log: EventLog,
  { topic, partition, end }: PartitionCut,
  { from, wanted }: { from: Offset; wanted: number },
): Promise<Map<string, Offset>> {
  const found = new Map<string, Offset>();
  if (from >= end) return found;
  for await (const batch of log.read({ topic, partition, from, to: end })) {
    for (const { value } of batch.records) {
      if (value === null) continue;
      const block = readNativeBlock(decodeBlock(value).native);
      if (block.rows === 0) continue;
      const key = sourceKey(
        block.column('source_topic').string(0),
        block.column('source_partition').number(0),
      );
      if (!found.has(key)) found.set(key, block.column('source_offset').integer(0));
      if (found.size === wanted) return found;
    }
  }
  return found;
}
