/** Digit prefixes of numbers that are kept as exact integers. */
export class PrefixSet {
  /** By number of digits, longest first; few lengths, few members. */
  readonly #byDigits: readonly (readonly [digits: number, prefixes: ReadonlySet<number>])[];

  constructor(prefixes: readonly string[]) {
    const byDigits = new Map<number, Set<number>>();
    for (const prefix of prefixes) {
      const sameLength = byDigits.get(prefix.length) ?? new Set<number>();
      byDigits.set(prefix.length, sameLength.add(Number(prefix)));
    }
    this.#byDigits = [...byDigits].sort(([a], [b]) => b - a);
  }

  /** @returns the longest of the prefixes that the number begins with, or 0 */
  match(number: number): number {
    if (this.#byDigits.length === 0) return 0;
    const digits = digitCount(number);
    for (const [length, prefixes] of this.#byDigits) {
      if (length > digits) continue;
      const head = Math.floor(number / 10 ** (digits - length));
      if (prefixes.has(head)) return head;
    }
    return 0;
  }
}

function digitCount(number: number): number {
  let digits = 1;
  for (let bound = 10; number >= bound; bound *= 10) digits += 1;
  return digits;
}
