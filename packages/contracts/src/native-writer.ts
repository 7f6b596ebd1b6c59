/**
 * Builds one ClickHouse Native block column by column. Values go into typed arrays at once: no object per row.
 *
 *   ┌───────────────┬────────────┐┌──────┬──────┬──────┐┌──────┬──────┬──────┐
 *   │ columns varint│ rows varint││ name │ type │ data ││ name │ type │ data │ …
 *   └───────────────┴────────────┘└──────┴──────┴──────┘└──────┴──────┴──────┘
 *
 * Names, types and strings are length-prefixed (varint); numbers are little endian, as is every machine this runs on.
 * A block of zero rows has no data parts at all.
 */
import { ByteDictionary } from './byte-dictionary.ts';
import { ContractError } from './errors.ts';
import { layoutOf } from './native-types.ts';

const INITIAL_ROWS = 1024;
const INITIAL_STRING_BYTES = 16 * 1024;
/** Below this length a loop over ASCII codes beats the call into the runtime's UTF-8 writer. */
const SHORT_TEXT_LENGTH_MAX = 48;
const TWO_TO_32 = 4_294_967_296;

/** What every column builder does; values are added by each builder's own `push`. */
export interface ColumnBuilder {
  readonly rows: number;
  /** Views of the encoded data; valid until the next push or reset. */
  data(): Uint8Array[];
  reset(): void;
}

/** UInt8, Bool and Enum8. */
export class UInt8Builder implements ColumnBuilder {
  rows = 0;
  #values = new Uint8Array(INITIAL_ROWS);

  push(value: number): void {
    if (this.rows === this.#values.length) {
      const grown = new Uint8Array(this.rows * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.rows++] = value;
  }

  data(): Uint8Array[] {
    return [this.#values.subarray(0, this.rows)];
  }

  reset(): void {
    this.rows = 0;
  }
}

export class UInt16Builder implements ColumnBuilder {
  rows = 0;
  #values = new Uint16Array(INITIAL_ROWS);

  push(value: number): void {
    if (this.rows === this.#values.length) {
      const grown = new Uint16Array(this.rows * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.rows++] = value;
  }

  data(): Uint8Array[] {
    return [new Uint8Array(this.#values.buffer, 0, this.rows * 2)];
  }

  reset(): void {
    this.rows = 0;
  }
}

export class UInt32Builder implements ColumnBuilder {
  rows = 0;
  #values = new Uint32Array(INITIAL_ROWS);

  push(value: number): void {
    if (this.rows === this.#values.length) {
      const grown = new Uint32Array(this.rows * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.rows++] = value;
  }

  data(): Uint8Array[] {
    return [new Uint8Array(this.#values.buffer, 0, this.rows * 4)];
  }

  reset(): void {
    this.rows = 0;
  }
}

/** UInt64, Int64, DateTime64 and Decimal(18, s): exact integers of magnitude below 2^53, as two 32-bit halves. */
export class Int64Builder implements ColumnBuilder {
  rows = 0;
  #halves = new Uint32Array(INITIAL_ROWS * 2);

  push(value: number): void {
    const at = this.rows * 2;
    if (at === this.#halves.length) {
      const grown = new Uint32Array(at * 2);
      grown.set(this.#halves);
      this.#halves = grown;
    }
    const low = value >>> 0;
    this.#halves[at] = low;
    this.#halves[at + 1] = (value - low) / TWO_TO_32;
    this.rows++;
  }

  /** The same for what may be beyond 2^53, up to 2^63. */
  pushExact(value: number | bigint): void {
    this.push(0);
    const at = (this.rows - 1) * 2;
    this.#halves[at] = Number(BigInt.asUintN(32, BigInt(value)));
    this.#halves[at + 1] = Number(BigInt.asUintN(32, BigInt(value) >> 32n));
  }

  data(): Uint8Array[] {
    return [new Uint8Array(this.#halves.buffer, 0, this.rows * 8)];
  }

  reset(): void {
    this.rows = 0;
  }
}

/** FixedString(16), given as four 32-bit words whose little-endian bytes are the value. */
export class FixedString16Builder implements ColumnBuilder {
  rows = 0;
  #words = new Uint32Array(INITIAL_ROWS * 4);

  push(words: Uint32Array): void {
    const at = this.rows * 4;
    if (at === this.#words.length) {
      const grown = new Uint32Array(at * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[at] = words[0]!;
    this.#words[at + 1] = words[1]!;
    this.#words[at + 2] = words[2]!;
    this.#words[at + 3] = words[3]!;
    this.rows++;
  }

  data(): Uint8Array[] {
    return [new Uint8Array(this.#words.buffer, 0, this.rows * 16)];
  }

  reset(): void {
    this.rows = 0;
  }
}

/** String: text is written as UTF-8, bytes as they are. */
export class StringBuilder implements ColumnBuilder {
  rows = 0;
  #bytes = Buffer.allocUnsafeSlow(INITIAL_STRING_BYTES);
  #length = 0;

  /** Bytes held so far, to bound a block by size. */
  get byteLength(): number {
    return this.#length;
  }

  push(text: string): void {
    const characters = text.length;
    // At most three bytes of UTF-8 per UTF-16 unit, and five of varint.
    if (this.#length + characters * 3 + 5 > this.#bytes.length) this.#grow(characters * 3 + 5);
    if (characters === 0) this.#bytes[this.#length++] = 0;
    else if (characters > SHORT_TEXT_LENGTH_MAX || !this.#pushAscii(text, characters)) this.#pushUtf8(text);
    this.rows++;
  }

  pushBytes(bytes: Uint8Array): void {
    if (this.#length + bytes.length + 5 > this.#bytes.length) this.#grow(bytes.length + 5);
    this.#length = writeVarint(this.#bytes, this.#length, bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    this.rows++;
  }

  /** @param bytes UTF-8 in [start, end) */
  pushRange(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#length + length + 5 > this.#bytes.length) this.#grow(length + 5);
    const target = this.#bytes;
    let at = this.#length;
    if (length < 0x80) target[at++] = length;
    else at = writeVarint(target, at, length);
    for (let i = start; i < end; i++) target[at++] = bytes[i]!;
    this.#length = at;
    this.rows++;
  }

  /** @returns false, with nothing kept, at the first character that is not ASCII */
  #pushAscii(text: string, characters: number): boolean {
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = characters;
    for (let i = 0; i < characters; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.#length = at;
    return true;
  }

  #pushUtf8(text: string): void {
    this.#length = writeVarint(this.#bytes, this.#length, Buffer.byteLength(text));
    this.#length += this.#bytes.write(text, this.#length);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + needed));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  data(): Uint8Array[] {
    return [this.#bytes.subarray(0, this.#length)];
  }

  reset(): void {
    this.rows = 0;
    this.#length = 0;
  }
}

export const LOW_CARDINALITY_VERSION = 1;
/** The keys follow in the block itself. */
export const HAS_ADDITIONAL_KEYS = 1 << 9;
/** The reader must not expect keys of an earlier block. */
const NEED_UPDATE_DICTIONARY = 1 << 10;

/** Texts whose index is remembered beside the dictionary; beyond it all are forgotten at once. */
const REMEMBERED_TEXTS_MAX = 100_000;

/** Words of a key among `RememberedKeys`: builder's block · index in its dictionary · where the key begins and ends. */
const KEY_WORDS = 4;

/**
 * Keys that come again and again, by number, for `pushRemembered`: what is asked of each lies side by side, for they may be more than
 * caches hold. Each goes to one builder.
 */
export class RememberedKeys {
  readonly #keys = new ByteDictionary();
  /** For the builders alone. */
  words = new Int32Array(KEY_WORDS * INITIAL_ROWS);

  get count(): number {
    return this.#keys.count;
  }

  get bytes(): Uint8Array {
    return this.#keys.bytes;
  }

  /** @returns the number of `bytes[start, end)`, which counts from 0 in order of first use */
  numberOf(bytes: Uint8Array, start: number, end: number): number {
    const before = this.#keys.count;
    const key = this.#keys.indexOf(bytes, start, end);
    if (key === before) this.#remember(key);
    return key;
  }

  #remember(key: number): void {
    const at = key * KEY_WORDS;
    if (at === this.words.length) {
      const grown = new Int32Array(at * 2);
      grown.set(this.words);
      this.words = grown;
    }
    this.words[at + 2] = this.#keys.lastStart;
    this.words[at + 3] = this.#keys.lastEnd;
  }
}

/** Every dictionary of every builder has a number of its own. */
let generations = 0;

/** LowCardinality(String): a dictionary in order of first use, and an index per row. */
export class LowCardinalityBuilder implements ColumnBuilder {
  rows = 0;
  readonly #dictionary = new ByteDictionary();
  readonly #indexOfText = new Map<string, number>();
  #generation = ++generations;
  /** While all keys of the dictionary are of these, one that was not pushed since the reset is none of them. */
  #remembered: RememberedKeys | null = null;
  #rememberedCount = 0;
  #indexes = new Uint32Array(INITIAL_ROWS);
  // Runs of one value are the rule (one switch, one topic, no device): they skip the map.
  #lastKey: string | null = null;
  #lastIndex = 0;

  push(key: string): void {
    if (key !== this.#lastKey) {
      this.#lastIndex = this.#indexOf(key);
      this.#lastKey = key;
    }
    this.#pushIndex(this.#lastIndex);
  }

  /** @param bytes UTF-8 in [start, end) */
  pushBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#pushIndex(this.#dictionary.indexOf(bytes, start, end));
  }

  /** A key that remembers where it stands in the dictionary of this block: rows with it cost no look-up. */
  pushRemembered(keys: RememberedKeys, key: number): void {
    const { words } = keys;
    const at = key * KEY_WORDS;
    if (words[at] !== this.#generation) {
      words[at + 1] = this.#placeOf(keys, words[at + 2]!, words[at + 3]!);
      words[at] = this.#generation;
    }
    this.#pushIndex(words[at + 1]!);
  }

  #placeOf(keys: RememberedKeys, start: number, end: number): number {
    const { count } = this.#dictionary;
    if (count === 0) this.#remembered = keys;
    if (this.#remembered !== keys || count !== this.#rememberedCount)
      return this.#dictionary.indexOf(keys.bytes, start, end);
    this.#rememberedCount += 1;
    return this.#dictionary.append(keys.bytes, start, end);
  }

  #pushIndex(index: number): void {
    if (this.rows === this.#indexes.length) {
      const grown = new Uint32Array(this.rows * 2);
      grown.set(this.#indexes);
      this.#indexes = grown;
    }
    this.#indexes[this.rows++] = index;
  }

  #indexOf(key: string): number {
    let index = this.#indexOfText.get(key);
    if (index === undefined) {
      const bytes = Buffer.from(key);
      index = this.#dictionary.indexOf(bytes, 0, bytes.length);
      if (this.#indexOfText.size >= REMEMBERED_TEXTS_MAX) this.#indexOfText.clear();
      this.#indexOfText.set(key, index);
    }
    return index;
  }

  data(): Uint8Array[] {
    return lowCardinalityData({
      keyCount: this.#dictionary.count,
      keys: [this.#dictionary.encoded],
      indexes: this.#indexes.subarray(0, this.rows),
    });
  }

  reset(): void {
    this.rows = 0;
    this.#generation = ++generations;
    this.#rememberedCount = 0;
    this.#dictionary.reset();
    this.#indexOfText.clear();
    this.#lastKey = null;
  }
}

/** Data part of a LowCardinality(String) column from its encoded keys and one index per row. */
export function lowCardinalityData(parts: {
  keyCount: number;
  keys: Uint8Array[];
  indexes: Uint8Array | Uint16Array | Uint32Array;
}): Uint8Array[] {
  const indexType = parts.keyCount <= 0x100 ? 0 : parts.keyCount <= 0x1_0000 ? 1 : 2;
  const head = Buffer.allocUnsafe(24);
  writeUInt64(head, 0, LOW_CARDINALITY_VERSION);
  writeUInt64(head, 8, HAS_ADDITIONAL_KEYS | NEED_UPDATE_DICTIONARY | indexType);
  writeUInt64(head, 16, parts.keyCount);
  const rowCount = Buffer.allocUnsafe(8);
  writeUInt64(rowCount, 0, parts.indexes.length);
  const IndexArray = [Uint8Array, Uint16Array, Uint32Array][indexType]!;
  const indexes = parts.indexes instanceof IndexArray ? parts.indexes : new IndexArray(parts.indexes);
  return [
    head,
    ...parts.keys,
    rowCount,
    new Uint8Array(indexes.buffer, indexes.byteOffset, indexes.byteLength),
  ];
}

/** The builder that takes the values of a ClickHouse type. */
export type BuilderOf<Type extends string> = Type extends 'String'
  ? StringBuilder
  : Type extends 'LowCardinality(String)'
    ? LowCardinalityBuilder
    : Type extends 'UInt8' | 'Bool' | `Enum8(${string})`
      ? UInt8Builder
      : Type extends 'UInt16'
        ? UInt16Builder
        : Type extends 'UInt32'
          ? UInt32Builder
          : Type extends 'UInt64' | 'Int64' | `DateTime64(${string})` | `Decimal(18, ${string})`
            ? Int64Builder
            : Type extends 'FixedString(16)'
              ? FixedString16Builder
              : never;

export type ColumnList = readonly (readonly [name: string, type: string])[];

export type BuildersOf<Columns extends ColumnList> = {
  readonly [Column in Columns[number] as Column[0]]: BuilderOf<Column[1]>;
};

/** Makes the builder for `type`. @throws ContractError TOLL_NATIVE_TYPE */
function makeColumnBuilder(type: string): ColumnBuilder {
  const layout = layoutOf(type);
  if (layout.kind === 'string') return new StringBuilder();
  if (layout.kind === 'low_cardinality') return new LowCardinalityBuilder();
  if (layout.width === 1) return new UInt8Builder();
  if (layout.width === 2) return new UInt16Builder();
  if (layout.width === 4) return new UInt32Builder();
  if (layout.width === 8) return new Int64Builder();
  if (type === 'FixedString(16)') return new FixedString16Builder();
  throw new ContractError('TOLL_NATIVE_TYPE', `No builder writes columns of type ${type}.`);
}

/** One block under construction; push one value per column and row, then take the parts, then reset. */
export class NativeBlockWriter<const Columns extends ColumnList> {
  readonly columns: BuildersOf<Columns>;
  readonly #ordered: readonly {
    readonly name: string;
    readonly head: Buffer;
    readonly builder: ColumnBuilder;
  }[];

  constructor(columns: Columns) {
    this.#ordered = columns.map(([name, type]) => ({
      name,
      head: encodeColumnHead(name, type),
      builder: makeColumnBuilder(type),
    }));
    this.columns = Object.fromEntries(
      this.#ordered.map(({ name, builder }) => [name, builder]),
    ) as unknown as BuildersOf<Columns>;
  }

  get rows(): number {
    return this.#ordered[0]?.builder.rows ?? 0;
  }

  get columnCount(): number {
    return this.#ordered.length;
  }

  /** The columns encoded, each with its head, without the block's head: to append to columns copied from elsewhere. */
  columnParts(): Uint8Array[] {
    const rows = this.rows;
    const parts: Uint8Array[] = [];
    for (const { name, head, builder } of this.#ordered) {
      if (builder.rows !== rows) {
        throw new ContractError(
          'TOLL_NATIVE_ROWS',
          `Column ${name} has ${builder.rows} values in a block of ${rows} rows.`,
        );
      }
      parts.push(head);
      if (rows > 0) parts.push(...builder.data());
    }
    return parts;
  }

  /** The whole block as views; valid until the next push or reset. */
  parts(): Uint8Array[] {
    return [encodeBlockHead(this.columnCount, this.rows), ...this.columnParts()];
  }

  /** The whole block, copied: stays valid. */
  toBuffer(): Buffer {
    return Buffer.concat(this.parts());
  }

  /** Empties all columns and keeps their memory. */
  reset(): void {
    for (const { builder } of this.#ordered) builder.reset();
  }
}

/** What stands before the columns of a block. */
export function encodeBlockHead(columnCount: number, rowCount: number): Buffer {
  const head = Buffer.allocUnsafe(10);
  return head.subarray(0, writeVarint(head, writeVarint(head, 0, columnCount), rowCount));
}

/** Name and type, as they stand before the data of a column. */
function encodeColumnHead(name: string, type: string): Buffer {
  const head = Buffer.allocUnsafe(10 + (name.length + type.length) * 3);
  let at = 0;
  for (const text of [name, type]) {
    at = writeVarint(head, at, Buffer.byteLength(text));
    at += head.write(text, at);
  }
  return Buffer.from(head.subarray(0, at));
}

/** @returns the position after the varint */
function writeVarint(bytes: Uint8Array, position: number, value: number): number {
  let at = position;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

function writeUInt64(bytes: Buffer, position: number, value: number): void {
  bytes.writeUInt32LE(value >>> 0, position);
  bytes.writeUInt32LE(Math.floor(value / TWO_TO_32), position + 4);
}
