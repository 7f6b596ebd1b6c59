/**
 * Encoding of produce requests in place of kafkajs's own, which makes an encoder of every record and copies each value some eight
 * times on its way into the request (into the record, its batch, the batch's body, the partition, the topic …): two thirds of
 * what a stage spends on sending. Here the sizes are added up first and everything is written once, with room in front for the
 * head of the request. The bytes are the same. To be imported before kafkajs. `TOLLSTREAM_KAFKAJS_STOCK=1` leaves kafkajs
 * as it came.
 */
import { createRequire } from 'node:module';
import { crc32c } from '@node-rs/crc32';
import { replaceInKafkajs } from './replace-in-kafkajs.ts';

const require = createRequire(import.meta.url);
const PRODUCE = 'kafkajs/src/protocol/requests/produce/v3/request.js';
const REQUEST = 'kafkajs/src/protocol/request.js';
const GROUP = 'kafkajs/src/producer/groupMessagesPerPartition.js';

const NO_COMPRESSION = 0;
const MAGIC = 2;
const IN_TRANSACTION = 16;
/** From the offset to the count of the records. */
const BATCH_HEAD_BYTES = 61;
/** Where in the head the length, the checksum and what the checksum covers stand. */
const LENGTH_AT = 8;
const CHECKSUM_AT = 17;
const CHECKSUM_FROM = 21;

export interface ProducedMessage {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, Buffer | string | readonly (Buffer | string)[]>>;
  readonly timestamp?: string;
}

/** Text as the broker's answer is read, the number -1 of a producer without an id, or kafkajs's own `Long`. */
type Int64 = string | number | { readonly value: bigint };

export interface ProduceRequest {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  readonly producerId?: Int64;
  readonly producerEpoch?: number;
  readonly compression?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence?: number;
      readonly messages: readonly ProducedMessage[];
    }[];
  }[];
}

interface Encoded {
  /** Stock encoders have both; `buf` is what kafkajs knows them by. */
  readonly buf: Buffer;
  readonly buffer: Buffer;
  size(): number;
}

interface Request {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly expectResponse?: () => boolean;
  readonly encode: () => Promise<Encoded>;
}

/** kafkajs's own: the oracles of the tests. */
export const stockProduceRequest = require(PRODUCE) as (request: ProduceRequest) => Request;
export const stockCreateRequest = require(REQUEST) as CreateRequest;
export const stockGroupMessages = require(GROUP) as GroupMessages;

export function produceRequest(request: ProduceRequest): Request {
  const stock = stockProduceRequest(request);
  if ((request.compression ?? NO_COMPRESSION) !== NO_COMPRESSION) return stock;
  return { ...stock, encode: () => Promise.resolve(encodeProduce(request)) };
}

/** Room before the body for the request's head, whose client id is as long as this at most. */
const HEAD_BYTES_MAX = 512;

/** A body with room for its head in front of it. */
class RoomyBody implements Encoded {
  readonly buf: Buffer;
  readonly isRoomy = true;

  constructor(buf: Buffer) {
    this.buf = buf;
  }

  get buffer(): Buffer {
    return this.buf.subarray(HEAD_BYTES_MAX);
  }

  size(): number {
    return this.buf.length - HEAD_BYTES_MAX;
  }
}

type CreateRequest = (options: {
  correlationId: number;
  clientId: string;
  request: Pick<Request, 'apiKey' | 'apiVersion' | 'encode'>;
}) => Promise<Pick<Encoded, 'buffer' | 'size'>>;

/** Puts the head before the body: length, api key, api version, correlation id, client id. */
export const createRequest: CreateRequest = async ({ correlationId, clientId, request }) => {
  const payload = await request.encode();
  const clientIdBytes = Buffer.byteLength(clientId);
  const headBytes = 4 + 2 + 2 + 4 + 2 + clientIdBytes;
  let whole: Buffer;
  if ('isRoomy' in payload && headBytes <= HEAD_BYTES_MAX) {
    whole = payload.buf.subarray(HEAD_BYTES_MAX - headBytes);
  } else {
    whole = Buffer.allocUnsafe(headBytes + payload.size());
    payload.buffer.copy(whole, headBytes);
  }
  whole.writeInt32BE(whole.length - 4, 0);
  whole.writeInt16BE(request.apiKey, 4);
  whole.writeInt16BE(request.apiVersion, 6);
  whole.writeInt32BE(correlationId, 8);
  whole.writeInt16BE(clientIdBytes, 12);
  whole.write(clientId, 14);
  return { buffer: whole, size: () => whole.length };
};

let bytes: Buffer = Buffer.alloc(0);
let at = 0;

function encodeProduce(request: ProduceRequest): RoomyBody {
  const { acks, timeout, transactionalId = null, topicData } = request;
  const batches = topicData.map(({ partitions }) => partitions.map(({ messages }) => measure(messages)));
  let size = HEAD_BYTES_MAX + sizeOfString(transactionalId) + 2 + 4 + 4;
  topicData.forEach(({ topic }, i) => {
    size += sizeOfString(topic) + 4;
    for (const batch of batches[i] ?? []) size += 4 + 4 + BATCH_HEAD_BYTES + batch.bytes;
  });
  bytes = Buffer.allocUnsafeSlow(size);
  at = HEAD_BYTES_MAX;
  writeString(transactionalId);
  writeInt16(acks);
  writeInt32(timeout);
  writeInt32(topicData.length);
  topicData.forEach(({ topic, partitions }, i) => {
    writeString(topic);
    writeInt32(partitions.length);
    partitions.forEach((data, j) => writeBatch(request, data, batches[i]![j]!));
  });
  const body = new RoomyBody(bytes);
  if (at !== size) throw new Error(`A produce request of ${size} bytes was written with ${at}.`);
  bytes = NOTHING;
  return body;
}

const NOTHING = Buffer.alloc(0);

/** What is known of a record batch before it is written. */
interface Measured {
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  readonly now: number;
  /** Bytes of each record behind its own length, and of all with their lengths. */
  readonly bodies: readonly number[];
  readonly bytes: number;
}

function measure(messages: readonly ProducedMessage[]): Measured {
  const now = Date.now();
  let first = Infinity;
  let max = -Infinity;
  for (const { timestamp } of messages) {
    if (timestamp === undefined || timestamp === null) continue;
    first = Math.min(first, Number(timestamp));
    max = Math.max(max, Number(timestamp));
  }
  const firstTimestamp = first === Infinity ? now : first;
  let total = 0;
  const bodies = messages.map(({ key, value, headers, timestamp }, i) => {
    const body =
      1 +
      sizeOfVarint(deltaOf(timestamp, now, firstTimestamp)) +
      sizeOfVarint(i) +
      sizeOfBytes(key) +
      sizeOfBytes(value) +
      sizeOfHeaders(headers);
    total += sizeOfVarint(body) + body;
    return body;
  });
  return { firstTimestamp, maxTimestamp: max === -Infinity ? now : max, now, bodies, bytes: total };
}

function deltaOf(timestamp: string | undefined, now: number, first: number): number {
  return (timestamp ? Number(timestamp) : now) - first;
}

function writeBatch(
  { transactionalId, producerId, producerEpoch = 0 }: ProduceRequest,
  data: ProduceRequest['topicData'][number]['partitions'][number],
  measured: Measured,
): void {
  const { partition, firstSequence = 0, messages } = data;
  const { firstTimestamp, maxTimestamp, now, bodies } = measured;
  const batchBytes = BATCH_HEAD_BYTES + measured.bytes;
  writeInt32(partition);
  writeInt32(batchBytes);
  const start = at;
  writeInt64(0n);
  writeInt32(batchBytes - LENGTH_AT - 4);
  writeInt32(0);
  bytes[at++] = MAGIC;
  at += 4;
  writeInt16(transactionalId ? IN_TRANSACTION : 0);
  writeInt32(messages.length - 1);
  writeInt64(BigInt(firstTimestamp));
  writeInt64(BigInt(maxTimestamp));
  writeInt64(producerId === undefined ? -1n : bigOf(producerId));
  writeInt16(producerEpoch);
  writeInt32(firstSequence);
  writeInt32(messages.length);
  for (let i = 0; i < messages.length; i += 1) {
    const { key, value, headers, timestamp } = messages[i]!;
    writeVarint(bodies[i]!);
    bytes[at++] = 0;
    writeVarint(deltaOf(timestamp, now, firstTimestamp));
    writeVarint(i);
    writeBytes(key);
    writeBytes(value);
    writeHeaders(headers);
  }
  bytes.writeUInt32BE(crc32c(bytes.subarray(start + CHECKSUM_FROM, at)), start + CHECKSUM_AT);
}

function bigOf(value: Int64): bigint {
  return typeof value === 'object' ? value.value : BigInt(value);
}

/** Every header with each of its values. */
function* headersOf(
  headers: NonNullable<ProducedMessage['headers']>,
): Generator<readonly [name: string, value: Buffer | string]> {
  for (const name of Object.keys(headers)) {
    const value = headers[name]!;
    if (typeof value === 'string' || Buffer.isBuffer(value)) yield [name, value];
    else for (const each of value) yield [name, each];
  }
}

function sizeOfHeaders(headers: ProducedMessage['headers']): number {
  if (headers === undefined) return 1;
  let size = 0;
  let count = 0;
  for (const [name, value] of headersOf(headers)) {
    size += sizeOfBytes(name) + sizeOfBytes(value);
    count += 1;
  }
  return sizeOfVarint(count) + size;
}

function writeHeaders(headers: ProducedMessage['headers']): void {
  if (headers === undefined) {
    bytes[at++] = 0;
    return;
  }
  const all = [...headersOf(headers)];
  writeVarint(all.length);
  for (const [name, value] of all) {
    writeBytes(name);
    writeBytes(value);
  }
}

function sizeOfString(text: string | null): number {
  return 2 + (text === null ? 0 : Buffer.byteLength(text));
}

function writeString(text: string | null): void {
  writeInt16(text === null ? -1 : Buffer.byteLength(text));
  if (text !== null) at += bytes.write(text, at);
}

function sizeOfBytes(value: Buffer | string | null | undefined): number {
  if (value === null || value === undefined) return 1;
  const size = typeof value === 'string' ? Buffer.byteLength(value) : value.length;
  return sizeOfVarint(size) + size;
}

function writeBytes(value: Buffer | string | null | undefined): void {
  if (value === null || value === undefined) {
    writeVarint(-1);
  } else if (typeof value === 'string') {
    writeVarint(Buffer.byteLength(value));
    at += bytes.write(value, at);
  } else {
    writeVarint(value.length);
    bytes.set(value, at);
    at += value.length;
  }
}

function writeInt16(value: number): void {
  at = bytes.writeInt16BE(value, at);
}

function writeInt32(value: number): void {
  at = bytes.writeInt32BE(value, at);
}

function writeInt64(value: bigint): void {
  at = bytes.writeBigInt64BE(value, at);
}

/** Zigzag, exact below 2^52. */
function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = zigzag(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

function writeVarint(value: number): void {
  let rest = zigzag(value);
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80;
  bytes[at++] = rest;
}

type GroupMessages = (options: {
  topic: string;
  partitionMetadata: readonly unknown[];
  messages: readonly ProducedMessage[];
  partitioner: (args: {
    topic: string;
    partitionMetadata: readonly unknown[];
    message: ProducedMessage;
  }) => number;
}) => Record<number, ProducedMessage[]>;

/** The stock one copies all messages of a partition for each of them. */
export const groupMessages: GroupMessages = ({ topic, partitionMetadata, messages, partitioner }) => {
  const grouped: Record<number, ProducedMessage[]> = {};
  if (partitionMetadata.length === 0) return grouped;
  for (const message of messages) {
    (grouped[partitioner({ topic, partitionMetadata, message })] ??= []).push(message);
  }
  return grouped;
};

replaceInKafkajs(PRODUCE, produceRequest);
replaceInKafkajs(REQUEST, createRequest);
replaceInKafkajs(GROUP, groupMessages);
