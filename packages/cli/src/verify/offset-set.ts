import type { Offset } from '@tollstream/event-log';

const CHUNK_BITS = 16;
const CHUNK_OFFSETS = 2 ** CHUNK_BITS;
const WORDS = CHUNK_OFFSETS / 32;

/** Offsets of one partition: a bit each, in chunks that exist where offsets do. A billion of them take 125 MB. */
export class OffsetSet {
  readonly #chunks = new Map<number, Uint32Array>();
  #size = 0;
  // Offsets come in order nearly always: the chunk in hand is kept.
  #index = -1;
  #chunk: Uint32Array | undefined;

  get size(): number {
    return this.#size;
  }

  /** @returns false when it was in the set before */
  add(offset: Offset): boolean {
    const chunk = this.#chunkOf(offset, true)!;
    const word = (offset % CHUNK_OFFSETS) >>> 5;
    const bit = 1 << (offset & 31);
    if ((chunk[word]! & bit) !== 0) return false;
    chunk[word]! |= bit;
    this.#size += 1;
    return true;
  }

  has(offset: Offset): boolean {
    const chunk = this.#chunkOf(offset, false);
    return chunk !== undefined && (chunk[(offset % CHUNK_OFFSETS) >>> 5]! & (1 << (offset & 31))) !== 0;
  }

  /** The offsets that the other set lacks: how many, and the smallest of them. */
  without(other: OffsetSet): { readonly count: number; readonly first: Offset | null } {
    let count = 0;
    let first: Offset | null = null;
    for (const index of [...this.#chunks.keys()].toSorted((a, b) => a - b)) {
      const mine = this.#chunks.get(index)!;
      const theirs = other.#chunks.get(index);
      for (let word = 0; word < WORDS; word++) {
        const rest = mine[word]! & ~(theirs?.[word] ?? 0);
        if (rest === 0) continue;
        first ??= index * CHUNK_OFFSETS + word * 32 + lowestBit(rest);
        count += bitCount(rest);
      }
    }
    return { count, first };
  }

  #chunkOf(offset: Offset, isMade: boolean): Uint32Array | undefined {
    const index = Math.floor(offset / CHUNK_OFFSETS);
    if (index !== this.#index) {
      this.#chunk = this.#chunks.get(index);
      this.#index = index;
    }
    if (this.#chunk === undefined && isMade) {
      this.#chunk = new Uint32Array(WORDS);
      this.#chunks.set(index, this.#chunk);
    }
    return this.#chunk;
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
