/** The rows of a list in order of their prefixes. */
import { E164_DIGITS_MAX, POWERS_OF_TEN } from '@tollstream/numbering';
import { type RateList, digitsOfRow } from './rate-list.ts';

/** Keys are sorted by what is below this and then by what is above; both have at most 28 bits. */
const LOW_LIMIT = 1e7;
const BITS_A_PASS = 14;
const BITS_MASK = (1 << BITS_A_PASS) - 1;

/** As text, so that a prefix stands right before those that go on from it, and rows of one prefix by when they start and then by whom they are for. */
export function orderByText(rates: RateList): Uint32Array {
  const keys = alignedPrefixes(rates);
  const order = sortedByNumber(keys);
  const { rows } = rates.columns;
  // What is left: rows of one prefix, and prefixes that differ in zeros at their end.
  for (let first = 0; first < order.length;) {
    let end = first + 1;
    while (end < order.length && keys[order[end]!] === keys[order[first]!]) end++;
    if (end - first > 1) {
      order
        .subarray(first, end)
        .sort(
          (a, b) =>
            digitsOfRow(rows, a) - digitsOfRow(rows, b) ||
            compare(rates.effectiveFromAt(a), rates.effectiveFromAt(b)) ||
            compare(callersText(rates, a), callersText(rates, b)) ||
            a - b,
        );
    }
    first = end;
  }
  return order;
}

function callersText(rates: RateList, row: number): string {
  const origin = rates.originAt(row);
  return origin === null ? '' : `${origin.text} ${origin.numberClass}`;
}

/** Some rows as numbers: those that differ in their last digit alone stand together, and so do those of one prefix. */
export function orderByNumber(rates: RateList, rows: Uint32Array): Uint32Array {
  const keys = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at++) keys[at] = rates.prefixAt(rows[at]!);
  return sortedByNumber(keys).map((at) => rows[at]!);
}

/** Prefixes filled up with zeros to the length of the longest possible. */
export function alignedPrefixes(rates: RateList): Float64Array {
  const { rows } = rates.columns;
  const keys = new Float64Array(rates.length);
  for (let index = 0; index < keys.length; index++) {
    keys[index] = rates.prefixAt(index) * POWERS_OF_TEN[E164_DIGITS_MAX - digitsOfRow(rows, index)]!;
  }
  return keys;
}

/** Radix sort of numbers below 10^15: no comparisons, and the order of what is equal stays. Decks come sorted, most of the time. */
function sortedByNumber(keys: Float64Array): Uint32Array {
  let sorted = 1;
  while (sorted < keys.length && keys[sorted - 1]! <= keys[sorted]!) sorted++;
  if (sorted >= keys.length) return Uint32Array.from(keys.keys());
  const low = new Uint32Array(keys.length);
  const high = new Uint32Array(keys.length);
  for (let index = 0; index < keys.length; index++) {
    const upper = Math.floor(keys[index]! / LOW_LIMIT);
    high[index] = upper;
    low[index] = keys[index]! - upper * LOW_LIMIT;
  }
  let order = new Uint32Array(keys.length);
  for (let index = 0; index < order.length; index++) order[index] = index;
  let other = new Uint32Array(keys.length);
  const starts = new Uint32Array((1 << BITS_A_PASS) + 1);
  for (const part of [low, high]) {
    for (let shift = 0; shift < 2 * BITS_A_PASS; shift += BITS_A_PASS) {
      starts.fill(0);
      for (let index = 0; index < part.length; index++) starts[((part[index]! >>> shift) & BITS_MASK) + 1]!++;
      for (let bucket = 1; bucket < starts.length; bucket++) starts[bucket]! += starts[bucket - 1]!;
      for (let at = 0; at < order.length; at++) {
        const index = order[at]!;
        other[starts[(part[index]! >>> shift) & BITS_MASK]!++] = index;
      }
      [order, other] = [other, order];
    }
  }
  return order;
}

// Infinities have no difference.
function compare<Value extends number | string>(a: Value, b: Value): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
