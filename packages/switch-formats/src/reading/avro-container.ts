import { inflateRawSync, zstdDecompressSync } from 'node:zlib';
import {
  boundsCheck,
  callEventEnd,
  callEventHeader,
  callEventType,
  decompressSnappy,
} from '@tollstream/contracts';
import avro from 'avsc';
import type { Schema, Type } from 'avsc';
import { ImportError } from '../errors.ts';
import { LocatedEvents, releaseMemory } from './located-events.ts';

/** A container has no lines: `line` is the number of the record. */
interface NumberedRecord {
  readonly value: Buffer;
  readonly line: number;
}

/**
 * An Avro object container: header (magic, metadata, sync marker), then blocks of
 * `count · size · bytes · sync marker`. What a block holds is good until the next is asked for.
 */
export interface ContainerBlock {
  /** Events in Avro single-object encoding, with their number in the file from 1; where they stand, when they are of the current schema. */
  readonly events: readonly NumberedRecord[] | LocatedEvents;
  /** What could not be read: kept bytes, and the number of the first record in them. */
  readonly broken: NumberedRecord | null;
  readonly endBytes: number;
  readonly endNumber: number;
}

/** A block, packed or unpacked, is read up to this size. */
const BLOCK_BYTES_MAX = 67_108_864;
const SYNC_BYTES = 16;
/** Bytes of an unreadable part that are kept. */
const BROKEN_BYTES_MAX = 1_048_576;

const MAGIC = Buffer.from('Obj\u0001', 'latin1');

/** One body of a block as a single object; `end` is the offset behind it, -1 when it cannot be read. */
interface Body {
  readonly value: Buffer;
  readonly end: number;
}

type BodyReader = (block: Buffer, at: number) => Body;

interface Header {
  readonly sync: Buffer;
  readonly codec: (packed: Buffer) => Buffer;
  /** Null where bodies are of the current schema: they are passed on as they stand. */
  readonly readBody: BodyReader | null;
}

/**
 * @param name of the file, for the error
 * @throws ImportError when the header cannot be read or its schema is no call event's
 */
export async function* readContainer(
  input: {
    readonly bytes: AsyncIterable<Buffer>;
    /** Nobody else has the memory of these bytes: it is given back when they are read. */
    readonly areOurs: boolean;
  },
  name: string,
): AsyncGenerator<ContainerBlock> {
  const bytes = new ByteQueue(input.bytes, input.areOurs);
  const header = await readHeader(bytes, name);
  let number = 1;
  for (;;) {
    if (!(await bytes.fill(1))) return;
    const block = await readBlock(bytes, header.sync);
    if (block === null) {
      const value = await bytes.skipBehind(header.sync, BROKEN_BYTES_MAX);
      yield { events: [], broken: { value, line: number }, endBytes: bytes.offset, endNumber: number + 1 };
      number += 1;
      continue;
    }
    const { events, broken } = decodeBlock(block, header, number);
    number += block.count;
    yield { events, broken, endBytes: bytes.offset, endNumber: number };
  }
}

async function readHeader(bytes: ByteQueue, name: string): Promise<Header> {
  let decoded: ReturnType<typeof decodeHeader> = null;
  for (let size = 65_536; decoded === null; size *= 2) {
    const more = await bytes.fill(size);
    decoded = decodeHeader(bytes.view);
    if (decoded === null && (!more || size > BLOCK_BYTES_MAX)) {
      throw new ImportError(
        'TOLL_IMPORT_AVRO_HEADER',
        `${name}: the header of the Avro container is cut off or damaged.`,
      );
    }
  }
  const { meta, sync } = decoded;
  bytes.take(decoded.end);
  const codecName = meta.get('avro.codec')?.toString() || 'null';
  const codec = CODECS[codecName];
  if (codec === undefined) {
    throw new ImportError(
      'TOLL_IMPORT_AVRO_CODEC',
      `${name}: the Avro container is packed with ${codecName}.`,
    );
  }
  try {
    const writer = avro.Type.forSchema(JSON.parse(meta.get('avro.schema')!.toString()) as Schema);
    return { sync: Buffer.from(sync), codec, readBody: bodyReader(writer) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ImportError(
      'TOLL_IMPORT_AVRO_HEADER',
      `${name}: the schema in the Avro container is no call event: ${reason}`,
      {
        cause,
        remedy: 'Write the container with schemas/call-event.avsc or a compatible version of it.',
      },
    );
  }
}

/**
 * Magic, a map of bytes, sync marker. Read here and not with avsc, which counts through a damaged number of entries up to 2^53 before it looks
 * whether there are bytes left.
 * @returns null when the header is cut off or damaged
 */
function decodeHeader(bytes: Buffer): { meta: Map<string, Buffer>; sync: Buffer; end: number } | null {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const meta = new Map<string, Buffer>();
  let at = MAGIC.length;
  for (;;) {
    const count = readLong(bytes, at);
    if (count === null) return null;
    at = count.next;
    if (count.value === 0) break;
    // A negative count is followed by the size of the entries in bytes.
    if (count.value < 0) {
      const size = readLong(bytes, at);
      if (size === null) return null;
      at = size.next;
    }
    for (let left = Math.abs(count.value); left > 0; left--) {
      const key = readBytes(bytes, at);
      const value = key === null ? null : readBytes(bytes, key.end);
      if (key === null || value === null) return null;
      meta.set(key.value.toString(), Buffer.from(value.value));
      at = value.end;
    }
  }
  const end = at + SYNC_BYTES;
  return end > bytes.length ? null : { meta, sync: bytes.subarray(at, end), end };
}

/** @returns null when they are not all there */
function readBytes(bytes: Buffer, at: number): { value: Buffer; end: number } | null {
  const length = readLong(bytes, at);
  if (length === null || length.value < 0) return null;
  const end = length.next + length.value;
  return end > bytes.length ? null : { value: bytes.subarray(length.next, end), end };
}

const CODECS: Readonly<Record<string, (packed: Buffer) => Buffer>> = {
  null: (packed) => packed,
  deflate: (packed) => inflateRawSync(packed, { maxOutputLength: BLOCK_BYTES_MAX }),
  zstandard: (packed) => zstdDecompressSync(packed, { maxOutputLength: BLOCK_BYTES_MAX }),
  // The last four bytes are a checksum of the unpacked bytes.
  snappy: (packed) => decompressSnappy(packed.subarray(0, -4), BLOCK_BYTES_MAX),
};

interface PackedBlock {
  readonly count: number;
  readonly packed: Buffer;
}

/** @returns null when what stands here is no block that ends with the sync marker; nothing is taken then */
async function readBlock(bytes: ByteQueue, sync: Buffer): Promise<PackedBlock | null> {
  await bytes.fill(20);
  const count = readLong(bytes.view, 0);
  if (count === null || count.value < 0) return null;
  const size = readLong(bytes.view, count.next);
  if (size === null || size.value < 0 || size.value > BLOCK_BYTES_MAX) return null;
  const end = size.next + size.value;
  if (!(await bytes.fill(end + SYNC_BYTES))) return null;
  if (!bytes.view.subarray(end, end + SYNC_BYTES).equals(sync)) return null;
  const packed = bytes.view.subarray(size.next, end);
  bytes.take(end + SYNC_BYTES);
  return { count: count.value, packed };
}

function decodeBlock(
  block: PackedBlock,
  header: Header,
  first: number,
): Pick<ContainerBlock, 'events' | 'broken'> {
  let unpacked: Buffer;
  try {
    unpacked = header.codec(block.packed);
  } catch {
    return { events: [], broken: { value: block.packed.subarray(0, BROKEN_BYTES_MAX), line: first } };
  }
  const unpackedBlock = { count: block.count, bytes: unpacked };
  return header.readBody === null
    ? locateBodies(unpackedBlock, first)
    : readBodies(unpackedBlock, header.readBody, first);
}

interface UnpackedBlock {
  readonly count: number;
  readonly bytes: Buffer;
}

function locateBodies(
  { count, bytes }: UnpackedBlock,
  first: number,
): { events: LocatedEvents; broken: NumberedRecord | null } {
  // A damaged block may claim any number of bodies: none has less than a byte.
  const bounds = new Int32Array(Math.min(count, bytes.length) + 1);
  let found = 0;
  let broken: NumberedRecord | null = null;
  for (let at = 0; found < count; found += 1) {
    const end = callEventEnd(bytes, at);
    if (end < 0) {
      broken = brokenFrom(bytes, at, first + found);
      break;
    }
    bounds[found + 1] = end;
    at = end;
  }
  const place = { prefix: callEventHeader, bytes, line: first };
  return { events: new LocatedEvents({ ...place, bounds: bounds.subarray(0, found + 1) }), broken };
}

function readBodies(
  { count, bytes }: UnpackedBlock,
  readBody: BodyReader,
  first: number,
): { events: NumberedRecord[]; broken: NumberedRecord | null } {
  const events: NumberedRecord[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const { value, end } = readBody(bytes, at);
    if (end < 0) return { events, broken: brokenFrom(bytes, at, first + i) };
    events.push({ value, line: first + i });
    at = end;
  }
  return { events, broken: null };
}

function brokenFrom(bytes: Buffer, at: number, line: number): NumberedRecord {
  return { value: bytes.subarray(at, at + BROKEN_BYTES_MAX), line };
}

const UNREADABLE: Body = { value: Buffer.alloc(0), end: -1 };

/**
 * A body of another writer's schema is resolved and written anew. @returns null for the current schema
 * @throws when no call event can be read from the writer's records
 */
function bodyReader(writer: Type): BodyReader | null {
  if (JSON.stringify(writer.schema()) === JSON.stringify(callEventType.schema())) return null;
  const resolver = callEventType.createResolver(writer);
  const isBounded = boundsCheck(writer);
  return (block, at) => {
    try {
      if (isBounded?.(block, at) === false) return UNREADABLE;
      const { value, offset } = callEventType.decode(block, at, resolver);
      if (offset < 0) return UNREADABLE;
      return { value: Buffer.concat([callEventHeader, callEventType.toBuffer(value)]), end: offset };
    } catch {
      return UNREADABLE;
    }
  };
}

/** A zig-zag long below 2^35; null when it is cut off or larger. */
function readLong(bytes: Buffer, at: number): { value: number; next: number } | null {
  let raw = 0;
  for (let i = 0; i < 6; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return null;
    raw += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value: raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2, next: at + i + 1 };
  }
  return null;
}

/** Bytes read but not taken yet, in memory that is used again: what was taken is good until more is asked for. */
class ByteQueue {
  readonly #input: AsyncIterator<Buffer>;
  readonly #isInputOurs: boolean;
  #memory = Buffer.alloc(0);
  view = this.#memory;
  /** Bytes taken so far. */
  offset = 0;

  /** @param isInputOurs whether the memory of what is read may be given back once it is copied */
  constructor(input: AsyncIterable<Buffer>, isInputOurs: boolean) {
    this.#input = input[Symbol.asyncIterator]();
    this.#isInputOurs = isInputOurs;
  }

  /** @returns whether so many bytes are in view */
  async fill(bytes: number): Promise<boolean> {
    while (this.view.length < bytes) {
      const next = await this.#input.next();
      if (next.done === true) return false;
      this.#append(next.value, bytes);
      if (this.#isInputOurs) releaseMemory(next.value);
    }
    return true;
  }

  take(bytes: number): void {
    this.view = this.view.subarray(bytes);
    this.offset += bytes;
  }

  /** @param bytes as many as will be in view soon */
  #append(next: Buffer, bytes: number): void {
    const { length } = this.view;
    const end = length + next.length;
    const start = this.view.byteOffset - this.#memory.byteOffset;
    if (end <= this.#memory.length) {
      this.#memory.copyWithin(0, start, start + length);
    } else {
      const larger = Buffer.allocUnsafeSlow(2 * Math.max(end, bytes));
      this.view.copy(larger);
      releaseMemory(this.#memory);
      this.#memory = larger;
    }
    next.copy(this.#memory, length);
    this.view = this.#memory.subarray(0, end);
  }

  /** Takes everything up to behind the marker, or to the end. @returns the first `keep` bytes of it */
  async skipBehind(marker: Buffer, keep: number): Promise<Buffer> {
    const kept: Buffer[] = [];
    let keptBytes = 0;
    for (;;) {
      const found = this.view.indexOf(marker);
      const more = found === -1 && (await this.fill(this.view.length + 1));
      if (more && this.view.length < BROKEN_BYTES_MAX) continue;
      // Without the marker in view its beginning may still be: that much stays.
      const end =
        found !== -1 ? found + marker.length : more ? this.view.length - marker.length : this.view.length;
      if (keptBytes < keep) {
        kept.push(Buffer.from(this.view.subarray(0, Math.min(end, keep - keptBytes))));
        keptBytes += end;
      }
      this.take(end);
      if (!more) return Buffer.concat(kept);
    }
  }
}
