/**
 * Lines one after the other in a few large buffers. A buffer for each of millions would make the load's own collections of garbage a part of
 * what is measured.
 */
const CHUNK_BYTES = 64 << 20;
const INITIAL_LINES = 1 << 16;

export class PackedLines {
  readonly #chunks: Buffer[] = [];
  #filled = CHUNK_BYTES;
  #chunkOf = new Uint16Array(INITIAL_LINES);
  #startOf = new Uint32Array(INITIAL_LINES);
  #lengthOf = new Uint32Array(INITIAL_LINES);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(line: Buffer): void {
    if (this.#filled + line.length > CHUNK_BYTES) {
      this.#chunks.push(Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, line.length)));
      this.#filled = 0;
    }
    if (this.#count === this.#startOf.length) this.#grow();
    this.#chunkOf[this.#count] = this.#chunks.length - 1;
    this.#startOf[this.#count] = this.#filled;
    this.#lengthOf[this.#count] = line.length;
    this.#chunks.at(-1)!.set(line, this.#filled);
    this.#filled += line.length;
    this.#count += 1;
  }

  /** Views of the lines from inclusive to exclusive. */
  views(from: number, to: number): Buffer[] {
    return Array.from({ length: to - from }, (_, index) => {
      const start = this.#startOf[from + index]!;
      return this.#chunks[this.#chunkOf[from + index]!]!.subarray(
        start,
        start + this.#lengthOf[from + index]!,
      );
    });
  }

  #grow(): void {
    const length = this.#startOf.length * 2;
    const longer = <Numbers extends Uint16Array | Uint32Array>(to: Numbers, from: Numbers): Numbers => {
      to.set(from);
      return to;
    };
    this.#chunkOf = longer(new Uint16Array(length), this.#chunkOf);
    this.#startOf = longer(new Uint32Array(length), this.#startOf);
    this.#lengthOf = longer(new Uint32Array(length), this.#lengthOf);
  }
}
