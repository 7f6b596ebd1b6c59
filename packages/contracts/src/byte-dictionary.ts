/**
 * Distinct byte strings in order of first use, found without a JavaScript string for each lookup.
 *
 *   keys   │ varint length │ bytes │ varint length │ bytes │ …      as a Native dictionary has them
 *   slots  open addressing over FNV-1a: index + 1, 0 = free
 */
const INITIAL_KEYS = 64;
const INITIAL_BYTES = 2048;

export class ByteDictionary {
  /** Keys held. */
  count = 0;
  #keys = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #length = 0;
  #starts = new Uint32Array(INITIAL_KEYS);
  #ends = new Uint32Array(INITIAL_KEYS);
  #hashes = new Int32Array(INITIAL_KEYS);
  #slots = new Int32Array(INITIAL_KEYS * 2);
  // Runs of one key are the rule.
  #last = -1;

  /** The encoded keys as a view; valid until the next addition. */
  get encoded(): Uint8Array {
    return this.#keys.subarray(0, this.#length);
  }

  /** @returns the index of `bytes[start, end)`, added when it is new */
  indexOf(bytes: Uint8Array, start: number, end: number): number {
    if (this.#last >= 0 && this.#equals(this.#last, bytes, start, end)) return this.#last;
    let hash = 0x811c9dc5 ^ (end - start);
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = this.#slots[slot]! - 1;
      if (index < 0) return (this.#last = this.#add(bytes, start, end, hash, slot));
      if (this.#hashes[index] === hash && this.#equals(index, bytes, start, end)) return (this.#last = index);
    }
  }

  /** Forgets all keys and keeps the memory. */
  reset(): void {
    if (this.count > 0) this.#slots.fill(0);
    this.count = 0;
    this.#length = 0;
    this.#last = -1;
  }

  #equals(index: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[index]!;
    const length = end - start;
    if (this.#ends[index]! - from !== length) return false;
    const keys = this.#keys;
    for (let i = 0; i < length; i++) if (keys[from + i] !== bytes[start + i]) return false;
    return true;
  }

  #add(bytes: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const index = this.count;
    if (index === this.#hashes.length) return this.#addAfterGrowth(bytes, start, end, hash);
    const length = end - start;
    if (this.#length + length + 5 > this.#keys.length) this.#growBytes(length + 5);
    const keys = this.#keys;
    let at = this.#length;
    let rest = length;
    for (; rest >= 0x80; rest >>>= 7) keys[at++] = (rest & 0x7f) | 0x80;
    keys[at++] = rest;
    this.#starts[index] = at;
    for (let i = start; i < end; i++) keys[at++] = bytes[i]!;
    this.#ends[index] = at;
    this.#length = at;
    this.#hashes[index] = hash;
    this.#slots[slot] = index + 1;
    this.count = index + 1;
    return index;
  }

  #growBytes(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#keys.length * 2, this.#length + needed));
    this.#keys.copy(grown, 0, 0, this.#length);
    this.#keys = grown;
  }

  #addAfterGrowth(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const capacity = this.#hashes.length * 2;
    this.#starts = grown(this.#starts, new Uint32Array(capacity));
    this.#ends = grown(this.#ends, new Uint32Array(capacity));
    this.#hashes = grown(this.#hashes, new Int32Array(capacity));
    this.#slots = new Int32Array(capacity * 2);
    for (let index = 0; index < this.count; index++)
      this.#slots[this.#free(this.#hashes[index]!)] = index + 1;
    return this.#add(bytes, start, end, hash, this.#free(hash));
  }

  #free(hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    return slot;
  }
}

function grown<Values extends Uint32Array | Int32Array>(from: Values, to: Values): Values {
  to.set(from);
  return to;
}
