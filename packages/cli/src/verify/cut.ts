/**
 * Where to verify to while the pipeline runs: positions are read from the back of the pipeline to its front, then the ends of the topics.
 * Whatever a stage had done when its position was read is below the ends, and what came later is told by its offsets.
 */
import { decodeBlock, parseTotals, readNativeBlock } from '@tollstream/contracts';
import type { BlockHeader, NativeBlock, RunningTotals } from '@tollstream/contracts';
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
  readonly resolved: string;
  readonly alerts: string;
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
  readonly resolved: readonly PartitionCut[];
  readonly alerts: readonly PartitionCut[];
  /** Raw partition (`sourceKey`) → what of it is verified. */
  readonly ranges: ReadonlyMap<string, SourceRange>;
  /** Whether all topics are held from their first record on, so that totals can be counted from zero. */
  readonly isWhole: boolean;
}

export const TABLE_TOPICS = {
  usage: 'rated',
  usage_suspended: 'suspended',
  usage_resolved: 'resolved',
  usage_rejected: 'rejected',
  usage_alerts: 'alerts',
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
  const stored = await positions(groupOf('aggregator'), [
    topics.rejected,
    topics.rated,
    topics.suspended,
    topics.resolved,
    topics.alerts,
  ]);
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
    resolved: of(blocks, topics.resolved),
    alerts: of(blocks, topics.alerts),
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
 * Blocks of one raw partition lie in its order in every partition that they reach, but for suspended calls that were taken up again. So the
 * lowest offset found behind a stage's position bounds what it has not done, and the first offset found in a topic that lost its beginning
 * bounds what can still be seen.
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
      const seen = await firstSources(log, cut, { wanted: ranges.size });
      for (const [key, range] of ranges)
        range.from = Math.min(range.to, Math.max(range.from, seen.get(key) ?? range.to));
    }
    const waiting = await waitingSources(log, cut);
    for (const [key, range] of ranges)
      range.storedTo = Math.min(range.storedTo, waiting.get(key) ?? Infinity);
  }
  for (const range of ranges.values()) range.storedTo = Math.max(range.from, range.storedTo);
  return ranges;
}

/** The first source offset of each raw partition that a topic still holds. */
async function firstSources(
  log: EventLog,
  { topic, partition, begin, end }: PartitionCut,
  { wanted }: { wanted: number },
): Promise<Map<string, Offset>> {
  const found = new Map<string, Offset>();
  for await (const { header, native } of blocksFrom(log, { topic, partition, from: begin, to: end })) {
    if (isTakenUpAgain(header)) continue;
    const block = readNativeBlock(native);
    const key = sourceOf(block);
    if (!found.has(key)) found.set(key, block.column('source_offset').integer(0));
    if (found.size === wanted) break;
  }
  return found;
}

/** The lowest source offset of each raw partition that waits behind a stage's position. */
async function waitingSources(
  log: EventLog,
  { topic, partition, done, end }: PartitionCut,
): Promise<Map<string, Offset>> {
  const found = new Map<string, Offset>();
  for await (const { header, native } of blocksFrom(log, { topic, partition, from: done, to: end })) {
    const block = readNativeBlock(native);
    const key = sourceOf(block);
    const offsets = block.column('source_offset');
    const lowest = isTakenUpAgain(header) ? Math.min(...offsets.integers()) : offsets.integer(0);
    found.set(key, Math.min(found.get(key) ?? Infinity, lowest));
  }
  return found;
}

/** Blocks that have rows. */
async function* blocksFrom(
  log: EventLog,
  { topic, partition, from, to }: { topic: string; partition: number; from: Offset; to: Offset },
): AsyncGenerator<ReturnType<typeof decodeBlock>> {
  if (from >= to) return;
  for await (const batch of log.read({ topic, partition, from, to })) {
    for (const { value } of batch.records) {
      if (value === null) continue;
      const decoded = decodeBlock(value);
      if (decoded.header.recordCount > 0) yield decoded;
    }
  }
}

function sourceOf(block: NativeBlock): string {
  return sourceKey(block.column('source_topic').string(0), block.column('source_partition').number(0));
}

/** Whether the rows of a block come after later ones of their source. */
function isTakenUpAgain({ schema, isReplay }: BlockHeader): boolean {
  return isReplay || schema === 'replay';
}
