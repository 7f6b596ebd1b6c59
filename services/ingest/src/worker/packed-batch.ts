/** A batch of records as a few flat arrays: what crosses to another thread is moved, not cloned record by record. */
import {
  PackedBatch,
  type PackedColumns,
  PackedRecords,
  type RecordBatch,
  copyRecords,
  packRecords,
} from '@tollstream/event-log';

export type MovedBatch = Pick<RecordBatch, 'topic' | 'partition' | 'nextOffset' | 'endOffset'> &
  Omit<PackedColumns, 'bytes'> & { readonly bytes: Uint8Array<ArrayBuffer> };

export function packBatch(batch: RecordBatch): { packed: MovedBatch; transfer: ArrayBuffer[] } {
  const { topic, partition, nextOffset, endOffset } = batch;
  // Memory of its own: what the log handed over may be a part of something larger.
  const own = batch.packed === undefined ? packRecords(batch.records) : copyRecords(batch.packed);
  const { offsets, timestamps, places, headerRuns } = own;
  const bytes = new Uint8Array(own.bytes.buffer as ArrayBuffer, own.bytes.byteOffset, own.bytes.length);
  return {
    packed: { topic, partition, nextOffset, endOffset, bytes, offsets, timestamps, places, headerRuns },
    transfer: [bytes.buffer, offsets.buffer, timestamps.buffer, places.buffer],
  };
}

export function unpackBatch({
  bytes,
  offsets,
  timestamps,
  places,
  headerRuns,
  ...place
}: MovedBatch): RecordBatch {
  return new PackedBatch({
    ...place,
    packed: new PackedRecords({
      bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      offsets,
      timestamps,
      places,
      headerRuns,
    }),
  });
}
