/** CRC-32 of many short texts that lie in one buffer: a call of zlib's for each, and a view made for it, costs more than the sum. */
const POLYNOMIAL = 0xedb8_8320;

/** Four tables: entry `n` of table `k` is what byte `n` does to the sum when `k` more bytes follow it. */
const TABLES = makeTables();

/** The same as `crc32(bytes.subarray(start, end))` of node:zlib. */
export function crc32Of(bytes: Uint8Array, start: number, end: number): number {
  let sum = ~0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    sum ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    sum =
      TABLES[0x300 | (sum & 0xff)]! ^
      TABLES[0x200 | ((sum >>> 8) & 0xff)]! ^
      TABLES[0x100 | ((sum >>> 16) & 0xff)]! ^
      TABLES[sum >>> 24]!;
  }
  for (; at < end; at++) sum = (sum >>> 8) ^ TABLES[(sum ^ bytes[at]!) & 0xff]!;
  return ~sum >>> 0;
}

function makeTables(): Int32Array {
  const tables = new Int32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ ((sum & 1) * POLYNOMIAL);
    tables[byte] = sum;
  }
  for (let index = 256; index < tables.length; index++) {
    const before = tables[index - 256]!;
    tables[index] = (before >>> 8) ^ tables[before & 0xff]!;
  }
  return tables;
}
