/**
 * Asks rating to take suspended calls up again: publishes them beside the accepted calls. Each is published once, whoever asks at the
 * same time and wherever he is killed:
 *
 *   1 claim: fences every other who asks → 2 wait until the table holds every resolution that was asked for so far → 3 read calls that
 *   are open → 4 publish them, with the count of all that was asked for, in one step of the claim → 3 …
 *
 * Whoever is killed before 4 published nothing; whoever comes after 4 reads the new count, and waits at 2 until what was published is
 * resolved, and so no longer open.
 */
import { ReplayBlockBuilder, ZERO_TOTALS, accountPartition, encodeBlock } from '@tollstream/contracts';
import type { CallAttribution, CallEvent, ReplayRequest, SourcePosition } from '@tollstream/contracts';
import type { EventLog, OutputRecord, PartitionClaim } from '@tollstream/event-log';

/** A suspended call as its row tells it. */
export interface SuspendedCall {
  readonly call: CallEvent;
  readonly attribution: CallAttribution;
  readonly source: SourcePosition;
}

/** What the tables say of suspended calls. */
export interface SuspenseTable {
  /** Resolutions that are stored. */
  resolutions(): Promise<number>;
  /** Open calls that were chosen, in order of their source, from behind a source on. */
  open(after: SourcePosition | null, limit: number): Promise<readonly SuspendedCall[]>;
}

export interface TakeUpOptions {
  readonly log: EventLog;
  readonly table: SuspenseTable;
  /** Of accepted calls. */
  readonly topic: string;
  readonly group: string;
  readonly request: ReplayRequest;
  /** Catalog that must be in force; 0: whichever is. */
  readonly catalogVersion: number;
  readonly callsMax: number;
  /** Who pays for a call whose account could not be told; '' while nobody is known. */
  readonly accountOf?: (call: SuspendedCall) => string;
  /** Waits until the condition holds. @throws when that takes too long */
  readonly until: (condition: () => Promise<boolean>) => Promise<void>;
}

export interface TakenUp {
  readonly calls: number;
  /** All that was ever asked for, this included: so many resolutions the table holds once all is done. */
  readonly requested: number;
}

/** Calls of one step of the claim. */
const STEP_CALLS_MAX = 20_000;
const BLOCK_CALLS_MAX = 4_000;

export async function takeUp(options: TakeUpOptions): Promise<TakenUp> {
  const { log, table, topic, group, callsMax, until } = options;
  const partitions = (await log.offsets(topic)).length;
  // 1
  const claim = await log.claim(group, topic, 0);
  try {
    let requested = claim.committed?.offset ?? 0;
    // 2
    await until(async () => (await table.resolutions()) >= requested);
    let calls = 0;
    let after: SourcePosition | null = null;
    while (calls < callsMax) {
      // 3
      const open: readonly SuspendedCall[] = await table.open(
        after,
        Math.min(STEP_CALLS_MAX, callsMax - calls),
      );
      if (open.length === 0) break;
      // 4
      requested += open.length;
      await publish(claim, { ...options, open, requested, partitions });
      calls += open.length;
      after = open.at(-1)!.source;
    }
    return { calls, requested };
  } finally {
    await claim.release();
  }
}

async function publish(
  claim: PartitionClaim,
  step: TakeUpOptions & {
    readonly open: readonly SuspendedCall[];
    readonly requested: number;
    readonly partitions: number;
  },
): Promise<void> {
  const { requested, request } = step;
  await claim.commit({
    outputs: blocksOf(step),
    nextOffset: requested,
    metadata: JSON.stringify({ run: request.run }),
  });
}

/** A block holds calls of one account partition and one raw partition. */
function blocksOf(step: Parameters<typeof publish>[1]): OutputRecord[] {
  const { open, topic, request, partitions, catalogVersion, requested, accountOf = () => '' } = step;
  const outputs: OutputRecord[] = [];
  let offset = requested - open.length;
  const builders = new Map<
    string,
    { builder: ReplayBlockBuilder; source: SourcePosition; partition: number }
  >();
  const finish = ({ builder, source, partition }: NonNullable<ReturnType<typeof builders.get>>): void => {
    const recordCount = builder.rows;
    const header = {
      schema: 'replay',
      schemaVersion: 1,
      blockId: `${request.run}/${offset}`,
      sourceTopic: source.topic,
      sourcePartition: source.partition,
      // Of all resolutions that were ever asked for.
      firstOffset: offset,
      nextOffset: offset + recordCount,
      recordCount,
      catalogVersion,
      totals: ZERO_TOTALS,
      isReplay: true,
    };
    outputs.push({ topic, partition, key: null, value: encodeBlock(header, [builder.take()]) });
    offset += recordCount;
  };
  for (const suspended of open) {
    const { call, attribution, source } = suspended;
    const accountId = attribution.accountId === '' ? accountOf(suspended) : attribution.accountId;
    const partition = accountPartition(accountId, partitions);
    const key = `${partition}\0${source.partition}\0${source.topic}`;
    let entry = builders.get(key);
    if (entry === undefined) {
      entry = { builder: new ReplayBlockBuilder(request), source, partition };
      builders.set(key, entry);
    }
    entry.builder.add(call, { ...attribution, accountId }, source);
    if (entry.builder.rows === BLOCK_CALLS_MAX) {
      finish(entry);
      builders.delete(key);
    }
  }
  for (const entry of builders.values()) finish(entry);
  return outputs;
}
