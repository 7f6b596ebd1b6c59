import { ZERO_TOTALS } from '@tollstream/contracts';
import type { BlockHeader } from '@tollstream/contracts';
import { createMemoryEventLog } from '@tollstream/event-log';
import type { Commit, EventLog, PartitionClaim, PartitionTask } from '@tollstream/event-log';
import { Limiter } from '@tollstream/usage-store';
import type { UsageStore } from '@tollstream/usage-store';
import { AggregatorTask } from '../partition-task.ts';
import type { AggregatorObserver, TaskOptions } from '../partition-task.ts';

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
  const log = createMemoryEventLog();
  await log.createTopics([
    { name: TOPIC, partitions: 1 },
    { name: 'input', partitions: 1 },
  ]);
  const writer = await log.claim('writer', 'input', 0);
  for (const [i, names] of messages.entries()) {
    const value = Buffer.from(JSON.stringify(names));
    await writer.commit({
      outputs: [{ topic: TOPIC, partition: 0, value }],
      nextOffset: i + 1,
      metadata: '',
    });
  }
  return log;
}

export interface Owner {
  readonly task: Required<Omit<PartitionTask, 'startOffset'>>;
  readonly claim: PartitionClaim;
}

/** Takes the partition as a starting process does. `beforeCommit` may throw: the process ended before that commit. */
export async function takeOver(
  log: EventLog,
  store: UsageStore,
  options: Partial<TaskOptions> & {
    beforeCommit?: (step: Commit) => void;
    afterCommit?: (step: Commit) => void;
    observer?: AggregatorObserver;
    /** Calls return while the write that they began is under way, as in a service. */
    inBackground?: boolean;
  } = {},
): Promise<Owner> {
  const real = await log.claim('aggregator', TOPIC, 0);
  const claim: PartitionClaim = {
    ...real,
    async commit(step) {
      options.beforeCommit?.(step);
      await real.commit(step);
      options.afterCommit?.(step);
    },
  };
  const [topic] = await log.describeTopics([TOPIC]);
  const task = new AggregatorTask(claim, {
    store,
    shared: { heldBytes: 0, heldBytesMax: 1_000_000 },
    turns: [new Limiter(1)],
    table: 'usage',
    schemas: ['rated'],
    topicId: topic?.id ?? '',
    decode: decodeNames,
    limits: {
      rowsMax: 6,
      bytesMax: 1_000_000,
      ageMsMax: 1_000,
      ageGrowingMsMax: 1_000,
      ageBehindMsMax: 1_000,
    },
    retry: { waitMsInitial: 1, waitMsMax: 2, tryForMs: 50 },
    now: () => 0,
    signal: new AbortController().signal,
    observer: {},
    ...options,
  });
  if (options.inBackground === true) return { task, claim };
  // What a call began is seen to its end, and its failure is that of the call.
  const toTheEnd = async (call: Promise<void>): Promise<void> => {
    await call;
    await task.written();
  };
  return {
    claim,
    task: {
      process: async (batch) => toTheEnd(task.process(batch)),
      skip: async (from, to) => toTheEnd(task.skip(from, to)),
      tick: async (nowMs) => toTheEnd(task.tick(nowMs)),
      close: async (reason) => task.close(reason),
    },
  };
}

/** Reads from the owner's position to the end of the log, in batches of at most `batchBytes`. */
export async function readOn(log: EventLog, owner: Owner, batchBytes = 1_000_000): Promise<void> {
  const from = owner.claim.committed?.offset ?? 0;
  for await (const batch of log.read({ topic: TOPIC, partition: 0, from, fetchBytesMax: batchBytes })) {
    await owner.task.process(batch);
  }
}
