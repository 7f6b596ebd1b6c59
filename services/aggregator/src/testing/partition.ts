import { ZERO_TOTALS } from '@tollstream/contracts';
import type { BlockHeader } from '@tollstream/contracts';
import { createMemoryEventLog } from '@tollstream/event-log';
import type { EventLog, PartitionClaim, PartitionTask, PositionMove } from '@tollstream/event-log';
import { Limiter } from '@tollstream/usage-store';
import type { UsageStore } from '@tollstream/usage-store';
import { AggregatorTask, messageReader } from '../partition-task.ts';
import type { TaskOptions } from '../partition-task.ts';
import { Replays } from '../replay.ts';
import { TableWriter } from '../table-writer.ts';
import type { TableWriterOptions } from '../table-writer.ts';

export const TOPIC = 'usage.rated';
const HEADER: BlockHeader = {
  schema: 'rated',
  schemaVersion: 1,
  blockId: 'x',
  sourceTopic: 'calls.accepted',
  sourcePartition: 0,
  firstOffset: 0,
  nextOffset: 0,
  recordCount: 0,
  catalogVersion: 1,
  totals: ZERO_TOTALS,
  isReplay: false,
};

/** A block message in these tests is a JSON list of row names. */
function decodeNames(value: Buffer): { header: BlockHeader; native: Buffer } {
  const names = JSON.parse(value.toString()) as string[];
  return { header: { ...HEADER, recordCount: names.length }, native: value };
}

/** A log with one partition of messages, each a list of row names. */
export async function logOf(messages: readonly (readonly string[])[]): Promise<EventLog> {
  return logOfPartitions([messages]);
}

/** A log of messages, each a list of row names, by partition. */
export async function logOfPartitions(
  partitions: readonly (readonly (readonly string[])[])[],
): Promise<EventLog> {
  const log = createMemoryEventLog();
  await log.createTopics([
    { name: TOPIC, partitions: partitions.length },
    { name: 'input', partitions: partitions.length },
  ]);
  for (const [partition, messages] of partitions.entries()) {
    const writer = await log.claim('writer', 'input', partition);
    for (const [i, names] of messages.entries()) {
      const value = Buffer.from(JSON.stringify(names));
      await writer.commit({ outputs: [{ topic: TOPIC, partition, value }], nextOffset: i + 1, metadata: '' });
    }
  }
  return log;
}

export interface Owner {
  readonly task: Required<Omit<PartitionTask, 'startOffset'>>;
  readonly claim: PartitionClaim;
}

type Step = Pick<PositionMove, 'nextOffset' | 'metadata'>;

export interface OwnerOptions
  extends
    Partial<Omit<TableWriterOptions, 'log' | 'store' | 'topic' | 'table'>>,
    Partial<Pick<TaskOptions, 'topicId'>> {
  /** Told of each commit, of several positions by the first of them. May throw: the process ended before it. */
  readonly beforeCommit?: (step: Step) => void;
  readonly afterCommit?: (step: Step) => void;
  /** Calls return while the write that they began is under way, as in a service. */
  readonly inBackground?: boolean;
  readonly schemas?: readonly BlockHeader['schema'][];
  /** Reads for a replay what the log does not hold. */
  readonly read?: EventLog['read'];
  /** What the log says for a replay of where its partitions end. */
  readonly offsets?: EventLog['offsets'];
}

/** Takes the only partition as a starting process does. */
export async function takeOver(log: EventLog, store: UsageStore, options: OwnerOptions = {}): Promise<Owner> {
  const [owner] = await startProcess(log, store, [0], options);
  return owner!;
}

/** Takes some partitions as a starting process does: their rows are inserted together. */
export async function startProcess(
  log: EventLog,
  store: UsageStore,
  partitions: readonly number[],
  options: OwnerOptions = {},
): Promise<Owner[]> {
  const { beforeCommit, afterCommit, inBackground = false, schemas = ['rated'] } = options;
  const watched = async (step: Step, commit: () => Promise<void>): Promise<void> => {
    beforeCommit?.(step);
    await commit();
    afterCommit?.(step);
  };
  const [topic] = await log.describeTopics([TOPIC]);
  const own = {
    shared: { heldBytes: 0, heldBytesMax: 1_000_000 },
    turns: [new Limiter(1)],
    limits: {
      rowsMax: 6,
      bytesMax: 1_000_000,
      ageMsMax: 1_000,
      ageGrowingMsMax: 1_000,
      ageBehindMsMax: 1_000,
    },
    retry: { waitMsInitial: 1, waitMsMax: 2, tryForMs: 60_000 },
    now: () => 0,
    signal: new AbortController().signal,
    observer: {},
    topicId: topic?.id ?? '',
    store,
    topic: TOPIC,
    table: 'usage' as const,
    ...options,
  };
  const readMessage = messageReader({ topic: TOPIC, table: 'usage', schemas, decode: decodeNames });
  const writer = new TableWriter({
    ...own,
    log: { commitPositions: async (moves) => watched(moves[0]!, async () => log.commitPositions(moves)) },
  });
  const replays = new Replays({
    ...own,
    readMessage,
    onWaiting: (waiting) => own.observer.waiting?.(waiting),
    log: {
      read: options.read ?? ((range) => log.read(range)),
      committed: async (...place) => log.committed(...place),
      offsets: options.offsets ?? (async (name) => log.offsets(name)),
    },
  });
  const owners: Owner[] = [];
  for (const partition of partitions) {
    const real = await log.claim('aggregator', TOPIC, partition);
    const claim: PartitionClaim = {
      ...real,
      commit: async (step) => watched(step, async () => real.commit(step)),
    };
    const { ageBehindMsMax } = own.limits;
    const task = new AggregatorTask(claim, { ...own, writer, replays, readMessage, ageBehindMsMax });
    owners.push({ task: inBackground ? task : toTheEnd(task), claim });
  }
  return owners;
}

/** What a call began is seen to its end, and its failure is that of the call. */
function toTheEnd(task: AggregatorTask): Owner['task'] {
  const seen = async (call: Promise<void>): Promise<void> => {
    await call;
    await task.written();
  };
  return {
    process: async (batch) => seen(task.process(batch)),
    skip: async (from, to) => seen(task.skip(from, to)),
    tick: async (nowMs) => seen(task.tick(nowMs)),
    close: async (reason) => task.close(reason),
  };
}

/** Reads from the owner's position to the end of the log, in batches of at most `batchBytes`. */
export async function readOn(log: EventLog, owner: Owner, batchBytes = 1_000_000): Promise<void> {
  const { committed, partition } = owner.claim;
  const from = committed?.offset ?? 0;
  for await (const batch of log.read({ topic: TOPIC, partition, from, fetchBytesMax: batchBytes })) {
    await owner.task.process(batch);
  }
}
