import { expect, test } from 'vitest';
import { NativeBlockWriter } from './native-writer.ts';
import { readNativeStream } from './native-stream.ts';

const COLUMNS = [
  ['id', 'UInt32'],
  ['text', 'String'],
  ['name', 'LowCardinality(String)'],
] as const;

function blockOf(from: number, rows: number): Buffer {
  const writer = new NativeBlockWriter(COLUMNS);
  for (let id = from; id < from + rows; id++) {
    writer.columns.id.push(id);
    writer.columns.text.push(`text ${'x'.repeat(id % 300)}`);
    writer.columns.name.push(`name ${id % 7}`);
  }
  return writer.toBuffer();
}

async function idsOf(pieces: readonly Buffer[]): Promise<number[]> {
  const ids: number[] = [];
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield* pieces;
  }
  for await (const block of readNativeStream(stream())) ids.push(...block.column('id').uint32s());
  return ids;
}

const bytes = Buffer.concat([blockOf(0, 500), blockOf(0, 0), blockOf(500, 1), blockOf(501, 99)]);
const expected = Array.from({ length: 600 }, (_, i) => i);

test.each([1, 7, 1_000, 65_536, bytes.length])(
  'blocks come whole out of pieces of %i bytes',
  async (size) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
    expect(await idsOf(pieces)).toEqual(expected);
  },
);

test('a stream that ends in the middle of a block is refused', async () => {
  await expect(idsOf([bytes.subarray(0, -3)])).rejects.toMatchObject({ code: 'TOLL_NATIVE_TRUNCATED' });
});
