/** What a number is, by the trie that the generated tables hold. */
import { LEAVES, ROOT, ROWS } from './tables.generated.ts';
import {
  E164_DIGITS_MAX,
  POWERS_OF_TEN as POWERS,
  digitCount,
  packDigits,
  packedDigit,
} from './packed-digits.ts';
import type { Destination, NumberClass } from './types.ts';

/*
 * The trie in memory: rows of 16 references, so that a row's place is a shift.
 *
 *   row r:  | digit 0 | digit 1 | … | digit 9 | ends here | 5 unused |
 *   reference < leaf count: that leaf; otherwise the row (reference - leaf count)
 */
const ROW_SHIFT = 4;
const ENDS_HERE = 10;
const PACKED_ROW = 11;

const leafFields = LEAVES.split(' ').map((text) => text.split(':') as [string, NumberClass, string]);
const leafCount = leafFields.length;
/** Every answer of `classify`; a number's is at its `destinationId`. */
export const DESTINATIONS: readonly Readonly<Destination>[] = leafFields.map(([country, numberClass]) => ({
  country,
  numberClass,
}));
/** Bit n: a listed number has n more digits after those that led to the leaf. */
const leafMoreDigits = Uint32Array.from(leafFields, ([, , moreDigits]) => Number.parseInt(moreDigits, 36));
const rows = unpackRows();

/** Leaf 0 stands for numbers of no known country. */
const LEAF_UNKNOWN = 0;

/** `findLeaf` returns leaf | digits not looked at << this. */
const MORE_DIGITS_SHIFT = 16;
const LEAF_MASK = (1 << MORE_DIGITS_SHIFT) - 1;

/**
 * Country and class of an E.164 number.
 * @param number E.164 digits as an exact integer; 0 or what no country owns gives country '' and class 'unknown'
 * @param out    written and returned, so that the hot path allocates nothing
 */
export function classify(number: number, out: Destination): Destination {
  const { country, numberClass } = DESTINATIONS[destinationId(number)]!;
  out.country = country;
  out.numberClass = numberClass;
  return out;
}

/**
 * What `classify` says of a number as a place in `DESTINATIONS`, so that what follows from it can be looked up.
 * @param number E.164 digits as an exact integer
 */
export function destinationId(number: number): number {
  return findLeaf(number) & LEAF_MASK;
}

/** Whether some pattern of the metadata lists the number, in all its digits. */
export function isListed(number: number): boolean {
  const found = findLeaf(number);
  return ((leafMoreDigits[found & LEAF_MASK]! >> (found >> MORE_DIGITS_SHIFT)) & 1) === 1;
}

/** Digits that are looked at in one step: every country is told by as many, or its row is. */
const HEAD_DIGITS = 3;
/** By the first three digits: the reference that they lead to, and how many of them it took. */
const headReferences = new Uint16Array(10 ** HEAD_DIGITS);
const headDepths = new Uint8Array(10 ** HEAD_DIGITS);
fillHeads();

function findLeaf(number: number): number {
  if (!(number >= 1 && number < POWERS[E164_DIGITS_MAX]!)) return LEAF_UNKNOWN;
  const count = digitCount(number);
  // The first 8 digits in one word tell nearly every number; the others are packed when the way leads on.
  const aligned = number * POWERS[E164_DIGITS_MAX - count]!;
  const first = Math.floor(aligned / 1e7) | 0;
  let at = 0;
  let row = ROOT;
  if (count >= HEAD_DIGITS) {
    const head = (first / 100_000) | 0;
    const reference = headReferences[head]!;
    if (reference < leafCount) return reference | ((count - headDepths[head]!) << MORE_DIGITS_SHIFT);
    at = HEAD_DIGITS;
    row = reference - leafCount;
  }
  let packed = packDigits(first);
  while (at < count) {
    if (at === 8) packed = packDigits((aligned - first * 1e7) * 10);
    const reference = rows[(row << ROW_SHIFT) | packedDigit(packed, at)]!;
    at += 1;
    if (reference < leafCount) return reference | ((count - at) << MORE_DIGITS_SHIFT);
    row = reference - leafCount;
  }
  const reference = rows[(row << ROW_SHIFT) | ENDS_HERE]!;
  return reference < leafCount ? reference : LEAF_UNKNOWN;
}

function fillHeads(): void {
  for (let head = 0; head < headReferences.length; head++) {
    let reference = ROOT + leafCount;
    let depth = 0;
    while (depth < HEAD_DIGITS && reference >= leafCount) {
      const digit = Math.floor(head / 10 ** (HEAD_DIGITS - 1 - depth)) % 10;
      reference = rows[((reference - leafCount) << ROW_SHIFT) | digit]!;
      depth += 1;
    }
    headReferences[head] = reference;
    headDepths[head] = depth;
  }
}

function unpackRows(): Uint16Array {
  const bytes = Buffer.from(ROWS, 'base64');
  const rowCount = bytes.length / (PACKED_ROW * 2);
  const unpacked = new Uint16Array(rowCount << ROW_SHIFT);
  for (let row = 0; row < rowCount; row++) {
    for (let slot = 0; slot < PACKED_ROW; slot++) {
      unpacked[(row << ROW_SHIFT) | slot] = bytes.readUInt16LE((row * PACKED_ROW + slot) * 2);
    }
  }
  return unpacked;
}
