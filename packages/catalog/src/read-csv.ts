/** A CSV file (RFC 4180, header line) as records of text, with the place of each cell. */
import type { Place, ProblemList } from './problems.ts';

export interface CsvFile<Column extends string> {
  readonly file: string;
  readonly records: number;
  /** Position of the column in a record; -1 when the file does not have it. */
  position(column: Column): number;
  /** Text of a cell. Reading the cells of one record after the other is what it is made for. */
  cell(record: number, position: number): string;
  /** The cells from one position to another as they are written: equal ones mean the same. */
  written(record: number, first: number, last: number): string;
  /** Whether all of it but its first cell is written as in the record before it. False also where that is not known. */
  repeats(record: number): boolean;
  place(record: number, column: Column): Place;
}

const RECORD_CHARACTERS_MAX = 65_536;
const COMMA = 44;
const QUOTE = 34;
const NEWLINE = 10;
const RETURN = 13;

/**
 * Reports what is no CSV, unknown and missing columns, and records of another width than the header; those are left out.
 * @param columns  every column the file may have
 * @param required those it must have
 */
export function readCsv<Column extends string>(
  file: string,
  source: string,
  columns: readonly Column[],
  required: readonly Column[],
  problems: ProblemList,
): CsvFile<Column> | null {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
  const record = new RecordReader(text);
  const lineAt = lineCounter(text);

  function broken(at: number, fault: string): void {
    const place = { file, line: lineAt(at).line, column: 1, text: '' };
    problems.add('TOLL_CATALOG_CSV_INVALID', place, `This is no valid CSV (${fault})`);
  }

  const starts = new StartList(text);
  let width = 0;
  for (let at = 0, next = 0; at < text.length; at = next) {
    const fault = record.read(at);
    next = record.next;
    if (fault !== null) broken(fault.at, fault.message);
    else if (record.isBlank) continue;
    else if (width === 0 || record.width === width) {
      width = record.width;
      starts.add(at);
    } else {
      const message = `The record has ${record.width} fields and the header ${width}`;
      problems.add('TOLL_CATALOG_CSV_INVALID', place(at, Math.min(record.width, width) - 1), message);
    }
  }
  if (starts.length === 0) {
    problems.add('TOLL_CATALOG_COLUMN_MISSING', { file, line: 1, column: 1, text: '' }, 'The file is empty');
    return null;
  }

  record.read(starts.at(0));
  const names = Array.from({ length: width }, (_, position) => record.cell(position));

  function place(at: number, position: number): Place {
    record.read(at);
    const known = Math.min(position, record.width - 1);
    const { line, column } = lineAt(record.startOf(known));
    return { file, line, column, text: record.cell(known) };
  }

  names.forEach((name, position) => {
    if (!(columns as readonly string[]).includes(name)) {
      const message = 'There is no such column';
      problems.add('TOLL_CATALOG_COLUMN_UNKNOWN', place(starts.at(0), position), message);
    } else if (names.indexOf(name) !== position) {
      problems.add(
        'TOLL_CATALOG_COLUMN_UNKNOWN',
        place(starts.at(0), position),
        'The column stands twice in the header',
        'Remove one.',
      );
    }
  });
  const absent = required.filter((name) => !names.includes(name));
  for (const name of absent) {
    const header = { ...place(starts.at(0), 0), column: 1, text: '' };
    problems.add('TOLL_CATALOG_COLUMN_MISSING', header, `The column ${name} is missing`);
  }
  if (absent.length > 0) return null;

  const kept = starts.from(1);
  const positions = new Map(names.map((name, position) => [name, position]));
  let current = -1;
  let isRepeat = false;
  function moveTo(index: number): void {
    if (index === current) return;
    record.read(kept[index]!);
    isRepeat = record.isRepeat && index === current + 1;
    current = index;
  }
  return {
    file,
    records: kept.length,
    position: (column) => positions.get(column) ?? -1,
    cell: (index, position) => {
      moveTo(index);
      return record.cell(position);
    },
    written: (index, first, last) => {
      moveTo(index);
      return text.slice(record.startOf(first), record.endOf(last));
    },
    repeats: (index) => {
      moveTo(index);
      return isRepeat;
    },
    place: (index, column) => {
      current = -1;
      return place(kept[index]!, positions.get(column) ?? 0);
    },
  };
}

interface RecordFault {
  readonly at: number;
  readonly message: string;
}

/**
 * Finds the cells of one record at a time; makes their texts when asked. Where a record goes on after its first cell as the one before it did,
 * as the rates of a destination do, the cells are those, moved.
 */
class RecordReader {
  readonly #text: string;
  /** Start and end of each cell without spaces and quotes around it; ends of cells with doubled quotes are negative. */
  #bounds = new Int32Array(64);
  width = 0;
  /** Where the next record begins. */
  next = 0;
  /** Whether it goes on after its first cell as the one that was read before. */
  isRepeat = false;
  /** Of the record that was read last, from the first comma to the next record, and where that began; '' when it was none. */
  #rest = '';
  #restAt = 0;
  /** How far the cells after the first one stand from where the bounds say. */
  #moved = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether it is a line without anything on it. */
  get isBlank(): boolean {
    const start = this.#bounds[0]!;
    return this.width === 1 && start === this.#bounds[1] && this.#text.charCodeAt(start - 1) !== QUOTE;
  }

  cell(position: number): string {
    const start = this.#bound(position * 2);
    const end = this.#bound(position * 2 + 1);
    return end < 0 ? this.#text.slice(start, ~end).replaceAll('""', '"') : this.#text.slice(start, end);
  }

  /** Where the cell is written, its quote counted. */
  startOf(position: number): number {
    const start = this.#bound(position * 2);
    return start > 0 && this.#text.charCodeAt(start - 1) === QUOTE ? start - 1 : start;
  }

  endOf(position: number): number {
    const end = this.#bound(position * 2 + 1);
    return end < 0 ? ~end : end;
  }

  #bound(index: number): number {
    const bound = this.#bounds[index]!;
    if (index < 2) return bound;
    return bound < 0 ? bound - this.#moved : bound + this.#moved;
  }

  /** Reads the record that begins at `start`. After a fault `next` is the line below it. */
  read(start: number): RecordFault | null {
    const text = this.#text;
    this.isRepeat = this.#readRepeat(start);
    if (this.isRepeat) return null;
    this.#rest = '';
    this.#moved = 0;
    this.width = 0;
    let at = start;
    for (;;) {
      while (isSpace(text.charCodeAt(at))) at++;
      let from = at;
      let to: number;
      if (text.charCodeAt(at) === QUOTE) {
        from = ++at;
        let isDoubled = false;
        for (;;) {
          at = text.indexOf('"', at);
          if (at < 0) return this.#fail(from - 1, text.length, 'a quote is not closed');
          if (text.charCodeAt(at + 1) !== QUOTE) break;
          isDoubled = true;
          at += 2;
        }
        to = isDoubled ? ~at : at;
        at++;
        while (isSpace(text.charCodeAt(at))) at++;
        if (at < text.length && !isBorder(text.charCodeAt(at))) {
          return this.#fail(at, at, 'there is text after a closing quote');
        }
      } else {
        for (;;) {
          const code = text.charCodeAt(at);
          // What ends a field, or may not stand in it, is a comma or comes before it: most characters are passed over here.
          if (code > COMMA) at++;
          else if (code === COMMA || isLineEnd(code) || at >= text.length) break;
          else if (code === QUOTE)
            return this.#fail(at, at, 'there is a quote inside a field without quotes');
          else at++;
        }
        to = at;
        while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
      }
      this.#push(from, to);
      if (text.charCodeAt(at) !== COMMA) break;
      at++;
    }
    this.next = afterLine(text, at);
    if (this.next - start > RECORD_CHARACTERS_MAX) return this.#fail(start, at, 'the record is too long');
    // Without a line end after it, it is the beginning of more.
    if (this.width > 1 && this.next <= text.length) {
      this.#restAt = text.indexOf(',', Math.abs(this.#bounds[1]!));
      this.#rest = text.slice(this.#restAt, this.next);
    }
    return null;
  }

  /** @returns whether it was one, and is read */
  #readRepeat(start: number): boolean {
    if (this.#rest === '') return false;
    const text = this.#text;
    let at = start;
    // A first cell of digits, as prefixes are.
    while (isDigit(text.charCodeAt(at))) at++;
    const next = at + this.#rest.length;
    if (at === start || next - start > RECORD_CHARACTERS_MAX || !text.startsWith(this.#rest, at))
      return false;
    this.#bounds[0] = start;
    this.#bounds[1] = at;
    this.#moved = at - this.#restAt;
    this.next = next;
    return true;
  }

  #push(from: number, to: number): void {
    if (this.width * 2 === this.#bounds.length) {
      const wider = new Int32Array(this.#bounds.length * 2);
      wider.set(this.#bounds);
      this.#bounds = wider;
    }
    this.#bounds[this.width * 2] = from;
    this.#bounds[this.width * 2 + 1] = to;
    this.width++;
  }

  #fail(at: number, resumeFrom: number, message: string): RecordFault {
    let end = resumeFrom;
    while (end < this.#text.length && !isLineEnd(this.#text.charCodeAt(end))) end++;
    this.next = afterLine(this.#text, end);
    return { at, message };
  }
}

/** Starts of records: four bytes each. */
class StartList {
  #starts: Uint32Array;
  length = 0;

  constructor(text: string) {
    this.#starts = new Uint32Array(16 + Math.floor(text.length / 32));
  }

  add(start: number): void {
    if (this.length === this.#starts.length) {
      const longer = new Uint32Array(this.length * 2);
      longer.set(this.#starts);
      this.#starts = longer;
    }
    this.#starts[this.length++] = start;
  }

  at(index: number): number {
    return this.#starts[index]!;
  }

  from(first: number): Uint32Array {
    return this.#starts.subarray(first, this.length);
  }
}

/** Line and column, from 1, of a position. Lines are looked for when the first problem asks. */
function lineCounter(text: string): (at: number) => { line: number; column: number } {
  let lineStarts: number[] | null = null;
  return (at) => {
    if (lineStarts === null) {
      lineStarts = [0];
      for (let next = nextLine(text, 0); next < text.length; next = nextLine(text, next))
        lineStarts.push(next);
    }
    let low = 0;
    let high = lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (lineStarts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - lineStarts[low]! + 1 };
  };
}

function nextLine(text: string, from: number): number {
  let at = from;
  while (at < text.length && !isLineEnd(text.charCodeAt(at))) at++;
  return at < text.length ? afterLine(text, at) : text.length;
}

/** @param at a line end, or the end of the text */
function afterLine(text: string, at: number): number {
  return text.charCodeAt(at) === RETURN && text.charCodeAt(at + 1) === NEWLINE ? at + 2 : at + 1;
}

function isLineEnd(code: number): boolean {
  return code === NEWLINE || code === RETURN;
}

function isBorder(code: number): boolean {
  return code === COMMA || isLineEnd(code);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 12;
}
