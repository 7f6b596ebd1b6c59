/** A log in memory with the topics around rating, and what a test does with them. */
import {
  ALERT_COLUMNS,
  CallBlockBuilder,
  RATED_COLUMNS,
  RESOLVED_COLUMNS,
  ReplayBlockBuilder,
  SUSPENDED_COLUMNS,
  ZERO_TOTALS,
  decodeBlock,
  encodeBlock,
  readNativeBlock,
} from '@tollstream/contracts';
import type { BlockHeader, CallEvent, NativeColumn, ReplayAction } from '@tollstream/contracts';
import { createMemoryEventLog } from '@tollstream/event-log';
import type { EventLog } from '@tollstream/event-log';
import type { RatingProcessor } from '../rating.ts';

export const TOPICS = {
  accepted: 'calls.accepted',
  rated: 'usage.rated',
  suspended: 'usage.suspended',
  resolved: 'usage.resolved',
  alerts: 'usage.alerts',
};
const RAW = 'calls.raw';
const PARTITIONS = 2;

/** A call of a test: an answered outbound call of a minute, but for what is said. */
export interface TestCall {
  readonly id: string;
  readonly account?: string;
  readonly direction?: CallEvent['direction'];
  readonly from?: number;
  /** A number, or text that is none. */
  readonly to?: number | string;
  readonly originalTo?: string;
  readonly routingNumber?: string;
  readonly device?: string;
  readonly answeredAt?: number | null;
  readonly seconds?: number;
  readonly partialSequence?: number;
}

export const ANSWERED_AT = Date.parse('2020-01-15T15:00:00Z');

export async function openStage(): Promise<EventLog> {
  const log = createMemoryEventLog();
  await log.createTopics([RAW, ...Object.values(TOPICS)].map((name) => ({ name, partitions: PARTITIONS })));
  return log;
}

/** Appends one block for each list of calls. */
export async function accept(
  log: EventLog,
  blocks: readonly (readonly TestCall[])[],
  partition = 0,
  catalogVersion = 0,
): Promise<void> {
  const claim = await log.claim('ingest', RAW, partition);
  const next = claim.committed?.offset ?? 0;
  await claim.commit({
    outputs: blocks.map((calls, i) => ({
      topic: TOPICS.accepted,
      partition,
      value: acceptedBlock(calls, next + i, catalogVersion),
    })),
    nextOffset: next + blocks.length,
    metadata: '',
  });
  await claim.release();
}

/** Asks for suspended calls again, all in one block. */
export async function askAgain(
  log: EventLog,
  calls: readonly (TestCall & { readonly offset: number })[],
  { action = 'replay', catalogVersion = 0 }: { action?: ReplayAction; catalogVersion?: number } = {},
): Promise<void> {
  const request = { action, reason: 'mended', requestedBy: 'rates', requestedAt: ANSWERED_AT, run: 'run-1' };
  const builder = new ReplayBlockBuilder(request);
  for (const { offset, ...call } of calls) add(builder, call, offset);
  const value = encodeBlock(
    {
      schema: 'replay',
      schemaVersion: 1,
      blockId: 'run-1/0',
      sourceTopic: RAW,
      sourcePartition: 0,
      firstOffset: 0,
      nextOffset: calls.length,
      recordCount: calls.length,
      catalogVersion,
      totals: ZERO_TOTALS,
      isReplay: true,
    },
    [builder.take()],
  );
  const claim = await log.claim('suspense', TOPICS.accepted, 0);
  await claim.commit({
    outputs: [{ topic: TOPICS.accepted, partition: 0, value }],
    nextOffset: calls.length,
    metadata: '',
  });
  await claim.release();
}

export function acceptedBlock(calls: readonly TestCall[], sourceOffset = 0, catalogVersion = 0): Buffer {
  const builder = new CallBlockBuilder();
  calls.forEach((call, i) => add(builder, call, sourceOffset * 10_000 + i));
  const header: BlockHeader = {
    schema: 'call',
    schemaVersion: 1,
    blockId: `${RAW}/0/${sourceOffset}/0`,
    sourceTopic: RAW,
    sourcePartition: 0,
    firstOffset: sourceOffset,
    nextOffset: sourceOffset + 1,
    recordCount: calls.length,
    catalogVersion,
    totals: ZERO_TOTALS,
    isReplay: false,
  };
  return encodeBlock(header, [builder.take()]);
}

function add(builder: CallBlockBuilder | ReplayBlockBuilder, call: TestCall, offset: number): void {
  const answeredAt = call.answeredAt === undefined ? ANSWERED_AT : call.answeredAt;
  const start = answeredAt ?? ANSWERED_AT;
  const to = call.to ?? 14155550199;
  const direction = call.direction ?? 'outbound';
  builder.add(
    {
      callId: call.id,
      switchId: 'sw1',
      leg: 0,
      direction,
      from: '',
      to: '',
      startedAt: start - 5_000,
      answeredAt,
      endedAt: start + (call.seconds ?? 60) * 1000,
      disposition: answeredAt === null ? 'no_answer' : 'answered',
      account: null,
      extension: null,
      device: call.device ?? null,
      trunk: null,
      chargedParty: null,
      originalTo: call.originalTo ?? null,
      routingNumber: call.routingNumber ?? null,
      parentCallId: null,
      partialSequence: call.partialSequence ?? null,
      redirectingNumber: null,
    },
    {
      accountId: call.account ?? 'acme',
      origin: { number: call.from ?? 12125550100, text: '' },
      destination: typeof to === 'number' ? { number: to, text: '' } : { number: 0, text: to },
      direction,
      routingNumber: call.routingNumber ?? '',
    },
    { topic: RAW, partition: 0, offset },
  );
}

/** Rates what was accepted and not rated yet, from a restored state, in batches of so many blocks. */
export async function rate(
  log: EventLog,
  processor: RatingProcessor,
  {
    partition = 0,
    blocksPerBatch = Infinity,
    blocks = Infinity,
  }: { partition?: number; blocksPerBatch?: number; blocks?: number } = {},
): Promise<void> {
  const claim = await log.claim('rating', TOPICS.accepted, partition);
  const state = await processor.restore(claim, log);
  const follower = processor.follow?.(state, claim, log);
  let left = blocks;
  for await (const batch of log.read({
    topic: TOPICS.accepted,
    partition,
    from: claim.committed?.offset ?? 0,
  })) {
    for (let i = 0; i < batch.records.length && left > 0;) {
      const records = batch.records.slice(i, i + Math.min(blocksPerBatch, left));
      const nextOffset = records.at(-1)!.offset + 1;
      const processed = processor.process(state, { ...batch, records, nextOffset });
      await claim.commit({ outputs: processed.outputs, metadata: processed.metadata, nextOffset });
      await follower?.committed({ offset: nextOffset, metadata: processed.metadata });
      // What it writes in the background goes on between batches.
      if (follower !== undefined) await new Promise(setImmediate);
      i += records.length;
      left -= records.length;
    }
  }
  await follower?.close();
  await claim.release();
}

export interface OutputBlock {
  readonly header: BlockHeader;
  readonly value: Buffer;
  readonly rows: readonly Record<string, unknown>[];
}

const COLUMNS_OF: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  rated: RATED_COLUMNS,
  suspended: SUSPENDED_COLUMNS,
  resolved: RESOLVED_COLUMNS,
  alerts: ALERT_COLUMNS,
};

export async function outputs(log: EventLog, topic: string, partition = 0): Promise<OutputBlock[]> {
  const blocks: OutputBlock[] = [];
  for await (const batch of log.read({ topic, partition, from: 0 })) {
    for (const { value } of batch.records) {
      const { header, native } = decodeBlock(value!);
      const block = readNativeBlock(native);
      const names = COLUMNS_OF[header.schema]!.map(([name]) => name);
      const rows = Array.from({ length: block.rows }, (_, row) =>
        Object.fromEntries(names.map((name) => [name, valueOf(block.column(name), row)])),
      );
      blocks.push({ header, value: value!, rows });
    }
  }
  return blocks;
}

export async function rowsOf(
  log: EventLog,
  topic: string,
  partition = 0,
): Promise<Record<string, unknown>[]> {
  return (await outputs(log, topic, partition)).flatMap(({ rows }) => rows);
}

/** Enums by name, times and amounts as their integers. */
function valueOf(column: NativeColumn, row: number): unknown {
  if (column.type.startsWith('Enum8(')) {
    const members = [...column.type.matchAll(/'(\w*)' = /g)].map(([, name]) => name);
    return members[column.number(row) - 1];
  }
  if (column.type.startsWith('FixedString')) return column.bytes(row).toString('hex');
  return column.layout.kind === 'fixed' ? column.number(row) : column.string(row);
}
