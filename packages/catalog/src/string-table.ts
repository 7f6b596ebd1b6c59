/** Texts that stand once, as UTF-8 in one buffer. */

export interface StringColumns {
  readonly bytes: Uint8Array;
  /** End of each text in `bytes`. */
  readonly ends: Uint32Array;
}

export class StringTable {
  readonly #bytes: Buffer;
  readonly #ends: Uint32Array;

  constructor({ bytes, ends }: StringColumns) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#ends = ends;
  }

  at(id: number): string {
    return this.#bytes.toString('utf8', id === 0 ? 0 : this.#ends[id - 1], this.#ends[id]);
  }
}

export class StringTableBuilder {
  readonly #ids = new Map<string, number>();
  #lastText = '';
  #lastId = -1;

  idOf(text: string): number {
    // Decks come sorted: the rows of a destination follow each other.
    if (text === this.#lastText && this.#lastId >= 0) return this.#lastId;
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(text, id);
    }
    this.#lastText = text;
    this.#lastId = id;
    return id;
  }

  finish(): StringColumns {
    const ends = new Uint32Array(this.#ids.size);
    let end = 0;
    for (const [text, id] of this.#ids) {
      end += Buffer.byteLength(text);
      ends[id] = end;
    }
    const bytes = Buffer.alloc(end);
    let at = 0;
    for (const text of this.#ids.keys()) at += bytes.write(text, at);
    return { bytes, ends };
  }
}
