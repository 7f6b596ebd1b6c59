/**
 * The XML of a sheet to its rows, piece by piece, from its bytes: those of a million rows are looked at in a third of the time that
 * the characters of a text take. Only what decides a cell's value is looked at:
 *
 *   <row r="3"><c r="A3"><v>44</v></c><c r="B3" t="s"><v>7</v></c><c r="C3" t="inlineStr"><is><t>UK</t></is></c></row>
 */
import type { DeckCell, DeckRow } from './cells.ts';

/** What the cells of a sheet refer to. */
export interface SheetContext {
  readonly strings: readonly string[];
  /** Whether numbers of this style are dates. */
  readonly isDateStyle: (style: number) => boolean;
  readonly dateOf: (serial: number) => Date;
}

/** Excel's last column, XFD. */
const COLUMNS_MAX = 16_384;
/** More of a text or a tag than this without an end is no sheet. */
const PENDING_BYTES_MAX = 16 * 1024 * 1024;

const LESS_THAN = 60;
const GREATER_THAN = 62;
const QUOTE = 34;
const APOSTROPHE = 39;
const POINT = 46;
const SLASH = 47;
const BLANK = 32;
const EQUALS = 61;
const EXCLAMATION = 33;
const QUESTION = 63;
const LETTER_C = 99;
const LETTER_R = 114;
const LETTER_S = 115;
const LETTER_T = 116;
const LETTER_V = 118;
const VALUE_TAG = bytesOf('><v>');
const CELL_TAG = bytesOf('<c r="');
const CELL_END = bytesOf('</v></c>');
const STYLE = bytesOf(' s="');
const SHARED = bytesOf(' t="s"');
const COMMENT = bytesOf('<!--');
const CDATA = bytesOf('<![CDATA[');
const DOCTYPE = bytesOf('<!DOCTYPE');
const NOTHING = Buffer.alloc(0);

/** So many digits are below 2^53. */
const EXACT_DIGITS_MAX = 15;
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS_MAX + 1 }, (_, power) => Number(`1e${power}`));
/** A longer value is made again for each cell. */
const VALUE_BYTES_MAX = 32;

/** The plain cell of a column that was read last: how the sheet has it, and the value that it is. */
class PlainCell {
  isShared = false;
  style = -1;
  readonly bytes = new Uint8Array(VALUE_BYTES_MAX);
  /** -1 when it holds none. */
  length = -1;
  value: DeckCell = null;
}

export class SheetRows {
  readonly #context: SheetContext;
  /** By style: whether its numbers are dates. */
  readonly #dateStyles: boolean[] = [];
  /** Days repeat, and nobody changes them. */
  readonly #dates = new Map<number, Date>();
  /** What no tag ended yet. */
  #pending: Buffer = NOTHING;
  #rows: DeckRow[] = [];
  #line = 0;
  #inData = false;
  #cells: DeckCell[] | null = null;
  #inCell = false;
  /** Of the cell: from 0; type; style, -1 without. */
  #column = 0;
  #type = '';
  #style = -1;
  #value = '';
  /** Whether text belongs to the cell: within <v>, or within <t> of <is> but not of how it is pronounced. */
  #inValue = false;
  #inInline = false;
  #inPhonetic = false;
  /** Attributes r, t and s of the tag read last. */
  #reference = '';
  #nextType = '';
  #nextStyle = -1;
  readonly #above: PlainCell[] = [];

  constructor(context: SheetContext) {
    this.#context = context;
  }

  /**
   * @param bytes UTF-8; what is pending keeps them, so nobody may write to them
   * @throws Error when they are no sheet
   */
  read(bytes: Buffer): DeckRow[] {
    const source = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    this.#pending = source.subarray(this.#take(source));
    if (this.#pending.length > PENDING_BYTES_MAX) throw new Error('a tag of the sheet never ends');
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  /** @throws Error when the sheet ends too early */
  end(): void {
    if (this.#inData || this.#pending.toString().trim() !== '') throw new Error('the sheet is cut off');
  }

  /** @returns up to where the bytes were understood */
  #take(source: Buffer): number {
    let at = 0;
    for (;;) {
      const open = source[at] === LESS_THAN ? at : source.indexOf(LESS_THAN, at);
      if (open === -1) return at;
      if (this.#inValue && open > at) this.#value += decoded(source.toString('utf8', at, open));
      // An unfinished tag comes again with what follows it, but not the text before it.
      let end = this.#plainCell(source, open);
      if (end === -1) end = this.#tag(source, open);
      if (end === -1) return open;
      at = end;
    }
  }

  /**
   * Nearly all of a sheet are cells that are written like `<c r="B3" s="1"><v>7</v></c>` or `<c r="C3" t="s"><v>7</v></c>`. What is the same
   * as in the cell above is not made again: sheets of rates repeat themselves from row to row.
   * @returns after the cell; -1 when it is written otherwise, or does not end yet: then its tags are looked at one by one
   */
  #plainCell(source: Buffer, open: number): number {
    if (source[open + 1] !== LETTER_C || this.#cells === null || this.#inCell || this.#inValue) return -1;
    if (!isAt(source, open, CELL_TAG)) return -1;
    let at = open + CELL_TAG.length;
    let column = 0;
    for (; source[at]! >= 65 && source[at]! <= 90; at++) column = column * 26 + source[at]! - 64;
    if (column === 0 || column > COLUMNS_MAX) return -1;
    column--;
    while (isDigit(source[at])) at++;
    if (source[at++] !== QUOTE) return -1;
    let style = -1;
    if (isAt(source, at, STYLE)) {
      at += STYLE.length;
      for (style = 0; isDigit(source[at]); at++) style = style * 10 + source[at]! - 48;
      if (source[at++] !== QUOTE) return -1;
    }
    const isShared = isAt(source, at, SHARED);
    if (isShared) at += SHARED.length;
    if (!isAt(source, at, VALUE_TAG)) return -1;
    at += VALUE_TAG.length;

    while (this.#above.length <= column) this.#above.push(new PlainCell());
    const above = this.#above[column]!;
    let end = at + above.length;
    const isSame =
      source[end] === LESS_THAN &&
      above.isShared === isShared &&
      above.style === style &&
      isAt(source, at, above.bytes, above.length);
    if (!isSame) {
      end = at;
      while (end < source.length && source[end] !== LESS_THAN) end++;
    }
    if (!isAt(source, end, CELL_END)) return -1;
    this.#column = column;
    if (!isSame) {
      const number = decimalAt(source, at, end);
      if (Number.isNaN(number)) {
        this.#style = style;
        this.#type = isShared ? 's' : '';
        this.#value = decoded(source.toString('utf8', at, end));
        above.value = this.#cellValue();
      } else if (isShared) above.value = this.#context.strings[number] ?? null;
      else above.value = this.#isDate(style) ? this.#date(number) : number;
      above.isShared = isShared;
      above.style = style;
      above.length = end - at > VALUE_BYTES_MAX ? -1 : end - at;
      for (let i = 0; i < above.length; i++) above.bytes[i] = source[at + i]!;
    }
    this.#put(above.value);
    return end + CELL_END.length;
  }

  /** @returns after the tag; -1 when it does not end yet */
  #tag(source: Buffer, open: number): number {
    const first = source[open + 1];
    // Most tags are those of cells and their values, which are written without more.
    if (first === LETTER_V && source[open + 2] === GREATER_THAN) {
      this.#open('v');
      return open + 3;
    }
    if (first === SLASH) {
      if (source[open + 3] === GREATER_THAN) {
        const letter = source[open + 2];
        if (letter === LETTER_V || letter === LETTER_C) {
          this.#close(letter === LETTER_V ? 'v' : 'c');
          return open + 4;
        }
      }
      const end = source.indexOf(GREATER_THAN, open);
      if (end === -1) return -1;
      this.#close(localName(source, open + 2, end));
      return end + 1;
    }
    if (first === EXCLAMATION || first === QUESTION) return this.#special(source, open);
    let at = open + 1;
    for (; at < source.length; at++) {
      const code = source[at]!;
      if (code <= BLANK || code === GREATER_THAN || code === SLASH) break;
    }
    const nameEnd = at;
    const end = this.#attributes(source, nameEnd);
    if (end === -1) return -1;
    const name = localName(source, open + 1, nameEnd);
    this.#open(name);
    if (source[end - 1] === SLASH) this.#close(name);
    return end + 1;
  }

  /** Keeps the attributes r, t and s. @returns where the tag's > stands; -1 when it is not there yet */
  #attributes(source: Buffer, from: number): number {
    this.#reference = '';
    this.#nextType = '';
    this.#nextStyle = -1;
    let at = from;
    for (;;) {
      // Beyond the end there is nothing, which is no blank and no sign.
      while (source[at]! <= BLANK || source[at] === SLASH) at++;
      if (source[at] === GREATER_THAN) break;
      if (at >= source.length) return -1;
      const nameAt = at;
      while (source[at]! > BLANK && source[at] !== EQUALS && source[at] !== GREATER_THAN) at++;
      const nameEnd = at;
      while (source[at]! <= BLANK) at++;
      if (source[at] !== EQUALS) {
        if (at >= source.length) return -1;
        throw new Error('an attribute of the sheet has no value');
      }
      do at++;
      while (source[at]! <= BLANK);
      if (at >= source.length) return -1;
      const quote = source[at]!;
      if (quote !== QUOTE && quote !== APOSTROPHE) throw new Error('an attribute of the sheet has no quotes');
      const close = source.indexOf(quote, at + 1);
      if (close === -1) return -1;
      if (nameEnd === nameAt + 1) {
        const letter = source[nameAt];
        if (letter === LETTER_R) this.#reference = source.toString('utf8', at + 1, close);
        else if (letter === LETTER_T) this.#nextType = source.toString('utf8', at + 1, close);
        else if (letter === LETTER_S) this.#nextStyle = Number(source.toString('utf8', at + 1, close));
      }
      at = close + 1;
    }
    return at;
  }

  /** Comments, CDATA, declarations. */
  #special(source: Buffer, open: number): number {
    if (isAt(source, open, COMMENT)) return after(source, '-->', open + COMMENT.length);
    if (isAt(source, open, CDATA)) {
      const end = source.indexOf(']]>', open);
      if (end !== -1 && this.#inValue) this.#value += source.toString('utf8', open + CDATA.length, end);
      return end === -1 ? -1 : end + 3;
    }
    if (source.length - open < CDATA.length) return -1;
    // Entities of its own would make text of what is none here.
    if (isAt(source, open, DOCTYPE)) throw new Error('the sheet declares a document type');
    return after(source, source[open + 1] === QUESTION ? '?>' : '>', open + 2);
  }

  #open(name: string): void {
    switch (name) {
      case 'c':
        if (this.#cells === null) return;
        this.#inCell = true;
        this.#column = columnOf(this.#reference, this.#column + 1);
        this.#type = this.#nextType;
        this.#style = this.#nextStyle;
        this.#value = '';
        return;
      case 'v':
        this.#inValue = this.#inCell && this.#type !== 'inlineStr';
        return;
      case 't':
        this.#inValue = this.#inInline && !this.#inPhonetic;
        return;
      case 'is':
        this.#inInline = this.#inCell && this.#type === 'inlineStr';
        return;
      case 'rPh':
        this.#inPhonetic = true;
        return;
      case 'row':
        if (!this.#inData) return;
        this.#line = this.#reference === '' ? this.#line + 1 : Number(this.#reference);
        if (!Number.isSafeInteger(this.#line)) throw new Error(`a row has the number "${this.#reference}"`);
        this.#cells = [];
        this.#column = -1;
        return;
      case 'sheetData':
        this.#inData = true;
    }
  }

  #close(name: string): void {
    switch (name) {
      case 'c':
        if (!this.#inCell) return;
        this.#inCell = false;
        this.#put(this.#cellValue());
        return;
      case 'v':
      case 't':
        this.#inValue = false;
        return;
      case 'is':
        this.#inInline = false;
        return;
      case 'rPh':
        this.#inPhonetic = false;
        return;
      case 'row':
        if (this.#cells === null) return;
        if (this.#cells.length > 0) this.#rows.push({ line: this.#line, cells: this.#cells });
        this.#cells = null;
        return;
      case 'sheetData':
        this.#inData = false;
    }
  }

  #put(value: DeckCell): void {
    const cells = this.#cells!;
    const column = this.#column;
    if (column >= COLUMNS_MAX) throw new Error(`a cell is in column ${column + 1}`);
    while (cells.length < column) cells.push(null);
    cells[column] = value;
  }

  #cellValue(): DeckCell {
    const text = this.#value;
    switch (this.#type) {
      case 's':
        return this.#context.strings[Number(text)] ?? null;
      case 'str':
      case 'inlineStr':
        return unescaped(text);
      case 'b':
        return text === '1' || text.toLowerCase() === 'true';
      case 'e':
        return text;
      default: {
        if (text === '') return null;
        const number = Number(text);
        if (Number.isNaN(number)) return text;
        return this.#isDate(this.#style) ? this.#date(number) : number;
      }
    }
  }

  #isDate(style: number): boolean {
    return style >= 0 && (this.#dateStyles[style] ??= this.#context.isDateStyle(style));
  }

  #date(serial: number): Date {
    let date = this.#dates.get(serial);
    if (date === undefined) this.#dates.set(serial, (date = this.#context.dateOf(serial)));
    return date;
  }
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text));
}

function isAt(source: Buffer, at: number, bytes: Uint8Array, length = bytes.length): boolean {
  for (let i = 0; i < length; i++) if (source[at + i] !== bytes[i]) return false;
  return true;
}

/**
 * A number as sheets have most of them, without making a text of it. Both the digits and the power of ten are exact in a double, so that
 * their quotient is the double nearest to the decimal, as `Number` gives it.
 * @returns NaN for what is written otherwise
 */
function decimalAt(source: Buffer, from: number, end: number): number {
  if (end === from || end - from > EXACT_DIGITS_MAX + 1) return NaN;
  let digits = 0;
  let point = -1;
  for (let at = from; at < end; at++) {
    const code = source[at]!;
    if (code >= 48 && code <= 57) digits = digits * 10 + code - 48;
    else if (code === POINT && point === -1 && at > from && at < end - 1) point = at;
    else return NaN;
  }
  if (point !== -1) return digits / POWERS_OF_TEN[end - point - 1]!;
  return end - from > EXACT_DIGITS_MAX ? NaN : digits;
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 48 && code <= 57;
}

function after(source: Buffer, text: string, from: number): number {
  const at = source.indexOf(text, from);
  return at === -1 ? -1 : at + text.length;
}

/** Without the prefix of its namespace. */
function localName(source: Buffer, from: number, end: number): string {
  if (end - from === 1) return String.fromCharCode(source[from]!);
  const name = source.toString('latin1', from, end).trimEnd();
  return name.slice(name.indexOf(':') + 1);
}

/** 'AB7' → 27; what is no reference: the column after the one before. */
function columnOf(reference: string, next: number): number {
  let column = 0;
  for (let i = 0; i < reference.length; i++) {
    const code = reference.charCodeAt(i) & ~32;
    if (code < 65 || code > 90) break;
    column = column * 26 + code - 64;
  }
  return column === 0 ? next : column - 1;
}

const ENTITIES: Readonly<Record<string, string | undefined>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** With the characters that entities name; what names none stays as it is. */
function decoded(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d+)|#[xX]([0-9a-fA-F]+)|(\w+));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name as string] ?? whole;
    const code = decimal === undefined ? parseInt(hex as string, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** `_x000D_` is how workbooks write characters that XML has not. */
function unescaped(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
