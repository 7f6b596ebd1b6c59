/**
 * Distinct byte strings in order of first use, found without a JavaScript string for each lookup.
 *
 *   keys   │ varint length │ bytes │ varint length │ bytes │ …      as a Native dictionary has them
 *   slots  open addressing over FNV-1a, four words each: hash · index + 1, 0 = free · where its bytes start · and end
 *
 * What a lookup asks for lies in one cache line, and the bytes in another: dictionaries of many keys are larger than caches, and then
 * lines are what counts.
 */
const INITIAL_KEYS = 64;
const INITIAL_BYTES = 2048;
const WORDS = 4;

export class ByteDictionary {
  /** Keys held. */
  count = 0;
  #keys = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #length = 0;
  #slots = new Int32Array(INITIAL_KEYS * 2 * WORDS);
  #mask = INITIAL_KEYS * 2 - 1;
  // Runs of one key are the rule.
  #last = -1;
  #lastStart = 0;
  #lastEnd = 0;

  /** The encoded keys as a view; valid until the next addition. */
  get encoded(): Uint8Array {
    return this.#keys.subarray(0, this.#length);
  }

  /** @returns the index of `bytes[start, end)`, added when it is new */
  indexOf(bytes: Uint8Array, start: number, end: number): number {
    if (this.#last >= 0 && this.#isAt(this.#lastStart, this.#lastEnd, bytes, start, end)) return this.#last;
    return this.indexOfHashed(bytes, start, end, hashOfBytes(bytes, start, end));
  }

  /** The same with `hashOfBytes` of them, for keys that are looked up again and again. */
  indexOfHashed(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * WORDS;
      const index = slots[at + 1]! - 1;
      if (index < 0) return this.#remember(this.#add(bytes, start, end, hash, at));
      if (slots[at] === hash && this.#isAt(slots[at + 2]!, slots[at + 3]!, bytes, start, end))
        return this.#remember(at);
    }
  }

  /** Forgets all keys and keeps the memory. */
  reset(): void {
    if (this.count > 0) this.#slots.fill(0);
    this.count = 0;
    this.#length = 0;
    this.#last = -1;
  }

  /** Whether the key in `[from, to)` is `bytes[start, end)`. */
  #isAt(from: number, to: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (to - from !== length) return false;
    const keys = this.#keys;
    for (let i = 0; i < length; i++) if (keys[from + i] !== bytes[start + i]) return false;
    return true;
  }

  #remember(at: number): number {
    const slots = this.#slots;
    this.#last = slots[at + 1]! - 1;
    this.#lastStart = slots[at + 2]!;
    this.#lastEnd = slots[at + 3]!;
    return this.#last;
  }

  /** @returns where its slot is */
  #add(bytes: Uint8Array, start: number, end: number, hash: number, slotAt: number): number {
    const index = this.count;
    if (index * 2 > this.#mask) {
      this.#grow();
      return this.#add(bytes, start, end, hash, this.#free(hash));
    }
    const length = end - start;
    if (this.#length + length + 5 > this.#keys.length) this.#growBytes(length + 5);
    const keys = this.#keys;
    let at = this.#length;
    let rest = length;
    for (; rest >= 0x80; rest >>>= 7) keys[at++] = (rest & 0x7f) | 0x80;
    keys[at++] = rest;
    const slots = this.#slots;
    slots[slotAt] = hash;
    slots[slotAt + 1] = index + 1;
    slots[slotAt + 2] = at;
    for (let i = start; i < end; i++) keys[at++] = bytes[i]!;
    slots[slotAt + 3] = at;
    this.#length = at;
    this.count = index + 1;
    return slotAt;
  }

  #growBytes(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#keys.length * 2, this.#length + needed));
    this.#keys.copy(grown, 0, 0, this.#length);
    this.#keys = grown;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    this.#mask = this.#slots.length / WORDS - 1;
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at + 1] === 0) continue;
      this.#slots.set(old.subarray(at, at + WORDS), this.#free(old[at]!));
    }
  }

  #free(hash: number): number {
    let slot = hash & this.#mask;
    while (this.#slots[slot * WORDS + 1] !== 0) slot = (slot + 1) & this.#mask;
    return slot * WORDS;
  }
}

/** FNV-1a, the length mixed in, folded: the low bits choose the slot. */
export function hashOfBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash ^ (hash >>> 15);
}
