/** Call details as an Excel workbook, row by row. Telephone numbers are text cells, which no spreadsheet rounds or runs. */
import { Readable } from 'node:stream';
import { XLSX_MAX_ROWS_PER_SHEET, writeXlsxStream } from 'hucre/xlsx';
import type { CdrColumn } from './columns.ts';

export type WorkbookRow = readonly (string | number)[];

const FORMAT_OF_KIND: Readonly<Record<CdrColumn['kind'], string>> = {
  text: '@',
  number: 'General',
  time: 'yyyy-mm-dd hh:mm:ss.000',
};

/** @returns the bytes of the file; a sheet that is full is followed by another with the same header */
export function writeWorkbook(columns: readonly CdrColumn[], rows: AsyncIterable<WorkbookRow>): Readable {
  const stream = writeXlsxStream(cellsOf(columns, rows), {
    name: 'Calls',
    columns: columns.map(({ name, kind }) => ({ header: name, width: 20, numFmt: FORMAT_OF_KIND[kind] })),
    freezePane: { rows: 1 },
    maxRowsPerSheet: XLSX_MAX_ROWS_PER_SHEET,
    repeatHeaders: true,
  });
  return Readable.fromWeb(stream as Parameters<typeof Readable.fromWeb>[0]);
}

async function* cellsOf(
  columns: readonly CdrColumn[],
  rows: AsyncIterable<WorkbookRow>,
): AsyncGenerator<(string | number | Date)[]> {
  for await (const row of rows) yield columns.map(({ kind }, i) => cellOf(kind, row[i]!));
}

function cellOf(kind: CdrColumn['kind'], value: string | number): string | number | Date {
  switch (kind) {
    case 'text':
      return String(value);
    case 'number':
      return Number(value);
    case 'time':
      return new Date(`${String(value).replace(' ', 'T')}Z`);
  }
}
