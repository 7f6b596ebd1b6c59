/**
 * The XML of a sheet to its rows, piece by piece. Only what decides a cell's value is looked at:
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
const PENDING_CHARS_MAX = 16 * 1024 * 1024;

const GREATER_THAN = 62;
const SLASH = 47;
const BLANK = 32;
const EQUALS = 61;
const LETTER_C = 99;
const LETTER_V = 118;

export class SheetRows {
  readonly #context: SheetContext;
  /** By style: whether its numbers are dates. */
  readonly #dateStyles: boolean[] = [];
  /** Days repeat, and nobody changes them. */
  readonly #dates = new Map<number, Date>();
  /** What no tag ended yet. */
  #pending = '';
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

  constructor(context: SheetContext) {
    this.#context = context;
  }

  /** @throws Error when the text is no sheet */
  read(text: string): DeckRow[] {
    const source = this.#pending === '' ? text : this.#pending + text;
    const end = this.#take(source);
    this.#pending = end === source.length ? '' : source.slice(end);
    if (this.#pending.length > PENDING_CHARS_MAX) throw new Error('a tag of the sheet never ends');
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  /** @throws Error when the sheet ends too early */
  end(): void {
    if (this.#inData || this.#pending.trim() !== '') throw new Error('the sheet is cut off');
  }

  /** @returns up to where the text was understood */
  #take(source: string): number {
    let at = 0;
    for (;;) {
      const open = source.indexOf('<', at);
      if (open === -1) return at;
      if (this.#inValue && open > at) this.#value += decoded(source.slice(at, open));
      // An unfinished tag comes again with what follows it, but not the text before it.
      const end = this.#tag(source, open);
      if (end === -1) return open;
      at = end;
    }
  }

  /** @returns after the tag; -1 when it does not end yet */
  #tag(source: string, open: number): number {
    const first = source.charCodeAt(open + 1);
    // Nearly all tags are those of cells and their values, which are written without more.
    if (first === LETTER_V && source.charCodeAt(open + 2) === GREATER_THAN) {
      this.#open('v');
      return open + 3;
    }
    if (first === SLASH) {
      if (source.charCodeAt(open + 3) === GREATER_THAN) {
        const letter = source.charCodeAt(open + 2);
        if (letter === LETTER_V || letter === LETTER_C) {
          this.#close(letter === LETTER_V ? 'v' : 'c');
          return open + 4;
        }
      }
      const end = source.indexOf('>', open);
      if (end === -1) return -1;
      this.#close(localName(source, open + 2, end));
      return end + 1;
    }
    if (first === 33 /* ! */ || first === 63 /* ? */) return this.#special(source, open);
    let at = open + 1;
    for (; at < source.length; at++) {
      const code = source.charCodeAt(at);
      if (code <= BLANK || code === GREATER_THAN || code === SLASH) break;
    }
    const nameEnd = at;
    const end = this.#attributes(source, nameEnd);
    if (end === -1) return -1;
    const name = localName(source, open + 1, nameEnd);
    this.#open(name);
    if (source.charCodeAt(end - 1) === SLASH) this.#close(name);
    return end + 1;
  }

  /** Keeps the attributes r, t and s. @returns where the tag's > stands; -1 when it is not there yet */
  #attributes(source: string, from: number): number {
    this.#reference = '';
    this.#nextType = '';
    this.#nextStyle = -1;
    let at = from;
    for (;;) {
      let code = source.charCodeAt(at);
      while (code <= BLANK || code === SLASH) code = source.charCodeAt(++at);
      if (code === GREATER_THAN) break;
      if (at >= source.length) return -1;
      const nameAt = at;
      while (code > BLANK && code !== EQUALS && code !== GREATER_THAN) code = source.charCodeAt(++at);
      const nameEnd = at;
      while (code <= BLANK) code = source.charCodeAt(++at);
      if (code !== EQUALS) {
        if (at >= source.length) return -1;
        throw new Error('an attribute of the sheet has no value');
      }
      do code = source.charCodeAt(++at);
      while (code <= BLANK);
      if (at >= source.length) return -1;
      if (code !== 34 && code !== 39) throw new Error('an attribute of the sheet has no quotes');
      const close = source.indexOf(code === 34 ? '"' : "'", at + 1);
      if (close === -1) return -1;
      if (nameEnd === nameAt + 1) {
        const letter = source.charCodeAt(nameAt);
        if (letter === 114 /* r */) this.#reference = source.slice(at + 1, close);
        else if (letter === 116 /* t */) this.#nextType = source.slice(at + 1, close);
        else if (letter === 115 /* s */) this.#nextStyle = Number(source.slice(at + 1, close));
      }
      at = close + 1;
    }
    return at;
  }

  /** Comments, CDATA, declarations. */
  #special(source: string, open: number): number {
    if (source.startsWith('<!--', open)) return after(source, '-->', open + 4);
    if (source.startsWith('<![CDATA[', open)) {
      const end = source.indexOf(']]>', open);
      if (end !== -1 && this.#inValue) this.#value += source.slice(open + '<![CDATA['.length, end);
      return end === -1 ? -1 : end + 3;
    }
    if (source.length - open < '<![CDATA['.length) return -1;
    // Entities of its own would make text of what is none here.
    if (source.startsWith('<!DOCTYPE', open)) throw new Error('the sheet declares a document type');
    return after(source, source.charCodeAt(open + 1) === 63 ? '?>' : '>', open + 2);
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

function after(source: string, text: string, from: number): number {
  const at = source.indexOf(text, from);
  return at === -1 ? -1 : at + text.length;
}

/** Without the prefix of its namespace. */
function localName(source: string, from: number, end: number): string {
  if (end - from === 1) return source[from]!;
  const name = source.slice(from, end).trimEnd();
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
