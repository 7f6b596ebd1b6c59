import type { NativeBlock } from '@tollstream/contracts';
import type { Offset } from '@tollstream/event-log';
import type { BlockMessage } from './blocks.ts';
import type { Check } from './findings.ts';

/**
 * A call without an outcome of its own must be the copy of one that has: otherwise it was lost and not dropped. Calls are known by 53 of
 * the 128 bits of their identity: that a lost call passes for a copy takes a chance of one in 10^15 for each call of the log.
 */
export class DuplicateProof {
  readonly #hasOutcome: (source: string, offset: Offset) => boolean;
  readonly #wanted = new Map<number, { readonly source: string; readonly offset: Offset }>();
  #count = 0;

  constructor(hasOutcome: (source: string, offset: Offset) => boolean) {
    this.#hasOutcome = hasOutcome;
  }

  /** Copies found so far. */
  get count(): number {
    return this.#count;
  }

  /** Accepted rows without an outcome. */
  want({ block, source, sourceOffsets }: BlockMessage, rows: readonly number[]): void {
    const identities = identitiesOf(block);
    this.#count += rows.length;
    for (const row of rows) {
      if (!this.#wanted.has(identities[row]!))
        this.#wanted.set(identities[row]!, { source, offset: sourceOffsets[row]! });
    }
  }

  /** Any accepted block, once all copies are known. */
  seek({ block, source, sourceOffsets }: BlockMessage): void {
    const identities = identitiesOf(block);
    for (let row = 0; row < identities.length; row++) {
      if (this.#wanted.has(identities[row]!) && this.#hasOutcome(source, sourceOffsets[row]!)) {
        this.#wanted.delete(identities[row]!);
      }
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

/** The identity of each call; the parts of one call are told apart by their sequence. */
function identitiesOf(block: NativeBlock): Float64Array {
  const hashes = block.column('call_hash').data();
  const sequences = block.column('partial_sequence').uint32s();
  return Float64Array.from(sequences, (sequence, row) => {
    const low = (hashes.readUInt32LE(row * 16) ^ Math.imul(sequence, 0x9e3779b1)) >>> 0;
    return (hashes.readUInt32LE(row * 16 + 4) & 0x1f_ffff) * 2 ** 32 + low;
  });
}
