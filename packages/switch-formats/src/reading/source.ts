import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Readable, pipeline } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { ImportError } from '../errors.ts';
import { within } from './or-overdue.ts';

/** Bytes looked at to tell compression, format and header. */
const HEAD_BYTES = 65_536;
const READ_BYTES = 1_048_576;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export type CallSource = string | Readable;

export interface OpenSource {
  readonly name: string;
  /** First uncompressed bytes, up to `HEAD_BYTES`. */
  readonly head: Buffer;
  /** Uncompressed bytes from an offset on. Can be asked for once. */
  readonly bytesFrom: (offset: number) => AsyncIterable<Buffer>;
  /** Whether nobody else has the memory that these bytes come in, piece by piece. */
  readonly areBytesOurs: boolean;
  /**
   * Bytes before the offset that belong to a line which goes on behind it: the switch was in the middle of it when the source was
   * read to there. 0 between lines, at the end, and where it cannot be told (packed or piped).
   */
  readonly unfinishedBefore: (offset: number) => Promise<number>;
  readonly close: () => void;
}

/**
 * @param source path, '-' for standard input, or a stream
 * @param pauseMsMax how long to wait for more of the head once a whole line of it is there
 */
export async function openSource(source: CallSource, pauseMsMax: number): Promise<OpenSource> {
  if (typeof source !== 'string') return openStream('stream', source, null, pauseMsMax);
  if (source === '-') return openStream('standard input', process.stdin, null, pauseMsMax);
  let handle: FileHandle;
  try {
    if ((await stat(source)).isDirectory()) {
      throw new ImportError('TOLL_IMPORT_UNREADABLE', `${source} is a directory, not a file.`);
    }
    handle = await open(source);
  } catch (cause) {
    if (cause instanceof ImportError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ImportError('TOLL_IMPORT_UNREADABLE', `${source} cannot be read: ${reason}.`, { cause });
  }
  await handle.close();
  return openStream(source, createReadStream(source, { highWaterMark: READ_BYTES }), source, pauseMsMax);
}

/** @param file path of a source that can be read again from the middle; null when it cannot */
async function openStream(
  name: string,
  input: Readable,
  file: string | null,
  pauseMsMax: number,
): Promise<OpenSource> {
  const first = await readHead(name, input, 4, Infinity);
  const decompressor = decompressorOf(first.head);
  let stream = Readable.from(first.replay());
  if (decompressor !== null) {
    stream = pipeline(stream, decompressor, () => {});
  }
  const { head, replay } = await readHead(name, stream, HEAD_BYTES, pauseMsMax);
  if (head.length === 0) throw new ImportError('TOLL_IMPORT_EMPTY', `${name} is empty.`);
  const close = (): void => {
    stream.destroy();
    input.destroy();
  };
  return {
    name,
    head,
    close,
    areBytesOurs: file !== null && decompressor === null,
    unfinishedBefore: async (offset) =>
      file === null || decompressor !== null ? 0 : unfinishedLine(file, offset),
    bytesFrom: (offset) => {
      if (offset === 0) return guarded(name, replay());
      if (file === null || decompressor !== null) return skip(guarded(name, replay()), offset);
      close();
      return guarded(name, createReadStream(file, { start: offset, highWaterMark: READ_BYTES }));
    },
  };
}

async function unfinishedLine(file: string, offset: number): Promise<number> {
  const start = Math.max(0, offset - READ_BYTES);
  const bytes = Buffer.alloc(offset - start + 1);
  const handle = await open(file);
  try {
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
    const next = bytes[offset - start];
    if (bytesRead < bytes.length || next === NEWLINE || next === CARRIAGE_RETURN) return 0;
  } finally {
    await handle.close();
  }
  const before = bytes.subarray(0, -1).lastIndexOf(NEWLINE);
  // A line longer than what was looked at is too long to be a record.
  return before === -1 && start > 0 ? 0 : offset - start - before - 1;
}

function decompressorOf(head: Buffer): (NodeJS.ReadWriteStream & Readable) | null {
  if (head[0] === 0x1f && head[1] === 0x8b) return createGunzip({ chunkSize: READ_BYTES });
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528)
    return createZstdDecompress({ chunkSize: READ_BYTES });
  return null;
}

async function readHead(
  name: string,
  input: Readable,
  bytes: number,
  pauseMsMax: number,
): Promise<{ head: Buffer; replay: () => AsyncGenerator<Buffer> }> {
  const iterator = guarded(name, input)[Symbol.asyncIterator]();
  const parts: Buffer[] = [];
  let length = 0;
  let hasLine = false;
  let coming = iterator.next();
  while (length < bytes) {
    const next: IteratorResult<Buffer> | null = await within(coming, hasLine ? pauseMsMax : Infinity);
    if (next === null || next.done === true) break;
    parts.push(next.value);
    length += next.value.length;
    hasLine ||= next.value.includes(NEWLINE);
    coming = iterator.next();
  }
  // What fails after the head is told to who reads on.
  coming.catch(() => undefined);
  async function* replay(): AsyncGenerator<Buffer> {
    yield* parts;
    for (let next = await coming; next.done !== true; next = await iterator.next()) yield next.value;
  }
  return { head: Buffer.concat(parts).subarray(0, bytes), replay };
}

async function* guarded(name: string, input: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  try {
    for await (const part of input) yield typeof part === 'string' ? Buffer.from(part) : part;
  } catch (cause) {
    if (cause instanceof ImportError) throw cause;
    const error = cause as NodeJS.ErrnoException;
    const compressed = error.code?.startsWith('Z_') === true || error.code?.startsWith('ZSTD') === true;
    const code = compressed ? 'TOLL_IMPORT_COMPRESSION' : 'TOLL_IMPORT_UNREADABLE';
    throw new ImportError(code, `${name} cannot be read: ${error.message}.`, { cause });
  }
}

async function* skip(input: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const part of input) {
    if (left >= part.length) {
      left -= part.length;
      continue;
    }
    yield left === 0 ? part : part.subarray(left);
    left = 0;
  }
}
