/** Rejected records, published once more where they came from, or given up; each once (`suspense/ask-once.ts`). */
import { RejectResolvedBlockBuilder, ZERO_TOTALS, encodeBlock } from '@tollstream/contracts';
import type { ReplayRequest, SourcePosition } from '@tollstream/contracts';
import type { EventLog, OutputRecord, RecordHeaders } from '@tollstream/event-log';
import { askOnce } from '../suspense/ask-once.ts';
import type { Asked, KeptTable } from '../suspense/ask-once.ts';

/** Of a record that was replayed: which one it repeats, and the command that did it. */
const REPLAY_OF = 'tollstream-replay-of';
export const REPLAY_RUN = 'tollstream-replay-run';

/** A rejected record, ready to be read again. */
export interface RejectedAgain {
  readonly source: SourcePosition;
  /** Ms since epoch UTC. */
  readonly receivedAt: number;
  /** File and line, or the key of the record. */
  readonly position: string;
  /** Null where the record has no value, and where it is only given up. */
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
}

export type RejectsTable = KeptTable<RejectedAgain>;

export interface PublishAgainOptions {
  readonly log: EventLog;
  readonly table: RejectsTable;
  readonly topics: { readonly rejected: string; readonly resolved: string };
  readonly group: string;
  readonly request: ReplayRequest;
  readonly countMax: number;
  readonly until: (condition: () => Promise<boolean>) => Promise<void>;
}

/** The table bounds a step by its bytes, too. */
const STEP_RECORDS_MAX = 500;

export async function publishAgain(options: PublishAgainOptions): Promise<Asked> {
  const { log, table, topics, group, request, countMax, until } = options;
  const partitions = (await log.offsets(topics.resolved)).length;
  return askOnce({
    log,
    table,
    topic: topics.rejected,
    group,
    run: request.run,
    countMax,
    stepMax: STEP_RECORDS_MAX,
    until,
    publish: (open, requested) => [
      ...(request.action === 'replay' ? open.map((record) => rawRecord(record, request.run)) : []),
      ...resolutions(open, { request, requested, topic: topics.resolved, partitions }),
    ],
  });
}

/** Where it stood, so that what its topic is declared to hold is true of it. */
function rawRecord({ source, position, value, headers }: RejectedAgain, run: string): OutputRecord {
  const { topic, partition, offset } = source;
  return {
    topic,
    partition,
    key: position,
    value,
    headers: { ...headers, [REPLAY_OF]: `${topic}/${partition}/${offset}`, [REPLAY_RUN]: run },
  };
}

/** A block holds records of one raw partition. */
function resolutions(
  open: readonly RejectedAgain[],
  step: {
    readonly request: ReplayRequest;
    readonly requested: number;
    readonly topic: string;
    readonly partitions: number;
  },
): OutputRecord[] {
  const { request, requested, topic, partitions } = step;
  let offset = requested - open.length;
  const bySource = Map.groupBy(open, ({ source }) => `${source.topic}/${source.partition}`);
  return [...bySource.values()].map((records): OutputRecord => {
    const builder = new RejectResolvedBlockBuilder(request);
    for (const record of records) builder.add(record);
    const { source } = records[0]!;
    const header = {
      schema: 'reject_resolved',
      schemaVersion: 1,
      blockId: `${request.run}/${offset}`,
      sourceTopic: source.topic,
      sourcePartition: source.partition,
      // Of all rejected records that were ever asked for.
      firstOffset: offset,
      nextOffset: offset + records.length,
      recordCount: records.length,
      catalogVersion: 0,
      totals: ZERO_TOTALS,
      isReplay: true,
    };
    offset += records.length;
    const partition = source.partition % partitions;
    return { topic, partition, key: null, value: encodeBlock(header, [builder.take()]) };
  });
}
