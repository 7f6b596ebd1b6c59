import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ATTRIBUTES_AT, COUNT_AT, HEAD_BYTES, LENGTH_END, MAGIC, MAGIC_AT } from '../record-batch.ts';
import { decompressFramedSnappy } from './codecs.ts';
import { uncompressed } from './uncompressed.ts';

const GZIP = 1;
const TRANSACTIONAL = 0x10;
const MIB = 1024 * 1024;

/** A record batch whose records are any bytes: nobody looks at them here. */
function batchOf(offset: number, records: Buffer, attributes: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeBigInt64BE(BigInt(offset));
  head.writeInt32BE(HEAD_BYTES - LENGTH_END + records.length, LENGTH_END - 4);
  head.writeInt8(MAGIC, MAGIC_AT);
  head.writeUInt16BE(attributes, ATTRIBUTES_AT);
  head.writeInt32BE(1, COUNT_AT);
  return Buffer.concat([head, records]);
}

test('batches are as they would be without compression, and one that is cut off is left out', async () => {
  const [first, second] = [Buffer.from('records of the first'), Buffer.from('records of the second')];
  const plain = batchOf(0, first, TRANSACTIONAL);
  const set = Buffer.concat([plain, batchOf(7, gzipSync(second), TRANSACTIONAL | GZIP)]);
  const expected = Buffer.concat([plain, batchOf(7, second, TRANSACTIONAL)]);
  expect((await uncompressed(set)).equals(expected)).toBe(true);
  expect((await uncompressed(set.subarray(0, -1))).equals(plain)).toBe(true);
  expect(await uncompressed(set.subarray(0, plain.length - 1))).toHaveLength(0);
});

test('what comes after 64 MiB is left for the next fetch', async () => {
  const packed = gzipSync(Buffer.alloc(40 * MIB));
  const set = Buffer.concat([0, 1, 2].map((offset) => batchOf(offset, packed, GZIP)));
  expect(await uncompressed(set)).toHaveLength(2 * (HEAD_BYTES + 40 * MIB));
});

test.each([
  ['in a way that nobody knows', batchOf(4711, Buffer.alloc(9), 5), /from offset 4711 on .*\(5\)/],
  [
    'and damaged',
    batchOf(4711, Buffer.alloc(9, 1), GZIP),
    /from offset 4711 on cannot be decompressed as gzip: /,
  ],
])('records that are compressed %s are named, to be waited at', async (_, batch, message) => {
  await expect(uncompressed(batch)).rejects.toMatchObject({
    code: 'TOLL_KAFKA_UNSUPPORTED',
    message: expect.stringMatching(message) as string,
    retriable: true,
  });
});

test('snappy comes as one block, or as the Java client frames several', () => {
  // Length 3, then a literal of 3 bytes.
  const block = Buffer.from([3, 2 << 2, 0x61, 0x62, 0x63]);
  const framed = Buffer.concat([
    Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
    ...[block, block].flatMap((each) => [Buffer.from([0, 0, 0, each.length]), each]),
  ]);
  expect(String(decompressFramedSnappy(block, 10))).toBe('abc');
  expect(String(decompressFramedSnappy(framed, 10))).toBe('abcabc');
  expect(() => decompressFramedSnappy(framed, 5)).toThrow('at most 2');
  expect(() => decompressFramedSnappy(framed.subarray(0, -1), 10)).toThrow('cut off');
});
