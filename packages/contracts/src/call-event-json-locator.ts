/**
 * The call event in JSON, located rather than read: the same places and numbers that `CallEventCursor.locate` finds in Avro, without a
 * string or an object for any of it. Only what is beyond doubt is located: an object of the keys of schemas/call-event.avsc, each once,
 * with ASCII texts that need no escape, whole numbers, and times in milliseconds or as `2020-01-31T23:59:30.500Z`. All else goes to
 * `parseCallEventJson`, which says what is wrong with it.
 */
import { CALL_TEXT } from './call-event-cursor.ts';
import type { CallEventCursor } from './call-event-cursor.ts';
import { DIRECTIONS, DISPOSITIONS, LAST_PART } from './call.ts';

/** Kinds of members; a text is its number among `CALL_TEXT`. */
const LEG = 12;
const DIRECTION = 13;
const DISPOSITION = 14;
const STARTED_AT = 15;
const ANSWERED_AT = 16;
const ENDED_AT = 17;
const PARTIAL_SEQUENCE = 18;
/** Who forwarded a call, and which part is the last, is looked at by the plain way: such records are few. */
const REDIRECTING_NUMBER = 19;
const PARTIAL_LAST = 20;

const MEMBERS: readonly (readonly [name: string, member: number])[] = [
  ['call_id', CALL_TEXT.callId],
  ['switch_id', CALL_TEXT.switchId],
  ['from', CALL_TEXT.from],
  ['to', CALL_TEXT.to],
  ['account', CALL_TEXT.account],
  ['extension', CALL_TEXT.extension],
  ['device', CALL_TEXT.device],
  ['trunk', CALL_TEXT.trunk],
  ['charged_party', CALL_TEXT.chargedParty],
  ['original_to', CALL_TEXT.originalTo],
  ['routing_number', CALL_TEXT.routingNumber],
  ['parent_call_id', CALL_TEXT.parentCallId],
  ['leg', LEG],
  ['direction', DIRECTION],
  ['disposition', DISPOSITION],
  ['started_at', STARTED_AT],
  ['answered_at', ANSWERED_AT],
  ['ended_at', ENDED_AT],
  ['partial_sequence', PARTIAL_SEQUENCE],
  ['redirecting_number', REDIRECTING_NUMBER],
  ['partial_last', PARTIAL_LAST],
];
const NAMES: readonly Buffer[] = MEMBERS.toSorted(([, a], [, b]) => a - b).map(([name]) => Buffer.from(name));
const DIRECTION_NAMES = DIRECTIONS.map((name) => Buffer.from(name));
const DISPOSITION_NAMES = DISPOSITIONS.map((name) => Buffer.from(name));
const OUTBOUND = DIRECTIONS.indexOf('outbound') + 1;
const ANSWERED = DISPOSITIONS.indexOf('answered') + 1;
const NO_ANSWER = DISPOSITIONS.indexOf('no_answer') + 1;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const ZERO = 0x30;
/** The letter that `null` begins with. */
const N = 0x6e;
/** Numbers of more digits go the plain way. */
const DIGITS_MAX = 15;

const REQUIRED =
  (1 << CALL_TEXT.callId) |
  (1 << CALL_TEXT.switchId) |
  (1 << CALL_TEXT.from) |
  (1 << CALL_TEXT.to) |
  (1 << STARTED_AT) |
  (1 << ENDED_AT);
/** Members that must be there and for which `null` does not stand. */
const NEVER_NULL = (1 << STARTED_AT) | (1 << ENDED_AT);

/** Remembers in which order members come: nearly always in that of the event before. */
export class CallEventJsonLocator {
  readonly #cursor: CallEventCursor;
  /** Which member followed which, last time; the first one follows a member that is none. */
  readonly #following = new Uint8Array(MEMBERS.length + 1);
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /** @param cursor what is located is put there */
  constructor(cursor: CallEventCursor) {
    this.#cursor = cursor;
  }

  /**
   * Locates the fields of the record `bytes[start, end)`.
   * @returns false when the plain reader must decide; nothing of the cursor is to be used then
   */
  locate(bytes: Buffer, start: number, end: number): boolean {
    const cursor = this.#cursor;
    cursor.bytes = bytes;
    cursor.starts.fill(start);
    cursor.ends.fill(start);
    cursor.leg = 0;
    cursor.direction = OUTBOUND;
    cursor.disposition = 0;
    cursor.partialSequence = 0;
    cursor.times[1] = 0;
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    if (this.#next() !== OPENING_BRACE) return false;
    let seen = 0;
    let previous = MEMBERS.length;
    for (let separator = COMMA; separator === COMMA; separator = this.#next()) {
      const member = this.#member(previous);
      if (member < 0 || (seen & (1 << member)) !== 0 || this.#next() !== COLON) return false;
      seen |= 1 << member;
      previous = member;
      if (!this.#value(member)) return false;
    }
    if (bytes[this.#at - 1] !== CLOSING_BRACE || !this.#isAtEnd()) return false;
    if ((seen & REQUIRED) !== REQUIRED) return false;
    if (cursor.disposition === 0) cursor.disposition = cursor.times[1] === 0 ? NO_ANSWER : ANSWERED;
    return true;
  }

  /** The next byte that is no white space, read; undefined or a foreign byte behind the end. */
  #next(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++]!;
    while (isSpace(byte)) byte = bytes[this.#at++]!;
    return byte;
  }

  #isAtEnd(): boolean {
    while (this.#at < this.#end && isSpace(this.#bytes[this.#at]!)) this.#at++;
    return this.#at === this.#end;
  }

  /** Reads a key. @returns its member, or -1 */
  #member(previous: number): number {
    if (this.#next() !== QUOTE) return -1;
    const expected = this.#following[previous]!;
    if (this.#isKey(NAMES[expected]!)) return expected;
    for (let member = 0; member < NAMES.length; member++) {
      if (!this.#isKey(NAMES[member]!)) continue;
      this.#following[previous] = member;
      return member;
    }
    return -1;
  }

  /** Reads the key and its closing quote, if it is this one. */
  #isKey(name: Buffer): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    const { length } = name;
    if (bytes[at + length] !== QUOTE) return false;
    for (let i = 0; i < length; i++) if (bytes[at + i] !== name[i]) return false;
    this.#at = at + length + 1;
    return true;
  }

  #value(member: number): boolean {
    const first = this.#next();
    if (first === N) return (NEVER_NULL & (1 << member)) === 0 && this.#isNull();
    if (first === QUOTE) {
      const start = this.#at;
      return this.#text() && this.#takeText(member, start, this.#at - 1);
    }
    return this.#takeNumber(member, this.#number(first));
  }

  /** Behind its first letter. */
  #isNull(): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    this.#at = at + 3;
    return bytes[at] === 0x75 && bytes[at + 1] === 0x6c && bytes[at + 2] === 0x6c;
  }

  /** Reads up to and with the closing quote. @returns false at an escape, and at what is no printable ASCII */
  #text(): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    for (let at = this.#at; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.#at = at + 1;
        return true;
      }
      if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return false;
    }
    return false;
  }

  /** Reads a whole number, 0 or more; -1 for any other, and for what is none. */
  #number(first: number): number {
    let digit = first - ZERO;
    if (!(digit >= 0 && digit <= 9)) return -1;
    const bytes = this.#bytes;
    const start = this.#at;
    let value = digit;
    while (this.#at - start < DIGITS_MAX) {
      digit = bytes[this.#at]! - ZERO;
      // What follows, a fraction for one, is for the separator to refuse.
      if (!(digit >= 0 && digit <= 9)) return value;
      if (value === 0) return -1;
      value = value * 10 + digit;
      this.#at++;
    }
    return -1;
  }

  #takeText(member: number, start: number, end: number): boolean {
    const cursor = this.#cursor;
    if (member < LEG) {
      cursor.starts[member] = start;
      cursor.ends[member] = end;
      return true;
    }
    switch (member) {
      case DIRECTION:
        cursor.direction = this.#indexAmong(DIRECTION_NAMES, start, end) + 1;
        return cursor.direction > 0;
      case DISPOSITION:
        cursor.disposition = this.#indexAmong(DISPOSITION_NAMES, start, end) + 1;
        return cursor.disposition > 0;
      case STARTED_AT:
      case ANSWERED_AT:
      case ENDED_AT:
        return this.#takeTime(member, this.#instant(start, end));
      default:
        return false;
    }
  }

  #takeNumber(member: number, value: number): boolean {
    const cursor = this.#cursor;
    if (value < 0) return false;
    switch (member) {
      case LEG:
        cursor.leg = value;
        return true;
      case PARTIAL_SEQUENCE:
        // 0 would read as absent; large ones tell the last part.
        cursor.partialSequence = value;
        return value > 0 && value < LAST_PART;
      case STARTED_AT:
      case ANSWERED_AT:
      case ENDED_AT:
        return this.#takeTime(member, value);
      default:
        return false;
    }
  }

  #takeTime(member: number, timeMs: number): boolean {
    this.#cursor.times[member - STARTED_AT] = timeMs;
    // 0 would read as absent.
    return timeMs > 0;
  }

  #indexAmong(names: readonly Buffer[], start: number, end: number): number {
    const bytes = this.#bytes;
    const length = end - start;
    for (let index = 0; index < names.length; index++) {
      const name = names[index]!;
      if (name.length !== length) continue;
      let i = 0;
      while (i < length && bytes[start + i] === name[i]) i++;
      if (i === length) return index;
    }
    return -1;
  }

  /** `yyyy-mm-ddThh:mm:ssZ`, with `.mmm` or without; below 0 for any other, as for one before 1970. */
  #instant(start: number, end: number): number {
    const bytes = this.#bytes;
    const length = end - start;
    if ((length !== 20 && length !== 24) || bytes[end - 1] !== 0x5a) return -1;
    if (
      bytes[start + 4] !== 0x2d ||
      bytes[start + 7] !== 0x2d ||
      bytes[start + 10] !== 0x54 ||
      bytes[start + 13] !== COLON ||
      bytes[start + 16] !== COLON ||
      (length === 24 && bytes[start + 19] !== 0x2e)
    )
      return -1;
    const year = this.#two(start) * 100 + this.#two(start + 2);
    const month = this.#two(start + 5);
    const day = this.#two(start + 8);
    const hour = this.#two(start + 11);
    const minute = this.#two(start + 14);
    const second = this.#two(start + 17);
    // The middle one of its three digits is read twice.
    const milliseconds = length === 24 ? this.#two(start + 20) * 10 + (this.#two(start + 21) % 10) : 0;
    // Comparisons that NaN fails.
    const isTime =
      year >= 0 &&
      month >= 1 &&
      month <= 12 &&
      day >= 1 &&
      day <= daysOf(year, month) &&
      hour <= 23 &&
      minute <= 59 &&
      second <= 59 &&
      milliseconds >= 0;
    return isTime
      ? ((daysBefore(year, month) + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000 +
          milliseconds
      : -1;
  }

  /** A number of two digits; NaN when they are none. */
  #two(at: number): number {
    const bytes = this.#bytes;
    const tens = bytes[at]! - ZERO;
    const ones = bytes[at + 1]! - ZERO;
    return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysOf(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01 to the first of the month. */
function daysBefore(year: number, month: number): number {
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) - 477;
  const inYear = Math.floor((367 * month - 362) / 12) - (month <= 2 ? 0 : isLeapYear(year) ? 1 : 2);
  return (year - 1970) * 365 + leapDays + inYear;
}
