/**
 * Records of one partition as they lie in the bytes they came in. A log that has its records so hands them on in this form too: a
 * stage that reads millions of small ones makes no object for any of them.
 */
import type { LogRecord, Offset, RecordBatch, RecordHeaders } from './port.ts';

/** Records of one producer carry equal headers mostly: runs of records that share one headers object; `end` is the index behind. */
export interface HeaderRun {
  readonly headers: RecordHeaders | undefined;
  end: number;
}

export interface PackedColumns {
  readonly bytes: Buffer;
  readonly offsets: Float64Array<ArrayBuffer>;
  readonly timestamps: Float64Array<ArrayBuffer>;
  /** Four places in `bytes` for each record: key start, key end, value start, value end; start -1 = null. */
  readonly places: Int32Array<ArrayBuffer>;
  readonly headerRuns: readonly HeaderRun[];
}

/** Places of a record. */
export const PLACES = 4;

export class PackedRecords implements PackedColumns {
  readonly bytes: Buffer;
  readonly offsets: Float64Array<ArrayBuffer>;
  readonly timestamps: Float64Array<ArrayBuffer>;
  readonly places: Int32Array<ArrayBuffer>;
  readonly headerRuns: readonly HeaderRun[];

  constructor(columns: PackedColumns) {
    this.bytes = columns.bytes;
    this.offsets = columns.offsets;
    this.timestamps = columns.timestamps;
    this.places = columns.places;
    this.headerRuns = columns.headerRuns;
  }

  get count(): number {
    return this.offsets.length;
  }

  /** -1 when the record has no value. */
  valueStart(index: number): number {
    return this.places[index * PLACES + 2]!;
  }

  valueEnd(index: number): number {
    return this.places[index * PLACES + 3]!;
  }

  /** The record as an object; its key and value are views. */
  record(index: number, headers: RecordHeaders | undefined): LogRecord {
    const offset = this.offsets[index]!;
    const key = this.#view(index * PLACES);
    const value = this.#view(index * PLACES + 2);
    const timestampMs = this.timestamps[index]!;
    return headers === undefined
      ? { offset, key, value, timestampMs }
      : { offset, key, value, timestampMs, headers };
  }

  /** All records as objects. */
  records(): LogRecord[] {
    const records: LogRecord[] = [];
    for (const { headers, end } of this.headerRuns)
      for (let i = records.length; i < end; i += 1) records.push(this.record(i, headers));
    return records;
  }

  /** The records from one index up to another. */
  slice(from: number, to: number): PackedRecords {
    if (from === 0 && to === this.count) return this;
    return new PackedRecords({
      bytes: this.bytes,
      offsets: this.offsets.subarray(from, to),
      timestamps: this.timestamps.subarray(from, to),
      places: this.places.subarray(from * PLACES, to * PLACES),
      headerRuns: this.headerRuns.flatMap(({ headers, end }, i) => {
        const begin = this.headerRuns[i - 1]?.end ?? 0;
        return end <= from || begin >= to ? [] : [{ headers, end: Math.min(end, to) - from }];
      }),
    });
  }

  /** The records of some ranges, which are in order and do not overlap. */
  select(ranges: readonly { readonly from: number; readonly to: number }[]): PackedRecords {
    const [first] = ranges;
    if (ranges.length <= 1) return this.slice(first?.from ?? 0, first?.to ?? 0);
    return chained(
      ranges.map(({ from, to }) => this.slice(from, to)),
      this.bytes,
      () => 0,
    );
  }

  #view(place: number): Buffer | null {
    const start = this.places[place]!;
    return start < 0 ? null : this.bytes.subarray(start, this.places[place + 1]);
  }
}

/** A batch of packed records: the objects are made when they are asked for. */
export class PackedBatch implements RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: Offset;
  readonly endOffset: Offset;
  readonly packed: PackedRecords;
  #records: readonly LogRecord[] | undefined;

  constructor(batch: Omit<RecordBatch, 'records' | 'packed'> & { readonly packed: PackedRecords }) {
    this.topic = batch.topic;
    this.partition = batch.partition;
    this.nextOffset = batch.nextOffset;
    this.endOffset = batch.endOffset;
    this.packed = batch.packed;
  }

  get records(): readonly LogRecord[] {
    return (this.#records ??= this.packed.records());
  }
}

/** How many records a batch has, without making an object for any. */
export function recordCount(batch: RecordBatch): number {
  return batch.packed === undefined ? batch.records.length : batch.packed.count;
}

/** Pieces one after the other, their bytes copied side by side; a piece alone is handed on as it is. */
export function joinRecords(pieces: readonly PackedRecords[]): PackedRecords {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  const starts: number[] = [];
  let length = 0;
  for (const { bytes } of pieces) {
    starts.push(length);
    length += bytes.length;
  }
  const bytes = Buffer.concat(
    pieces.map((piece) => piece.bytes),
    length,
  );
  return chained(pieces, bytes, (piece) => starts[piece]!);
}

/**
 * The records of all pieces, in order.
 * @param movedBy how far the bytes of a piece stand behind where its places say
 */
function chained(
  pieces: readonly PackedRecords[],
  bytes: Buffer,
  movedBy: (piece: number) => number,
): PackedRecords {
  const count = pieces.reduce((sum, piece) => sum + piece.count, 0);
  const offsets = new Float64Array(count);
  const timestamps = new Float64Array(count);
  const places = new Int32Array(count * PLACES);
  const headerRuns: HeaderRun[] = [];
  let at = 0;
  for (const [i, piece] of pieces.entries()) {
    offsets.set(piece.offsets, at);
    timestamps.set(piece.timestamps, at);
    movePlaces(piece.places, movedBy(i), places.subarray(at * PLACES));
    for (const { headers, end } of piece.headerRuns) addToRuns(headerRuns, headers, at + end);
    at += piece.count;
  }
  return new PackedRecords({ bytes, offsets, timestamps, places, headerRuns });
}

/** Records up to `end` have these headers: more of the last run, or a run of their own. */
export function addToRuns(runs: HeaderRun[], headers: RecordHeaders | undefined, end: number): void {
  const last = runs.at(-1);
  if (last !== undefined && last.headers === headers) last.end = end;
  else runs.push({ headers, end });
}

/** The same records in memory of their own, which can be handed to another thread: only the bytes that they take are copied. */
export function copyRecords({
  bytes,
  offsets,
  timestamps,
  places,
  headerRuns,
}: PackedRecords): PackedRecords {
  let start = bytes.length;
  let end = 0;
  for (let i = 0; i < places.length; i += 2) {
    if (places[i]! < 0) continue;
    start = Math.min(start, places[i]!);
    end = Math.max(end, places[i + 1]!);
  }
  const own = Buffer.allocUnsafeSlow(Math.max(0, end - start));
  bytes.copy(own, 0, start, end);
  const moved = new Int32Array(places.length);
  movePlaces(places, -start, moved);
  return new PackedRecords({
    bytes: own,
    offsets: offsets.slice(),
    timestamps: timestamps.slice(),
    places: moved,
    headerRuns,
  });
}

function movePlaces(from: Int32Array, by: number, to: Int32Array): void {
  for (let i = 0; i < from.length; i += 2) {
    const isNull = from[i]! < 0;
    to[i] = isNull ? -1 : from[i]! + by;
    to[i + 1] = isNull ? -1 : from[i + 1]! + by;
  }
}

/** Packs records that are at hand as objects, copying their keys and values side by side. */
export function packRecords(records: readonly LogRecord[]): PackedRecords {
  const offsets = new Float64Array(records.length);
  const timestamps = new Float64Array(records.length);
  const places = new Int32Array(records.length * PLACES);
  const headerRuns: HeaderRun[] = [];
  let size = 0;
  for (const { key, value } of records) size += (key?.length ?? 0) + (value?.length ?? 0);
  const bytes = Buffer.allocUnsafeSlow(size);
  let at = 0;
  const place = (index: number, piece: Buffer | null): void => {
    places[index] = piece === null ? -1 : at;
    if (piece !== null) {
      bytes.set(piece, at);
      at += piece.length;
    }
    places[index + 1] = at;
  };
  for (const [i, { key, value, offset, timestampMs, headers }] of records.entries()) {
    offsets[i] = offset;
    timestamps[i] = timestampMs;
    place(i * PLACES, key);
    place(i * PLACES + 2, value);
    addToRuns(headerRuns, headers, i + 1);
  }
  return new PackedRecords({ bytes, offsets, timestamps, places, headerRuns });
}
