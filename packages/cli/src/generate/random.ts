/** Seeded random numbers: xoshiro128**, its state filled by splitmix32. The same seed gives the same numbers on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    // Both halves of the seed count, so that seeds beyond 2^32 differ too.
    let state = (seed ^ mix(Math.floor(seed / 2 ** 32))) | 0;
    const next = () => mix((state = (state + 0x9e3779b9) | 0));
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** An integer from 0 to 2^32 - 1. */
  uint32(): number {
    const multiplied = Math.imul(this.#b, 5);
    const result = Math.imul((multiplied << 7) | (multiplied >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** At least 0, below 1. */
  fraction(): number {
    return this.uint32() / 4_294_967_296;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }
}

/** A one-to-one mixing of 32-bit integers. */
export function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}

/** Picks by weight: a table of cumulative weights. */
export class Weighted<Item> {
  readonly #items: readonly Item[];
  readonly #cumulative: readonly number[];

  constructor(entries: readonly (readonly [Item, number])[]) {
    this.#items = entries.map(([item]) => item);
    let sum = 0;
    this.#cumulative = entries.map(([, weight]) => (sum += weight));
  }

  pick(random: Random): Item {
    const target = random.fraction() * this.#cumulative.at(-1)!;
    let i = 0;
    while (this.#cumulative[i]! <= target) i++;
    return this.#items[i]!;
  }
}
