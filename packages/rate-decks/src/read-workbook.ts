/** The rows of one sheet of an Excel workbook, streamed. */
import { EncryptedFileError, streamXlsxRows } from 'hucre';
import type { DeckRow } from './cells.ts';
import { DeckError } from './problems.ts';

/** 'PK\x03\x04': every .xlsx is a ZIP archive. */
export function isWorkbook(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/** The container of .xls, and of .xlsx with a password. */
export function isOldWorkbook(bytes: Uint8Array): boolean {
  return bytes[0] === 0xd0 && bytes[1] === 0xcf && bytes[2] === 0x11 && bytes[3] === 0xe0;
}

/**
 * @param sheet name or position from 1; null: the first
 * @throws DeckError TOLL_DECK_FILE_FORMAT | TOLL_DECK_SHEET_UNKNOWN
 */
export async function* readWorkbook(
  bytes: Uint8Array,
  sheet: string | number | null,
): AsyncGenerator<DeckRow> {
  let rows = 0;
  try {
    const position = typeof sheet === 'number' ? sheet - 1 : (sheet ?? 0);
    for await (const { index, values } of streamXlsxRows(bytes, { sheet: position })) {
      rows++;
      if (values.length > 0) yield { line: index + 1, cells: values };
    }
  } catch (error) {
    const why =
      error instanceof EncryptedFileError
        ? 'it is protected by a password'
        : error instanceof Error
          ? error.message
          : String(error);
    throw new DeckError('TOLL_DECK_FILE_FORMAT', `The file is no readable Excel workbook: ${why}.`, {
      cause: error,
    });
  }
  if (rows === 0 && sheet !== null) {
    throw new DeckError('TOLL_DECK_SHEET_UNKNOWN', `The workbook has no sheet ${sheet} with anything in it.`);
  }
}
