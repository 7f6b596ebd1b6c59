/**
 * Decoding of fetched records in place of kafkajs's own, which makes some ten objects and three conversions between text and
 * numbers of every record. The messages are the same but for two things: offsets and timestamps are numbers (exact below
 * 2^53) where kafkajs has decimal text, and absent headers share one object. To be imported before kafkajs.
 * `TOLLSTREAM_KAFKAJS_STOCK=1` leaves kafkajs as it came.
 */
import { createRequire } from 'node:module';
import type { PackedRecords } from '../packed-records.ts';
import { committedRecords } from './fast-fetch.ts';
import type { FetchedRecords } from './fast-fetch.ts';
import { replaceInKafkajs } from './replace-in-kafkajs.ts';
import { hold } from './response-memory.ts';

const require = createRequire(import.meta.url);
const RECORD_DECODER = 'kafkajs/src/protocol/recordBatch/record/v0/decoder.js';
const BATCH = 'kafkajs/src/consumer/batch.js';
const LOG_APPEND_TIME = 1;

/** What kafkajs reads from the head of a record batch; one object for all its records. */
interface BatchContext {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly maxTimestamp?: string;
  readonly timestampType?: number;
  readonly magicByte?: number;
  readonly isControlBatch?: boolean;
}

export interface DecodedMessage {
  readonly magicByte: number | undefined;
  readonly attributes: number;
  readonly timestamp: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | null | (Buffer | null)[]>>;
  readonly isControlRecord: boolean;
  readonly batchContext: BatchContext;
}

type RecordDecoder = (decoder: { readonly buffer: Buffer }, batchContext: BatchContext) => unknown;

/** kafkajs's own: the oracle of the test. */
export const stockRecordDecoder = require(RECORD_DECODER) as RecordDecoder;

const NO_HEADERS: DecodedMessage['headers'] = Object.freeze({});

// Records of one batch come one after the other and share their context: its numbers are read once.
let context: BatchContext | undefined;
let firstOffset = 0;
let firstTimestamp = 0;
let appendTimestamp: number | undefined;

let bytes: Buffer;
let position = 0;

/**
 * Record => attributes int8, timestamp delta varlong, offset delta varint, key, value, [header key, header value]; lengths and
 * counts are varints, -1 for null.
 */
export const decodeRecord: (
  decoder: { readonly buffer: Buffer },
  batchContext: BatchContext,
) => DecodedMessage = ({ buffer }, batchContext) => {
  if (batchContext !== context) enter(batchContext);
  bytes = buffer;
  position = 1;
  const timestamp = appendTimestamp ?? firstTimestamp + readVarLong();
  if (appendTimestamp !== undefined) readVarLong();
  const offset = firstOffset + readVarLong();
  const key = readBytes();
  const value = readBytes();
  const headerCount = readVarLong();
  return {
    magicByte: batchContext.magicByte,
    attributes: buffer.readInt8(0),
    timestamp,
    offset,
    key,
    value,
    headers: headerCount > 0 ? readHeaders(headerCount) : NO_HEADERS,
    isControlRecord: batchContext.isControlBatch ?? false,
    batchContext,
  };
};

function enter(batchContext: BatchContext): void {
  context = batchContext;
  firstOffset = exact(batchContext.firstOffset);
  firstTimestamp = exact(batchContext.firstTimestamp);
  const { timestampType, maxTimestamp } = batchContext;
  appendTimestamp = timestampType === LOG_APPEND_TIME && maxTimestamp ? exact(maxTimestamp) : undefined;
}

function exact(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is no offset or time below 2^53`);
  return value;
}

/** Zigzag, exact below 2^53. */
function readVarLong(): number {
  let byte = bytes[position++] ?? 0;
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
  let raw = byte & 0x7f;
  let scale = 0x80;
  do {
    byte = bytes[position++] ?? 0;
    raw += (byte & 0x7f) * scale;
    scale *= 0x80;
  } while (byte >= 0x80);
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
}

function readBytes(): Buffer | null {
  const length = readVarLong();
  if (length < 0) return null;
  const start = position;
  position += length;
  return bytes.subarray(start, position);
}

function readHeaders(count: number): DecodedMessage['headers'] {
  // Without a prototype: a header may be named `toString` or `__proto__`, which kafkajs itself mixes with what objects inherit.
  const headers = Object.create(null) as Record<string, Buffer | null | (Buffer | null)[]>;
  for (let i = 0; i < count; i += 1) {
    const name = readBytes()?.toString() ?? '';
    const value = readBytes();
    const earlier = headers[name];
    if (earlier === undefined) headers[name] = value;
    else headers[name] = Array.isArray(earlier) ? [...earlier, value] : [earlier, value];
  }
  return headers;
}

interface PartitionData {
  readonly partition: number;
  readonly highWatermark: string;
  readonly lastStableOffset?: string;
  readonly abortedTransactions:
    readonly { readonly firstOffset: string; readonly producerId: string }[] | null;
  readonly messages: readonly DecodedMessage[] | FetchedRecords;
}

/** What kafkajs looks at of records that have no objects: how many they are, and the offsets of the first and the last. */
interface Ends {
  readonly length: number;
  readonly [index: number]: { readonly offset: number };
}

interface StockBatch {
  fetchedOffset: string;
  topic: string;
  partition: number;
  highWatermark: string;
  /** Where reading committed records ends as long as a transaction is open; stock kafkajs forgets it. */
  lastStableOffset?: string | undefined;
  rawMessages: readonly DecodedMessage[] | FetchedRecords;
  messagesWithinOffset: readonly DecodedMessage[] | Ends;
  messages: readonly DecodedMessage[] | Ends;
  /** The committed records, where they were located and not decoded. */
  packed?: PackedRecords;
  /** Of the last whole record batch, be it that compaction left no record in it; null where none came, or where it is not known. */
  lastBatchOffset: number | null;
  firstOffset(): string | number | null;
  lastOffset(): string | number;
  isEmptyDueToFiltering(): boolean;
}

const Batch = require(BATCH) as new (topic: string, fetchedOffset: string, data: PartitionData) => StockBatch;
export { Batch as StockBatch };
const stockBatch = Batch.prototype as StockBatch;

const filterAbortedMessages = require('kafkajs/src/consumer/filterAbortedMessages.js') as (options: {
  messages: readonly DecodedMessage[];
  abortedTransactions: PartitionData['abortedTransactions'];
}) => readonly DecodedMessage[];

/* oxlint-disable oxc/no-this-in-exported-function -- a constructor, as kafkajs's own is */
/** kafkajs's batch, with its messages cut at the fetched offset without a look at each of them. */
export function FastBatch(this: StockBatch, topic: string, fetchedOffset: string, data: PartitionData): void {
  const { messages, abortedTransactions } = data;
  const from = Number(fetchedOffset);
  this.fetchedOffset = fetchedOffset;
  this.topic = topic;
  this.partition = data.partition;
  this.highWatermark = data.highWatermark;
  this.lastStableOffset = data.lastStableOffset;
  this.rawMessages = messages;
  this.lastBatchOffset = null;
  // By what it has and not by its class: where this module was loaded twice, the other one's decoder may have made it.
  if ('batches' in messages) {
    const { offsets } = messages.records;
    this.lastBatchOffset = messages.batches.at(-1)?.lastOffset ?? null;
    this.messagesWithinOffset = endsOf(offsets.subarray(firstNotBefore(offsets, from)));
    this.packed = committedRecords(messages, abortedTransactions, from);
    this.messages = endsOf(this.packed.offsets);
    // Without records kafkajs reads on, and gives the batch to nobody.
    if (this.packed.count > 0) hold(this.packed.bytes);
    return;
  }
  let first = 0;
  while (first < messages.length && (messages[first]?.offset ?? 0) < from) first += 1;
  const within = first === 0 ? messages : messages.slice(first);
  this.messagesWithinOffset = within;
  this.messages = filterAbortedMessages({ messages: within, abortedTransactions }).filter(
    (message) => !message.isControlRecord,
  );
}

function firstNotBefore(offsets: Float64Array, from: number): number {
  let first = 0;
  while (first < offsets.length && offsets[first]! < from) first += 1;
  return first;
}

function endsOf(offsets: Float64Array): Ends {
  const last = offsets.length - 1;
  return last < 0
    ? { length: 0 }
    : { length: last + 1, 0: { offset: offsets[0]! }, [last]: { offset: offsets[last]! } };
}

// Compaction leaves batches without records, and records that end before their batch does. kafkajs asks for the first kind again and again, and
// goes through the offsets behind the second one by one. What it asks a batch for is decimal text, as ever.
FastBatch.prototype = Object.create(Batch.prototype as object, {
  firstOffset: {
    value(this: StockBatch): string | null {
      const first = stockBatch.firstOffset.call(this);
      if (first !== null) return String(first);
      return this.lastBatchOffset === null ? null : this.fetchedOffset;
    },
  },
  lastOffset: {
    value(this: StockBatch): string {
      if (this.lastBatchOffset === null) return String(stockBatch.lastOffset.call(this));
      return String(Math.max(this.lastBatchOffset, Number(this.fetchedOffset)));
    },
  },
  isEmptyDueToFiltering: {
    value(this: StockBatch): boolean {
      return this.lastBatchOffset === null
        ? stockBatch.isEmptyDueToFiltering.call(this)
        : this.messages.length === 0;
    },
  },
}) as object;

replaceInKafkajs(RECORD_DECODER, decodeRecord);
replaceInKafkajs(BATCH, FastBatch);
