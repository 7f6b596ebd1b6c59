/**
 * The call event in Avro binary, located rather than read: where each text stands and what each number is, without a string or an
 * object for any of it. Only what is beyond doubt is located; everything else (other schemas, texts that are not ASCII, broken
 * records) goes to the plain reader, which says what is wrong with it. Field order: schemas/call-event.avsc.
 */
import { SINGLE_OBJECT_HEADER_BYTES } from './avro-schema.ts';
import { callEventHeader } from './call-event-avro.ts';
import { DIRECTIONS, DISPOSITIONS, partNumber } from './call.ts';

/** Texts of a call event, in the order in which they stand. */
export const CALL_TEXT = {
  callId: 0,
  switchId: 1,
  from: 2,
  to: 3,
  account: 4,
  extension: 5,
  device: 6,
  trunk: 7,
  chargedParty: 8,
  originalTo: 9,
  routingNumber: 10,
  parentCallId: 11,
} as const;
const TEXTS = 12;
const FIRST_OPTIONAL_TEXT: number = CALL_TEXT.account;

/** One event at a time: what it holds is valid until the next `locate`. Absent texts are empty, absent times 0. */
export class CallEventCursor {
  /** The bytes in which the texts stand. */
  bytes: Buffer = Buffer.alloc(0);
  readonly starts = new Int32Array(TEXTS);
  readonly ends = new Int32Array(TEXTS);
  leg = 0;
  /** Enum8 numbers: from 1, in the order of their sets. */
  direction = 0;
  disposition = 0;
  partialSequence = 0;
  /** started, answered (0 = absent), ended: ms since epoch. */
  readonly times = new Float64Array(3);

  #at = 0;
  #end = 0;

  /**
   * Locates the fields of the record `bytes[start, end)`.
   * @returns false when the plain reader must decide; nothing of the cursor is to be used then
   */
  locate(bytes: Buffer, start: number, end: number): boolean {
    if (end - start < SINGLE_OBJECT_HEADER_BYTES) return false;
    for (let i = 0; i < SINGLE_OBJECT_HEADER_BYTES; i++)
      if (bytes[start + i] !== callEventHeader[i]) return false;
    this.bytes = bytes;
    this.#at = start + SINGLE_OBJECT_HEADER_BYTES;
    this.#end = end;
    if (!this.#text(CALL_TEXT.callId) || !this.#text(CALL_TEXT.switchId)) return false;
    this.leg = this.#small();
    this.direction = this.#small();
    if (!this.#text(CALL_TEXT.from) || !this.#text(CALL_TEXT.to)) return false;
    const { times } = this;
    times[0] = this.#time();
    const answered = this.#presence();
    times[1] = answered === 1 ? this.#time() : 0;
    times[2] = this.#time();
    this.disposition = this.#small();
    if (answered < 0) return false;
    for (let text = FIRST_OPTIONAL_TEXT; text < TEXTS; text++) {
      const presence = this.#presence();
      if (presence < 0) return false;
      if (presence === 0) this.starts[text] = this.ends[text] = this.#at;
      else if (!this.#text(text)) return false;
    }
    const partial = this.#presence();
    this.partialSequence = partial === 1 ? this.#small() : 0;
    return (
      partial >= 0 &&
      // Who forwarded a call is looked at by the plain way: such legs are few.
      this.#presence() === 0 &&
      this.#at === end &&
      this.leg >= 0 &&
      this.direction > 0 &&
      this.direction <= DIRECTIONS.length &&
      this.disposition > 0 &&
      this.disposition <= DISPOSITIONS.length &&
      // 0 would read as absent, here and in the columns.
      (partial === 0 || partNumber(this.partialSequence) > 0) &&
      (answered === 0 || times[1] > 0)
    );
  }

  lengthOf(text: number): number {
    return this.ends[text]! - this.starts[text]!;
  }

  /** Bytes of the longest text. */
  longestText(): number {
    let longest = 0;
    for (let text = 0; text < TEXTS; text++) longest = Math.max(longest, this.lengthOf(text));
    return longest;
  }

  string(text: number): string {
    return this.bytes.toString('latin1', this.starts[text], this.ends[text]);
  }

  /** @returns false at what is no ASCII text, or longer than two bytes of length say */
  #text(text: number): boolean {
    const bytes = this.bytes;
    let at = this.#at;
    let length = bytes[at++]!;
    if (length >= 0x80) {
      const high = bytes[at++]!;
      if (!(high < 0x80)) return false;
      length = (length & 0x7f) | (high << 7);
    }
    // Zigzag: odd is negative.
    if ((length & 1) !== 0) return false;
    const textEnd = at + (length >>> 1);
    if (textEnd > this.#end) return false;
    let seen = 0;
    for (let i = at; i < textEnd; i++) seen |= bytes[i]!;
    this.starts[text] = at;
    this.ends[text] = textEnd;
    this.#at = textEnd;
    return seen < 0x80;
  }

  /** A number of at most four bytes, 0 or more; -1 for any other. */
  #small(): number {
    const bytes = this.bytes;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[this.#at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return this.#at <= this.#end && (value & 1) === 0 ? value >>> 1 : -1;
    }
    return -1;
  }

  /** A time of exactly six bytes: from 1978 to 2527; -1 for any other. */
  #time(): number {
    const bytes = this.bytes;
    const at = this.#at;
    this.#at = at + 6;
    if (this.#at > this.#end) return -1;
    const b0 = bytes[at]!;
    const b1 = bytes[at + 1]!;
    const b2 = bytes[at + 2]!;
    const b3 = bytes[at + 3]!;
    const b4 = bytes[at + 4]!;
    const b5 = bytes[at + 5]!;
    if ((b0 & b1 & b2 & b3 & b4 & 0x80) === 0 || b5 >= 0x80 || (b0 & 1) !== 0) return -1;
    const low = (b0 & 0x7f) | ((b1 & 0x7f) << 7) | ((b2 & 0x7f) << 14);
    const high = (b3 & 0x7f) | ((b4 & 0x7f) << 7) | (b5 << 14);
    return (high * 0x20_0000 + low) / 2;
  }

  /** Branch of a ["null", …] union: 0 or 1; -1 for what is none. */
  #presence(): number {
    const branch = this.#at < this.#end ? this.bytes[this.#at++]! : -1;
    return branch === 2 ? 1 : branch === 0 ? 0 : -1;
  }
}
