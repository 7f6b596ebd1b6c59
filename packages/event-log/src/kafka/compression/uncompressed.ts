/**
 * Compressed record batches as they would stand there without compression, so that all that comes after reads one form. kafkajs knows gzip
 * alone, makes an object of each record, and its stack overflows with more than some 120,000 records in a batch.
 */
import { EventLogError } from '../../errors.ts';
import { COMPRESSION, ATTRIBUTES_AT, HEAD_BYTES, LENGTH_END } from '../record-batch.ts';
import { CODECS } from './codecs.ts';

/** Largest batch, once it is decompressed: sixteen times what a block topic takes. */
const BATCH_BYTES_MAX = 1024 * 1024 * 1024;
/** Once a set has so many bytes, what comes after in it is left for the next fetch. */
const SET_BYTES_MAX = 64 * 1024 * 1024;

/**
 * @param recordSet batches of the present format; the last one may be cut off
 * @returns whole batches, at least one where there is one, in memory of its own
 * @throws {EventLogError} what cannot be decompressed; nothing is skipped
 */
export async function uncompressed(recordSet: Buffer): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for (let at = 0; at + HEAD_BYTES <= recordSet.length && bytes < SET_BYTES_MAX;) {
    const end = at + LENGTH_END + recordSet.readInt32BE(at + LENGTH_END - 4);
    if (end > recordSet.length) break;
    for (const part of await partsOf(recordSet.subarray(at, end))) {
      parts.push(part);
      bytes += part.length;
    }
    at = end;
  }
  const whole = Buffer.allocUnsafeSlow(bytes);
  let filled = 0;
  for (const part of parts) filled += part.copy(whole, filled);
  return whole;
}

async function partsOf(batch: Buffer): Promise<Buffer[]> {
  const attributes = batch.readUInt16BE(ATTRIBUTES_AT);
  const number = attributes & COMPRESSION;
  if (number === 0) return [batch];
  const records = await decompress(number, batch);
  const head = Buffer.from(batch.subarray(0, HEAD_BYTES));
  head.writeInt32BE(HEAD_BYTES - LENGTH_END + records.length, LENGTH_END - 4);
  head.writeUInt16BE(attributes & ~COMPRESSION, ATTRIBUTES_AT);
  return [head, records];
}

async function decompress(number: number, batch: Buffer): Promise<Buffer> {
  const codec = CODECS.get(number);
  const offset = batch.readBigInt64BE(0);
  if (codec === undefined) {
    throw unsupported(
      `The records from offset ${offset} on are compressed in a way (${number}) that is not known.`,
      'Let the producer compress with gzip, snappy, lz4 or zstd, or not at all.',
    );
  }
  try {
    return await codec.decompress(batch.subarray(HEAD_BYTES), BATCH_BYTES_MAX);
  } catch (cause) {
    throw unsupported(
      `The records from offset ${offset} on cannot be decompressed as ${codec.name}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      'Look at the producer and at the broker’s log for this partition; nothing was skipped.',
      cause,
    );
  }
}

function unsupported(message: string, remedy: string, cause?: unknown): EventLogError {
  return new EventLogError({ code: 'TOLL_KAFKA_UNSUPPORTED', message, remedy, retriable: true, cause });
}
