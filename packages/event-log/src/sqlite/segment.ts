/**
 * A segment: the records of one commit to one partition, packed into one blob, so that appending a record costs a copy of
 * its bytes and not a row. Numbers are little-endian; `n` = record count; offsets follow from the row's first offset.
 *
 *   0        4        8        12             16
 *   | 'TSG1' | count  | flags  | header bytes | timestamps | key lengths | value lengths | header index | headers | data ...
 *                                               f64 × 1|n    u32 × 0|n     u32 × n         u32 × 0|n      JSON      key value key value
 *
 * Length 0xFFFFFFFF says null. `headers` is a JSON array of the distinct header objects; producers that pass one object for
 * all records of a commit get one entry and no index.
 */
import type { LogRecord, Offset, OutputRecord, RecordHeaders } from '../port.ts';

const MAGIC = 0x3147_5354;
const FIXED_BYTES = 16;
const NULL_LENGTH = 0xffff_ffff;
const HAS_TIMESTAMPS = 1;
const HAS_KEYS = 2;
const HAS_HEADER_INDEX = 4;

/** A segment is closed once its keys and values take this many bytes. One record is never split. */
export const SEGMENT_BYTES_MAX = 4 * 1024 * 1024;
const SEGMENT_RECORDS_MAX = 65_536;

export interface Segment {
  readonly count: number;
  readonly bytes: Buffer;
}

/** Packs records, in order, into as many segments as the size limit asks for. */
export function packSegments(records: readonly OutputRecord[], nowMs: number): Segment[] {
  const segments: Segment[] = [];
  let from = 0;
  while (from < records.length) {
    const to = endOfSegment(records, from);
    segments.push(packSegment(records.slice(from, to), nowMs));
    from = to;
  }
  return segments;
}

function endOfSegment(records: readonly OutputRecord[], from: number): number {
  const most = Math.min(records.length, from + SEGMENT_RECORDS_MAX);
  let bytes = 0;
  let to = from;
  while (to < most && (to === from || bytes < SEGMENT_BYTES_MAX)) {
    bytes += records[to]?.value?.length ?? 0;
    to += 1;
  }
  return to;
}

function packSegment(records: readonly OutputRecord[], nowMs: number): Segment {
  const count = records.length;
  const keyLengths = new Uint32Array(count);
  const valueLengths = new Uint32Array(count);
  const headers = new HeaderTable(count);
  let dataBytes = 0;
  let hasKeys = false;
  let hasTimestamps = false;
  for (let i = 0; i < count; i += 1) {
    const { key, value, headers: recordHeaders, timestampMs } = records[i] as OutputRecord;
    if (key === null || key === undefined) {
      keyLengths[i] = NULL_LENGTH;
    } else {
      hasKeys = true;
      const length = typeof key === 'string' ? Buffer.byteLength(key) : key.length;
      keyLengths[i] = length;
      dataBytes += length;
    }
    valueLengths[i] = value === null ? NULL_LENGTH : value.length;
    dataBytes += value?.length ?? 0;
    if (timestampMs !== undefined) hasTimestamps = true;
    headers.add(i, recordHeaders);
  }

  const headerBytes = Buffer.from(headers.json());
  const timestampCount = hasTimestamps ? count : 1;
  const indexCount = (hasKeys ? count : 0) + count + (headers.isShared ? 0 : count);
  const bytes = Buffer.allocUnsafeSlow(
    FIXED_BYTES + timestampCount * 8 + indexCount * 4 + headerBytes.length + dataBytes,
  );
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(count, 4);
  bytes.writeUInt32LE(
    (hasTimestamps ? HAS_TIMESTAMPS : 0) |
      (hasKeys ? HAS_KEYS : 0) |
      (headers.isShared ? 0 : HAS_HEADER_INDEX),
    8,
  );
  bytes.writeUInt32LE(headerBytes.length, 12);
  let at = FIXED_BYTES;
  const timestamps = new Float64Array(bytes.buffer, at, timestampCount).fill(nowMs);
  if (hasTimestamps) {
    for (let i = 0; i < count; i += 1) timestamps[i] = records[i]?.timestampMs ?? nowMs;
  }
  at += timestampCount * 8;
  const columns = [
    ...(hasKeys ? [keyLengths] : []),
    valueLengths,
    ...(headers.isShared ? [] : [headers.index]),
  ];
  for (const column of columns) {
    new Uint32Array(bytes.buffer, at, count).set(column);
    at += count * 4;
  }
  at += headerBytes.copy(bytes, at);
  for (let i = 0; i < count; i += 1) {
    const { key, value } = records[i] as OutputRecord;
    if (typeof key === 'string') {
      at += bytes.write(key, at);
    } else if (key) {
      bytes.set(key, at);
      at += key.length;
    }
    if (value) {
      bytes.set(value, at);
      at += value.length;
    }
  }
  return { count, bytes };
}

/** Distinct header objects of a segment, recognised by identity first: the usual producer passes one object. */
class HeaderTable {
  readonly index: Uint32Array;
  readonly #distinct: (RecordHeaders | null)[] = [];
  readonly #byIdentity = new Map<RecordHeaders | null, number>();
  readonly #byContent = new Map<string, number>();
  #last: RecordHeaders | null | undefined;
  #lastIndex = 0;

  constructor(count: number) {
    this.index = new Uint32Array(count);
  }

  get isShared(): boolean {
    return this.#distinct.length === 1;
  }

  add(record: number, given: RecordHeaders | undefined): void {
    const headers = given ?? null;
    if (headers !== this.#last) {
      this.#last = headers;
      this.#lastIndex = this.#byIdentity.get(headers) ?? this.#addByContent(headers);
    }
    this.index[record] = this.#lastIndex;
  }

  json(): string {
    return JSON.stringify(this.#distinct);
  }

  #addByContent(headers: RecordHeaders | null): number {
    const content = JSON.stringify(headers);
    let index = this.#byContent.get(content);
    if (index === undefined) {
      index = this.#distinct.length;
      this.#distinct.push(headers);
      this.#byContent.set(content, index);
    }
    this.#byIdentity.set(headers, index);
    return index;
  }
}

/** Reads a segment's records forward, without unpacking those that are not asked for. */
export class SegmentReader {
  readonly #bytes: Buffer;
  readonly #firstOffset: Offset;
  readonly #count: number;
  readonly #timestamps: Float64Array;
  readonly #keyLengths: Uint32Array | null;
  readonly #valueLengths: Uint32Array;
  readonly #headerIndex: Uint32Array | null;
  readonly #headers: readonly (RecordHeaders | null)[];
  #record = 0;
  #at: number;

  /** @throws {RangeError} when the bytes are no segment */
  constructor(blob: Uint8Array, firstOffset: Offset) {
    // Typed arrays over the blob need it to start at an aligned address.
    const aligned = blob.byteOffset % 8 === 0 ? blob : new Uint8Array(blob);
    const bytes = Buffer.from(aligned.buffer, aligned.byteOffset, aligned.byteLength);
    if (bytes.length < FIXED_BYTES || bytes.readUInt32LE(0) !== MAGIC) throw new RangeError('Not a segment.');
    const count = bytes.readUInt32LE(4);
    const flags = bytes.readUInt32LE(8);
    let at = FIXED_BYTES;
    const timestampCount = flags & HAS_TIMESTAMPS ? count : 1;
    this.#timestamps = new Float64Array(bytes.buffer, bytes.byteOffset + at, timestampCount);
    at += timestampCount * 8;
    const column = (): Uint32Array => {
      const lengths = new Uint32Array(bytes.buffer, bytes.byteOffset + at, count);
      at += count * 4;
      return lengths;
    };
    this.#keyLengths = flags & HAS_KEYS ? column() : null;
    this.#valueLengths = column();
    this.#headerIndex = flags & HAS_HEADER_INDEX ? column() : null;
    const headerEnd = at + bytes.readUInt32LE(12);
    this.#headers = JSON.parse(bytes.toString('utf8', at, headerEnd)) as (RecordHeaders | null)[];
    this.#at = headerEnd;
    this.#bytes = bytes;
    this.#firstOffset = firstOffset;
    this.#count = count;
  }

  /** Offset of the record that `next` gives; the segment's next offset at its end. */
  get offset(): Offset {
    return this.#firstOffset + this.#record;
  }

  get isAtEnd(): boolean {
    return this.#record >= this.#count;
  }

  skipTo(offset: Offset): void {
    while (!this.isAtEnd && this.offset < offset) {
      const keyLength = this.#keyLengths?.[this.#record] ?? NULL_LENGTH;
      const valueLength = this.#valueLengths[this.#record] ?? NULL_LENGTH;
      this.#at +=
        (keyLength === NULL_LENGTH ? 0 : keyLength) + (valueLength === NULL_LENGTH ? 0 : valueLength);
      this.#record += 1;
    }
  }

  next(): LogRecord {
    const record = this.#record;
    const offset = this.#firstOffset + record;
    const key = this.#take(this.#keyLengths === null ? NULL_LENGTH : (this.#keyLengths[record] as number));
    const value = this.#take(this.#valueLengths[record] as number);
    const timestampMs = this.#timestamps[this.#timestamps.length === 1 ? 0 : record] as number;
    const headers = this.#headers[this.#headerIndex === null ? 0 : (this.#headerIndex[record] as number)];
    this.#record += 1;
    return headers ? { offset, key, value, timestampMs, headers } : { offset, key, value, timestampMs };
  }

  #take(length: number): Buffer | null {
    if (length === NULL_LENGTH) return null;
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }
}
