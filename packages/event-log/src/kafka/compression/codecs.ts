/** The ways in which the records of a Kafka batch may be compressed. */
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { decompressSnappy } from '@tollstream/contracts';
import { decompressLz4 } from './lz4.ts';

export interface Codec {
  readonly name: string;
  /** @throws when the bytes are not what the name says, or more than `bytesMax` */
  decompress(input: Buffer, bytesMax: number): Promise<Buffer>;
}

const gunzipped = promisify(gunzip);
const zstdDecompressed = promisify(zstdDecompress);

/** By the number in the attributes of a batch. */
export const CODECS: ReadonlyMap<number, Codec> = new Map<number, Codec>([
  // Off this thread, both.
  [1, { name: 'gzip', decompress: async (input, maxOutputLength) => gunzipped(input, { maxOutputLength }) }],
  [
    4,
    {
      name: 'zstd',
      decompress: async (input, maxOutputLength) => zstdDecompressed(input, { maxOutputLength }),
    },
  ],
  [2, { name: 'snappy', decompress: async (input, bytesMax) => decompressFramedSnappy(input, bytesMax) }],
  [3, { name: 'lz4', decompress: async (input, bytesMax) => decompressLz4(input, bytesMax) }],
]);

/** What the Java client writes before its blocks: this, and two versions of 4 bytes. Others write one block and nothing else. */
const JAVA_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const JAVA_HEAD_BYTES = 16;

/**
 * Blocks of Snappy, each behind its length (int32), or one alone.
 * @source https://github.com/xerial/snappy-java#compatibility-notes (SnappyOutputStream)
 */
export function decompressFramedSnappy(input: Buffer, bytesMax: number): Buffer {
  if (!input.subarray(0, JAVA_MAGIC.length).equals(JAVA_MAGIC)) return decompressSnappy(input, bytesMax);
  const blocks: Buffer[] = [];
  let left = bytesMax;
  for (let at = JAVA_HEAD_BYTES; at < input.length;) {
    const start = at + 4;
    const end = start + (start <= input.length ? input.readUInt32BE(at) : 0);
    if (end <= start || end > input.length) throw new RangeError('Snappy block is cut off');
    const block = decompressSnappy(input.subarray(start, end), left);
    blocks.push(block);
    left -= block.length;
    at = end;
  }
  return Buffer.concat(blocks);
}
