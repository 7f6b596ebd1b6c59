/** Digits by which a number is passed over at once: most numbers begin with no prefix of the set. */
const HEAD_DIGITS = 4;
const POWERS = Float64Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/** Digit prefixes of numbers that are kept as exact integers. */
export class PrefixSet {
  /** By number of digits, longest first; few lengths, few members. */
  readonly #byDigits: readonly (readonly [digits: number, prefixes: ReadonlySet<number>])[];
  /** By the first digits of a number: 1 = some prefix begins so, or is the beginning of it. */
  readonly #heads = new Uint8Array(10 ** HEAD_DIGITS);

  constructor(prefixes: readonly string[]) {
    const byDigits = new Map<number, Set<number>>();
    for (const prefix of prefixes) {
      const sameLength = byDigits.get(prefix.length) ?? new Set<number>();
      byDigits.set(prefix.length, sameLength.add(Number(prefix)));
      const first = Number(prefix.slice(0, HEAD_DIGITS).padEnd(HEAD_DIGITS, '0'));
      const last = Number(prefix.slice(0, HEAD_DIGITS).padEnd(HEAD_DIGITS, '9'));
      this.#heads.fill(1, first, last + 1);
    }
    this.#byDigits = [...byDigits].sort(([a], [b]) => b - a);
  }

  /** @returns the longest of the prefixes that the number begins with, or 0 */
  match(number: number): number {
    if (this.#byDigits.length === 0) return 0;
    const digits = digitCount(number);
    if (digits >= HEAD_DIGITS && this.#heads[Math.floor(number / POWERS[digits - HEAD_DIGITS]!)] === 0) {
      return 0;
    }
    for (const [length, prefixes] of this.#byDigits) {
      if (length > digits) continue;
      const head = Math.floor(number / POWERS[digits - length]!);
      if (prefixes.has(head)) return head;
    }
    return 0;
  }
}

/** @param number of at most 15 digits */
function digitCount(number: number): number {
  let digits = number >= 1e10 ? 11 : 1;
  while (number >= POWERS[digits]!) digits += 1;
  return digits;
}
