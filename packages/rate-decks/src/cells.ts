/** Cells as a deck's file holds them, and their text. */

/** CSV gives text only; a workbook has numbers, dates and booleans of its own. */
export type DeckCell = string | number | boolean | Date | null;

export interface DeckRow {
  /** Line of the file, or row of the sheet, from 1. */
  readonly line: number;
  readonly cells: readonly DeckCell[];
}

/** A workbook's numbers are doubles that were typed with at most this many digits. */
const SPREADSHEET_DIGITS = 15;

/** Trimmed text of a cell, as a person sees it; '' for an empty one. */
export function cellText(cell: DeckCell | undefined): string {
  if (typeof cell === 'string') return cell.trim();
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'number') return numberText(cell);
  if (typeof cell === 'boolean') return String(cell);
  if (Number.isNaN(cell.getTime())) return '';
  const text = cell.toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text;
}

/**
 * The decimal that was typed into a spreadsheet, from the double it was stored as: 0.1 + 0.2 is 0.3.
 * Spreadsheets keep 15 significant digits, so that nothing that could be typed is lost.
 */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const shortest = String(value);
  if (!shortest.includes('e')) {
    if (shortest.length <= SPREADSHEET_DIGITS) return shortest;
    if (shortest.replace(/[-.]|^-?0\.0*/g, '').length <= SPREADSHEET_DIGITS) return shortest;
  }
  const [mantissa = '', exponent = '0'] = value.toExponential(SPREADSHEET_DIGITS - 1).split('e');
  const negative = mantissa.startsWith('-');
  const digits = mantissa.replace(/[-.]/g, '').replace(/0+$/, '');
  const point = Number(exponent) + 1;
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  const fraction = point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits;
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
