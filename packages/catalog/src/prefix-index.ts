/**
 * Longest-prefix match over effective-dated rows: an immutable trie over decimal digits that has a node only where prefixes part, and
 * chains through the rows.
 *
 * A look-up goes down by those digits alone at which prefixes part, to the row that may be the longest, and only then compares. Where that
 * one does not fit or is not in force, `next` of the row leads to an earlier row of the same prefix and then to those of shorter ones:
 * all prefixes that the first candidate begins with, and so all that the number can begin with. A row that starts tomorrow so leaves
 * today to the shorter prefix.
 *
 *   nodes  Int32Array: own | position << 10 + digits that go on | an entry for each of these digits, ascending
 *          own       row + 1 for numbers that go on with none of these digits or end before the position; 0 = none
 *          entry     n >= 0: row + 1 to compare first · n < 0: goes on at the node at ~n
 *   heads  Int32Array, by the first digits of a number: the entry to which they lead
 */
import { E164_DIGITS_MAX, POWERS_OF_TEN, digitCount, packDigits, packedDigit } from '@tollstream/numbering';
import type { PrefixIndex } from './model.ts';
import {
  DIGITS_BITS,
  type RateColumns,
  type RateList,
  ROW_DOUBLES,
  ROW_WORDS,
  digitsOfRow,
  rowDoubles,
} from './rate-list.ts';
import { alignedPrefixes, orderByText } from './rate-order.ts';

const DIGIT_BITS = 10;
const DIGIT_MASK = (1 << DIGIT_BITS) - 1;
/** By how many first digits a look-up starts: a larger deck has a larger table, never more than 8 bytes a row. */
const HEAD_DIGITS = [
  { rowsMin: 500_000, digits: 6 },
  { rowsMin: 50_000, digits: 5 },
  { rowsMin: 5_000, digits: 4 },
  { rowsMin: 0, digits: 3 },
] as const;
const NEXT = 6;
const DIGITS_MASK = (1 << DIGITS_BITS) - 1;

/** The index alone; with the rows it can be passed between threads as it is. */
export interface PrefixNodes {
  readonly nodes: Int32Array;
  readonly heads: Int32Array;
  /** Entry of all numbers. */
  readonly root: number;
}

/**
 * Builds the index of some rows, and chains them. A row can be in one index alone.
 * @param order the rows by text
 * @throws Error when rows of one prefix overlap in time: the checks before must have refused them.
 */
export function buildPrefixIndex(rates: RateList, order: Uint32Array = orderByText(rates)): PrefixTrie {
  const prefixes = chainRows(rates, order);
  const nodes = new NodeWriter(prefixes);
  const root = nodes.place(0, prefixes.count, 0);
  const written = shared(nodes.finish());
  const { digits } = HEAD_DIGITS.find(({ rowsMin }) => order.length >= rowsMin)!;
  const heads = new Int32Array(new SharedArrayBuffer(4 * 10 ** digits));
  for (let head = heads.length / 10; head < heads.length; head++)
    heads[head] = entryOf(head, digits, root, written);
  return new PrefixTrie(rates.columns, { nodes: written, heads, root });
}

/** Distinct prefixes as text ascends. */
interface Prefixes {
  readonly count: number;
  /** Filled up with zeros to 15 digits. */
  readonly aligned: Float64Array;
  readonly digits: Uint8Array;
  /** Row + 1 of the one that starts last. */
  readonly heads: Int32Array;
}

function chainRows(rates: RateList, order: Uint32Array): Prefixes {
  const { rows } = rates.columns;
  const keys = alignedPrefixes(rates);
  const aligned = new Float64Array(order.length);
  const digits = new Uint8Array(order.length);
  const heads = new Int32Array(order.length);
  /** Prefixes that the one at hand begins with, by their place among the distinct ones. */
  const above: number[] = [];
  let count = 0;
  let previous = -1;
  for (const row of order) {
    const key = keys[row]!;
    const length = digitsOfRow(rows, row);
    const isSame = previous >= 0 && keys[previous] === key && digitsOfRow(rows, previous) === length;
    if (isSame) {
      if (rates.effectiveFromAt(row) < rates.effectiveToAt(previous)) {
        throw new Error(`rows of prefix ${rates.prefixAt(row)} overlap or are inverted`);
      }
      rows[row * ROW_WORDS + NEXT] = previous + 1;
    } else {
      while (above.length > 0 && !beginsWith(key, aligned[above.at(-1)!]!, digits[above.at(-1)!]!))
        above.pop();
      rows[row * ROW_WORDS + NEXT] = above.length === 0 ? 0 : heads[above.at(-1)!]!;
      above.push(count);
      aligned[count] = key;
      digits[count] = length;
      count++;
    }
    heads[count - 1] = row + 1;
    previous = row;
  }
  return { count, aligned, digits, heads };
}

/** Among texts in order, where the first has `digits` digits and is not after the other. */
function beginsWith(key: number, aligned: number, digits: number): boolean {
  return key - aligned < POWERS_OF_TEN[E164_DIGITS_MAX - digits]!;
}

class NodeWriter {
  readonly #prefixes: Prefixes;
  #nodes: Int32Array;
  #length = 0;

  constructor(prefixes: Prefixes) {
    this.#prefixes = prefixes;
    this.#nodes = new Int32Array(prefixes.count * 2 + 16);
  }

  /**
   * Writes the prefixes from `first` to before `end`, which are all that go on from one place of the trie.
   * @param own row + 1 of the longest prefix above that place
   * @returns the entry that leads to them
   */
  place(first: number, end: number, own: number): number {
    const { aligned, digits, heads } = this.#prefixes;
    if (first === end) return own;
    let from = first;
    let before = own;
    const last = aligned[end - 1]!;
    // A prefix with which all others begin parts nothing: it stands in their chains.
    while (from < end - 1 && beginsWith(last, aligned[from]!, digits[from]!)) before = heads[from++]!;
    if (from === end - 1) return heads[from]!;
    const position = firstDifference(aligned[from]!, last);
    const unit = POWERS_OF_TEN[E164_DIGITS_MAX - 1 - position]!;
    const base = Math.floor(last / (unit * 10)) * (unit * 10);
    const borders: number[] = [];
    let present = 0;
    for (let at = from; at < end;) {
      const digit = Math.floor((aligned[at]! - base) / unit);
      present |= 1 << digit;
      const limit = base + (digit + 1) * unit;
      while (at < end && aligned[at]! < limit) at++;
      borders.push(at);
    }
    const node = this.#reserve(2 + borders.length);
    this.#nodes[node] = before;
    this.#nodes[node + 1] = (position << DIGIT_BITS) + present;
    let start = from;
    borders.forEach((border, i) => {
      const entry = this.place(start, border, before);
      this.#nodes[node + 2 + i] = entry;
      start = border;
    });
    return ~node;
  }

  finish(): Int32Array {
    return this.#nodes.subarray(0, this.#length);
  }

  #reserve(words: number): number {
    const start = this.#length;
    this.#length += words;
    if (this.#length > this.#nodes.length) {
      const larger = new Int32Array(this.#length * 2);
      larger.set(this.#nodes);
      this.#nodes = larger;
    }
    return start;
  }
}

/** Position of the first digit in which two numbers of 15 digits differ. */
function firstDifference(a: number, b: number): number {
  let position = 0;
  for (let unit = 1e14; Math.floor(a / unit) === Math.floor(b / unit); unit /= 10) position++;
  return position;
}

/** Where the first digits of a number lead, as far as they decide. */
function entryOf(head: number, digits: number, root: number, nodes: Int32Array): number {
  let entry = root;
  while (entry < 0) {
    const header = nodes[~entry + 1]!;
    const position = header >> DIGIT_BITS;
    if (position >= digits) break;
    const digit = Math.floor(head / 10 ** (digits - 1 - position)) % 10;
    entry = step(nodes, ~entry, header, digit);
  }
  return entry;
}

function step(nodes: Int32Array, node: number, header: number, digit: number): number {
  const bit = 1 << digit;
  if ((header & bit) === 0) return nodes[node]!;
  return nodes[node + 2 + BIT_COUNTS[header & (bit - 1)]!]!;
}

const BIT_COUNTS = Uint8Array.from({ length: DIGIT_MASK + 1 }, (_, bits) => {
  let count = 0;
  for (let rest = bits; rest > 0; rest &= rest - 1) count++;
  return count;
});

/** Numbers that are approached together: few enough that what was read for the first is still near when the last was. */
const APPROACHED_MAX = 128;
// Filled anew by every approach; nothing is read from them across approaches.
const scratchAligned = new Float64Array(APPROACHED_MAX);
const scratchEntries = new Int32Array(APPROACHED_MAX);

export class PrefixTrie implements PrefixIndex {
  readonly index: PrefixNodes;
  readonly #nodes: Int32Array;
  readonly #heads: Int32Array;
  readonly #headDigits: number;
  /** The first 8 digits divided by it are those of the table. */
  readonly #headUnit: number;
  readonly #root: number;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  readonly #periods: Float64Array;
  /** What `approach` read: for nobody, but a compiler would leave out the reading of what is not kept. */
  approached = 0;

  constructor(rates: RateColumns, index: PrefixNodes) {
    this.index = index;
    this.#nodes = index.nodes;
    this.#heads = index.heads;
    this.#headDigits = digitCount(index.heads.length) - 1;
    this.#headUnit = POWERS_OF_TEN[8 - this.#headDigits]!;
    this.#root = index.root;
    this.#words = rates.rows;
    this.#doubles = rowDoubles(rates);
    this.#periods = rates.periods;
  }

  /** Memory beside the rows, bytes. */
  get byteLength(): number {
    return this.#nodes.byteLength + this.#heads.byteLength;
  }

  find(number: number, atMs: number): number {
    if (!(number >= 1 && number < 1e15)) return -1;
    const digits = digitCount(number);
    // Left-aligned to 15 digits, of which the first 8 are turned to a hexadecimal digit each: one comes out with a shift.
    const aligned = number * POWERS_OF_TEN[E164_DIGITS_MAX - digits]!;
    const first = Math.floor(aligned / 1e7) | 0;
    const firstPacked = packDigits(first);
    const nodes = this.#nodes;
    let entry = this.#root;
    if (digits >= this.#headDigits) {
      entry = this.#heads[(first / this.#headUnit) | 0]!;
    }
    while (entry < 0) {
      const node = ~entry;
      const header = nodes[node + 1]!;
      const position = header >> DIGIT_BITS;
      if (position >= digits) {
        entry = nodes[node]!;
        break;
      }
      // Few prefixes are so long that they part after 8 digits.
      const packed = position < 8 ? firstPacked : packDigits((aligned - first * 1e7) * 10);
      entry = step(nodes, node, header, packedDigit(packed, position));
    }
    return this.#firstInForce(entry, digits, aligned, atMs);
  }

  approach(numbers: Float64Array, from: number, to: number): void {
    const words = this.#words;
    let read = this.approached;
    for (let begin = from; begin < to; begin += APPROACHED_MAX) {
      const count = Math.min(APPROACHED_MAX, to - begin);
      this.candidates(numbers, begin, count, scratchEntries);
      for (let i = 0; i < count; i++) {
        const entry = scratchEntries[i]!;
        if (entry > 0) read ^= words[(entry - 1) * ROW_WORDS]!;
      }
    }
    this.approached = read;
  }

  /**
   * Goes the way of `find` with some numbers side by side, a step of all after a step of all: where a step leads is somewhere else in memory, and so
   * none waits for the one of the number before.
   * @param count at most `APPROACHED_MAX`
   * @param out   of each number the row + 1 on whose chain all rows are that may fit it; 0 = none
   */
  candidates(numbers: Float64Array, begin: number, count: number, out: Int32Array): void {
    const nodes = this.#nodes;
    for (let i = 0; i < count; i++) {
      const number = numbers[begin + i]!;
      const digits = number >= 1 && number < 1e15 ? digitCount(number) : 0;
      const aligned = number * POWERS_OF_TEN[E164_DIGITS_MAX - digits]!;
      const first = Math.floor(aligned / 1e7) | 0;
      scratchAligned[i] = aligned;
      if (digits >= this.#headDigits) out[i] = this.#heads[(first / this.#headUnit) | 0]!;
      else out[i] = digits > 0 ? this.#root : 0;
    }
    for (let goesOn = true; goesOn;) {
      goesOn = false;
      for (let i = 0; i < count; i++) {
        const entry = out[i]!;
        if (entry >= 0) continue;
        const header = nodes[~entry + 1]!;
        const next = step(nodes, ~entry, header, digitAt(scratchAligned[i]!, header >> DIGIT_BITS));
        out[i] = next;
        goesOn ||= next < 0;
      }
    }
  }

  /** Follows the chain from row + 1 to the first row that fits. */
  #firstInForce(head: number, digits: number, aligned: number, atMs: number): number {
    const words = this.#words;
    let entry = head;
    while (entry > 0) {
      const row = entry - 1;
      const packed = words[row * ROW_WORDS + 5]!;
      const length = packed & DIGITS_MASK;
      const unit = POWERS_OF_TEN[E164_DIGITS_MAX - length]!;
      const beyond = aligned - this.#doubles[row * ROW_DOUBLES]! * unit;
      if (beyond >= 0 && beyond < unit && length <= digits) {
        const period = packed >>> DIGITS_BITS;
        if (period === 0) return row;
        if (this.#periods[period * 2]! <= atMs && atMs < this.#periods[period * 2 + 1]!) return row;
      }
      entry = words[row * ROW_WORDS + NEXT]!;
    }
    return -1;
  }
}

/** @param aligned to 15 digits */
function digitAt(aligned: number, position: number): number {
  const upTo = Math.floor(aligned / POWERS_OF_TEN[E164_DIGITS_MAX - 1 - position]!);
  return upTo - Math.floor(upTo / 10) * 10;
}

function shared(values: Int32Array): Int32Array {
  const copy = new Int32Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
