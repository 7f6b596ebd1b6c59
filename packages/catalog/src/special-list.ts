/**
 * The special terms of a list, by their number. On their way to another thread they are bytes in a shared buffer, and each becomes objects
 * there when a row that has it is asked for first: a carrier's deck may have a hundred thousand, and whoever swaps to it between two batches
 * has no time for all of them.
 */
import { deserialize, serialize } from 'node:v8';
import type { SpecialTerms } from './model.ts';

/** Shared with another thread as it is. */
export interface PackedSpecials {
  readonly bytes: Uint8Array;
  /** End of each in `bytes`. */
  readonly ends: Uint32Array;
  readonly hasAttemptFees: boolean;
  readonly hasOrigins: boolean;
}

export class SpecialList {
  /** Whether any of them has a fee for calls that nobody answered. */
  readonly hasAttemptFees: boolean;
  /** Whether any of them is for some callers alone. */
  readonly hasOrigins: boolean;
  readonly #terms: (SpecialTerms | undefined)[];
  readonly #packed: PackedSpecials | null;

  private constructor(
    terms: (SpecialTerms | undefined)[],
    has: Pick<PackedSpecials, 'hasAttemptFees' | 'hasOrigins'>,
    packed: PackedSpecials | null,
  ) {
    this.#terms = terms;
    this.#packed = packed;
    this.hasAttemptFees = has.hasAttemptFees;
    this.hasOrigins = has.hasOrigins;
  }

  static of(terms: readonly SpecialTerms[]): SpecialList {
    const hasAttemptFees = terms.some(({ attemptFee }) => attemptFee > 0);
    const hasOrigins = terms.some(({ origin }) => origin !== null);
    return new SpecialList([...terms], { hasAttemptFees, hasOrigins }, null);
  }

  static unpack(packed: PackedSpecials): SpecialList {
    return new SpecialList(Array.from({ length: packed.ends.length }), packed, packed);
  }

  at(id: number): SpecialTerms {
    return this.#terms[id] ?? this.#read(id);
  }

  pack(): PackedSpecials {
    if (this.#packed !== null) return this.#packed;
    const pieces = this.#terms.map((terms) => serialize(terms));
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    const endsBytes = pieces.length * Uint32Array.BYTES_PER_ELEMENT;
    const buffer = new SharedArrayBuffer(endsBytes + size);
    const ends = new Uint32Array(buffer, 0, pieces.length);
    const bytes = new Uint8Array(buffer, endsBytes, size);
    let end = 0;
    for (const [id, piece] of pieces.entries()) {
      bytes.set(piece, end);
      ends[id] = end += piece.length;
    }
    return { bytes, ends, hasAttemptFees: this.hasAttemptFees, hasOrigins: this.hasOrigins };
  }

  #read(id: number): SpecialTerms {
    const { bytes, ends } = this.#packed!;
    if (!(id >= 0 && id < ends.length)) throw new RangeError(`there are no special terms ${id}`);
    // Copied: what reads it takes no shared memory.
    const terms = deserialize(bytes.slice(id === 0 ? 0 : ends[id - 1], ends[id])) as SpecialTerms;
    this.#terms[id] = terms;
    return terms;
  }
}
