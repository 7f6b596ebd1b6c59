/**
 * One 32-bit hash of a stored row, computed alike from a Native block here and in ClickHouse, so that the rows of a table and those of
 * the stream are compared by the sum of their hashes, in whatever order they lie.
 *
 *   hash(row) = mix(Σ weight(column) · word(column, row))   modulo 2^32
 *
 * A text's word is its CRC-32; a number's are its low and, where it has 64 bits, its high half. Weights are odd: a change of one value
 * always changes the sum. The mixing makes a value that moved from one row to another visible.
 */
import { crc32 } from 'node:zlib';
import type { NativeBlock } from '@tollstream/contracts';
import { crc32Of } from './crc32.ts';

export interface HashedColumn {
  readonly name: string;
  /** ClickHouse type, as in the blocks. */
  readonly type: string;
}

interface WeighedColumn extends HashedColumn {
  readonly weight: number;
  /** Of the high half of 64-bit values. */
  readonly highWeight: number;
}

const MASK = 0xffff_ffff;

export class RowHash {
  readonly columns: readonly WeighedColumn[];

  constructor(columns: readonly HashedColumn[]) {
    this.columns = columns.map((column, index) => ({
      ...column,
      weight: weightOf(index * 2),
      highWeight: weightOf(index * 2 + 1),
    }));
  }

  /** The hash of every row of a block. */
  ofBlock(block: NativeBlock): Uint32Array {
    const sums = new Uint32Array(block.rows);
    for (const column of this.columns) addColumn(sums, block, column);
    for (let row = 0; row < sums.length; row++) sums[row] = mix(sums[row]!);
    return sums;
  }

  /** What each column gives to the sum of one row: to tell which of them differ. */
  termsOfRow(block: NativeBlock, row: number): number[] {
    return this.columns.map((column) => {
      const sums = new Uint32Array(block.rows);
      addColumn(sums, block, column);
      return sums[row]!;
    });
  }

  /** SQL expression of the hash (UInt64 below 2^32). */
  get sql(): string {
    return this.sqlOver((name) => name);
  }

  /** The same over columns that have other names. */
  sqlOver(nameOf: (column: string) => string): string {
    const terms = this.columns.map((column) => termSql({ ...column, name: nameOf(column.name) }));
    const h0 = `(bitAnd(${terms.join(' + ')}, ${MASK}) AS h0)`;
    const h1 = `(bitAnd(bitXor(${h0}, bitShiftRight(h0, 16)) * ${MIX_FIRST}, ${MASK}) AS h1)`;
    const h2 = `(bitAnd(bitXor(${h1}, bitShiftRight(h1, 13)) * ${MIX_SECOND}, ${MASK}) AS h2)`;
    return `bitXor(${h2}, bitShiftRight(h2, 16))`;
  }

  /** SQL expression of what `termsOfRow` returns: an array of UInt64. */
  get termsSql(): string {
    return `[${this.columns.map((column) => `bitAnd(${termSql(column)}, ${MASK})`).join(', ')}]`;
  }
}

function addColumn(sums: Uint32Array, block: NativeBlock, { name, weight, highWeight }: WeighedColumn): void {
  const column = block.columns.find((each) => each.name === name);
  // A block of before the column was added: its rows hold the default, '' or 0, whose word is 0.
  if (column === undefined) return;
  const { layout } = column;
  switch (layout.kind) {
    case 'string':
      addTexts(sums, column.data(), weight);
      return;
    case 'low_cardinality': {
      const { dictionary, indexes } = column.lowCardinality();
      const words = Uint32Array.from(dictionary, (text) => Math.imul(crc32(text), weight));
      for (let row = 0; row < sums.length; row++) sums[row]! += words[indexes[row]!]!;
      return;
    }
    case 'fixed': {
      if (layout.width === 8) {
        const halves = column.halves();
        for (let row = 0; row < sums.length; row++) {
          sums[row]! += Math.imul(halves[row * 2]!, weight) + Math.imul(halves[row * 2 + 1]!, highWeight);
        }
        return;
      }
      const values = layout.width === 1 ? column.uint8s() : column.uint32s();
      for (let row = 0; row < sums.length; row++) sums[row]! += Math.imul(values[row]!, weight);
    }
  }
}

/** Walks the length-prefixed texts of a String column; an empty one has the word 0. */
function addTexts(sums: Uint32Array, data: Buffer, weight: number): void {
  let at = 0;
  for (let row = 0; row < sums.length; row++) {
    let length = data[at++]!;
    if (length >= 0x80) {
      let scale = 0x80;
      length &= 0x7f;
      for (let byte = 0x80; byte >= 0x80; scale *= 0x80) {
        byte = data[at++]!;
        length += (byte & 0x7f) * scale;
      }
    }
    if (length === 0) continue;
    sums[row]! += Math.imul(crc32Of(data, at, at + length), weight);
    at += length;
  }
}

function termSql({ name, type, weight, highWeight }: WeighedColumn): string {
  if (/^(LowCardinality\()?String/.test(type)) return `${weight} * toUInt64(CRC32(${name}))`;
  if (type.startsWith('Enum8')) return `${weight} * toUInt64(toInt8(${name}))`;
  if (/^UInt(8|32)$/.test(type)) return `${weight} * toUInt64(${name})`;
  const whole = `reinterpretAsUInt64(${name})`;
  return `${weight} * bitAnd(${whole}, ${MASK}) + ${highWeight} * bitShiftRight(${whole}, 32)`;
}

const MIX_FIRST = 0x85eb_ca6b;
const MIX_SECOND = 0xc2b2_ae35;

/** The end of MurmurHash3. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), MIX_FIRST);
  hash = Math.imul(hash ^ (hash >>> 13), MIX_SECOND);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function weightOf(index: number): number {
  return (mix(index + 1) | 1) >>> 0;
}
