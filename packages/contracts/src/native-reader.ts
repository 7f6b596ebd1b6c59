/**
 * Locates the columns of a ClickHouse Native block without copying them, and takes values out on demand.
 *
 * A LowCardinality(String) column lies as
 *
 *   ┌─────────┬─────────────────────┬───────────┬──────┬───────────┬─────────┐
 *   │ version │ flags │ index width │ key count │ keys │ row count │ indexes │
 *   └─────────┴─────────────────────┴───────────┴──────┴───────────┴─────────┘
 *      u64           u64                 u64    strings     u64     1…8 bytes each
 *
 * Bulk accessors (`uint8s`, `integers` …) decode a column once into a typed array: the way to read on a hot path.
 */
import { ContractError } from './errors.ts';
import type { KnownTexts } from './known-texts.ts';
import { layoutOf } from './native-types.ts';
import type { NativeLayout } from './native-types.ts';
import {
  HAS_ADDITIONAL_KEYS,
  LOW_CARDINALITY_VERSION,
  encodeBlockHead,
  lowCardinalityData,
} from './native-writer.ts';

const TWO_TO_32 = 4_294_967_296;
const NEED_GLOBAL_DICTIONARY = 1 << 8;

export interface LowCardinalityValues {
  readonly dictionary: readonly string[];
  readonly indexes: Uint8Array | Uint16Array | Uint32Array;
}

/** The same without a string for any key: of the keys only where their bytes stand. */
export interface LowCardinalityPlaces {
  readonly bytes: Buffer;
  /** Where the bytes of each key begin and end. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly indexes: Uint8Array | Uint16Array | Uint32Array;
}

interface LowCardinalityRange {
  readonly keyCount: number;
  readonly keysStart: number;
  readonly keysEnd: number;
  readonly indexWidth: 1 | 2 | 4;
  readonly indexesStart: number;
}

/** Of a column without rows. */
const NO_KEYS: LowCardinalityRange = {
  keyCount: 0,
  keysStart: 0,
  keysEnd: 0,
  indexWidth: 1,
  indexesStart: 0,
};

/** One column of a block: a view, nothing is decoded before it is asked for. */
export class NativeColumn {
  readonly name: string;
  readonly type: string;
  readonly rows: number;
  readonly layout: NativeLayout;
  readonly #block: Buffer;
  /** Byte range of name, type and data within the block, and where the data begins. */
  readonly #headStart: number;
  readonly #dataStart: number;
  readonly #end: number;
  readonly #lowCardinality: LowCardinalityRange | null;
  #halves: Uint32Array | null = null;
  #stringOffsets: Uint32Array | null = null;
  #lowCardinalityValues: LowCardinalityValues | null = null;
  #lowCardinalityPlaces: LowCardinalityPlaces | null = null;

  constructor(located: {
    name: string;
    type: string;
    rows: number;
    layout: NativeLayout;
    block: Buffer;
    headStart: number;
    dataStart: number;
    end: number;
    lowCardinality: LowCardinalityRange | null;
  }) {
    this.name = located.name;
    this.type = located.type;
    this.rows = located.rows;
    this.layout = located.layout;
    this.#block = located.block;
    this.#headStart = located.headStart;
    this.#dataStart = located.dataStart;
    this.#end = located.end;
    this.#lowCardinality = located.lowCardinality;
  }

  /** Name, type and data as they stand in the block. */
  encoded(): Buffer {
    return this.#block.subarray(this.#headStart, this.#end);
  }

  /** The data alone. */
  data(): Buffer {
    return this.#block.subarray(this.#dataStart, this.#end);
  }

  /** UInt8, Bool or Enum8, as a view. */
  uint8s(): Uint8Array {
    this.#expectWidth(1);
    return this.#block.subarray(this.#dataStart, this.#end);
  }

  uint16s(): Uint16Array {
    this.#expectWidth(2);
    return new Uint16Array(this.#alignedCopy());
  }

  uint32s(): Uint32Array {
    this.#expectWidth(4);
    return new Uint32Array(this.#alignedCopy());
  }

  /** The halves of 64-bit values, low then high; copied once. */
  halves(): Uint32Array {
    this.#expectWidth(8);
    return (this.#halves ??= new Uint32Array(this.#alignedCopy()));
  }

  /** UInt64, Int64, DateTime64 or Decimal(18, s) as exact numbers. The values must lie within ±2^53, which the writers assert. */
  integers(): Float64Array {
    const halves = this.halves();
    const values = new Float64Array(this.rows);
    const signed = this.layout.kind === 'fixed' && this.layout.signed;
    for (let row = 0; row < values.length; row++) {
      const high = halves[row * 2 + 1]!;
      values[row] = (signed ? high | 0 : high) * TWO_TO_32 + halves[row * 2]!;
    }
    return values;
  }

  /** One 64-bit value as an exact number. */
  integer(row: number): number {
    this.#expectWidth(8);
    this.#expectRow(row);
    const at = this.#dataStart + row * 8;
    const signed = this.layout.kind === 'fixed' && this.layout.signed;
    const high = signed ? this.#block.readInt32LE(at + 4) : this.#block.readUInt32LE(at + 4);
    return high * TWO_TO_32 + this.#block.readUInt32LE(at);
  }

  /** A value of a 1, 2, 4 or 8 byte column as a number. */
  number(row: number): number {
    this.#expectRow(row);
    const { layout } = this;
    if (layout.kind !== 'fixed' || layout.width > 8) throw this.#wrongType('a number');
    if (layout.width === 8) return this.integer(row);
    const at = this.#dataStart + row * layout.width;
    return layout.signed ? this.#block.readIntLE(at, layout.width) : this.#block.readUIntLE(at, layout.width);
  }

  /** A value of a String, FixedString or UUID column as a view. */
  bytes(row: number): Buffer {
    this.#expectRow(row);
    if (this.layout.kind === 'fixed') {
      const at = this.#dataStart + row * this.layout.width;
      return this.#block.subarray(at, at + this.layout.width);
    }
    if (this.layout.kind !== 'string') throw this.#wrongType('bytes');
    const offsets = (this.#stringOffsets ??= this.#locateStrings());
    const start = skipVarint(this.#block, offsets[row]!);
    return this.#block.subarray(start, offsets[row + 1]);
  }

  /**
   * A value of a String or LowCardinality(String) column; bytes that are no UTF-8 become U+FFFD.
   * @param known short texts that come again and again, for a String column
   */
  string(row: number, known?: KnownTexts): string {
    if (this.layout.kind === 'low_cardinality') {
      this.#expectRow(row);
      const { dictionary, indexes } = this.lowCardinality();
      return dictionary[indexes[row]!]!;
    }
    if (this.layout.kind === 'string') {
      this.#expectRow(row);
      if (this.#isAllEmpty) return '';
      const offsets = (this.#stringOffsets ??= this.#locateStrings());
      const start = skipVarint(this.#block, offsets[row]!);
      const end = offsets[row + 1]!;
      return start === end
        ? ''
        : (known?.at(this.#block, start, end) ?? this.#block.toString('utf8', start, end));
    }
    const bytes = this.bytes(row);
    return bytes.length === 0 ? '' : bytes.toString('utf8', 0, bytes.length);
  }

  /** Decodes the dictionary once; the indexes are one per row. */
  lowCardinality(): LowCardinalityValues {
    return (this.#lowCardinalityValues ??= this.#decodeLowCardinality());
  }

  /** Locates the keys of the dictionary once. */
  lowCardinalityPlaces(): LowCardinalityPlaces {
    return (this.#lowCardinalityPlaces ??= this.#locateLowCardinality());
  }

  /** The column with the given rows only (ascending), encoded with its head. */
  filter(rows: Uint32Array, runs = runsOf(rows, this.rows)): Uint8Array[] {
    const head = this.#block.subarray(this.#headStart, this.#dataStart);
    if (rows.length === 0) return [head];
    if (rows.length === this.rows) return [this.encoded()];
    switch (this.layout.kind) {
      case 'fixed':
        return [head, this.#filterFixed(rows.length, runs, this.layout.width)];
      case 'string':
        return [head, this.#isAllEmpty ? Buffer.alloc(rows.length) : this.#filterStrings(runs)];
      case 'low_cardinality':
        return [head, ...this.#filterLowCardinality(rows.length, runs)];
    }
  }

  /** A String column of which no row has any text, as many have: each is nothing but the length 0. */
  get #isAllEmpty(): boolean {
    return this.#end - this.#dataStart === this.rows;
  }

  #filterFixed(count: number, runs: Uint32Array, width: number): Uint8Array {
    const kept = Buffer.allocUnsafe(count * width);
    let at = 0;
    for (let i = 0; i < runs.length; i += 2) {
      const from = this.#dataStart + runs[i]! * width;
      at = copyBytes(this.#block, { from, to: this.#dataStart + runs[i + 1]! * width }, kept, at);
    }
    return kept;
  }

  #filterStrings(runs: Uint32Array): Uint8Array {
    const offsets = (this.#stringOffsets ??= this.#locateStrings());
    let length = 0;
    for (let i = 0; i < runs.length; i += 2) length += offsets[runs[i + 1]!]! - offsets[runs[i]!]!;
    const kept = Buffer.allocUnsafe(length);
    let at = 0;
    for (let i = 0; i < runs.length; i += 2)
      at = copyBytes(this.#block, { from: offsets[runs[i]!]!, to: offsets[runs[i + 1]!]! }, kept, at);
    return kept;
  }

  #filterLowCardinality(count: number, runs: Uint32Array): Uint8Array[] {
    const range = this.#lowCardinality!;
    const { indexes } = this.lowCardinalityPlaces();
    const kept =
      range.indexWidth === 1
        ? new Uint8Array(count)
        : range.indexWidth === 2
          ? new Uint16Array(count)
          : new Uint32Array(count);
    let at = 0;
    for (let i = 0; i < runs.length; i += 2)
      for (let row = runs[i]!; row < runs[i + 1]!; row++) kept[at++] = indexes[row]!;
    return lowCardinalityData({
      keyCount: range.keyCount,
      keys: [this.#block.subarray(range.keysStart, range.keysEnd)],
      indexes: kept,
    });
  }

  #decodeLowCardinality(): LowCardinalityValues {
    const { bytes, starts, ends, indexes } = this.lowCardinalityPlaces();
    const dictionary = Array.from(starts, (start, key) => bytes.toString('utf8', start, ends[key]));
    return { dictionary, indexes };
  }

  #locateLowCardinality(): LowCardinalityPlaces {
    if (this.layout.kind !== 'low_cardinality') throw this.#wrongType('a dictionary');
    const range = this.#lowCardinality;
    const bytes = this.#block;
    const { keyCount, keysStart, indexWidth, indexesStart } = range ?? NO_KEYS;
    const starts = new Uint32Array(keyCount);
    const ends = new Uint32Array(keyCount);
    let at = keysStart;
    for (let key = 0; key < keyCount; key++) {
      const start = skipVarint(bytes, at);
      at = start + readVarint(bytes, at);
      starts[key] = start;
      ends[key] = at;
    }
    const encoded = bytes.subarray(indexesStart, indexesStart + this.rows * indexWidth);
    const indexes =
      indexWidth === 1
        ? encoded
        : indexWidth === 2
          ? new Uint16Array(copyAligned(encoded))
          : new Uint32Array(copyAligned(encoded));
    let largest = -1;
    for (let row = 0; row < indexes.length; row++) if (indexes[row]! > largest) largest = indexes[row]!;
    if (largest >= keyCount) {
      throw new ContractError(
        'TOLL_NATIVE_TRUNCATED',
        `Column ${this.name} points past its dictionary of ${keyCount} keys.`,
      );
    }
    return { bytes, starts, ends, indexes };
  }

  /** Where each value's length prefix begins; one more entry for the end. */
  #locateStrings(): Uint32Array {
    const offsets = new Uint32Array(this.rows + 1);
    let at = this.#dataStart;
    for (let row = 0; row < this.rows; row++) {
      offsets[row] = at;
      const length = this.#block[at]!;
      at = length < 0x80 ? at + 1 + length : skipVarint(this.#block, at) + readVarint(this.#block, at);
    }
    offsets[this.rows] = at;
    return offsets;
  }

  #alignedCopy(): ArrayBuffer {
    return copyAligned(this.#block.subarray(this.#dataStart, this.#end));
  }

  #expectWidth(width: number): void {
    if (this.layout.kind !== 'fixed' || this.layout.width !== width)
      throw this.#wrongType(`${width} byte values`);
  }

  #expectRow(row: number): void {
    if (!(row >= 0 && row < this.rows)) {
      throw new ContractError(
        'TOLL_NATIVE_ROWS',
        `Row ${row} of column ${this.name} was asked for; the block has ${this.rows} rows.`,
      );
    }
  }

  #wrongType(wanted: string): ContractError {
    return new ContractError(
      'TOLL_NATIVE_COLUMN',
      `Column ${this.name} of type ${this.type} was read as ${wanted}.`,
    );
  }
}

export class NativeBlock {
  readonly rows: number;
  readonly columns: readonly NativeColumn[];
  /** Where the block ends in the buffer it was read from. */
  readonly end: number;
  readonly #byName: ReadonlyMap<string, NativeColumn>;
  /** All columns are filtered by the same rows mostly. */
  #filtered: { readonly rows: Uint32Array; readonly runs: Uint32Array } | null = null;

  constructor(rows: number, columns: readonly NativeColumn[], end: number) {
    this.rows = rows;
    this.columns = columns;
    this.end = end;
    this.#byName = new Map(columns.map((column) => [column.name, column]));
  }

  /** @throws ContractError TOLL_NATIVE_COLUMN when the block has no such column */
  column(name: string): NativeColumn {
    const column = this.#byName.get(name);
    if (column === undefined) {
      const present = this.columns.map((each) => each.name).join(', ');
      throw new ContractError('TOLL_NATIVE_COLUMN', `The block has no column ${name}; it has ${present}.`);
    }
    return column;
  }

  /** The column's bytes as they are, to go into another block of the same rows. */
  copyColumn(name: string): Buffer {
    return this.column(name).encoded();
  }

  /** The column with the given rows only (ascending), to go into another block. */
  filterColumn(name: string, keptRows: Uint32Array): Uint8Array[] {
    if (this.#filtered?.rows !== keptRows)
      this.#filtered = { rows: keptRows, runs: runsOf(keptRows, this.rows) };
    return this.column(name).filter(keptRows, this.#filtered.runs);
  }
}

/**
 * Reads the block that begins at `position`. The block refers to `buffer`: copy what must outlive it.
 * @throws ContractError TOLL_NATIVE_TRUNCATED, TOLL_NATIVE_TYPE
 */
export function readNativeBlock(buffer: Buffer, position = 0): NativeBlock {
  const cursor = new Cursor(buffer, position);
  const columnCount = cursor.varint();
  const rows = cursor.varint();
  const columns: NativeColumn[] = [];
  for (let i = 0; i < columnCount; i++) {
    const headStart = cursor.position;
    const name = cursor.text();
    const type = cursor.text();
    const layout = layoutOf(type);
    const dataStart = cursor.position;
    const lowCardinality = rows > 0 ? skipData(cursor, { name, layout, rows }) : null;
    columns.push(
      new NativeColumn({
        name,
        type,
        rows,
        layout,
        block: buffer,
        headStart,
        dataStart,
        end: cursor.position,
        lowCardinality,
      }),
    );
  }
  return new NativeBlock(rows, columns, cursor.position);
}

/** All blocks of a buffer, as the engine writes them one after another. */
export function readNativeBlocks(buffer: Buffer): NativeBlock[] {
  const blocks: NativeBlock[] = [];
  for (let at = 0; at < buffer.length;) {
    const block = readNativeBlock(buffer, at);
    blocks.push(block);
    at = block.end;
  }
  return blocks;
}

/** A block put together from encoded columns (head and data), each of `rowCount` rows. */
export function assembleNativeBlock(block: {
  columnCount: number;
  rowCount: number;
  columnParts: readonly Uint8Array[];
}): Uint8Array[] {
  return [encodeBlockHead(block.columnCount, block.rowCount), ...block.columnParts];
}

function skipData(
  cursor: Cursor,
  column: { name: string; layout: NativeLayout; rows: number },
): LowCardinalityRange | null {
  switch (column.layout.kind) {
    case 'fixed':
      cursor.skip(column.rows * column.layout.width);
      return null;
    case 'string':
      cursor.skipStrings(column.rows);
      return null;
    case 'low_cardinality':
      return skipLowCardinality(cursor, column);
  }
}

function skipLowCardinality(cursor: Cursor, column: { name: string; rows: number }): LowCardinalityRange {
  const version = cursor.uint64();
  const flags = cursor.uint64();
  if (
    version !== LOW_CARDINALITY_VERSION ||
    (flags & NEED_GLOBAL_DICTIONARY) !== 0 ||
    (flags & HAS_ADDITIONAL_KEYS) === 0 ||
    (flags & 0xff) > 2
  ) {
    throw new ContractError(
      'TOLL_NATIVE_TYPE',
      `Column ${column.name} uses a dictionary layout (version ${version}, flags ${flags}) that is not supported.`,
    );
  }
  const keyCount = cursor.uint64();
  const keysStart = cursor.position;
  cursor.skipStrings(keyCount);
  const keysEnd = cursor.position;
  const rows = cursor.uint64();
  if (rows !== column.rows) {
    throw new ContractError(
      'TOLL_NATIVE_ROWS',
      `Column ${column.name} has ${rows} values in a block of ${column.rows} rows.`,
    );
  }
  const indexWidth = ([1, 2, 4] as const)[flags & 0xff]!;
  const indexesStart = cursor.position;
  cursor.skip(rows * indexWidth);
  return { keyCount, keysStart, keysEnd, indexWidth, indexesStart };
}

/** Reads forward and refuses to leave the buffer. */
class Cursor {
  readonly #buffer: Buffer;
  position: number;

  constructor(buffer: Buffer, position: number) {
    this.#buffer = buffer;
    this.position = position;
  }

  skip(bytes: number): void {
    if (!(bytes <= this.#buffer.length - this.position)) throw this.#truncated();
    this.position += bytes;
  }

  varint(): number {
    const start = this.position;
    let at = start;
    // Five bytes hold 35 bits: more than any length or count a buffer can carry.
    while (this.#buffer[at++]! >= 0x80) if (at - start > 4) throw this.#truncated();
    if (at > this.#buffer.length) throw this.#truncated();
    this.position = at;
    return readVarint(this.#buffer, start);
  }

  uint64(): number {
    const start = this.position;
    this.skip(8);
    return this.#buffer.readUInt32LE(start + 4) * TWO_TO_32 + this.#buffer.readUInt32LE(start);
  }

  text(): string {
    const length = this.varint();
    const start = this.position;
    this.skip(length);
    return this.#buffer.toString('utf8', start, this.position);
  }

  skipStrings(count: number): void {
    const buffer = this.#buffer;
    const { length } = buffer;
    let at = this.position;
    for (let i = 0; i < count; i++) {
      const first = buffer[at]!;
      if (first < 0x80) {
        at += 1 + first;
      } else {
        this.position = at;
        at = this.varint();
        at += this.position;
      }
      if (!(at <= length)) throw this.#truncated();
    }
    this.position = at;
  }

  #truncated(): ContractError {
    return new ContractError(
      'TOLL_NATIVE_TRUNCATED',
      `The Native block ends in the middle of a column, at byte ${this.position} of ${this.#buffer.length}.`,
    );
  }
}

function readVarint(bytes: Uint8Array, position: number): number {
  let value = 0;
  let scale = 1;
  for (let at = position; ; at++) {
    const byte = bytes[at]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
}

function skipVarint(bytes: Uint8Array, position: number): number {
  let at = position;
  while (bytes[at++]! >= 0x80);
  return at;
}

/** First row and the one behind the last of each run of adjacent rows: they lie side by side and are copied at once. */
function runsOf(rows: Uint32Array, rowCount: number): Uint32Array {
  const runs = new Uint32Array(rows.length * 2);
  let length = 0;
  let behind = -1;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (row >= rowCount) {
      throw new ContractError(
        'TOLL_NATIVE_ROWS',
        `Row ${row} was asked for; the block has ${rowCount} rows.`,
      );
    }
    if (row !== behind) {
      runs[length] = row;
      length += 2;
    }
    behind = row + 1;
    runs[length - 1] = behind;
  }
  return runs.subarray(0, length);
}

/** Below this length a loop beats the call into the runtime. */
const SHORT_COPY_BYTES_MAX = 64;

/** @returns the position in `target` after what was copied */
function copyBytes(
  source: Buffer,
  range: { from: number; to: number },
  target: Buffer,
  position: number,
): number {
  const { from, to } = range;
  if (to - from > SHORT_COPY_BYTES_MAX) return position + source.copy(target, position, from, to);
  let at = position;
  for (let i = from; i < to; i++) target[at++] = source[i]!;
  return at;
}

function copyAligned(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return copy;
}
