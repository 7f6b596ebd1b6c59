/**
 * The short way of a call event: from the bytes of its record into the columns of a block, without an object or a string for any
 * field. It takes what is in the current Avro schema or in plain JSON, in ASCII and valid; everything else is left to the plain way (decode → validate
 * → attribute → add), which is also its oracle: both make the same blocks, byte for byte.
 */
import type { Catalog } from '@tollstream/catalog';
import {
  CALL_TEXT,
  CallEventCursor,
  CallEventJsonLocator,
  DIRECTIONS,
  DISPOSITIONS,
} from '@tollstream/contracts';
import type { SourcePosition } from '@tollstream/contracts';
import { normalize, normalizeBytes } from '@tollstream/numbering';
import type { DialPlan, NormalizedNumber } from '@tollstream/numbering';
import { emptyNumber } from './attribute.ts';
import type { BatchBlocks } from './batch-blocks.ts';
import { TIME_MS_MAX } from './limits.ts';
import type { IngestLimits } from './limits.ts';
import { NOBODY, PayerTable } from './payer-table.ts';

/** What the bytes of a call event may be. */
export interface Encodings {
  readonly avro: boolean;
  readonly json: boolean;
}

/** JSON begins with it, and no Avro record does. */
const OPENING_BRACE = 0x7b;

/** Enum8 numbers count from 1. */
const OUTBOUND = DIRECTIONS.indexOf('outbound') + 1;
const INBOUND = DIRECTIONS.indexOf('inbound') + 1;
const INTERNAL = DIRECTIONS.indexOf('internal') + 1;
const ANSWERED = DISPOSITIONS.indexOf('answered') + 1;

export class LocatedCalls {
  readonly #limits: IngestLimits;
  readonly #defaultDialPlan: DialPlan;
  readonly #blocks: BatchBlocks;
  readonly #payers: PayerTable;
  readonly #cursor = new CallEventCursor();
  readonly #json = new CallEventJsonLocator(this.#cursor);
  readonly #scratch = emptyNumber();
  readonly #place = { start: 0, end: 0 };
  readonly #attribution;

  constructor(options: {
    readonly catalog: Catalog;
    readonly limits: IngestLimits;
    readonly defaultDialPlan: DialPlan;
    readonly blocks: BatchBlocks;
    readonly partitionOf: (accountId: string) => number;
  }) {
    this.#limits = options.limits;
    this.#defaultDialPlan = options.defaultDialPlan;
    this.#blocks = options.blocks;
    this.#payers = new PayerTable(options);
    this.#attribution = {
      accounts: this.#payers.ids,
      account: NOBODY,
      origin: emptyNumber(),
      destination: emptyNumber(),
      direction: 0,
      routingNumber: '',
    };
  }

  /**
   * Makes a row of the record `bytes[start, end)`.
   * @param encodings the record may be in
   * @returns false when the plain way must decide; then nothing was done
   */
  take(
    record: { readonly bytes: Buffer; readonly start: number; readonly end: number },
    encodings: Encodings,
    receivedAt: number,
    source: SourcePosition,
  ): boolean {
    const { bytes, start, end } = record;
    if (end - start > this.#limits.recordBytesMax) return false;
    const isLocated =
      bytes[start] === OPENING_BRACE
        ? encodings.json && this.#json.locate(bytes, start, end)
        : encodings.avro && this.#cursor.locate(bytes, start, end);
    if (!isLocated) return false;
    const cursor = this.#cursor;
    if (!this.#isValid(end - start, receivedAt)) return false;
    const payer = this.#payer();
    const dialPlan = this.#payers.dialPlan(payer);
    const attribution = this.#attribution;
    const { origin, destination } = attribution;
    this.#normalize(CALL_TEXT.from, dialPlan, origin);
    this.#normalize(CALL_TEXT.to, dialPlan, destination);
    attribution.accounts = this.#payers.ids;
    attribution.account = payer;
    attribution.direction =
      cursor.direction === OUTBOUND && this.#isInternal(payer) ? INTERNAL : cursor.direction;
    attribution.routingNumber = destination.routingNumber;
    this.#blocks.addLocated(this.#payers.partition(payer), cursor, attribution, source);
    return true;
  }

  /** What `validateCall` asks, in one go: which rule is broken is for the plain way to say. */
  #isValid(recordBytes: number, receivedAt: number): boolean {
    const cursor = this.#cursor;
    const { fieldCharactersMax, durationMsMax, futureSkewMsMax } = this.#limits;
    const startedAt = cursor.times[0]!;
    const answeredAt = cursor.times[1]!;
    const endedAt = cursor.times[2]!;
    const isAnswered = cursor.disposition === ANSWERED;
    return (
      cursor.lengthOf(CALL_TEXT.callId) > 0 &&
      cursor.lengthOf(CALL_TEXT.switchId) > 0 &&
      // No field of a record that is as short as this can be too long.
      (recordBytes <= fieldCharactersMax || cursor.longestText() <= fieldCharactersMax) &&
      cursor.leg <= 0xff &&
      startedAt > 0 &&
      endedAt >= startedAt &&
      endedAt < TIME_MS_MAX &&
      isAnswered === answeredAt > 0 &&
      (!isAnswered || (answeredAt >= startedAt && answeredAt <= endedAt)) &&
      endedAt - startedAt <= durationMsMax &&
      (receivedAt < 0 || startedAt <= receivedAt + futureSkewMsMax)
    );
  }

  #payer(): number {
    const cursor = this.#cursor;
    if (cursor.lengthOf(CALL_TEXT.account) > 0) {
      const { bytes, starts, ends } = cursor;
      return this.#payers.byId(bytes, starts[CALL_TEXT.account]!, ends[CALL_TEXT.account]!);
    }
    if (cursor.lengthOf(CALL_TEXT.chargedParty) > 0) {
      const payer = this.#payerOfNumber(CALL_TEXT.chargedParty);
      if (payer !== NOBODY) return payer;
    }
    return this.#payerOfNumber(cursor.direction === INBOUND ? CALL_TEXT.to : CALL_TEXT.from);
  }

  #payerOfNumber(text: CallText): number {
    const { number } = this.#normalize(text, this.#defaultDialPlan, this.#scratch);
    return number === 0 ? NOBODY : this.#payers.byNumber(number);
  }

  #normalize(text: CallText, plan: DialPlan, out: NormalizedNumber): NormalizedNumber {
    const cursor = this.#cursor;
    const place = this.#place;
    place.start = cursor.starts[text]!;
    place.end = cursor.ends[text]!;
    if (!normalizeBytes(cursor.bytes, place, plan, out)) normalize(cursor.string(text), plan, out);
    return out;
  }

  /** As `Attributor` has it: an extension was called from an extension, or from a number of the same account. */
  #isInternal(payer: number): boolean {
    const { origin, destination } = this.#attribution;
    if (destination.kind !== 'extension') return false;
    if (origin.kind === 'extension') return true;
    return payer !== NOBODY && origin.number !== 0 && this.#payers.byNumber(origin.number) === payer;
  }
}

type CallText = (typeof CALL_TEXT)[keyof typeof CALL_TEXT];
