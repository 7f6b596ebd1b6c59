/**
 * Cells of codes to prefixes. One cell may hold a code (`+44 7400`), a list (`7400;7415`), ranges (`7400-7402`), or all of it
 * after a country code that holds for the whole cell (`44 7400-7402;7415`).
 */
import type { DeckProblemCode } from './problems.ts';

const PREFIX_DIGITS_MAX = 15;
const RANGE_CODES_MAX = 100_000;

export interface CodeFault {
  readonly code: DeckProblemCode;
  readonly message: string;
}

const PLAIN = /^[1-9]\d{0,14}$/;
const SEPARATOR = /[;,/|\n\r]/;
const GROUPED = /^(\+?)\(?(\d+)\)?[\s.]+(?=[(\d])/;
const RANGE = /^(.*?)\s*[-–—]\s*(\d+)$/;
const DIGIT_GROUPS = /^\+?[\d\s().]+$/;

/** Country codes of two digits; those on 1 and 7 have one, all others three (ITU-T E.164, list of assigned codes). */
const TWO_DIGITS = /^(?:2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

function callingCodeLength(digits: string): number {
  if (digits.startsWith('1') || digits.startsWith('7')) return 1;
  return TWO_DIGITS.test(digits) ? 2 : 3;
}

/**
 * @param countryCode digits put before each code; '' when the codes have theirs
 * @param out         prefixes are added to it
 * @returns null, or why the cell cannot be read; then nothing was added
 */
export function readCodes(text: string, countryCode: string, out: string[]): CodeFault | null {
  if (PLAIN.test(text)) {
    const prefix = countryCode + text;
    if (prefix.length > PREFIX_DIGITS_MAX) return tooLong(prefix);
    out.push(prefix);
    return null;
  }
  if (/^\d[.,]?\d*e\+?\d+$/i.test(text)) {
    return { code: 'TOLL_DECK_CODE_MANGLED', message: 'A spreadsheet has rounded this code to a number' };
  }
  if (/^\d+[.,]0+$/.test(text)) {
    return { code: 'TOLL_DECK_CODE_MANGLED', message: 'A spreadsheet has made a decimal of this code' };
  }
  const start = out.length;
  let shared: SharedCode | null = null;
  for (const part of text.split(SEPARATOR)) {
    const item = part.trim();
    if (item === '') continue;
    const whole = wholeItem(item, shared, countryCode);
    const fault = 'code' in whole ? whole : addItem(whole.text, countryCode, out);
    if (fault !== null) {
      out.length = start;
      return fault;
    }
    if ('text' in whole) shared = whole.shared;
  }
  return out.length > start ? null : invalid('There is no code in this cell');
}

/** The country code that stands before the first code of a cell, and holds for those that follow without one. */
interface SharedCode {
  readonly digits: string;
  readonly nationalDigits: number;
}

interface Item {
  readonly text: string;
  readonly shared: SharedCode | null;
}

/** The item with the country code of its cell, apart by a blank. */
function wholeItem(item: string, shared: SharedCode | null, countryCode: string): Item | CodeFault {
  const grouped = GROUPED.exec(item);
  if (grouped !== null) {
    const first = withoutInternationalPrefix(grouped[2]!, grouped[1] !== '');
    if (countryCode !== '' || first === null || first.length !== callingCodeLength(first)) {
      const message = 'These may be several codes, or the digits of one';
      return { code: 'TOLL_DECK_CODE_AMBIGUOUS', message };
    }
    const national = item.slice(grouped[0].length);
    const nationalDigits = national.replace(/[-–—].*$/, '').replace(/\D/g, '').length;
    return { text: `${first} ${national}`, shared: { digits: first, nationalDigits } };
  }
  if (shared === null || !/^\d/.test(item)) return { text: item, shared };
  const digits = /^\d+/.exec(item)![0];
  if (digits.startsWith(shared.digits) && digits.length !== shared.nationalDigits) {
    const message = `The country code ${shared.digits} of this cell may stand before ${item}, or be in it already`;
    return { code: 'TOLL_DECK_CODE_AMBIGUOUS', message };
  }
  return { text: `${shared.digits} ${item}`, shared };
}

/** Adds a code, or both ends of a range and what is between. */
function addItem(item: string, countryCode: string, out: string[]): CodeFault | null {
  const range = RANGE.exec(item);
  const written = (range === null ? item : range[1]!).trim();
  const first = fullDigits(written, countryCode);
  if (first === null) return invalid('This is no code of an E.164 number');
  if (first.length > PREFIX_DIGITS_MAX) return tooLong(first);
  if (range === null) {
    out.push(first);
    return null;
  }
  // The upper end repeats all digits of the lower one, or those after the country code.
  const end = range[2]!;
  const lastGroup = /\d+$/.exec(written)?.[0] ?? '';
  const same = [written.replace(/\D/g, ''), lastGroup].some(({ length }) => length === end.length);
  if (!same || end.length > first.length) {
    return rangeFault('The ends of the range have different numbers of digits');
  }
  const head = first.slice(0, first.length - end.length);
  const low = Number(first.slice(head.length));
  const high = Number(end);
  if (high < low) return rangeFault('The range ends before it begins');
  if (high - low >= RANGE_CODES_MAX) {
    return rangeFault(`The range holds ${(high - low + 1).toLocaleString('en-US')} codes`);
  }
  for (let code = low; code <= high; code++) out.push(head + String(code).padStart(end.length, '0'));
  return null;
}

/** Digits with country code and without international prefix; null when they are no code. */
function fullDigits(text: string, countryCode: string): string | null {
  if (!DIGIT_GROUPS.test(text)) return null;
  const digits = text.replace(/\D/g, '');
  const international = text.startsWith('+') || digits.startsWith('0');
  if (!international) return countryCode + digits;
  const bare = withoutInternationalPrefix(digits, text.startsWith('+'));
  // Beside a country code column, 0117 is a national code with its trunk digit, not 7 after 011.
  return bare?.startsWith(countryCode) === true ? bare : null;
}

/** Takes 00 and 011 away; null when nothing, or a zero, is left in front. */
export function withoutInternationalPrefix(digits: string, hasPlus: boolean): string | null {
  const bare = hasPlus ? digits : digits.replace(/^(?:011|00)/, '');
  return /^[1-9]/.test(bare) ? bare : null;
}

function invalid(message: string): CodeFault {
  return { code: 'TOLL_DECK_CODE_INVALID', message };
}

function rangeFault(message: string): CodeFault {
  return { code: 'TOLL_DECK_RANGE_INVALID', message };
}

function tooLong(prefix: string): CodeFault {
  return invalid(`The code has ${prefix.length} digits, and a number has at most ${PREFIX_DIGITS_MAX}`);
}
