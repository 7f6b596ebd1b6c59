import { DISPOSITIONS } from '@tollstream/contracts';
import type { NativeBlock, NativeColumn } from '@tollstream/contracts';
import { SettlementError } from './errors.ts';

const ANSWERED = DISPOSITIONS.indexOf('answered') + 1;

interface Place {
  readonly atMs: number;
  readonly callId: Buffer;
  readonly switchId: Buffer;
  readonly leg: number;
}

/** Holds rows against the canonical order of an account's calls: answer time, else start; call id, switch, leg; each call once. */
export class CanonicalOrder {
  #block: NativeBlock | null = null;
  #atMs: Float64Array = new Float64Array(0);
  #callIds: NativeColumn | null = null;
  /** Of the row before; its texts only where the block has ended meanwhile. */
  #lastMs = -Infinity;
  #lastRow = -1;
  #kept: Place | null = null;

  open(block: NativeBlock): void {
    if (this.#block !== null && this.#lastRow >= 0) this.#kept = copyOf(this.#place(this.#lastRow));
    this.#lastRow = -1;
    this.#block = block;
    this.#callIds = block.column('call_id');
    const answeredAt = block.column('answered_at').integers();
    const startedAt = block.column('started_at').integers();
    const dispositions = block.column('disposition').uint8s();
    this.#atMs = answeredAt.map((atMs, row) => (dispositions[row] === ANSWERED ? atMs : startedAt[row]!));
  }

  newAccount(): void {
    this.#lastMs = -Infinity;
    this.#lastRow = -1;
    this.#kept = null;
  }

  /** @throws SettlementError TOLL_SETTLEMENT_ORDER */
  next(row: number): void {
    const atMs = this.#atMs[row]!;
    // Texts are compared only where two calls were answered in the same millisecond.
    if (atMs < this.#lastMs || (atMs === this.#lastMs && !this.#isAfterLast(row))) {
      const callId = this.#callIds!.string(row);
      throw new SettlementError(
        'TOLL_SETTLEMENT_ORDER',
        `Call ${callId} does not come after the one before it.`,
      );
    }
    this.#lastMs = atMs;
    this.#lastRow = row;
    this.#kept = null;
  }

  #isAfterLast(row: number): boolean {
    const last = this.#kept ?? this.#place(this.#lastRow);
    const place = this.#place(row);
    const order =
      Buffer.compare(last.callId, place.callId) ||
      Buffer.compare(last.switchId, place.switchId) ||
      last.leg - place.leg;
    return order < 0;
  }

  #place(row: number): Place {
    const block = this.#block!;
    return {
      atMs: this.#atMs[row]!,
      callId: this.#callIds!.bytes(row),
      switchId: Buffer.from(block.column('switch_id').string(row)),
      leg: block.column('leg').number(row),
    };
  }
}

/** A block's memory may be used again for the next one. */
function copyOf(place: Place): Place {
  return { ...place, callId: Buffer.from(place.callId) };
}
