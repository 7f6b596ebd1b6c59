import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'chdb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enum8 } from './columns.ts';
import { readNativeBlock, readNativeBlocks } from './native-reader.ts';
import { NativeBlockWriter } from './native-writer.ts';

const COLUMNS = [
  ['u8', 'UInt8'],
  ['u16', 'UInt16'],
  ['u32', 'UInt32'],
  ['u64', 'UInt64'],
  ['fixed', 'FixedString(16)'],
  ['at', "DateTime64(3, 'UTC')"],
  ['amount', 'Decimal(18, 6)'],
  ['kind', enum8(['one', 'two'])],
  ['text', 'String'],
  ['name', 'LowCardinality(String)'],
] as const;

const TEXTS = ['', 'plain', 'Zürich 漢字 😀', 'x'.repeat(200), 'ü'.repeat(100), "a'b\\c\n"];

function fill(writer: NativeBlockWriter<typeof COLUMNS>, rows: number, keys: number): void {
  const { columns } = writer;
  for (let row = 0; row < rows; row++) {
    columns.u8.push(row % 256);
    columns.u16.push(row % 65536);
    columns.u32.push(4_294_967_295 - row);
    columns.u64.push(Number.MAX_SAFE_INTEGER - row);
    columns.fixed.push(Uint32Array.of(row, row + 1, 0xffffffff, 0));
    columns.at.push(1_577_836_800_123 + row);
    columns.amount.push(row % 2 === 0 ? row * 1_000_001 : -row * 1_000_001);
    columns.kind.push(1 + (row % 2));
    columns.text.push(TEXTS[row % TEXTS.length]!);
    columns.name.push(row % keys === 0 ? '' : `k${row % keys}`);
  }
}

describe('Native blocks and the engine', () => {
  let directory: string;
  let engine: Session;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'tollstream-native-'));
    engine = new Session(join(directory, 'engine'));
  });
  afterAll(() => {
    engine.cleanup();
    rmSync(directory, { recursive: true, force: true });
  });

  function query(native: Buffer, sql: string): unknown[] {
    const path = join(directory, 'in.native');
    writeFileSync(path, native);
    const answer = engine.query(sql.replace('BLOCK', `file('${path}', 'Native')`), 'JSONCompactEachRow');
    return answer
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown);
  }

  function ask(native: Buffer, sql: string): Buffer {
    const input = join(directory, 'in.native');
    const output = join(directory, 'out.native');
    writeFileSync(input, native);
    engine.query(
      `${sql.replace('BLOCK', `file('${input}', 'Native')`)} INTO OUTFILE '${output}' TRUNCATE FORMAT Native`,
    );
    return readFileSync(output);
  }

  // Each index width has its own number of keys.
  test.each([
    { rows: 1, keys: 1 },
    { rows: 700, keys: 3 },
    { rows: 700, keys: 256 },
    { rows: 700, keys: 257 },
    { rows: 140_000, keys: 70_000 },
  ])(
    'the engine reads $rows rows with $keys keys as they were written, and we read its copy',
    ({ rows, keys }) => {
      const writer = new NativeBlockWriter(COLUMNS);
      fill(writer, rows, keys);
      const native = writer.toBuffer();

      expect(
        query(native, `SELECT count() = ${rows}, uniqExact(name) = ${Math.min(rows, keys)} FROM BLOCK`),
      ).toEqual([[1, 1]]);

      const blocks = readNativeBlocks(ask(native, 'SELECT * FROM BLOCK'));
      const ours = readNativeBlock(native);
      let row = 0;
      for (const block of blocks) {
        for (let i = 0; i < block.rows; i++, row++) {
          for (const name of ['text', 'name'] as const) {
            if (block.column(name).string(i) !== ours.column(name).string(row)) expect.fail(`${name} ${row}`);
          }
          for (const name of ['u8', 'u16', 'u32', 'u64', 'at', 'amount', 'kind'] as const) {
            if (block.column(name).number(i) !== ours.column(name).number(row)) expect.fail(`${name} ${row}`);
          }
          if (!block.column('fixed').bytes(i).equals(ours.column('fixed').bytes(row)))
            expect.fail(`fixed ${row}`);
        }
      }
      expect(row).toBe(rows);
    },
  );

  test('values read as the types they were declared', () => {
    const writer = new NativeBlockWriter(COLUMNS);
    fill(writer, 3, 2);
    expect(
      query(
        writer.toBuffer(),
        'SELECT u8, u16, u32, toString(u64), hex(fixed), toString(at), toString(amount), kind, text, name FROM BLOCK LIMIT 1 OFFSET 1',
      ),
    ).toEqual([
      [
        1,
        1,
        4_294_967_294,
        '9007199254740990',
        '0100000002000000FFFFFFFF00000000',
        '2020-01-01 00:00:00.124',
        '-1.000001',
        'two',
        'plain',
        'k1',
      ],
    ]);
  });

  test('a block of no rows is accepted, and written again without data', () => {
    const writer = new NativeBlockWriter(COLUMNS);
    const native = writer.toBuffer();
    expect(readNativeBlock(native)).toMatchObject({ rows: 0, end: native.length });
    expect(query(native, 'SELECT count() = 0 FROM BLOCK')).toEqual([[1]]);
  });

  test('filtered and copied columns make a block the engine reads', () => {
    const writer = new NativeBlockWriter(COLUMNS);
    fill(writer, 700, 300);
    const block = readNativeBlock(writer.toBuffer());
    const kept = Uint32Array.of(0, 1, 2, 50, 299, 300, 699);
    const extra = new NativeBlockWriter([['extra', 'UInt32']]);
    for (const row of kept) extra.columns.extra.push(row);
    const head = Buffer.from([COLUMNS.length + 1, kept.length]);
    const parts = [
      head,
      ...COLUMNS.flatMap(([name]) => block.filterColumn(name, kept)),
      ...extra.columnParts(),
    ];
    const native = Buffer.concat(parts);
    expect(query(native, 'SELECT extra, u16, name, text FROM BLOCK')).toEqual(
      [...kept].map((row) => [row, row, block.column('name').string(row), TEXTS[row % TEXTS.length]]),
    );
  });
});
