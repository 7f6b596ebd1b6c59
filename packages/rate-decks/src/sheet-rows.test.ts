/** The rows of sheets, against hucre's own reader of them. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { streamXlsxRows, writeXlsx } from 'hucre';
import { describe, expect, test } from 'vitest';
import type { DeckRow } from './cells.ts';
import { hucreParts } from './hucre-parts.ts';
import { openSheet } from './open-sheet.ts';
import { readWorkbook } from './read-workbook.ts';
import { SheetRows } from './sheet-rows.ts';

const SHEET = 'xl/worksheets/sheet1.xml';
const { ZipReader } = await hucreParts();
const { ZipWriter } = (await import(
  new URL('zip/writer.mjs', pathToFileURL(createRequire(import.meta.url).resolve('hucre'))).href
)) as {
  ZipWriter: new () => { add(path: string, data: Uint8Array): void; build(): Promise<Uint8Array> };
};

/** A workbook with shared strings and a style for dates, and this XML as its rows. */
async function workbook(data: string, edit = (_path: string, text: string) => text): Promise<Uint8Array> {
  const base = await writeXlsx({
    sheets: [{ name: 'Rates', rows: [['Code', 'United Kingdom', new Date('2020-02-01T00:00:00Z')]] }],
  });
  const from = new ZipReader(base);
  const to = new ZipWriter();
  for (const path of from.entryMap.keys()) {
    const text = new TextDecoder().decode(await from.extract(path));
    const whole = path === SHEET ? text.replace(/<sheetData>.*<\/sheetData>/s, () => data) : text;
    to.add(path, new TextEncoder().encode(edit(path, whole)));
  }
  return to.build();
}

async function ours(bytes: Uint8Array): Promise<DeckRow[]> {
  const rows: DeckRow[] = [];
  for await (const piece of readWorkbook(bytes, null)) rows.push(...piece);
  return rows;
}

async function theirs(bytes: Uint8Array): Promise<DeckRow[]> {
  const rows: DeckRow[] = [];
  for await (const { index, values } of streamXlsxRows(bytes)) {
    if (values.length > 0) rows.push({ line: index + 1, cells: values });
  }
  return rows;
}

const inData = (rows: string): string => `<sheetData>${rows}</sheetData>`;
const SHEETS: Readonly<Record<string, string>> = {
  plain: inData('<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><v>44</v></c></row>'),
  'numbers of all kinds': inData(
    '<row r="1"><c r="A1"><v>1E-3</v></c><c r="B1" t="n"><v>0.30000000000000004</v></c><c r="C1"><v>-0</v></c><c r="D1"><v>x</v></c><c r="E1"/></row>',
  ),
  dates: inData(
    '<row r="1"><c r="A1" s="1"><v>43862</v></c><c r="B1" s="1"><v>59.5</v></c><c s="99"><v>60</v></c></row>',
  ),
  'without references': inData('<row><c><v>1</v></c><c t="s"><v>1</v></c></row><row><c><v>2</v></c></row>'),
  'gaps and no order': inData(
    '<row r="3"><c r="D3"><v>4</v></c><c r="B3"><v>2</v></c></row><row r="9"><c r="AA9"><v>27</v></c></row>',
  ),
  'texts of its own': inData(
    '<row r="1"><c r="A1" t="inlineStr"><is><t xml:space="preserve"> a &lt;b&gt; </t></is></c><c r="B1" t="inlineStr"><is><r><rPr><b/></rPr><t>United </t></r><r><t>Kingdom</t></r></is></c><c r="C1" t="str"><f>A1&amp;"x"</f><v>a_x000D_&#x41;&#66;&amp;&unknown;</v></c></row>',
  ),
  'booleans and errors': inData(
    '<row r="1"><c r="A1" t="b"><v>1</v></c><c r="B1" t="b"><v>0</v></c><c r="C1" t="e"><v>#N/A</v></c></row>',
  ),
  'shared strings that are none': inData(
    '<row r="1"><c r="A1" t="s"><v>9999</v></c><c r="B1" t="s"><v></v></c></row>',
  ),
  'comments and CDATA': inData(
    '<!-- <row> --><row r="1"><c r="A1" t="str"><v><![CDATA[a<b]]></v></c><?x y?><c r="B1"><!-- > --><v>7</v></c></row>',
  ),
  'signs in attributes, blanks and line ends': inData(
    '<row  r = \'1\' spans="1:2>"\n\tht="15" ><c\nr=\'A1\'\tt="n" ><v >7</v ></c ><c r="B1" t=\'str\'><v>b</v></c></row >',
  ),
  'what repeats in a column, and what only begins so': inData(
    [
      '<c r="A1"><v>44</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" s="1"><v>43862</v></c>',
      '<c r="A2"><v>44</v></c><c r="B2" t="s"><v>1</v></c><c r="C2" s="1"><v>43862</v></c>',
      '<c r="A3"><v>441</v></c><c r="B3"><v>1</v></c><c r="C3"><v>43862</v></c>',
      '<c r="A4" t="str"><v>441</v></c><c r="B4" s="0"><v>1</v></c><c r="C4" s="1"><v>4386</v></c>',
      '<c r="A5"><v></v></c><c r="B5" s="1" t="s"><v>0</v></c><c r="C5" t="n"><v>é&amp;東</v></c>',
      '<c r="A6"><f>1+1</f><v>441</v></c><c r="B6" t="inlineStr"><is><t>é東</t></is></c><c r="C6" t="e"><v>é&amp;東</v></c>',
    ]
      .map((cells, row) => `<row r="${row + 1}">${cells}</row>`)
      .join(''),
  ),
  'empty rows': inData('<row r="1"/><row r="2"></row><row r="3"><c r="A3"><v>1</v></c></row>'),
};

describe('the rows of a sheet are those of hucre', () => {
  test.each(Object.entries(SHEETS))('%s', async (_name, data) => {
    const bytes = await workbook(data);
    const rows = await ours(bytes);
    expect(rows).toEqual(await theirs(bytes));
    expect(rows.length).toBeGreaterThan(0);
  });

  test('with a prefix for its namespace', async () => {
    const prefixed = SHEETS['texts of its own']!.replace(/<(\/?)(?=[a-zA-Z])/g, '<$1x:');
    const bytes = await workbook(prefixed);
    expect(await ours(bytes)).toEqual(await theirs(bytes));
    expect((await ours(bytes))[0]!.cells).toHaveLength(3);
  });

  test('with the days of the Macintosh', async () => {
    const bytes = await workbook(SHEETS['dates']!, (path, text) =>
      path === 'xl/workbook.xml' ? text.replace(/<sheets>/, '<workbookPr date1904="1"/><sheets>') : text,
    );
    expect(await ours(bytes)).toEqual(await theirs(bytes));
    expect(await ours(bytes)).not.toEqual(await ours(await workbook(SHEETS['dates']!)));
  });

  test('wherever its text is cut', async () => {
    const parts = await hucreParts();
    for (const data of Object.values(SHEETS)) {
      const bytes = await workbook(data);
      const { context } = (await openSheet(bytes, 0, parts))!;
      const xml = Buffer.from(data);
      const expected = await ours(bytes);
      for (let size = 1; size < 8; size++) {
        const reader = new SheetRows(context);
        const rows: DeckRow[] = [];
        for (let at = 0; at < xml.length; at += size) rows.push(...reader.read(xml.subarray(at, at + size)));
        reader.end();
        expect(rows).toEqual(expected);
      }
    }
  });
});

test('numbers are the doubles nearest to what is written', () => {
  const context = { strings: [], isDateStyle: () => false, dateOf: () => new Date(NaN) };
  const ends = [
    '0',
    '00',
    '0.1',
    '0.3',
    '1.005',
    '9007199254740993',
    '999999999999999',
    '99999999999999.9',
    '.5',
    '5.',
    '-0',
    '1e3',
  ];
  const settings = { numRuns: 2_000, seed: 20_200_204 };
  const whole = fc.bigInt({ min: 0n, max: 9_999_999_999_999_999n }).map(String);
  const decimal = fc
    .tuple(fc.nat({ max: 999_999 }), fc.bigInt({ min: 0n, max: 9_999_999_999n }))
    .map(([before, after]) => `${before}.${after}`);
  for (const text of [...ends, ...fc.sample(whole, settings), ...fc.sample(decimal, settings)]) {
    const reader = new SheetRows(context);
    const xml = `<sheetData><row r="1"><c r="A1"><v>${text}</v></c></row></sheetData>`;
    expect(reader.read(Buffer.from(xml)), text).toEqual([{ line: 1, cells: [Number(text)] }]);
  }
});

test('how a text is pronounced is no part of it', async () => {
  const bytes = await workbook(
    inData(
      '<row r="1"><c r="A1" t="inlineStr"><is><t>東京</t><rPh sb="0" eb="2"><t>とうきょう</t></rPh></is></c></row>',
    ),
  );
  expect(await ours(bytes)).toEqual([{ line: 1, cells: ['東京'] }]);
});

describe('refused is a sheet', () => {
  test.each([
    ['that is cut off', '<sheetData><row r="1"><c r="A1"><v>1</v></c></row>', 'cut off'],
    [
      'with a cell beyond the last column',
      inData('<row r="1"><c r="XFE1"><v>1</v></c></row>'),
      'column 16385',
    ],
    ['with a row that has no number', inData('<row r="x"><c r="A1"><v>1</v></c></row>'), 'number "x"'],
    ['with attributes that are none', inData('<row r=1><c r="A1"><v>1</v></c></row>'), 'no quotes'],
  ])('%s', async (_name, data, message) => {
    await expect(ours(await workbook(data))).rejects.toMatchObject({
      code: 'TOLL_DECK_FILE_FORMAT',
      message: expect.stringContaining(message) as string,
    });
  });

  test('that declares entities of its own', async () => {
    const bytes = await workbook(SHEETS['plain']!, (path, text) =>
      path === SHEET ? text.replace('?>', '?><!DOCTYPE x [<!ENTITY a "aaaa">]>') : text,
    );
    await expect(ours(bytes)).rejects.toMatchObject({
      message: expect.stringContaining('document type') as string,
    });
  });

  test('whose bytes are damaged', async () => {
    // Deflating has no checksum of its own, and a rate may be among what a damaged byte changes.
    const rows = Array.from(
      { length: 2_000 },
      (_, i) => `<row r="${i + 1}"><c r="A${i + 1}"><v>${i}</v></c></row>`,
    );
    const bytes = await workbook(inData(rows.join('')));
    const entry = new ZipReader(bytes).entryMap.get(SHEET)!;
    const damaged: unknown[] = [];
    for (let at = 200; at < entry.compressedSize - 10; at += 501) {
      const copy = new Uint8Array(bytes);
      copy[entry.localHeaderOffset + 30 + SHEET.length + at]! ^= 0x10;
      await ours(copy).catch((error: unknown) => damaged.push(error));
    }
    expect(damaged.length).toBe(Math.ceil((entry.compressedSize - 210) / 501));
  });
});
