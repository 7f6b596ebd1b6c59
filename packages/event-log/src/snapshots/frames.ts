/**
 * A snapshot is a row of frames behind a mark of its format. Numbers are little-endian.
 *
 *   mark      8 bytes, the number of the format its last one
 *   frame     kind u32 · place in the row u32 · length u32 · content · CRC-32 of all of these u32
 *   last one  of kind END, without content: what has none was cut short
 */
import { crc32 } from 'node:zlib';
import type { SnapshotDraft, StoredSnapshot } from './port.ts';

const FRAMES_FORMAT = 1;
const MARK = Buffer.from('TOLLSNP0', 'latin1');
MARK[7] = FRAMES_FORMAT;
const HEAD_BYTES = 12;
const CRC_BYTES = 4;
/** More than any frame has: a damaged length must not ask for all the memory there is. */
const CONTENT_BYTES_MAX = 1 << 30;
const END = 0xffff_ffff;

export interface Frame {
  readonly kind: number;
  /** Begins at a multiple of eight bytes in its memory, so that arrays of numbers can be laid over it. */
  readonly content: Buffer;
}

/** The snapshot is not as it was written. */
export class SnapshotDamagedError extends Error {
  override readonly name = 'SnapshotDamagedError';
}

/** Writes one frame after the other, in the order in which they were handed over. */
export class FrameWriter {
  readonly #draft: SnapshotDraft;
  #count = 0;
  #written: Promise<void> = Promise.resolve();
  /** Handed over so far. */
  bytes = 0;

  constructor(draft: SnapshotDraft) {
    this.#draft = draft;
  }

  async frame(kind: number, content: Buffer): Promise<void> {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32LE(kind, 0);
    head.writeUInt32LE(this.#count, 4);
    head.writeUInt32LE(content.length, 8);
    const tail = Buffer.alloc(CRC_BYTES);
    tail.writeUInt32LE(crc32(content, crc32(head)));
    const pieces = this.#count === 0 ? [MARK, head, content, tail] : [head, content, tail];
    this.#count += 1;
    this.bytes += pieces.reduce((sum, { length }) => sum + length, 0);
    this.#written = this.#written.then(async () => this.#draft.append(pieces));
    await this.#written;
  }

  async complete(): Promise<void> {
    await this.frame(END, Buffer.alloc(0));
    await this.#draft.complete();
  }
}

/**
 * The frames of a snapshot, each checked before it is handed out.
 * @throws {SnapshotDamagedError} where something is not as it was written, also when that shows at the end only
 */
export async function* readFrames(snapshot: StoredSnapshot): AsyncGenerator<Frame> {
  const mark = await snapshot.read(0, MARK.length);
  if (!mark.equals(MARK))
    throw new SnapshotDamagedError('it does not begin as a snapshot of this format does');
  let position = MARK.length;
  for (let count = 0; ; count++) {
    const head = await snapshot.read(position, HEAD_BYTES);
    if (head.length < HEAD_BYTES) throw new SnapshotDamagedError(`it was cut short at byte ${position}`);
    const [kind, place, length] = [head.readUInt32LE(0), head.readUInt32LE(4), head.readUInt32LE(8)];
    const isSound =
      length <= CONTENT_BYTES_MAX && position + HEAD_BYTES + length + CRC_BYTES <= snapshot.bytes;
    if (!isSound) throw new SnapshotDamagedError(`it was cut short, or is damaged, at byte ${position}`);
    const body = await snapshot.read(position + HEAD_BYTES, length + CRC_BYTES);
    const content = body.subarray(0, length);
    if (
      body.length < length + CRC_BYTES ||
      place !== count ||
      body.readUInt32LE(length) !== crc32(content, crc32(head))
    ) {
      throw new SnapshotDamagedError(
        `it is damaged between bytes ${position} and ${position + HEAD_BYTES + body.length}`,
      );
    }
    position += HEAD_BYTES + length + CRC_BYTES;
    if (kind === END) break;
    yield { kind, content };
  }
  if (position !== snapshot.bytes)
    throw new SnapshotDamagedError(`there is something behind its end, at byte ${position}`);
}
