/** Asks rating to take suspended calls up again: publishes them beside the accepted calls, each once (`ask-once.ts`). */
import { ReplayBlockBuilder, ZERO_TOTALS, accountPartition, encodeBlock } from '@tollstream/contracts';
import type { CallAttribution, CallEvent, ReplayRequest, SourcePosition } from '@tollstream/contracts';
import type { EventLog, OutputRecord } from '@tollstream/event-log';
import { askOnce } from './ask-once.ts';
import type { KeptTable } from './ask-once.ts';

/** A suspended call as its row tells it. */
export interface SuspendedCall {
  readonly call: CallEvent;
  readonly attribution: CallAttribution;
  readonly source: SourcePosition;
}

/** What the tables say of suspended calls. */
export type SuspenseTable = KeptTable<SuspendedCall>;

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
  const { log, table, topic, group, request, callsMax, until } = options;
  const partitions = (await log.offsets(topic)).length;
  const { count, requested } = await askOnce({
    log,
    table,
    topic,
    group,
    run: request.run,
    countMax: callsMax,
    stepMax: STEP_CALLS_MAX,
    until,
    publish: (open, asked) => blocksOf({ ...options, open, requested: asked, partitions }),
  });
  return { calls: count, requested };
}

/** A block holds calls of one account partition and one raw partition. */
function blocksOf(
  step: TakeUpOptions & {
    readonly open: readonly SuspendedCall[];
    readonly requested: number;
    readonly partitions: number;
  },
): OutputRecord[] {
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
