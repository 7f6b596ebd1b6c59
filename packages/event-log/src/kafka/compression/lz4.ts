const FRAME_MAGIC = 0x184d2204;
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;
const VERSION = 1;
const HAS_BLOCK_CHECKSUMS = 0x10;
const HAS_CONTENT_SIZE = 0x08;
const HAS_CONTENT_CHECKSUM = 0x04;
const HAS_DICTIONARY = 0x01;
const CHECKSUM_BYTES = 4;
const UNCOMPRESSED = 0x80000000;
const MATCH_BYTES_MIN = 4;
const LENGTH_MORE = 15;
/** What is set aside at first for each byte of input; records of text rarely take more. */
const EXPANSION = 6;

/**
 * Decompresses LZ4 frames, as Kafka's record batches hold them. Checksums are left alone: the batch has one of its own.
 * @source https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md
 * @throws RangeError when the bytes are no LZ4 frames or more than `bytesMax`
 */
export function decompressLz4(input: Buffer, bytesMax: number): Buffer {
  const output = new Output(Math.min(bytesMax, input.length * EXPANSION), bytesMax);
  for (let at = 0; at < input.length;) at = readFrame(input, at, output);
  return output.whole();
}

/** @returns where the next frame begins */
function readFrame(input: Buffer, start: number, output: Output): number {
  const magic = uint32(input, start);
  if ((magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC) return start + 8 + uint32(input, start + 4);
  if (magic !== FRAME_MAGIC) throw new RangeError('not an LZ4 frame');
  const flags = input[start + 4] ?? 0;
  if (flags >> 6 !== VERSION) throw new RangeError(`LZ4 frame of version ${flags >> 6}`);
  if ((flags & HAS_DICTIONARY) !== 0) throw new RangeError('LZ4 frame with a dictionary');
  // Magic, flags, block descriptor, perhaps the size, checksum of the header.
  let at = start + 4 + 2 + ((flags & HAS_CONTENT_SIZE) === 0 ? 0 : 8) + 1;
  for (;;) {
    const size = uint32(input, at);
    at += 4;
    if (size === 0) break;
    const end = at + (size & ~UNCOMPRESSED);
    if (end > input.length) throw new RangeError('LZ4 block is cut off');
    if ((size & UNCOMPRESSED) === 0) readBlock(input, at, end, output);
    else output.copyFrom(input, at, end);
    at = end + ((flags & HAS_BLOCK_CHECKSUMS) === 0 ? 0 : CHECKSUM_BYTES);
  }
  return at + ((flags & HAS_CONTENT_CHECKSUM) === 0 ? 0 : CHECKSUM_BYTES);
}

/** Literals and a copy of what came before, in turns; the last has literals only. */
function readBlock(input: Buffer, start: number, end: number, output: Output): void {
  let at = start;
  while (at < end) {
    const token = input[at++]!;
    let literals = token >> 4;
    if (literals === LENGTH_MORE) {
      let more: number;
      do literals += more = byteBefore(end, input, at++);
      while (more === 255);
    }
    if (at + literals > end) throw new RangeError('LZ4 literals are cut off');
    output.copyFrom(input, at, at + literals);
    at += literals;
    if (at === end) return;
    const distance = byteBefore(end, input, at++) | (byteBefore(end, input, at++) << 8);
    let match = token & 0x0f;
    if (match === LENGTH_MORE) {
      let more: number;
      do match += more = byteBefore(end, input, at++);
      while (more === 255);
    }
    output.repeat(distance, match + MATCH_BYTES_MIN);
  }
}

/** Bytes that come one after the other, and may repeat what came before. */
class Output {
  readonly #bytesMax: number;
  #bytes: Buffer;
  #filled = 0;

  constructor(bytes: number, bytesMax: number) {
    this.#bytes = Buffer.allocUnsafeSlow(bytes);
    this.#bytesMax = bytesMax;
  }

  copyFrom(input: Buffer, start: number, end: number): void {
    this.#makeRoom(end - start);
    this.#filled += input.copy(this.#bytes, this.#filled, start, end);
  }

  repeat(distance: number, length: number): void {
    if (distance === 0 || distance > this.#filled) throw new RangeError('LZ4 copy is broken');
    this.#makeRoom(length);
    const bytes = this.#bytes;
    let to = this.#filled;
    // What is copied may reach into itself.
    for (const end = to + length; to < end; to += 1) bytes[to] = bytes[to - distance]!;
    this.#filled = to;
  }

  whole(): Buffer {
    return this.#bytes.subarray(0, this.#filled);
  }

  #makeRoom(length: number): void {
    const needed = this.#filled + length;
    if (needed <= this.#bytes.length) return;
    if (needed > this.#bytesMax)
      throw new RangeError(`LZ4 of more than ${this.#bytesMax} bytes, the most that is read`);
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#bytesMax, Math.max(needed, this.#bytes.length * 2)));
    this.#bytes.copy(larger, 0, 0, this.#filled);
    this.#bytes = larger;
  }
}

function uint32(input: Buffer, at: number): number {
  if (at + 4 > input.length) throw new RangeError('LZ4 frame is cut off');
  return input.readUInt32LE(at);
}

function byteBefore(end: number, input: Buffer, at: number): number {
  if (at >= end) throw new RangeError('LZ4 block is cut off');
  return input[at]!;
}
