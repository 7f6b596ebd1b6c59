import { CsvError, parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProblemList } from './problems.ts';
import { readCsv } from './read-csv.ts';

/** What csv-parse reads, and whether it finds anything wrong. */
function readByOracle(text: string): { records: string[][]; isBroken: boolean } {
  let isBroken = false;
  const records: string[][] = [];
  try {
    parse(text, {
      bom: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      on_skip: () => {
        isBroken = true;
      },
      on_record: (record: string[]) => {
        records.push(record);
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    isBroken = true;
  }
  return { records, isBroken };
}

const COLUMNS = ['a', 'b', 'c'] as const;

function read(text: string): { records: string[][]; codes: string[] } {
  const problems = new ProblemList();
  const csv = readCsv('x.csv', text, COLUMNS, [], problems);
  const records = Array.from({ length: csv?.records ?? 0 }, (_, record) =>
    COLUMNS.map((name) => csv!.cell(record, csv!.position(name))),
  );
  return { records, codes: problems.list().map(({ code }) => code) };
}

test('reads what csv-parse reads, and refuses what it refuses (5000 cases, seed 4180)', () => {
  let broken = 0;
  const soup = fc.array(fc.constantFrom('x', '5', ' ', ',', ',', '"', '"', '""', '\n', '\r\n', '\t', 'é'), {
    maxLength: 24,
  });
  fc.assert(
    fc.property(soup, (pieces) => {
      const text = `a,b,c\n${pieces.join('')}`;
      // csv-parse passes over what stands between a quote, spaces and another quote; we refuse it.
      fc.pre(!/"[ \t]+"/.test(text));
      const expected = readByOracle(text);
      const { records, codes } = read(text);
      if (expected.isBroken) {
        broken++;
        expect(codes).toContain('TOLL_CATALOG_CSV_INVALID');
        return;
      }
      const rows = expected.records.slice(1);
      expect(records).toEqual(rows.filter((row) => row.length === COLUMNS.length));
      expect(codes.length).toBe(rows.filter((row) => row.length !== COLUMNS.length).length);
    }),
    { numRuns: 5_000, seed: 4180 },
  );
  expect(broken).toBeGreaterThan(300);
});

test('reads back any table that was written with quotes where they are needed', () => {
  const cell = fc.array(fc.constantFrom('x', ',', '"', '\n', '\r', ' ', 'ß', '漢'), { maxLength: 5 });
  const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(table, fc.constantFrom('\n', '\r\n', '\r'), (rows, lineEnd) => {
      const cells = rows.map((row) => row.map((parts) => parts.join('')));
      const lines = cells.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','));
      expect(read(['a,b,c', ...lines].join(lineEnd))).toEqual({ records: cells, codes: [] });
    }),
    { numRuns: 2000, seed: 4180 },
  );
});

test('says where a cell of a record over several lines stands', () => {
  const problems = new ProblemList();
  const csv = readCsv('x.csv', 'a,b,c\n1,"two\nlines" , 3\n', COLUMNS, [], problems)!;
  expect(csv.place(0, 'a')).toMatchObject({ line: 2, column: 1, text: '1' });
  expect(csv.place(0, 'b')).toMatchObject({ line: 2, column: 3, text: 'two\nlines' });
  expect(csv.place(0, 'c')).toMatchObject({ line: 3, column: 10, text: '3' });
});

test('reads records that go on as the one before them, in any order (3000 cases, seed 4181)', () => {
  let repeated = 0;
  const first = fc.constantFrom('5', '55', ' 5', '5 ', '"5"', 'x', '"5""5"', '');
  const rest = fc.constantFrom(',1,2', ',1,"2\n"', ',"1""1", 2 ', ',1,22', ',,', ',1', ',1,2,3', ',1,"2" x');
  const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r');
  const line = fc.tuple(first, rest, lineEnd).map((parts) => parts.join(''));
  const lines = fc.array(fc.oneof(line, fc.constantFrom('5,1,2\n', '55,1,2\n')), { maxLength: 12 });
  fc.assert(
    fc.property(
      lines,
      fc.constantFrom('', '7,1,2', '7,1'),
      fc.infiniteStream(fc.nat()),
      (all, end, order) => {
        const text = `a,b,c\n${all.join('')}${end}`;
        const expected = readByOracle(text);
        fc.pre(!expected.isBroken);
        const rows = expected.records.slice(1).filter((row) => row.length === COLUMNS.length);
        expect(read(text).records).toEqual(rows);
        const csv = readCsv('x.csv', text, COLUMNS, [], new ProblemList())!;
        for (let at = 0; at < rows.length; at++) {
          if (!csv.repeats(at)) continue;
          repeated++;
          expect(rows[at]!.slice(1)).toEqual(rows[at - 1]!.slice(1));
        }
        for (let asked = 0; asked < rows.length * 2; asked++) {
          const at = Number(order.next().value) % rows.length;
          expect(COLUMNS.map((_, position) => csv.cell(at, position))).toEqual(rows[at]);
          if (csv.repeats(at)) expect(rows[at]!.slice(1)).toEqual(rows[at - 1]!.slice(1));
        }
      },
    ),
    { numRuns: 3_000, seed: 4181 },
  );
  expect(repeated).toBeGreaterThan(1_000);
});
