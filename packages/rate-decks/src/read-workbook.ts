/** The rows of one sheet of an Excel workbook, streamed. */
import { EncryptedFileError } from 'hucre';
import type { DeckRow } from './cells.ts';
import { hucreParts } from './hucre-parts.ts';
import { openSheet } from './open-sheet.ts';
import { DeckError } from './problems.ts';
import { SheetRows } from './sheet-rows.ts';

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
 * @returns rows that hold anything, in pieces
 * @throws DeckError TOLL_DECK_FILE_FORMAT | TOLL_DECK_SHEET_UNKNOWN
 */
export async function* readWorkbook(
  bytes: Uint8Array,
  sheet: string | number | null,
): AsyncGenerator<readonly DeckRow[]> {
  let rows = 0;
  try {
    const position = typeof sheet === 'number' ? sheet - 1 : (sheet ?? 0);
    const opened = await openSheet(bytes, position, await hucreParts());
    if (opened !== null) {
      const reader = new SheetRows(opened.context);
      for await (const text of opened.xml()) {
        const piece = reader.read(text);
        rows += piece.length;
        yield piece;
      }
      reader.end();
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
