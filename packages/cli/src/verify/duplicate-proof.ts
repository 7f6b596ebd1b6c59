import type { NativeBlock } from '@tollstream/contracts';
import type { Offset } from '@tollstream/event-log';
import type { BlockMessage } from './blocks.ts';
import type { Check } from './findings.ts';

const FILTER_BITS = 24;

/**
 * A call without an outcome of its own must be the copy of one that has: otherwise it was lost and not dropped. Calls are known by 53 of
 * the 128 bits of their identity: that a lost call passes for a copy takes a chance of one in 10^15 for each call of the log.
 */
export class DuplicateProof {
  readonly #hasOutcome: (source: string, offset: Offset) => boolean;
  readonly #wanted = new Map<number, { readonly source: string; readonly offset: Offset }>();
  /** A bit for each low part of a wanted identity: spares nearly all calls the look into the map. */
  readonly #wantedBits = new Uint32Array(2 ** (FILTER_BITS - 5));
  /** Calls that were put together: their rows stand for no record of their own. */
  readonly #assembled = new Set<number>();
  #count = 0;

  constructor(hasOutcome: (source: string, offset: Offset) => boolean) {
    this.#hasOutcome = hasOutcome;
  }

  /** Copies found so far. */
  get count(): number {
    return this.#count;
  }

  /** Rated rows of calls that were taken up again: a copy of the whole may come after its parts. */
  ratedAgain({ block }: BlockMessage): void {
    for (const identity of identitiesOf(block)) this.#assembled.add(identity);
  }

  /** Accepted rows without an outcome. */
  want({ block, source, sourceOffsets }: BlockMessage, rows: readonly number[]): void {
    const identities = identitiesOf(block);
    this.#count += rows.length;
    for (const row of rows) {
      const identity = identities[row]!;
      if (this.#wanted.has(identity) || this.#assembled.has(identity)) continue;
      this.#wanted.set(identity, { source, offset: sourceOffsets[row]! });
      const bit = filterBit(identity);
      this.#wantedBits[bit >>> 5]! |= 1 << (bit & 31);
    }
  }

  /** Any accepted block, once all copies are known. */
  seek({ block, source, sourceOffsets }: BlockMessage): void {
    const identities = identitiesOf(block);
    for (let row = 0; row < identities.length; row++) {
      const identity = identities[row]!;
      const bit = filterBit(identity);
      if ((this.#wantedBits[bit >>> 5]! & (1 << (bit & 31))) === 0) continue;
      if (this.#wanted.has(identity) && this.#hasOutcome(source, sourceOffsets[row]!))
        this.#wanted.delete(identity);
    }
  }

  finish(check: Check): void {
    check.checked += this.#count;
    for (const { source, offset } of this.#wanted.values()) {
      check.differs({
        place: source,
        offset,
        text: 'was accepted and has no outcome: neither it nor a copy of it is rated or suspended',
      });
    }
  }
}

function filterBit(identity: number): number {
  return identity & (2 ** FILTER_BITS - 1);
}

/** The identity of each call; the parts of one call are told apart by their sequence. */
function identitiesOf(block: NativeBlock): Float64Array {
  const hashes = wordsOf(block.column('call_hash').data());
  const identities = new Float64Array(block.rows);
  const sequences = block.column('partial_sequence').uint32s();
  for (let row = 0; row < identities.length; row++) {
    const low = (hashes[row * 4]! ^ Math.imul(sequences[row]!, 0x9e3779b1)) >>> 0;
    identities[row] = (hashes[row * 4 + 1]! & 0x1f_ffff) * 2 ** 32 + low;
  }
  return identities;
}

/** As 32-bit words; a copy, since a block begins at any address. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const copy = new Uint8Array(bytes);
  return new Uint32Array(copy.buffer);
}
