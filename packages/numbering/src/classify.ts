/** What a number is, by the trie that the generated tables hold. */
import { LEAVES, ROOT, ROWS } from './tables.generated.ts';
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
const leafCountries = leafFields.map(([country]) => country);
const leafClasses = leafFields.map(([, numberClass]) => numberClass);
/** Bit n: a listed number has n more digits after those that led to the leaf. */
const leafMoreDigits = Uint32Array.from(leafFields, ([, , moreDigits]) => Number.parseInt(moreDigits, 36));
const rows = unpackRows();

/** Powers of ten up to the 16 digits an exact integer can have. */
const POWERS = Float64Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

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
  const leaf = findLeaf(number) & LEAF_MASK;
  out.country = leafCountries[leaf]!;
  out.numberClass = leafClasses[leaf]!;
  return out;
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
  if (!(number >= 1 && number <= Number.MAX_SAFE_INTEGER)) return LEAF_UNKNOWN;
  // Most numbers have 10 to 13 digits.
  let exponent = number >= 1e10 ? 11 : 1;
  while (exponent < 16 && number >= POWERS[exponent]!) exponent++;
  let rest = number;
  let row = ROOT;
  if (exponent >= HEAD_DIGITS) {
    exponent -= HEAD_DIGITS;
    const power = POWERS[exponent]!;
    const head = Math.floor(number / power);
    const reference = headReferences[head]!;
    if (reference < leafCount) {
      return reference | ((exponent + HEAD_DIGITS - headDepths[head]!) << MORE_DIGITS_SHIFT);
    }
    row = reference - leafCount;
    rest -= head * power;
  }
  while (--exponent >= 0) {
    const power = POWERS[exponent]!;
    const digit = Math.floor(rest / power);
    rest -= digit * power;
    const reference = rows[(row << ROW_SHIFT) | digit]!;
    if (reference < leafCount) return reference | (exponent << MORE_DIGITS_SHIFT);
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
