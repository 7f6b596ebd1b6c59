import { DIRECTIONS, DISPOSITIONS, KnownTexts } from '@tollstream/contracts';
import type {
  LowCardinalityPlaces,
  LowCardinalityValues,
  NativeBlock,
  NativeColumn,
} from '@tollstream/contracts';
import { normalize } from '@tollstream/numbering';
import type { NormalizedNumber } from '@tollstream/numbering';
import type { RatingCall } from './call.ts';
import type { RatedAccount } from './rate-table.ts';

const ANSWERED = DISPOSITIONS.indexOf('answered') + 1;

const knownTexts = new KnownTexts();
const scratchNumber: NormalizedNumber = { kind: 'invalid', number: 0, text: '', routingNumber: '' };

/** The calls of a block: columns are decoded once, and one call object is filled again and again. */
export class CallRows {
  readonly accounts: LowCardinalityPlaces;
  readonly startedAt: Float64Array;
  /** 0 = the destination is no number. */
  readonly destinationNumbers: Float64Array;
  readonly #devices: LowCardinalityValues;
  readonly #directions: Uint8Array;
  readonly #dispositions: Uint8Array;
  readonly #answeredAt: Float64Array;
  readonly #endedAt: Float64Array;
  readonly #originNumbers: Float64Array;
  readonly #originTexts: NativeColumn;
  readonly #destinationTexts: NativeColumn;
  readonly #originalDestinations: NativeColumn;
  readonly #routingNumbers: NativeColumn | null;
  readonly #partialSequences: Uint32Array;

  /** @param options whether any tariff asks for routing numbers; otherwise they are not read */
  constructor(block: NativeBlock, options: { readonly usesRoutingNumbers: boolean }) {
    this.accounts = block.column('account_id').lowCardinalityPlaces();
    this.startedAt = block.column('started_at').integers();
    this.#devices = block.column('device').lowCardinality();
    this.#directions = block.column('direction').uint8s();
    this.#dispositions = block.column('disposition').uint8s();
    this.#answeredAt = block.column('answered_at').integers();
    this.#endedAt = block.column('ended_at').integers();
    this.#originNumbers = block.column('origin_number').integers();
    this.#originTexts = block.column('origin_text');
    this.destinationNumbers = block.column('destination_number').integers();
    this.#destinationTexts = block.column('destination_text');
    this.#originalDestinations = block.column('original_destination');
    this.#routingNumbers = options.usesRoutingNumbers ? block.column('routing_number') : null;
    this.#partialSequences = block.column('partial_sequence').uint32s();
  }

  /** Makes `call` that of the row, as its account reads numbers. */
  fill(call: RatingCall, row: number, account: RatedAccount): void {
    call.direction = DIRECTIONS[this.#directions[row]! - 1]!;
    call.originNumber = this.#originNumbers[row]!;
    call.originText = call.originNumber === 0 ? this.#originTexts.string(row, knownTexts) : '';
    call.destinationNumber = this.destinationNumbers[row]!;
    call.destinationText = call.destinationNumber === 0 ? this.#destinationTexts.string(row, knownTexts) : '';
    // Only inbound calls are told apart by what was called before translation.
    call.originalDestinationNumber =
      call.direction === 'inbound' ? numberOf(this.#originalDestinations.string(row), account) : 0;
    call.routingNumber =
      this.#routingNumbers === null ? 0 : numberOf(this.#routingNumbers.string(row), account);
    call.device = this.#devices.dictionary[this.#devices.indexes[row]!]!;
    call.startedAt = this.startedAt[row]!;
    call.answeredAt = this.#dispositions[row] === ANSWERED ? this.#answeredAt[row]! : 0;
    call.endedAt = this.#endedAt[row]!;
    call.partialSequence = this.#partialSequences[row]!;
  }
}

function numberOf(text: string, { account }: RatedAccount): number {
  return text === '' ? 0 : normalize(text, account.dialPlan, scratchNumber).number;
}
