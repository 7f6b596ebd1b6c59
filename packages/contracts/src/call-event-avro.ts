/**
 * The call event in Avro binary, written and read by hand in the field order of schemas/call-event.avsc: straight between
 * bytes and fields, several times faster than the general codec, which is the oracle in the tests. Bodies of other
 * writer schemas go through Avro schema resolution instead.
 */
import { isUtf8 } from 'node:buffer';
import type { Type } from 'avsc';
import { loadOwnSchema, singleObjectHeader } from './avro-schema.ts';
import { boundsCheck } from './avro-bounds.ts';
import { DIRECTIONS, DISPOSITIONS } from './call.ts';
import type { CallEvent, Direction, Disposition } from './call.ts';
import { rejected } from './decoded-record.ts';
import type { DecodedRecord } from './decoded-record.ts';

export const callEventType = loadOwnSchema('call-event.avsc');
export const callEventHeader = singleObjectHeader(callEventType);

/** Enum symbols number from 0, and the first is `unknown`. */
const DIRECTION_SYMBOLS: readonly (Direction | null)[] = [null, ...DIRECTIONS];
const DISPOSITION_SYMBOLS: readonly (Disposition | null)[] = [null, ...DISPOSITIONS];

// One record is read at a time, to the end: the reader's state lives here rather than in an object per record.
let bytes: Buffer = Buffer.alloc(0);
/** The record as one Latin-1 string: its substrings are the ASCII texts, without a call into the runtime for each. */
let latin1 = '';
let position = 0;
let truncated = false;
let badText = false;

/** Reads a body written with the current schema, from `start` to the end of `value`. */
export function readCallEventBody(value: Buffer, start: number): DecodedRecord {
  bytes = value;
  latin1 = value.toString('latin1');
  position = start;
  truncated = false;
  badText = false;
  const callId = readText();
  const switchId = readText();
  const leg = readLong();
  const direction = DIRECTION_SYMBOLS[readLong()];
  const from = readText();
  const to = readText();
  const startedAt = readLong();
  const answeredAt = readPresence() ? readLong() : null;
  const endedAt = readLong();
  const disposition = DISPOSITION_SYMBOLS[readLong()];
  const account = readPresence() ? readText() : null;
  const extension = readPresence() ? readText() : null;
  const device = readPresence() ? readText() : null;
  const trunk = readPresence() ? readText() : null;
  const chargedParty = readPresence() ? readText() : null;
  const originalTo = readPresence() ? readText() : null;
  const routingNumber = readPresence() ? readText() : null;
  const parentCallId = readPresence() ? readText() : null;
  const partialSequence = readPresence() ? readLong() : null;
  const redirectingNumber = readPresence() ? readText() : null;
  const { length } = value;
  bytes = EMPTY;
  latin1 = '';
  if (truncated || position > length)
    return rejected('unreadable', `Avro: the record ends early, after ${length} bytes`);
  if (position !== length)
    return rejected('unreadable', `Avro: ${length - position} bytes follow the record`);
  if (badText) return rejected('invalid_utf8', 'Avro: a text is not UTF-8');
  if (direction === undefined || disposition === undefined)
    return rejected('unreadable', 'Avro: enum symbol out of range');
  if (direction === null) return rejected('field_invalid', 'direction: unknown');
  if (disposition === null) return rejected('field_invalid', 'disposition: unknown');
  return {
    kind: 'call',
    call: {
      callId,
      switchId,
      leg,
      direction,
      from,
      to,
      startedAt,
      answeredAt,
      endedAt,
      disposition,
      account,
      extension,
      device,
      trunk,
      chargedParty,
      originalTo,
      routingNumber,
      parentCallId,
      partialSequence,
      redirectingNumber,
    },
  };
}

const EMPTY = Buffer.alloc(0);

/**
 * Where the body that begins at `start` ends: bodies stand back to back in a container file.
 * @returns the offset behind it, or -1 when it is cut off or damaged
 */
export function callEventEnd(value: Buffer, start: number): number {
  bytes = value;
  position = start;
  truncated = false;
  skipText();
  skipText();
  readLong();
  readLong();
  skipText();
  skipText();
  readLong();
  if (readPresence()) readLong();
  readLong();
  readLong();
  for (let text = 0; text < OPTIONAL_TEXTS; text++) if (readPresence()) skipText();
  if (readPresence()) readLong();
  if (readPresence()) skipText();
  bytes = EMPTY;
  return truncated || position > value.length ? -1 : position;
}

/** Those in a row: account, extension, device, trunk, charged party, original destination, routing number, parent call id. */
const OPTIONAL_TEXTS = 8;

function skipText(): void {
  const length = readLong();
  if (length >= 0) position += length;
  else truncated = true;
}

/** Zigzag varint; NaN for what is no exact number, which validation refuses by the field's name. */
function readLong(): number {
  let byte = bytes[position++];
  if (byte === undefined) return fail();
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
  let value = byte & 0x7f;
  let scale = 0x80;
  for (let count = 1; count < 10; count++) {
    byte = bytes[position++];
    if (byte === undefined) return fail();
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (value > Number.MAX_SAFE_INTEGER) return NaN;
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    scale *= 128;
  }
  return fail();
}

function fail(): number {
  truncated = true;
  return NaN;
}

/** Index of a ["null", …] union. */
function readPresence(): boolean {
  const branch = bytes[position++];
  if (branch === 2) return true;
  if (branch !== 0) truncated = true;
  return false;
}

function readText(): string {
  const length = readLong();
  const start = position;
  const end = start + length;
  if (!(length >= 0 && end <= bytes.length)) {
    truncated = true;
    return '';
  }
  position = end;
  if (length === 0) return '';
  for (let at = start; at < end; at++) {
    if (bytes[at]! > 0x7f) return readUtf8(start, end);
  }
  return latin1.substring(start, end);
}

function readUtf8(start: number, end: number): string {
  if (!isUtf8(bytes.subarray(start, end))) badText = true;
  return bytes.toString('utf8', start, end);
}

interface AvroCallEvent {
  readonly call_id: string;
  readonly switch_id: string;
  readonly leg: number;
  readonly direction: Direction | 'unknown';
  readonly from: string;
  readonly to: string;
  readonly started_at: number;
  readonly answered_at: number | null;
  readonly ended_at: number;
  readonly disposition: Disposition | 'unknown';
  readonly account: string | null;
  readonly extension: string | null;
  readonly device: string | null;
  readonly trunk: string | null;
  readonly charged_party: string | null;
  readonly original_to: string | null;
  readonly routing_number: string | null;
  readonly parent_call_id: string | null;
  readonly partial_sequence: number | null;
  readonly redirecting_number: string | null;
}

/** Reads bodies of one other writer schema. */
export type BodyReader = (value: Buffer, start: number) => DecodedRecord;

/**
 * A reader of bodies written with `writer`, resolved to the current schema.
 * @returns the reader, or why no call event can be read from such records
 */
export function makeBodyReader(writer: Type): BodyReader | { readonly problem: string } {
  if (JSON.stringify(writer.schema()) === JSON.stringify(callEventType.schema())) return readCallEventBody;
  try {
    const resolver = callEventType.createResolver(writer);
    const isBounded = boundsCheck(writer);
    return (value, start) => {
      try {
        if (isBounded?.(value, start) === false)
          return rejected('unreadable', 'Avro: the record ends early, or claims more entries than it holds');
        const { value: event, offset } = callEventType.decode(value, start, resolver);
        if (offset < 0 || event === undefined)
          return rejected('unreadable', `Avro: the record ends early, after ${value.length} bytes`);
        if (offset !== value.length)
          return rejected('unreadable', `Avro: ${value.length - offset} bytes follow the record`);
        return fromAvro(event, value);
      } catch (error) {
        return rejected('unreadable', `Avro: ${messageOf(error)}`);
      }
    };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

const REPLACEMENT_CHARACTER = Buffer.from('\ufffd');

function fromAvro(event: AvroCallEvent, raw: Buffer): DecodedRecord {
  // The general codec puts U+FFFD for what is no UTF-8; where the bytes do not hold that character, it was put there.
  const replaced = Object.values(event).some(
    (field) => typeof field === 'string' && field.includes('\ufffd'),
  );
  if (replaced && !raw.includes(REPLACEMENT_CHARACTER))
    return rejected('invalid_utf8', 'Avro: a text is not UTF-8');
  if (event.direction === 'unknown') return rejected('field_invalid', 'direction: unknown');
  if (event.disposition === 'unknown') return rejected('field_invalid', 'disposition: unknown');
  return {
    kind: 'call',
    call: {
      callId: event.call_id,
      switchId: event.switch_id,
      leg: event.leg,
      direction: event.direction,
      from: event.from,
      to: event.to,
      startedAt: event.started_at,
      answeredAt: event.answered_at,
      endedAt: event.ended_at,
      disposition: event.disposition,
      account: event.account,
      extension: event.extension,
      device: event.device,
      trunk: event.trunk,
      chargedParty: event.charged_party,
      originalTo: event.original_to,
      routingNumber: event.routing_number,
      parentCallId: event.parent_call_id,
      partialSequence: event.partial_sequence,
      redirectingNumber: event.redirecting_number,
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

let scratch: Buffer = Buffer.allocUnsafeSlow(4096);
let written = 0;

/** A call event in Avro single-object encoding. Times must be exact integers; texts are written as UTF-8. */
export function encodeCallEvent(event: CallEvent): Buffer {
  reserve(event);
  callEventHeader.copy(scratch);
  written = callEventHeader.length;
  writeText(event.callId);
  writeText(event.switchId);
  writeLong(event.leg);
  writeLong(DIRECTION_SYMBOLS.indexOf(event.direction));
  writeText(event.from);
  writeText(event.to);
  writeLong(event.startedAt);
  writeOptionalLong(event.answeredAt);
  writeLong(event.endedAt);
  writeLong(DISPOSITION_SYMBOLS.indexOf(event.disposition));
  writeOptionalText(event.account);
  writeOptionalText(event.extension);
  writeOptionalText(event.device);
  writeOptionalText(event.trunk);
  writeOptionalText(event.chargedParty);
  writeOptionalText(event.originalTo);
  writeOptionalText(event.routingNumber);
  writeOptionalText(event.parentCallId);
  writeOptionalLong(event.partialSequence);
  writeOptionalText(event.redirectingNumber);
  return Buffer.from(scratch.subarray(0, written));
}

/** Room for the worst case, so that the writers below need no checks. */
function reserve(event: CallEvent): void {
  const characters =
    event.callId.length +
    event.switchId.length +
    event.from.length +
    event.to.length +
    lengthOf(event.account) +
    lengthOf(event.extension) +
    lengthOf(event.device) +
    lengthOf(event.trunk) +
    lengthOf(event.chargedParty) +
    lengthOf(event.originalTo) +
    lengthOf(event.routingNumber) +
    lengthOf(event.parentCallId) +
    lengthOf(event.redirectingNumber);
  const bytesMax = 512 + characters * 3;
  if (bytesMax > scratch.length) scratch = Buffer.allocUnsafeSlow(bytesMax * 2);
}

function lengthOf(text: string | null): number {
  return text === null ? 0 : text.length;
}

function writeLong(value: number): void {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  while (rest >= 0x80) {
    scratch[written++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  scratch[written++] = rest;
}

function writeText(text: string): void {
  if (text.length < ONE_BYTE_LENGTH_MAX && writeAscii(text)) return;
  writeLong(Buffer.byteLength(text));
  written += scratch.write(text, written);
}

/** Lengths below it take one byte as a zigzag varint. */
const ONE_BYTE_LENGTH_MAX = 64;

/** @returns false, with nothing written, at the first character that is not ASCII */
function writeAscii(text: string): boolean {
  let at = written;
  scratch[at++] = text.length * 2;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return false;
    scratch[at++] = code;
  }
  written = at;
  return true;
}

function writeOptionalText(text: string | null): void {
  if (text === null) {
    scratch[written++] = 0;
  } else {
    scratch[written++] = 2;
    writeText(text);
  }
}

function writeOptionalLong(value: number | null): void {
  if (value === null) {
    scratch[written++] = 0;
  } else {
    scratch[written++] = 2;
    writeLong(value);
  }
}
