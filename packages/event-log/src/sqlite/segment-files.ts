/**
 * Large segments lie in files of their own, which only grow, and the database holds where: a byte that SQLite keeps is written to its
 * write-ahead log and then to its pages. Each partition of a topic has files of its own, one after the other, `segments/<topic>-<partition>.<number>`:
 *
 *   | segment | segment | segment | bytes of a commit that did not come about: overwritten, or cut off by the next owner
 *                                 └ where the database says that the file ends
 *
 * What names a segment stands where its bytes would (numbers are little-endian):
 *
 *   0        4             8          16       20               24
 *   | 'TSP1' | file number | position | length | CRC-32 of them |
 *              u32           f64        u32      u32
 *
 * The bytes are synced before the transaction that names them is committed; whoever finds a name finds the bytes.
 */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  rmSync,
  constants,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';

/** Smaller segments stay in the database: a file is one more thing to sync. */
export const FILE_SEGMENT_BYTES_MIN = 64 * 1024;
const FILE_BYTES_MAX = 1024 * 1024 * 1024;

const PLACE_MAGIC = 0x3150_5354;
const PLACE_BYTES = 24;

/** The files of one partition of a topic. */
export interface FilesOf {
  /** Row of the topic. */
  readonly topic: number;
  readonly partition: number;
}

/** A file, and where it ends by what is committed. */
export interface SegmentFile extends FilesOf {
  readonly file: number;
  readonly bytes: number;
}

interface OpenFile {
  readonly file: number;
  readonly descriptor: number;
}

/** A file that is written to: `bytes` with what a transaction under way wrote, `committed` without. */
interface Growing {
  readonly files: FilesOf;
  /** What stands from here on was written by this process. */
  readonly begun: { readonly file: number; readonly bytes: number };
  open: OpenFile;
  bytes: number;
  committed: { readonly file: number; readonly bytes: number };
  isWritten: boolean;
}

/** The segment files of a data directory. Errors are those of the file system, and `RangeError` for damaged bytes. */
export class SegmentFiles {
  readonly #directory: string;
  readonly #fileBytesMax: number;
  readonly #growing = new Map<string, Growing>();
  /** The file of each partition that was read last. */
  readonly #reading = new Map<string, OpenFile>();

  /** @param fileBytesMax a file that has this much takes no more */
  constructor(directory: string, fileBytesMax = FILE_BYTES_MAX) {
    this.#directory = join(directory, 'segments');
    this.#fileBytesMax = fileBytesMax;
  }

  /**
   * Takes the files over as their owner: what nobody committed is cut off.
   * @param known all files that the database names
   * @throws {RangeError} when one is shorter than the database says
   */
  own(known: readonly SegmentFile[]): void {
    const names = new Set(known.map((each) => nameOf(each, each.file)));
    for (const name of this.#names()) if (!names.has(name)) rmSync(join(this.#directory, name));
    for (const { file, bytes, ...files } of known) {
      const last = this.#growing.get(keyOf(files));
      const open = this.#open(files, file, constants.O_RDWR);
      const { size } = fstatSync(open.descriptor);
      if (size < bytes)
        throw new RangeError(`${this.path(files, file)} has ${size} bytes, and ${bytes} are named`);
      if (size > bytes) ftruncateSync(open.descriptor, bytes);
      if (last !== undefined && last.committed.file > file) {
        closeSync(open.descriptor);
        continue;
      }
      if (last !== undefined) closeSync(last.open.descriptor);
      this.#growing.set(keyOf(files), {
        files,
        begun: { file, bytes },
        open,
        bytes,
        committed: { file, bytes },
        isWritten: false,
      });
    }
  }

  path(files: FilesOf, file: number): string {
    return join(this.#directory, nameOf(files, file));
  }

  /** Writes a segment behind the others. It counts once `sync` has returned and its place was committed. @returns what names it */
  append(files: FilesOf, segment: Buffer): Buffer {
    const growing = this.#growingFor(files);
    let written = 0;
    while (written < segment.length)
      written += writeSync(
        growing.open.descriptor,
        segment,
        written,
        segment.length - written,
        growing.bytes + written,
      );
    const place = Buffer.alloc(PLACE_BYTES);
    place.writeUInt32LE(PLACE_MAGIC, 0);
    place.writeUInt32LE(growing.open.file, 4);
    place.writeDoubleLE(growing.bytes, 8);
    place.writeUInt32LE(segment.length, 16);
    place.writeUInt32LE(crc32(segment), 20);
    growing.bytes += segment.length;
    growing.isWritten = true;
    return place;
  }

  /** Brings all that was appended to the disk. @returns the files that grew, for the transaction to name */
  sync(): SegmentFile[] {
    const grown: SegmentFile[] = [];
    for (const { files, open, bytes, isWritten } of this.#growing.values()) {
      if (!isWritten) continue;
      fdatasyncSync(open.descriptor);
      grown.push({ ...files, file: open.file, bytes });
    }
    return grown;
  }

  /** The transaction was committed. */
  committed(): void {
    for (const growing of this.#growing.values()) {
      growing.committed = { file: growing.open.file, bytes: growing.bytes };
      growing.isWritten = false;
    }
  }

  /** The transaction did not come about: what it appended will be written over. */
  rolledBack(): void {
    for (const growing of this.#growing.values()) {
      if (!growing.isWritten) continue;
      // A file that was begun is found empty by the next segment, which begins it again.
      growing.bytes = growing.committed.file === growing.open.file ? growing.committed.bytes : 0;
      growing.isWritten = false;
    }
  }

  /**
   * The segment that a row of the database names, or holds.
   * @throws {RangeError} when the bytes are not those that were written; of what this process wrote itself only when they are not there
   */
  read(files: FilesOf, stored: Uint8Array): Uint8Array {
    const place = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
    if (place.length !== PLACE_BYTES || place.readUInt32LE(0) !== PLACE_MAGIC) return stored;
    const file = place.readUInt32LE(4);
    const position = place.readDoubleLE(8);
    const segment = Buffer.allocUnsafeSlow(place.readUInt32LE(16));
    const { descriptor } = this.#openForReading(files, file);
    let read = 0;
    while (read < segment.length) {
      const count = readSync(descriptor, segment, read, segment.length - read, position + read);
      if (count === 0) throw new RangeError(`${this.path(files, file)} ends at byte ${position + read}`);
      read += count;
    }
    if (!this.#isOwn(files, { file, position }) && crc32(segment) !== place.readUInt32LE(20))
      throw new RangeError(`${this.path(files, file)} has other bytes from ${position} on than were written`);
    return segment;
  }

  /** Removes the files of a topic, which the database does not name any more. */
  remove(topic: number): void {
    for (const [key, { files, open }] of this.#growing) {
      if (files.topic !== topic) continue;
      closeSync(open.descriptor);
      this.#growing.delete(key);
    }
    this.#closeReading();
    for (const name of this.#names()) if (name.startsWith(`${topic}-`)) rmSync(join(this.#directory, name));
  }

  close(): void {
    for (const { open } of this.#growing.values()) closeSync(open.descriptor);
    this.#growing.clear();
    this.#closeReading();
  }

  /** What this process wrote is still in the memory of the system, mostly: its checksum would cost as much as reading it. */
  #isOwn(files: FilesOf, { file, position }: { file: number; position: number }): boolean {
    const begun = this.#growing.get(keyOf(files))?.begun;
    return begun !== undefined && (file > begun.file || (file === begun.file && position >= begun.bytes));
  }

  #growingFor(files: FilesOf): Growing {
    const key = keyOf(files);
    let growing = this.#growing.get(key);
    if (growing === undefined) {
      growing = {
        files,
        begun: { file: 0, bytes: 0 },
        open: this.#begin(files, 0),
        bytes: 0,
        committed: { file: 0, bytes: 0 },
        isWritten: false,
      };
      this.#growing.set(key, growing);
    } else if (growing.bytes >= this.#fileBytesMax && !growing.isWritten) {
      const next = this.#begin(files, growing.open.file + 1);
      closeSync(growing.open.descriptor);
      growing.open = next;
      growing.bytes = 0;
    }
    return growing;
  }

  /** Makes a file whose name outlives a loss of power. */
  #begin(files: FilesOf, file: number): OpenFile {
    if (mkdirSync(this.#directory, { recursive: true }) !== undefined)
      syncDirectory(dirname(this.#directory));
    const open = this.#open(files, file, constants.O_RDWR | constants.O_CREAT);
    syncDirectory(this.#directory);
    return open;
  }

  #open(files: FilesOf, file: number, flags: number): OpenFile {
    return { file, descriptor: openSync(this.path(files, file), flags, 0o644) };
  }

  #openForReading(files: FilesOf, file: number): OpenFile {
    const key = keyOf(files);
    let open = this.#reading.get(key);
    if (open?.file !== file) {
      if (open !== undefined) closeSync(open.descriptor);
      this.#reading.delete(key);
      open = this.#open(files, file, constants.O_RDONLY);
      this.#reading.set(key, open);
    }
    return open;
  }

  #closeReading(): void {
    for (const { descriptor } of this.#reading.values()) closeSync(descriptor);
    this.#reading.clear();
  }

  #names(): string[] {
    try {
      return readdirSync(this.#directory).filter((name) => /^\d+-\d+\.\d+$/.test(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}

function keyOf({ topic, partition }: FilesOf): string {
  return `${topic}-${partition}`;
}

function nameOf(files: FilesOf, file: number): string {
  return `${keyOf(files)}.${file}`;
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
