import { ContractError } from './errors.ts';
import { readNativeBlock } from './native-reader.ts';
import type { NativeBlock } from './native-reader.ts';

/**
 * The blocks of a Native stream that is cut anywhere, as HTTP cuts it. A block refers to memory that is not used again. Blocks without
 * rows are passed over.
 */
export async function* readNativeStream(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<NativeBlock> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  // A block that is not complete is looked at again only when twice as much has come: else long blocks would cost their square.
  let enoughBytes = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    held.push(piece);
    heldBytes += piece.length;
    if (heldBytes < enoughBytes) continue;
    rest = held.length === 1 ? asBuffer(piece) : Buffer.concat(held);
    for (let block = blockIn(rest); block !== null; block = blockIn(rest)) {
      rest = rest.subarray(block.end);
      if (block.rows > 0) yield block;
    }
    held = rest.length === 0 ? [] : [rest];
    heldBytes = rest.length;
    enoughBytes = heldBytes * 2;
  }
  rest = Buffer.concat(held);
  while (rest.length > 0) {
    const block = readNativeBlock(rest);
    rest = rest.subarray(block.end);
    if (block.rows > 0) yield block;
  }
}

/** The block at the beginning, or null when it is not complete. */
function blockIn(bytes: Buffer): NativeBlock | null {
  if (bytes.length === 0) return null;
  try {
    return readNativeBlock(bytes);
  } catch (error) {
    if (error instanceof ContractError && error.code === 'TOLL_NATIVE_TRUNCATED') return null;
    throw error;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
