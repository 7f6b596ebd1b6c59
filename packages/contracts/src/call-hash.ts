/**
 * The identity of a call record as 128 bits: MurmurHash3 x86-128, seed 0, over
 *
 *   ┌───────┬──────────────────┬───────────┬─────────┐
 *   │ leg u8│ switch length u16│ switch id │ call id │   little endian, UTF-8
 *   └───────┴──────────────────┴───────────┴─────────┘
 *
 * The length makes the split between the two ids unambiguous. The value stands in stored blocks and snapshots:
 * it must never change.
 */

const PREFIX_BYTES = 3;
let scratch: Buffer = Buffer.allocUnsafeSlow(1024);
/** The same bytes by word: every machine this runs on is little endian. */
let scratchWords = new Uint32Array(scratch.buffer);

/** Writes the hash into `out` (four words, whose little-endian bytes are the hash). */
export function hashCall(
  identity: { readonly switchId: string; readonly callId: string; readonly leg: number },
  out: Uint32Array,
): void {
  const { switchId, callId, leg } = identity;
  const bytesMax = PREFIX_BYTES + (switchId.length + callId.length) * 3;
  reserve(bytesMax);
  const switchEnd = writeText(switchId, PREFIX_BYTES);
  const switchBytes = switchEnd - PREFIX_BYTES;
  scratch[0] = leg;
  scratch[1] = switchBytes;
  scratch[2] = switchBytes >>> 8;
  hashScratch(writeText(callId, switchEnd), out);
}

/** The same of ids that stand as UTF-8 in `bytes`. */
export function hashLocatedCall(
  bytes: Uint8Array,
  identity: {
    readonly leg: number;
    readonly switchStart: number;
    readonly switchEnd: number;
    readonly callStart: number;
    readonly callEnd: number;
  },
  out: Uint32Array,
): void {
  const { leg, switchStart, switchEnd, callStart, callEnd } = identity;
  const switchBytes = switchEnd - switchStart;
  reserve(PREFIX_BYTES + switchBytes + callEnd - callStart);
  const target = scratch;
  target[0] = leg;
  target[1] = switchBytes;
  target[2] = switchBytes >>> 8;
  let at = PREFIX_BYTES;
  for (let i = switchStart; i < switchEnd; i++) target[at++] = bytes[i]!;
  for (let i = callStart; i < callEnd; i++) target[at++] = bytes[i]!;
  hashScratch(at, out);
}

function reserve(bytesMax: number): void {
  if (bytesMax <= scratch.length) return;
  scratch = Buffer.allocUnsafeSlow((bytesMax + 4) & ~3);
  scratchWords = new Uint32Array(scratch.buffer);
}

/** @returns the position after the text */
function writeText(text: string, position: number): number {
  const bytes = scratch;
  let at = position;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return position + bytes.write(text, position);
    bytes[at++] = code;
  }
  return at;
}

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/** MurmurHash3 x86-128 with seed 0 of the first `length` bytes. */
export function murmur3x86x128(bytes: Uint8Array, length: number, out: Uint32Array): void {
  reserve(length);
  scratch.set(bytes.subarray(0, length));
  hashScratch(length, out);
}

function hashScratch(length: number, out: Uint32Array): void {
  const bytes = scratch;
  const words = scratchWords;
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  const bodyEnd = length - (length % 16);
  for (let at = 0; at < bodyEnd; at += 16) {
    h1 ^= mix1(words[at >>> 2]!);
    h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= mix2(words[(at >>> 2) + 1]!);
    h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= mix3(words[(at >>> 2) + 2]!);
    h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= mix4(words[(at >>> 2) + 3]!);
    h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  h4 ^= mix4(tailWord(bytes, bodyEnd + 12, length));
  h3 ^= mix3(tailWord(bytes, bodyEnd + 8, length));
  h2 ^= mix2(tailWord(bytes, bodyEnd + 4, length));
  h1 ^= mix1(tailWord(bytes, bodyEnd, length));

  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = finish(h1);
  h2 = finish(h2);
  h3 = finish(h3);
  h4 = finish(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  out[0] = h1;
  out[1] = h2 + h1;
  out[2] = h3 + h1;
  out[3] = h4 + h1;
}

/** The word at `at`, bytes from `end` on counting as zero. */
function tailWord(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = Math.min(4, end - at) - 1; i >= 0; i--) value = (value << 8) | bytes[at + i]!;
  return value;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function mix1(value: number): number {
  return Math.imul(rotate(Math.imul(value, C1), 15), C2);
}

function mix2(value: number): number {
  return Math.imul(rotate(Math.imul(value, C2), 16), C3);
}

function mix3(value: number): number {
  return Math.imul(rotate(Math.imul(value, C3), 17), C4);
}

function mix4(value: number): number {
  return Math.imul(rotate(Math.imul(value, C4), 18), C1);
}

function finish(value: number): number {
  let h = value ^ (value >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
