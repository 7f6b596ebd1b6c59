/** A batch of records as a few flat arrays: what crosses to another thread is moved, not cloned record by record. */
import type { LogRecord, RecordBatch, RecordHeaders } from '@tollstream/event-log';

/**
 * Keys and values stand one after the other in `bytes`:
 *
 *   bytes   │ key 0 │ value 0 │ key 1 │ value 1 │ …
 *   lengths │ key 0, value 0, key 1, value 1, …        -1 = null
 */
export interface PackedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
  readonly endOffset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: Int32Array<ArrayBuffer>;
  readonly offsets: Float64Array<ArrayBuffer>;
  readonly timestamps: Float64Array<ArrayBuffer>;
  /** Runs of records that share one headers object; `end` is the index behind the run. */
  readonly headerRuns: readonly { readonly headers: RecordHeaders | undefined; readonly end: number }[];
}

export function packBatch(batch: RecordBatch): { packed: PackedBatch; transfer: ArrayBuffer[] } {
  const { topic, partition, nextOffset, endOffset, records } = batch;
  const lengths = new Int32Array(records.length * 2);
  const offsets = new Float64Array(records.length);
  const timestamps = new Float64Array(records.length);
  const headerRuns: { headers: RecordHeaders | undefined; end: number }[] = [];
  let size = 0;
  for (const [i, { key, value, offset, timestampMs, headers }] of records.entries()) {
    lengths[2 * i] = key?.length ?? -1;
    lengths[2 * i + 1] = value?.length ?? -1;
    size += (key?.length ?? 0) + (value?.length ?? 0);
    offsets[i] = offset;
    timestamps[i] = timestampMs;
    const run = headerRuns.at(-1);
    if (run !== undefined && run.headers === headers) run.end = i + 1;
    else headerRuns.push({ headers, end: i + 1 });
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const { key, value } of records) {
    if (key !== null) {
      bytes.set(key, at);
      at += key.length;
    }
    if (value !== null) {
      bytes.set(value, at);
      at += value.length;
    }
  }
  const packed = { topic, partition, nextOffset, endOffset, bytes, lengths, offsets, timestamps, headerRuns };
  return { packed, transfer: [bytes.buffer, lengths.buffer, offsets.buffer, timestamps.buffer] };
}

export function unpackBatch(packed: PackedBatch): RecordBatch {
  const { topic, partition, nextOffset, endOffset, lengths, offsets, timestamps, headerRuns } = packed;
  const bytes = Buffer.from(packed.bytes.buffer, packed.bytes.byteOffset, packed.bytes.length);
  const records: LogRecord[] = [];
  let at = 0;
  const take = (length: number): Buffer | null => {
    if (length < 0) return null;
    at += length;
    return bytes.subarray(at - length, at);
  };
  for (const { headers, end } of headerRuns) {
    for (let i = records.length; i < end; i += 1) {
      const key = take(lengths[2 * i] ?? -1);
      const value = take(lengths[2 * i + 1] ?? -1);
      const offset = offsets[i] ?? 0;
      const timestampMs = timestamps[i] ?? 0;
      records.push(
        headers === undefined
          ? { offset, key, value, timestampMs }
          : { offset, key, value, timestampMs, headers },
      );
    }
  }
  return { topic, partition, nextOffset, endOffset, records };
}
