/**
 * Whether a stage works off a backlog, and how the stages after it are told: they read what it writes as soon as it is there, and could
 * not know that the calls are late already.
 */
import type { OutputRecord, RecordBatch } from './port.ts';

const HEADER = 'tollstream-backlog';

/** Age, in milliseconds, from which on records that have others waiting behind them count as a backlog, unless a stage is set otherwise. */
export const BACKLOG_AGE_MS = 5_000;

/**
 * Whether the batch is part of a backlog: of this stage or of one before it. That a fetch left something over does not say so, a steady
 * stream always leaves something; and without records nothing is known of their age.
 */
export function isBacklog(batch: RecordBatch, nowMs: number, ageMs = BACKLOG_AGE_MS): boolean {
  if (isMarkedBacklog(batch)) return true;
  const timestampMs =
    batch.packed === undefined ? batch.records.at(-1)?.timestampMs : batch.packed.timestamps.at(-1);
  return timestampMs !== undefined && batch.nextOffset < batch.endOffset && nowMs - timestampMs >= ageMs;
}

/** Whether a stage before this one said so of the newest record. */
export function isMarkedBacklog(batch: RecordBatch): boolean {
  // `records` of a packed batch would be made by looking at them.
  const { packed } = batch;
  const headers = packed === undefined ? batch.records.at(-1)?.headers : packed.headerRuns.at(-1)?.headers;
  return headers?.[HEADER] !== undefined;
}

/** What the batch became, marked when it is part of a backlog. */
export function withBacklogMark(
  outputs: readonly OutputRecord[],
  batch: RecordBatch,
  nowMs: number,
): readonly OutputRecord[] {
  if (outputs.length === 0 || !isBacklog(batch, nowMs)) return outputs;
  return outputs.map((output) => ({ ...output, headers: { ...output.headers, [HEADER]: '1' } }));
}
