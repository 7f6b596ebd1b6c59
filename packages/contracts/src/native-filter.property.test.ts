/** A filtered block has the values of the rows that were kept, and no others; read one by one as they were written. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KnownTexts } from './known-texts.ts';
import { assembleNativeBlock, readNativeBlock } from './native-reader.ts';
import { NativeBlockWriter } from './native-writer.ts';

const SEED = 20200131;
const COLUMNS = [
  ['text', 'String'],
  ['nothing', 'String'],
  ['name', 'LowCardinality(String)'],
  ['small', 'UInt8'],
  ['large', 'UInt64'],
] as const;

const row = fc.record({
  text: fc.oneof(fc.constantFrom('', '101', 'ñ', 'x'.repeat(200)), fc.string({ maxLength: 12 })),
  name: fc.oneof(
    fc.constantFrom('a', 'b'),
    fc.nat(400).map((i) => `name-${i}`),
  ),
  small: fc.nat(255),
  large: fc.nat(Number.MAX_SAFE_INTEGER),
  isKept: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
});

function blockOf(rows: readonly { text: string; name: string; small: number; large: number }[]): Buffer {
  const writer = new NativeBlockWriter(COLUMNS);
  for (const { text, name, small, large } of rows) {
    writer.columns.text.push(text);
    writer.columns.nothing.push('');
    writer.columns.name.push(name);
    writer.columns.small.push(small);
    writer.columns.large.push(large);
  }
  return writer.toBuffer();
}

test(`keeps exactly the rows that it is given (seed ${SEED})`, () => {
  const known = new KnownTexts();
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 700, size: 'max' }), (rows) => {
      const block = readNativeBlock(blockOf(rows));
      const kept = rows.filter(({ isKept }) => isKept);
      const indexes = Uint32Array.from(rows.flatMap(({ isKept }, i) => (isKept ? [i] : [])));
      const parts = assembleNativeBlock({
        columnCount: COLUMNS.length,
        rowCount: kept.length,
        columnParts: COLUMNS.flatMap(([name]) => block.filterColumn(name, indexes)),
      });
      const filtered = readNativeBlock(Buffer.concat(parts));
      const found = kept.map((_, i) => ({
        text: filtered.column('text').string(i),
        again: filtered.column('text').string(i, known),
        nothing: filtered.column('nothing').string(i, known),
        name: filtered.column('name').string(i),
        small: filtered.column('small').number(i),
        large: filtered.column('large').integer(i),
      }));
      expect(found).toEqual(
        kept.map(({ text, name, small, large }) => ({ text, again: text, nothing: '', name, small, large })),
      );
    }),
    { seed: SEED, numRuns: 60 },
  );
});

test('refuses rows that the block does not have', () => {
  const block = readNativeBlock(
    blockOf([
      { text: 'a', name: 'b', small: 1, large: 2 },
      { text: '', name: '', small: 1, large: 2 },
    ]),
  );
  for (const [name] of COLUMNS)
    expect(() => block.filterColumn(name, Uint32Array.of(2))).toThrow('Row 2 was asked for');
});

test('refuses a row that points past the dictionary of its column', () => {
  const writer = new NativeBlockWriter([['name', 'LowCardinality(String)']]);
  for (const name of ['a', 'b', 'a']) writer.columns.name.push(name);
  const bytes = writer.toBuffer();
  // The indexes stand at the end: the second row's.
  bytes[bytes.length - 2] = 2;
  const column = readNativeBlock(bytes).column('name');
  expect(() => column.string(0)).toThrow('points past its dictionary of 2 keys');
});
