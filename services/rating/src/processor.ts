import { addTotals, decodeBlock, encodeBlock, readNativeBlock, serialiseTotals } from '@tollstream/contracts';
import type { BlockHeader, RunningTotals, SuspendCode } from '@tollstream/contracts';
import type { LogRecord, OutputRecord, Processed, RecordBatch } from '@tollstream/event-log';
import type { RateTable } from '@tollstream/rating-engine';
import { RatingStateError } from './errors.ts';
import { rateBlock } from './rate-block.ts';
import type { BlockParts, RatedBlock } from './rate-block.ts';
import type { RatingState } from './state.ts';

export interface RatingTopics {
  readonly accepted: string;
  readonly rated: string;
  readonly suspended: string;
}

/** What a batch became, and how it came out for metrics. */
export interface RatedBatch extends Processed {
  readonly outcomes: RatedBlock['outcomes'];
  readonly suspendCodes: ReadonlyMap<SuspendCode, number>;
  /** Calls of each input block. */
  readonly blockRows: readonly number[];
}

const SCHEMA_VERSION = 1;
/** Place of a block among those of one input block, in its id. */
const ORDINAL = { rated: 0, suspended: 1 } as const;

/**
 * Rates a batch of accepted blocks: each becomes at most one block of rated and one of suspended calls, on the same
 * partition number. Pure but for `state`: on any failure it is dropped and folded again from the output.
 */
export function rateBatch(
  state: RatingState,
  batch: RecordBatch,
  { table, topics }: { table: RateTable; topics: RatingTopics },
): RatedBatch {
  const outputs: OutputRecord[] = [];
  const blockRows: number[] = [];
  const suspendCodes = new Map<SuspendCode, number>();
  const before = state.totals;
  for (const record of batch.records) {
    const block = readAccepted(batch, record);
    const result = rateBlock(block, table, state);
    state.totals = addTotals(state.totals, result.outcomes);
    blockRows.push(block.rows);
    for (const [code, count] of result.suspendCodes)
      suspendCodes.set(code, (suspendCodes.get(code) ?? 0) + count);
    for (const schema of ['rated', 'suspended'] as const) {
      if (result[schema].rows === 0) continue;
      outputs.push({
        topic: topics[schema],
        partition: batch.partition,
        value: encode(schema, result[schema], { batch, record, table, totals: state.totals }),
      });
    }
  }
  return {
    outputs,
    metadata: serialiseTotals(state.totals),
    outcomes: difference(state.totals, before),
    suspendCodes,
    blockRows,
  };
}

/** The latest version of the catalog that attributed calls of the batch. */
export function attributedBy(batch: RecordBatch): number {
  let version = 0;
  for (const { value } of batch.records) {
    if (value !== null) version = Math.max(version, decodeBlock(value).header.catalogVersion);
  }
  return version;
}

function readAccepted(batch: RecordBatch, record: LogRecord): ReturnType<typeof readNativeBlock> {
  const place = `${batch.topic}/${batch.partition} offset ${record.offset}`;
  if (record.value === null)
    throw new RatingStateError('TOLL_RATING_INPUT_UNREADABLE', `The record at ${place} is empty.`);
  const { header, native } = decodeBlock(record.value);
  if (header.schema !== 'call') {
    throw new RatingStateError(
      'TOLL_RATING_INPUT_UNREADABLE',
      `The block at ${place} holds ${header.schema} records, not calls.`,
    );
  }
  const block = readNativeBlock(native);
  if (block.rows !== header.recordCount) {
    throw new RatingStateError(
      'TOLL_RATING_INPUT_UNREADABLE',
      `The block at ${place} holds ${block.rows} calls; its header says ${header.recordCount}.`,
    );
  }
  return block;
}

function encode(
  schema: keyof typeof ORDINAL,
  { rows, native }: BlockParts,
  {
    batch,
    record,
    table,
    totals,
  }: { batch: RecordBatch; record: LogRecord; table: RateTable; totals: RunningTotals },
): Buffer {
  const header: BlockHeader = {
    schema,
    schemaVersion: SCHEMA_VERSION,
    blockId: `${batch.topic}/${batch.partition}/${record.offset}/${ORDINAL[schema]}`,
    sourceTopic: batch.topic,
    sourcePartition: batch.partition,
    firstOffset: record.offset,
    nextOffset: record.offset + 1,
    recordCount: rows,
    catalogVersion: table.catalog.version,
    totals,
  };
  return encodeBlock(header, native);
}

function difference(after: RunningTotals, before: RunningTotals): RatedBlock['outcomes'] {
  const charge = Object.entries(after.charge).map(([currency, sum]) => [
    currency,
    (BigInt(sum) - BigInt(before.charge[currency] ?? '0')).toString(),
  ]);
  return {
    seen: after.seen - before.seen,
    rated: after.rated - before.rated,
    suspended: after.suspended - before.suspended,
    duplicate: after.duplicate - before.duplicate,
    charge: Object.fromEntries(charge) as Record<string, string>,
  };
}
