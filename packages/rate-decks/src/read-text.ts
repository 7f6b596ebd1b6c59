/** CSV, TSV and their relatives (RFC 4180 with any of four delimiters) as rows with their lines. */
import type { DeckRow } from './cells.ts';
import { type DeckProblemList, wholeDeck } from './problems.ts';

const DELIMITERS = ['\t', ';', ',', '|'] as const;
const LINES_LOOKED_AT = 50;
const CARRIAGE_RETURN = 13;

/**
 * Text of a deck: UTF-8, UTF-16 with its mark as Excel's "Unicode text" has it, or the encoding that the mapping names.
 * @returns null when the bytes are not in the encoding; then a problem with the line was added
 */
export function decodeDeck(
  file: string,
  bytes: Uint8Array,
  encoding: string | null,
  problems: DeckProblemList,
): string | null {
  const name =
    encoding ??
    (bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : 'utf-8');
  try {
    return new TextDecoder(name, { fatal: true }).decode(bytes);
  } catch {
    const lines = new TextDecoder(name).decode(bytes).split('\n');
    const line = lines.findIndex((text) => text.includes('\uFFFD'));
    const place = { ...wholeDeck(file, lines[line] ?? ''), line: line + 1 };
    problems.add('TOLL_DECK_ENCODING_INVALID', place, `These bytes are no ${name.toUpperCase()}`);
    return null;
  }
}

/** The delimiter that cuts most of the first lines into the same number of cells; tab and semicolon go before comma. */
export function detectDelimiter(text: string): string {
  const lines: string[] = [];
  for (let at = 0; at < text.length && lines.length < LINES_LOOKED_AT;) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end === -1 ? text.length : end).trim();
    if (line !== '') lines.push(line.replace(/"[^"]*"/g, ''));
    at = end === -1 ? text.length : end + 1;
  }
  let best = { delimiter: ',', lines: 0 };
  for (const delimiter of DELIMITERS) {
    const linesOfWidth = new Map<number, number>();
    for (const line of lines) {
      const width = line.split(delimiter).length;
      if (width > 1) linesOfWidth.set(width, (linesOfWidth.get(width) ?? 0) + 1);
    }
    const most = Math.max(0, ...linesOfWidth.values());
    if (most > best.lines) best = { delimiter, lines: most };
  }
  return best.delimiter;
}

/** Rows that hold anything. A quote that is never closed is a problem at the line where it opens. */
export function* readText(
  file: string,
  text: string,
  delimiter: string,
  problems: DeckProblemList,
): Generator<DeckRow> {
  const cutter = new LineCutter(text, delimiter);
  let line = 1;
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let quote = text.indexOf('"', at);
  while (at < text.length) {
    let end = text.indexOf('\n', at);
    if (end === -1) end = text.length;
    if (quote !== -1 && quote < at) quote = text.indexOf('"', at);
    const contentEnd = end > at && text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end;
    if (quote === -1 || quote >= contentEnd) {
      if (contentEnd > at) yield { line, cells: cutter.cut(at, contentEnd) };
      at = end + 1;
      line++;
      continue;
    }
    const record = quotedRecord(text, at, delimiter);
    if (record === null) {
      problems.add(
        'TOLL_DECK_CSV_INVALID',
        { ...wholeDeck(file, text.slice(at, contentEnd)), line },
        'A quote of this line is never closed, or text follows the closing one',
      );
      at = end + 1;
      line++;
      continue;
    }
    yield { line, cells: record.cells };
    line += record.lines;
    at = record.end;
  }
}

/**
 * Cuts lines without quotes into their cells, from the first line to the last. Decks say the same in many lines, one below the other:
 * a cell that does is the text above it, which spares the text of its own and all that is done for each text after this.
 */
class LineCutter {
  readonly #text: string;
  readonly #delimiter: string;
  readonly #delimiterCode: number;
  /** The first delimiter that no cell has ended at. */
  #next = -1;
  #above: readonly string[] = [];

  constructor(text: string, delimiter: string) {
    this.#text = text;
    this.#delimiter = delimiter;
    this.#delimiterCode = delimiter.charCodeAt(0);
  }

  cut(from: number, to: number): readonly string[] {
    const text = this.#text;
    const above = this.#above;
    const cells: string[] = [];
    for (let at = from; ; at++) {
      const same = above[cells.length];
      let end = same === undefined ? to + 1 : at + same.length;
      const isSame =
        end <= to &&
        (end === to || text.charCodeAt(end) === this.#delimiterCode) &&
        text.startsWith(same!, at);
      if (!isSame) end = this.#cellEnd(at, to);
      cells.push(isSame ? same! : text.slice(at, end));
      if (end === to) break;
      at = end;
    }
    this.#above = cells;
    return cells;
  }

  #cellEnd(at: number, to: number): number {
    // Looked for once, however many lines it is away.
    if (this.#next < at) {
      const found = this.#text.indexOf(this.#delimiter, at);
      this.#next = found === -1 ? Infinity : found;
    }
    return Math.min(this.#next, to);
  }
}

interface QuotedRecord {
  readonly cells: string[];
  /** Where the next record begins. */
  readonly end: number;
  readonly lines: number;
}

function quotedRecord(text: string, start: number, delimiter: string): QuotedRecord | null {
  const cells: string[] = [];
  let lines = 1;
  let at = start;
  for (;;) {
    let cell = '';
    if (text[at] === '"') {
      for (at++; ; at++) {
        const close = text.indexOf('"', at);
        if (close === -1) return null;
        cell += text.slice(at, close);
        at = close + 1;
        if (text[at] !== '"') break;
        cell += '"';
      }
      for (const character of cell) if (character === '\n') lines++;
      while (text[at] === ' ' || text[at] === '\r') at++;
      if (at < text.length && text[at] !== delimiter && text[at] !== '\n') return null;
    } else {
      const from = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n') at++;
      cell = text.slice(from, at);
    }
    cells.push(cell);
    if (at >= text.length) return { cells, end: at, lines };
    if (text[at++] === '\n') return { cells, end: at, lines };
  }
}
