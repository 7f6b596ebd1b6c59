/**
 * Reading of fetched record sets in place of kafkajs's own, which makes an object of every record: the records are located in the
 * bytes of the response, and an object is made of one only when it is asked for. Record sets of the old
 * format go the stock way. To be imported before kafkajs. `TOLLSTREAM_KAFKAJS_STOCK=1` leaves kafkajs as it came.
 */
import { createRequire } from 'node:module';
import type { RecordHeaders } from '../port.ts';
import { PackedRecords } from '../packed-records.ts';
import type { HeaderRun } from '../packed-records.ts';
import { uncompressed } from './compression/uncompressed.ts';
import {
  ATTRIBUTES_AT,
  COMPRESSION,
  CONTROL,
  COUNT_AT,
  FIRST_TIMESTAMP_AT,
  HEAD_BYTES,
  IN_TRANSACTION,
  LAST_DELTA_AT,
  LENGTH_END,
  LOG_APPEND_TIME,
  MAGIC,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_AT,
} from './record-batch.ts';
import { replaceInKafkajs } from './replace-in-kafkajs.ts';
import { keep, ownResponse } from './response-memory.ts';

const require = createRequire(import.meta.url);
const DECODE_MESSAGES = 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js';

interface Decoder {
  readonly buffer: Buffer;
  readonly offset: number;
  readBytes(size: number): Buffer;
  canReadBytes(size: number): boolean;
  forward(size: number): void;
}
type DecodeMessages = (decoder: Decoder) => Promise<readonly unknown[] | FetchedRecords>;

/** kafkajs's own: the oracle of the test, and the way of what is unusual. */
export const stockDecodeMessages = require(DECODE_MESSAGES) as DecodeMessages;

/** One record batch of a fetched set: its records are those from `from` up to `to`. */
interface BatchRun {
  readonly from: number;
  readonly to: number;
  readonly producerId: bigint;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  /** Of a control batch: it says that a transaction was aborted. */
  readonly isAbort: boolean;
  readonly lastOffset: number;
}

/** What was fetched of one partition, with control records and those of aborted transactions. */
export class FetchedRecords {
  readonly records: PackedRecords;
  readonly batches: readonly BatchRun[];

  constructor(records: PackedRecords, batches: readonly BatchRun[]) {
    this.records = records;
    this.batches = batches;
  }

  /** As of an array: all that kafkajs asks of it. */
  get length(): number {
    return this.records.count;
  }
}

export const decodeMessages: DecodeMessages = (decoder) => {
  const { buffer, offset } = decoder;
  const size = buffer.readInt32BE(offset);
  if (size <= 0) return stockDecodeMessages(decoder);
  const form = decoder.canReadBytes(4 + size) ? formOf(buffer, offset + 4, offset + 4 + size) : 'other';
  if (form === 'other') {
    keep(buffer);
    return stockDecodeMessages(decoder);
  }
  decoder.forward(4);
  const recordSet = decoder.readBytes(size);
  if (form === 'plain') return Promise.resolve(locate(recordSet));
  keep(buffer);
  return decompressAndLocate(recordSet);
};

async function decompressAndLocate(recordSet: Buffer): Promise<FetchedRecords> {
  const plain = await uncompressed(recordSet);
  ownResponse(plain);
  return locate(plain);
}

/** Whether each batch is of the present format, and whether any is compressed. The last one may be cut off. */
function formOf(bytes: Buffer, start: number, end: number): 'plain' | 'compressed' | 'other' {
  let form: 'plain' | 'compressed' = 'plain';
  for (let at = start; at + HEAD_BYTES <= end; at += LENGTH_END + bytes.readInt32BE(at + LENGTH_END - 4)) {
    if (bytes[at + MAGIC_AT] !== MAGIC) return 'other';
    if ((bytes.readUInt16BE(at + ATTRIBUTES_AT) & COMPRESSION) !== 0) form = 'compressed';
  }
  return form;
}

let bytes: Buffer;
let position = 0;

function locate(recordSet: Buffer): FetchedRecords {
  bytes = recordSet;
  const wholeBatches: number[] = [];
  let count = 0;
  for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
    const end = at + LENGTH_END + bytes.readInt32BE(at + LENGTH_END - 4);
    // A fetch ends where its bytes are used up, in the middle of a batch.
    if (end > bytes.length) break;
    wholeBatches.push(at);
    count += bytes.readInt32BE(at + COUNT_AT);
    at = end;
  }
  const offsets = new Float64Array(count);
  const timestamps = new Float64Array(count);
  const places = new Int32Array(count * 4);
  const headers = new HeaderReader();
  const batches: BatchRun[] = [];
  let index = 0;
  for (const at of wholeBatches) {
    const attributes = bytes.readUInt16BE(at + ATTRIBUTES_AT);
    const firstOffset = exact(bytes.readBigInt64BE(at));
    const firstTimestamp = exact(bytes.readBigInt64BE(at + FIRST_TIMESTAMP_AT));
    const maxTimestamp = exact(bytes.readBigInt64BE(at + MAX_TIMESTAMP_AT));
    const isAppendTime = (attributes & LOG_APPEND_TIME) !== 0;
    const from = index;
    position = at + HEAD_BYTES;
    for (const to = from + bytes.readInt32BE(at + COUNT_AT); index < to; index += 1) {
      const bodyBytes = readVarint();
      const recordEnd = position + bodyBytes;
      position += 1;
      const timestampDelta = readVarint();
      timestamps[index] = isAppendTime ? maxTimestamp : firstTimestamp + timestampDelta;
      offsets[index] = firstOffset + readVarint();
      place(places, index * 4);
      place(places, index * 4 + 2);
      headers.read(index, recordEnd);
      position = recordEnd;
    }
    const isControl = (attributes & CONTROL) !== 0;
    batches.push({
      from,
      to: index,
      producerId: bytes.readBigInt64BE(at + PRODUCER_AT),
      isTransactional: (attributes & IN_TRANSACTION) !== 0,
      isControl,
      isAbort: isControl && index > from && isAbortMarker(places[from * 4]!, places[from * 4 + 1]!),
      lastOffset: firstOffset + bytes.readInt32BE(at + LAST_DELTA_AT),
    });
  }
  const records = new PackedRecords({ bytes, offsets, timestamps, places, headerRuns: headers.runs(count) });
  bytes = NOTHING;
  return new FetchedRecords(records, batches);
}

const NOTHING = Buffer.alloc(0);

function exact(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is no offset or time below 2^53`);
  return number;
}

/** Zigzag, exact below 2^53. */
function readVarint(): number {
  let byte = bytes[position++]!;
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
  let raw = byte & 0x7f;
  let scale = 0x80;
  do {
    byte = bytes[position++]!;
    raw += (byte & 0x7f) * scale;
    scale *= 0x80;
  } while (byte >= 0x80);
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
}

/** Start and end of the bytes that follow their length; -1 for null. */
function place(places: Int32Array, at: number): void {
  const length = readVarint();
  places[at] = length < 0 ? -1 : position;
  if (length > 0) position += length;
  places[at + 1] = position;
}

/** The key of a control record: version 0, type 0. */
function isAbortMarker(keyStart: number, keyEnd: number): boolean {
  return keyEnd - keyStart === 4 && bytes.readInt32BE(keyStart) === 0;
}

/** Headers of one record after the other. Equal ones share an object, and so a run. */
class HeaderReader {
  readonly #runs: HeaderRun[] = [];
  #headers: RecordHeaders | undefined;
  #start = 0;
  #end = 0;

  /** Reads what stands from `position` up to `end`. */
  read(index: number, end: number): void {
    const start = position;
    if (this.#isSame(start, end)) return;
    if (index > 0) this.#runs.push({ headers: this.#headers, end: index });
    this.#headers = readHeaders();
    this.#start = start;
    this.#end = end;
  }

  runs(count: number): HeaderRun[] {
    return count === 0 ? [] : [...this.#runs, { headers: this.#headers, end: count }];
  }

  #isSame(start: number, end: number): boolean {
    const length = end - start;
    // Before the first record there are none, as with a count of 0.
    if (length === 1 && this.#headers === undefined) return bytes[start] === 0;
    if (length !== this.#end - this.#start) return false;
    for (let i = 0; i < length; i += 1) if (bytes[start + i] !== bytes[this.#start + i]) return false;
    return true;
  }
}

function readHeaders(): RecordHeaders | undefined {
  let headers: Record<string, string> | undefined;
  for (let left = readVarint(); left > 0; left -= 1) {
    const name = readText() ?? '';
    const value = readText();
    // Without a prototype: a header may be named `__proto__`.
    if (value !== null) (headers ??= Object.create(null) as Record<string, string>)[name] = value;
  }
  return headers;
}

function readText(): string | null {
  const length = readVarint();
  if (length < 0) return null;
  position += length;
  return bytes.toString('utf8', position - length, position);
}

export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

/** The records that a reader of committed records is to see, from an offset on: neither control records nor aborted ones. */
export function committedRecords(
  { records, batches }: FetchedRecords,
  aborted: readonly AbortedTransaction[] | null,
  fromOffset: number,
): PackedRecords {
  const upcoming = (aborted ?? [])
    .map(({ producerId, firstOffset }) => ({
      producerId: BigInt(producerId),
      firstOffset: Number(firstOffset),
    }))
    .sort((a, b) => a.firstOffset - b.firstOffset);
  const abortedNow = new Set<bigint>();
  const ranges: { from: number; to: number }[] = [];
  for (const batch of batches) {
    while (upcoming.length > 0 && upcoming[0]!.firstOffset <= batch.lastOffset)
      abortedNow.add(upcoming.shift()!.producerId);
    if (batch.isControl) {
      if (batch.isAbort) abortedNow.delete(batch.producerId);
      continue;
    }
    if (batch.isTransactional && abortedNow.has(batch.producerId)) continue;
    let { from } = batch;
    while (from < batch.to && records.offsets[from]! < fromOffset) from += 1;
    const last = ranges.at(-1);
    if (last !== undefined && last.to === from) last.to = batch.to;
    else if (from < batch.to) ranges.push({ from, to: batch.to });
  }
  return records.select(ranges);
}

replaceInKafkajs(DECODE_MESSAGES, decodeMessages);
