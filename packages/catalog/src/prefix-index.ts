/**
 * Longest-prefix match over effective-dated rows: an immutable flat trie over decimal digits, leaf-pushed per instant.
 *
 * What stands at a place of the trie is not one row but a timeline: which row is the longest effective one in each span of time.
 * The timeline of a longer prefix is laid over the one of its parent when the trie is built, so that a row which starts tomorrow
 * leaves today to the shorter prefix, and a look-up never has to climb back.
 *
 *   children   Int32Array, 10 entries a node: n > 0 goes on at node n · n <= 0 ends here with answer code -n
 *   firstThree Int32Array, by the first three digits of a number: the entry to which they lead
 *   ownAnswer  Int32Array, 1 entry a node: answer code for a number whose digits end at this node
 *   answer code: 0 no row · even: row code/2 - 1, at any time · odd: the timeline at (code - 1)/2 of
 *   timelines  Float64Array: row, start, row, start, row … NaN; a row holds from the start before it (the first always did) to
 *              the next one. Starts ascend, ms since epoch UTC; row -1 is none. In one piece, for one cache miss.
 */
import type { PrefixIndex } from './model.ts';

/** What the index needs to know of a row. `index` is what `find` answers. */
export interface PrefixRow {
  readonly index: number;
  readonly prefix: string;
  /** Half-open, ms since epoch UTC. Rows of one prefix must not overlap. */
  readonly effectiveFrom: number;
  readonly effectiveTo: number;
}

/** E.164 numbers have at most 15 digits. */
export const PREFIX_DIGITS_MAX = 15;

interface Segment {
  readonly start: number;
  readonly row: number;
}
type Timeline = readonly Segment[];

const NOTHING: Timeline = [{ start: -Infinity, row: -1 }];
const NO_ROW = 0;

/**
 * Builds the index. Rows may come in any order; it keeps none of them, only their positions.
 * @throws Error when rows of one prefix overlap in time or a prefix is no digits: the checks before must have refused them.
 */
export function buildPrefixIndex(rows: readonly PrefixRow[]): PrefixIndex & { readonly byteLength: number } {
  const sorted = rows.toSorted(byPrefixThenStart);
  const children: number[] = [];
  const ownAnswer: number[] = [];
  const timelines: number[] = [];

  function answerCode(timeline: Timeline): number {
    if (timeline.length === 1) return (timeline[0]!.row + 1) * 2;
    const position = timelines.length;
    timeline.forEach(({ start, row }, i) => (i === 0 ? timelines.push(row) : timelines.push(start, row)));
    timelines.push(Number.NaN);
    return position * 2 + 1;
  }

  /** Places the rows `from` until `to`, which agree in their first `depth` digits. Returns what the parent's entry holds. */
  function place(
    from: number,
    to: number,
    depth: number,
    inherited: Timeline,
    inheritedCode: number,
  ): number {
    let next = from;
    while (next < to && sorted[next]!.prefix.length === depth) next++;
    let timeline = inherited;
    let code = inheritedCode;
    if (next > from) {
      timeline = overlay(inherited, sorted.slice(from, next));
      code = answerCode(timeline);
    }
    if (next === to) return -code;

    const node = ownAnswer.length;
    ownAnswer.push(code);
    for (let digit = 0; digit < 10; digit++) children.push(-code);
    while (next < to) {
      const digit = sorted[next]!.prefix.charCodeAt(depth) - 48;
      const first = next;
      while (next < to && sorted[next]!.prefix.charCodeAt(depth) - 48 === digit) next++;
      const entry = place(first, next, depth + 1, timeline, code);
      children[node * 10 + digit] = entry;
    }
    return node;
  }

  // The root is node 0 even when there is nothing to hold, so that 0 is free to mean "no row".
  const root = place(0, sorted.length, 0, NOTHING, NO_ROW);
  if (root <= 0 && ownAnswer.length === 0) {
    ownAnswer.push(-root);
    for (let digit = 0; digit < 10; digit++) children.push(root);
  }
  return new FlatTrie(Int32Array.from(children), Int32Array.from(ownAnswer), Float64Array.from(timelines));
}

/** Lays the rows of one prefix over what holds where they are silent. */
function overlay(below: Timeline, rows: readonly PrefixRow[]): Timeline {
  const result: Segment[] = [];
  function push(start: number, row: number): void {
    if (result.length > 0 && result.at(-1)!.row === row) return;
    result.push({ start, row });
  }
  function pushBelow(from: number, to: number): void {
    for (let i = 0; i < below.length; i++) {
      const end = below[i + 1]?.start ?? Infinity;
      const start = Math.max(below[i]!.start, from);
      if (start < Math.min(end, to)) push(start, below[i]!.row);
    }
  }
  let covered = -Infinity;
  for (const row of rows) {
    if (row.effectiveFrom < covered || row.effectiveTo <= row.effectiveFrom) {
      throw new Error(`rows of prefix ${row.prefix} overlap or are inverted`);
    }
    pushBelow(covered, row.effectiveFrom);
    push(row.effectiveFrom, row.index);
    covered = row.effectiveTo;
  }
  pushBelow(covered, Infinity);
  return result;
}

function byPrefixThenStart(a: PrefixRow, b: PrefixRow): number {
  if (a.prefix < b.prefix) return -1;
  if (a.prefix > b.prefix) return 1;
  return a.effectiveFrom - b.effectiveFrom;
}

class FlatTrie implements PrefixIndex {
  readonly #children: Int32Array;
  readonly #firstThree: Int32Array;
  readonly #ownAnswer: Int32Array;
  readonly #timelines: Float64Array;

  constructor(children: Int32Array, ownAnswer: Int32Array, timelines: Float64Array) {
    this.#children = children;
    this.#firstThree = Int32Array.from({ length: 1000 }, (_, digits) => entryOf(digits, children));
    this.#ownAnswer = ownAnswer;
    this.#timelines = timelines;
  }

  /** Memory of the typed arrays, bytes. */
  get byteLength(): number {
    return (
      this.#children.byteLength +
      this.#firstThree.byteLength +
      this.#ownAnswer.byteLength +
      this.#timelines.byteLength
    );
  }

  find(number: number, atMs: number): number {
    if (!(number >= 1 && number < 1e15)) return -1;
    const digits = digitCount(number);
    // Left-aligned to 15 digits and cut in three, so that digits come off the front with 32-bit arithmetic.
    const aligned = number * POWERS_OF_TEN[PREFIX_DIGITS_MAX - digits]!;
    const high = Math.floor(aligned / 1e10);
    const rest = aligned - high * 1e10;
    const middle = Math.floor(rest / 1e5);
    const children = this.#children;
    let chunk = high | 0;
    let node = 0;
    let position = 0;
    if (digits >= 3) {
      const three = (chunk / 100) | 0;
      const entry = this.#firstThree[three]!;
      if (entry <= 0) return this.#answer(-entry, atMs);
      node = entry;
      chunk = (chunk - three * 100) * 1000;
      position = 3;
    }
    for (; position < digits; position++) {
      if (position === 5) chunk = middle | 0;
      else if (position === 10) chunk = (rest - middle * 1e5) | 0;
      const digit = (chunk / 10000) | 0;
      chunk = (chunk - digit * 10000) * 10;
      const entry = children[node * 10 + digit]!;
      if (entry <= 0) return this.#answer(-entry, atMs);
      node = entry;
    }
    return this.#answer(this.#ownAnswer[node]!, atMs);
  }

  #answer(code: number, atMs: number): number {
    if ((code & 1) === 0) return (code >> 1) - 1;
    const timelines = this.#timelines;
    let position = code >> 1;
    // NaN ends it: no instant is at or after it.
    while (timelines[position + 1]! <= atMs) position += 2;
    return timelines[position]!;
  }
}

/** Where three digits lead from the root: a node, or an answer that is reached before or with the last of them. */
function entryOf(digits: number, children: Int32Array): number {
  let node = 0;
  for (const digit of [Math.floor(digits / 100), Math.floor(digits / 10) % 10, digits % 10]) {
    node = children[node * 10 + digit]!;
    if (node <= 0) break;
  }
  return node;
}

const POWERS_OF_TEN = Float64Array.from({ length: PREFIX_DIGITS_MAX + 1 }, (_, exponent) => 10 ** exponent);

function digitCount(number: number): number {
  // Most called numbers have 10 to 13 digits.
  let count = number >= 1e10 ? 11 : 1;
  while (number >= POWERS_OF_TEN[count]!) count++;
  return count;
}
