import { endsInsideQuotes } from '../csv-record.ts';

/** A record of a line format, as its bytes came, without the line end. */
export interface RawLine {
  readonly value: Buffer;
  /** Of its first line, from 1. */
  readonly line: number;
  /** Uncompressed offset and line number behind it. */
  readonly endBytes: number;
  readonly endLine: number;
}

export interface LineOptions {
  readonly fromBytes: number;
  /** Number of the line that begins at `fromBytes`. */
  readonly fromLine: number;
  /** Longer records are cut to `lineBytesMax + 1` bytes, so that the decoder sees that they are too long. */
  readonly lineBytesMax: number;
  /** Whether quoted cells can hold line ends. */
  readonly quotedLines: boolean;
}

/** A record with quoted line ends spans at most this many lines; beyond it, a stray quote is taken for what it is. */
const QUOTED_LINES_MAX = 50;
export const NEWLINE = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
export const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Splits bytes into records; memory is bounded by a part of the input and one longest record. Empty lines are passed over. */
export async function* readLines(
  input: AsyncIterable<Buffer>,
  options: LineOptions,
): AsyncGenerator<RawLine[]> {
  const splitter = new LineSplitter(options);
  for await (const part of input) {
    const lines = splitter.push(part, false);
    if (lines.length > 0) yield lines;
  }
  const lines = splitter.push(Buffer.alloc(0), true);
  if (lines.length > 0) yield lines;
}

export class LineSplitter {
  readonly #options: LineOptions;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #offset: number;
  #line: number;
  /** Inside a line of which enough was kept: its kept bytes; the rest is passed over. */
  #overlong: Buffer | null = null;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#offset = options.fromBytes;
    this.#line = options.fromLine;
  }

  /** Number of the next line. */
  get line(): number {
    return this.#line;
  }

  push(part: Buffer, end: boolean): RawLine[] {
    const out: RawLine[] = [];
    let bytes = part;
    if (this.#overlong !== null) {
      const newline = bytes.indexOf(NEWLINE);
      if (newline === -1 && !end) {
        this.#offset += bytes.length;
        return out;
      }
      const consumed = newline === -1 ? bytes.length : newline + 1;
      this.#emit(out, this.#overlong, { bytes: consumed, lines: 1 });
      this.#overlong = null;
      bytes = bytes.subarray(consumed);
    }
    // Without a line end in sight parts are only collected: joining them each time would be quadratic.
    if (!end && !bytes.includes(NEWLINE) && this.#restBytes + bytes.length <= this.#options.lineBytesMax) {
      this.#keep(bytes);
      return out;
    }
    if (this.#restBytes > 0) bytes = Buffer.concat([...this.#rest, bytes]);
    this.#rest = [];
    this.#restBytes = 0;
    this.#split(bytes, end, out);
    return out;
  }

  #split(bytes: Buffer, end: boolean, out: RawLine[]): void {
    let at = 0;
    if (this.#offset === 0 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) {
      at = 3;
      this.#offset = 3;
    }
    while (at < bytes.length) {
      const record = this.#recordEnd(bytes, at, end);
      if (record === null) break;
      const value = bytes.subarray(at, trimmedEnd(bytes, at, record.end));
      const { lineBytesMax } = this.#options;
      const kept = value.length > lineBytesMax ? value.subarray(0, lineBytesMax + 1) : value;
      this.#emit(out, kept, { bytes: record.next - at, lines: record.lines });
      at = record.next;
    }
    const rest = bytes.subarray(at);
    if (rest.length > this.#options.lineBytesMax && !rest.includes(NEWLINE)) {
      this.#overlong = Buffer.from(rest.subarray(0, this.#options.lineBytesMax + 1));
      this.#offset += rest.length;
    } else if (rest.length > 0) {
      this.#keep(rest);
    }
  }

  /** Where the record that begins at `at` ends, or null when that cannot be told yet. */
  #recordEnd(bytes: Buffer, at: number, end: boolean): { end: number; next: number; lines: number } | null {
    const first = lineEnd(bytes, at, end);
    if (first === null || !this.#options.quotedLines) return first === null ? null : { ...first, lines: 1 };
    let last = first;
    for (let lines = 1; lines <= QUOTED_LINES_MAX; lines++) {
      if (!endsInsideQuotes(bytes.subarray(at, trimmedEnd(bytes, at, last.end)))) return { ...last, lines };
      if (last.end - at > this.#options.lineBytesMax) break;
      const next = last.next < bytes.length ? lineEnd(bytes, last.next, end) : null;
      if (next === null) {
        // The quote may close in bytes to come, unless there are none or already too many.
        if (!end && bytes.length - at <= this.#options.lineBytesMax) return null;
        break;
      }
      last = next;
    }
    return { ...first, lines: 1 };
  }

  #keep(bytes: Buffer): void {
    this.#rest.push(bytes);
    this.#restBytes += bytes.length;
  }

  #emit(out: RawLine[], value: Buffer, consumed: { bytes: number; lines: number }): void {
    const line = this.#line;
    this.#offset += consumed.bytes;
    this.#line += consumed.lines;
    if (value.length > 0) out.push({ value, line, endBytes: this.#offset, endLine: this.#line });
  }
}

function lineEnd(bytes: Buffer, at: number, end: boolean): { end: number; next: number } | null {
  const newline = bytes.indexOf(NEWLINE, at);
  if (newline !== -1) return { end: newline, next: newline + 1 };
  return end ? { end: bytes.length, next: bytes.length } : null;
}

/** End of a line's text: without a carriage return before the line end. */
function trimmedEnd(bytes: Buffer, start: number, end: number): number {
  return end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
}
