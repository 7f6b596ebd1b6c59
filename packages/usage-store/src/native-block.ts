import { StoreError } from './errors.ts';

/** Rows that a Native block says it has: it begins with the numbers of columns and rows as varints. */
export function nativeRowCount(block: Buffer): number {
  const columns = readVarint(block, 0);
  return readVarint(block, columns.next).value;
}

function readVarint(block: Buffer, start: number): { value: number; next: number } {
  let value = 0;
  let scale = 1;
  for (let at = start; at < start + 7; at++) {
    const byte = block[at];
    if (byte === undefined) break;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: at + 1 };
    scale *= 128;
  }
  throw new StoreError(
    'TOLL_STORE_BLOCK_INVALID',
    'A block does not begin as a Native block does.',
    'The topic holds something else than blocks, or a block was damaged: look at the message named in the log.',
  );
}
