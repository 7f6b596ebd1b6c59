/**
 * What the fingerprint says of accounts as lines of JSON, made from the bytes of a table without an object in between: a million accounts are a
 * quarter of a gigabyte of them. `accountContent` in `fingerprint.ts` says which fields stand where; for what only few accounts have it is asked itself.
 */
import type { AccountColumns } from './account-columns.ts';
import { StringTable } from './string-table.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const NEWLINE = 0x0a;
const ZERO = 0x30;
const BEGIN = Buffer.from('["account",');
/** Of an E.164 number. */
const DIGITS_MAX = 15;
/** Of a double as text. */
const DOUBLE_CHARACTERS_MAX = 25;

export class AccountLines {
  readonly #source: Buffer;
  readonly #texts: StringTable;
  /** As JSON, by the number of the text. */
  readonly #shared: Buffer[] = [];
  #lines = Buffer.alloc(1 << 17);
  #at = 0;
  #length = 0;
  #lastStart = Number.NaN;
  #lastStartText = '';

  constructor({ bytes, texts }: Pick<AccountColumns, 'bytes' | 'texts'>) {
    this.#source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#texts = new StringTable(texts);
  }

  /** Bytes of the lines that were added and not taken yet. */
  get length(): number {
    return this.#length;
  }

  /** @returns the lines since this was asked last; to be read before the next one is added */
  take(): Buffer {
    const lines = this.#lines.subarray(0, this.#length);
    this.#length = 0;
    return lines;
  }

  /**
   * @param begin where the account was written
   * @returns false, with nothing added, when the account has more than every account has, or is not written in JSON as it stands in its bytes
   */
  add(begin: number): boolean {
    const lineBegin = this.#length;
    this.#at = begin;
    if (this.#addLine()) return true;
    this.#length = lineBegin;
    return false;
  }

  #addLine(): boolean {
    this.#raw(BEGIN);
    if (!this.#text()) return false;
    this.#put(COMMA);
    if (!this.#text()) return false;
    // Plan, zone, country, area code; not the currency, which is the plan's; the status; not whether it is the default one.
    for (let i = 0; i < 4; i++) this.#sharedText();
    this.#count();
    this.#sharedText();
    this.#count();
    this.#put(COMMA);
    this.#start(this.#double());
    this.#put(COMMA);
    this.#put(OPEN);
    for (let i = 0, lines = this.#count(); i < lines; i++) {
      if (i > 0) this.#put(COMMA);
      if (!this.#text()) return false;
    }
    this.#put(CLOSE);
    return this.#devices() && this.#numbers() && this.#end();
  }

  #devices(): boolean {
    this.#put(COMMA);
    this.#put(OPEN);
    for (let i = 0, devices = this.#count(); i < devices; i++) {
      if (i > 0) this.#put(COMMA);
      this.#put(OPEN);
      if (!this.#text()) return false;
      this.#sharedText();
      this.#put(COMMA);
      if (!this.#text()) return false;
      this.#put(CLOSE);
    }
    this.#put(CLOSE);
    return true;
  }

  #numbers(): boolean {
    this.#put(COMMA);
    this.#put(OPEN);
    let before = -1;
    for (let i = 0, numbers = this.#count(); i < numbers; i++) {
      const number = this.#double();
      // The line has them ascending.
      if (number <= before) return false;
      before = number;
      if (i > 0) this.#put(COMMA);
      this.#put(OPEN);
      this.#digits(number);
      this.#sharedText();
      this.#put(COMMA);
      if (!this.#text()) return false;
      this.#put(CLOSE);
    }
    this.#put(CLOSE);
    return true;
  }

  #end(): boolean {
    this.#put(CLOSE);
    this.#put(NEWLINE);
    return this.#count() === 0;
  }

  /** A text of the account itself. @returns false when JSON writes it otherwise */
  #text(): boolean {
    const length = this.#count();
    const source = this.#source;
    this.#reserve(length + 2);
    const lines = this.#lines;
    let to = this.#length;
    lines[to++] = QUOTE;
    for (let from = this.#at, end = from + length; from < end; from++) {
      const byte = source[from]!;
      if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return false;
      lines[to++] = byte;
    }
    lines[to++] = QUOTE;
    this.#length = to;
    this.#at += length;
    return true;
  }

  /** A comma and a text that many accounts have in common. */
  #sharedText(): void {
    const id = this.#count();
    this.#put(COMMA);
    this.#raw((this.#shared[id] ??= Buffer.from(JSON.stringify(this.#texts.at(id)))));
  }

  #start(billingStart: number): void {
    if (billingStart !== this.#lastStart) {
      this.#lastStart = billingStart;
      this.#lastStartText = JSON.stringify(billingStart);
    }
    this.#reserve(DOUBLE_CHARACTERS_MAX);
    this.#length += this.#lines.write(this.#lastStartText, this.#length, 'latin1');
  }

  /** @param number whole and not negative */
  #digits(number: number): void {
    this.#reserve(DIGITS_MAX + 1);
    const lines = this.#lines;
    const begin = this.#length;
    let end = begin;
    for (let rest = number; rest >= 1; rest = Math.floor(rest / 10)) end++;
    let rest = number;
    for (let at = end - 1; at >= begin; at--) {
      const tens = Math.floor(rest / 10);
      lines[at] = ZERO + (rest - tens * 10);
      rest = tens;
    }
    this.#length = end;
  }

  #raw(bytes: Buffer): void {
    this.#reserve(bytes.length);
    const lines = this.#lines;
    let to = this.#length;
    for (let i = 0; i < bytes.length; i++) lines[to++] = bytes[i]!;
    this.#length = to;
  }

  #put(byte: number): void {
    this.#reserve(1);
    this.#lines[this.#length++] = byte;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#lines.length) return;
    const longer = Buffer.alloc(Math.max(this.#lines.length * 2, this.#length + bytes));
    this.#lines.copy(longer, 0, 0, this.#length);
    this.#lines = longer;
  }

  #count(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#source[this.#at++]!;
      value += (byte & 0x7f) * factor;
      if (byte <= 0x7f) return value;
    }
  }

  #double(): number {
    this.#at += 8;
    return this.#source.readDoubleLE(this.#at - 8);
  }
}
