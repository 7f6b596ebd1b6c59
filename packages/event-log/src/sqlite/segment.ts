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
import { type HeaderRun, PackedRecords, PLACES, addToRuns } from '../packed-records.ts';
import { releaseMemory } from '../release-memory.ts';
import type { PackedOutputs } from '../packed-outputs.ts';
import type { Offset, OutputRecord, RecordHeaders } from '../port.ts';
import type { ReadLimits } from '../local/local-store.ts';

const MAGIC = 0x3147_5354;
const FIXED_BYTES = 16;
const NULL_LENGTH = 0xffff_ffff;
const HAS_TIMESTAMPS = 1;
const HAS_KEYS = 2;
const HAS_HEADER_INDEX = 4;

/** A segment is closed once its keys and values take this many bytes. One record is never split. */
export const SEGMENT_BYTES_MAX = 4 * 1024 * 1024;
const SEGMENT_RECORDS_MAX = 65_536;
/** Memory kept for packing; one larger record gets its own. */
const WORK_BYTES_MAX = 2 * SEGMENT_BYTES_MAX;

export interface Segment {
  readonly count: number;
  readonly bytes: Buffer;
}

/**
 * Packs records, in order, into as many segments as the size limit asks for. The bytes of one are good until the next is asked for:
 * SQLite copies what it is given, and memory that is used again costs neither the kernel nor the garbage collector.
 */
export function* packSegments(
  records: readonly OutputRecord[],
  nowMs: number,
): Generator<Segment, void, void> {
  let from = 0;
  while (from < records.length) {
    const to = endOfSegment(from, records.length, (i) => records[i]?.value?.length ?? 0);
    yield packSegment(from === 0 && to === records.length ? records : records.slice(from, to), nowMs);
    from = to;
  }
}

/** As `packSegments`, of outputs that stand side by side already: their bytes are copied at once. */
export function* packOutputs(outputs: PackedOutputs, nowMs: number): Generator<Segment, void, void> {
  const { headers, keyLengths, valueLengths, count } = outputs;
  const headerJson = JSON.stringify([headers ?? null]);
  const timestamps = new Float64Array(1).fill(nowMs);
  let from = 0;
  let start = 0;
  while (from < count) {
    const to = endOfSegment(from, count, (i) => valueLengths[i]!);
    let end = start;
    for (let i = from; i < to; i += 1) end += keyLengths[i]! + valueLengths[i]!;
    const { bytes, dataStart } = layOut({
      count: to - from,
      timestamps,
      keyLengths: keyLengths.subarray(from, to),
      valueLengths: valueLengths.subarray(from, to),
      headerIndex: null,
      headerJson,
      dataBytes: end - start,
    });
    outputs.bytes.copy(bytes, dataStart, start, end);
    yield { count: to - from, bytes };
    from = to;
    start = end;
  }
}

function endOfSegment(from: number, count: number, valueLength: (record: number) => number): number {
  const most = Math.min(count, from + SEGMENT_RECORDS_MAX);
  let bytes = 0;
  let to = from;
  while (to < most && (to === from || bytes < SEGMENT_BYTES_MAX)) {
    bytes += valueLength(to);
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

  const timestamps = new Float64Array(hasTimestamps ? count : 1).fill(nowMs);
  if (hasTimestamps) {
    for (let i = 0; i < count; i += 1) timestamps[i] = records[i]?.timestampMs ?? nowMs;
  }
  const { bytes, dataStart } = layOut({
    count,
    timestamps,
    keyLengths: hasKeys ? keyLengths : null,
    valueLengths,
    headerIndex: headers.isShared ? null : headers.index,
    headerJson: headers.json(),
    dataBytes,
  });
  let at = dataStart;
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

/** Writes all of a segment but its keys and values, for which there is room from `dataStart` on. */
function layOut(parts: {
  readonly count: number;
  /** One for each record, or one of all. */
  readonly timestamps: Float64Array;
  readonly keyLengths: Uint32Array | null;
  readonly valueLengths: Uint32Array;
  readonly headerIndex: Uint32Array | null;
  readonly headerJson: string;
  readonly dataBytes: number;
}): { readonly bytes: Buffer; readonly dataStart: number } {
  const { count, timestamps, keyLengths, valueLengths, headerIndex, dataBytes } = parts;
  const headerBytes = Buffer.from(parts.headerJson);
  const columns = [keyLengths, valueLengths, headerIndex].filter((column) => column !== null);
  const columnBytes = timestamps.byteLength + columns.length * count * 4;
  const bytes = workspace(FIXED_BYTES + columnBytes + headerBytes.length + dataBytes);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(count, 4);
  bytes.writeUInt32LE(
    (timestamps.length > 1 ? HAS_TIMESTAMPS : 0) |
      (keyLengths === null ? 0 : HAS_KEYS) |
      (headerIndex === null ? 0 : HAS_HEADER_INDEX),
    8,
  );
  bytes.writeUInt32LE(headerBytes.length, 12);
  let at = FIXED_BYTES;
  new Float64Array(bytes.buffer, at, timestamps.length).set(timestamps);
  at += timestamps.byteLength;
  for (const column of columns) {
    new Uint32Array(bytes.buffer, at, count).set(column);
    at += column.byteLength;
  }
  at += headerBytes.copy(bytes, at);
  return { bytes, dataStart: at };
}

let work = Buffer.alloc(0);

/** Memory for one segment, of the length that it has; what stood there is overwritten. Most are as large as the limit lets them be. */
function workspace(length: number): Buffer {
  if (length > WORK_BYTES_MAX) return Buffer.allocUnsafeSlow(length);
  if (length > work.length)
    work = Buffer.allocUnsafeSlow(Math.min(WORK_BYTES_MAX, Math.max(length, 2 * work.length)));
  return work.subarray(0, length);
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
  readonly #timestamps: Float64Array<ArrayBuffer>;
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
    this.#timestamps = new Float64Array(bytes.buffer as ArrayBuffer, bytes.byteOffset + at, timestampCount);
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

  /** Offset of the record that is read next; the segment's next offset at its end. */
  get offset(): Offset {
    return this.#firstOffset + this.#record;
  }

  get isAtEnd(): boolean {
    return this.#record >= this.#count;
  }

  /** Gives the segment's memory back: what was read of it must not be looked at any more. */
  release(): void {
    releaseMemory(this.#bytes);
  }

  skipTo(offset: Offset): void {
    while (!this.isAtEnd && this.offset < offset) {
      this.#at += this.#keyLength(this.#record) + this.#valueLength(this.#record);
      this.#record += 1;
    }
  }

  /** The next records, as they lie here: those before `to`, until there are as many or their keys and values as long as asked for. */
  read(limits: ReadLimits): PackedRecords {
    const first = this.#record;
    const start = this.#at;
    const most = Math.min(this.#count, first + limits.recordsMax, limits.to - this.#firstOffset);
    while (this.#record < most && this.#at - start < limits.bytesMax) {
      this.#at += this.#keyLength(this.#record) + this.#valueLength(this.#record);
      this.#record += 1;
    }
    const count = this.#record - first;
    const offsets = new Float64Array(count);
    const places = new Int32Array(count * PLACES);
    let at = 0;
    for (let i = 0; i < count; i += 1) {
      const record = first + i;
      offsets[i] = this.#firstOffset + record;
      const isKeyNull = this.#keyLengths === null || this.#keyLengths[record] === NULL_LENGTH;
      const isValueNull = this.#valueLengths[record] === NULL_LENGTH;
      places[i * PLACES] = isKeyNull ? -1 : at;
      at += this.#keyLength(record);
      places[i * PLACES + 1] = at;
      places[i * PLACES + 2] = isValueNull ? -1 : at;
      at += this.#valueLength(record);
      places[i * PLACES + 3] = at;
    }
    return new PackedRecords({
      bytes: this.#bytes.subarray(start, this.#at),
      offsets,
      timestamps:
        this.#timestamps.length === 1
          ? new Float64Array(count).fill(this.#timestamps[0]!)
          : this.#timestamps.slice(first, this.#record),
      places,
      headerRuns: this.#headerRuns(first, count),
    });
  }

  #headerRuns(first: number, count: number): HeaderRun[] {
    if (count === 0) return [];
    if (this.#headerIndex === null) return [{ headers: this.#headers[0] ?? undefined, end: count }];
    const runs: HeaderRun[] = [];
    for (let i = 0; i < count; i += 1)
      addToRuns(runs, this.#headers[this.#headerIndex[first + i]!] ?? undefined, i + 1);
    return runs;
  }

  #keyLength(record: number): number {
    const length = this.#keyLengths === null ? NULL_LENGTH : this.#keyLengths[record]!;
    return length === NULL_LENGTH ? 0 : length;
  }

  #valueLength(record: number): number {
    const length = this.#valueLengths[record]!;
    return length === NULL_LENGTH ? 0 : length;
  }
}
