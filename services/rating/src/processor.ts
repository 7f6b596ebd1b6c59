import { addTotals, decodeBlock, encodeBlock, readNativeBlock, serialiseTotals } from '@tollstream/contracts';
import type { BlockHeader, LimitStart, NativeBlock, RunningTotals, SuspendCode } from '@tollstream/contracts';
import type { LogRecord, OutputRecord, Processed, RecordBatch } from '@tollstream/event-log';
import type { RateTable } from '@tollstream/rating-engine';
import { assemblySteps } from './assembly.ts';
import type { Whole } from './assembly.ts';
import type { BlockParts } from './block-parts.ts';
import { RatingStateError } from './errors.ts';
import { rateBlock } from './rate-block.ts';
import { replayBlock } from './replay-block.ts';
import type { SpendAlert } from './spend-alerts.ts';
import type { RatingState } from './state.ts';

export interface RatingTopics {
  readonly accepted: string;
  readonly rated: string;
  readonly suspended: string;
  /** What became of suspended calls that were taken up again. */
  readonly resolved: string;
  /** Alerts of spend limits. */
  readonly alerts: string;
}

/** How much of each outcome a batch added. */
export type Outcomes = Pick<
  RunningTotals,
  | 'seen'
  | 'rated'
  | 'suspended'
  | 'duplicate'
  | 'replayed'
  | 'discarded'
  | 'kept'
  | 'assembled'
  | 'charge'
  | 'alerts'
>;

/** What a batch became, and how it came out for metrics. */
export interface RatedBatch extends Processed {
  readonly outcomes: Outcomes;
  readonly suspendCodes: ReadonlyMap<SuspendCode, number>;
  /** Calls of each input block. */
  readonly blockRows: readonly number[];
  readonly alerts: readonly SpendAlert[];
}

const SCHEMA_VERSION = 1;
const NONE: ReadonlySet<string> = new Set();
/** Place of a block among those of one step of an input block, in its id. */
const ORDINAL = { rated: 0, suspended: 1, resolved: 2, alerts: 3 } as const;
const ORDINALS = Object.keys(ORDINAL).length;

/**
 * Rates a batch of accepted blocks: each becomes at most one block of rated and one of suspended calls, on the same
 * partition number; suspended calls that are taken up again become rated and resolved ones, and so do parts that make a call whole, in steps of
 * their own. Thresholds that spending reaches become a block of alerts. Pure but for `state`: on any failure it is dropped and folded again from the output.
 */
export function rateBatch(
  state: RatingState,
  batch: RecordBatch,
  { table, topics }: { table: RateTable; topics: RatingTopics },
): RatedBatch {
  const outputs: OutputRecord[] = [];
  const blockRows: number[] = [];
  const suspendCodes = new Map<SuspendCode, number>();
  const alerts: SpendAlert[] = [];
  const before = state.totals;
  for (const record of batch.records) {
    const { header, block } = readAccepted(batch, record);
    const isReplay = header.schema === 'replay';
    let step = 0;
    const write = (
      schema: keyof typeof ORDINAL,
      parts: BlockParts,
      limitStarts?: readonly LimitStart[],
    ): void => {
      if (parts.rows === 0) return;
      const isAgain = isReplay || step > 0;
      outputs.push({
        topic: topics[schema],
        partition: batch.partition,
        value: encode(schema, parts, {
          batch,
          record,
          table,
          totals: state.totals,
          isReplay: isAgain,
          ordinal: step * ORDINALS + ORDINAL[schema],
          limitStarts,
        }),
      });
    };
    const assemble = (wholes: readonly Whole[], elsewhere: ReadonlySet<string>): void => {
      for (const assembled of assemblySteps(wholes, elsewhere, record.offset, table, state)) {
        step += 1;
        state.totals = addTotals(state.totals, assembled.outcomes);
        write('rated', assembled.rated, assembled.alerts.starts);
        write('resolved', assembled.resolved);
        write('alerts', assembled.alerts.parts());
        alerts.push(...assembled.alerts.list);
      }
    };
    blockRows.push(block.rows);
    if (isReplay) {
      const at = { offset: record.offset, catalogVersion: header.catalogVersion };
      const result = replayBlock(block, at, table, state);
      state.totals = addTotals(state.totals, result.outcomes);
      write('rated', result.rated, result.alerts.starts);
      write('resolved', result.resolved);
      write('alerts', result.alerts.parts());
      alerts.push(...result.alerts.list);
      assemble(result.wholes, result.resolvedParts);
      continue;
    }
    const result = rateBlock(block, record.offset, table, state);
    state.totals = addTotals(state.totals, result.outcomes);
    for (const [code, count] of result.suspendCodes)
      suspendCodes.set(code, (suspendCodes.get(code) ?? 0) + count);
    write('rated', result.rated, result.alerts.starts);
    write('suspended', result.suspended);
    write('alerts', result.alerts.parts());
    alerts.push(...result.alerts.list);
    assemble(result.wholes, NONE);
  }
  return {
    outputs,
    metadata: serialiseTotals(state.totals),
    outcomes: difference(state.totals, before),
    suspendCodes,
    blockRows,
    alerts,
  };
}

/** The latest version of the catalog that attributed calls of the batch. */
export function attributedBy(batch: RecordBatch): number {
  let version = 0;
  for (const { value } of batch.records) {
    if (value === null) continue;
    const { schema, catalogVersion } = decodeBlock(value).header;
    // What is asked for again names the version that must be in force, and waits for none.
    if (schema !== 'replay') version = Math.max(version, catalogVersion);
  }
  return version;
}

function readAccepted(
  batch: RecordBatch,
  record: LogRecord,
): { readonly header: BlockHeader; readonly block: NativeBlock } {
  const place = `${batch.topic}/${batch.partition} offset ${record.offset}`;
  if (record.value === null)
    throw new RatingStateError('TOLL_RATING_INPUT_UNREADABLE', `The record at ${place} is empty.`);
  const { header, native } = decodeBlock(record.value);
  if (header.schema !== 'call' && header.schema !== 'replay') {
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
  return { header, block };
}

function encode(
  schema: keyof typeof ORDINAL,
  { rows, native }: BlockParts,
  {
    batch,
    record,
    table,
    totals,
    isReplay,
    ordinal,
    limitStarts = [],
  }: {
    batch: RecordBatch;
    record: LogRecord;
    table: RateTable;
    totals: RunningTotals;
    isReplay: boolean;
    ordinal: number;
    limitStarts: readonly LimitStart[] | undefined;
  },
): Buffer {
  const header: BlockHeader = {
    schema,
    schemaVersion: SCHEMA_VERSION,
    blockId: `${batch.topic}/${batch.partition}/${record.offset}/${ordinal}`,
    sourceTopic: batch.topic,
    sourcePartition: batch.partition,
    firstOffset: record.offset,
    nextOffset: record.offset + 1,
    recordCount: rows,
    catalogVersion: table.catalog.version,
    totals,
    isReplay,
    ...(limitStarts.length === 0 ? {} : { limitStarts }),
  };
  return encodeBlock(header, native);
}

function difference(after: RunningTotals, before: RunningTotals): Outcomes {
  const charge = Object.entries(after.charge).map(([currency, sum]) => [
    currency,
    (BigInt(sum) - BigInt(before.charge[currency] ?? '0')).toString(),
  ]);
  return {
    seen: after.seen - before.seen,
    rated: after.rated - before.rated,
    suspended: after.suspended - before.suspended,
    duplicate: after.duplicate - before.duplicate,
    replayed: after.replayed - before.replayed,
    discarded: after.discarded - before.discarded,
    kept: after.kept - before.kept,
    assembled: after.assembled - before.assembled,
    alerts: after.alerts - before.alerts,
    charge: Object.fromEntries(charge) as Record<string, string>,
  };
}
