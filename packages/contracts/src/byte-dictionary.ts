/**
 * Distinct byte strings in order of first use, found without a JavaScript string for each lookup.
 *
 *   keys   │ varint length │ bytes │ varint length │ bytes │ …      as a Native dictionary has them
 *   slots  open addressing, four words each: hash · index + 1, 0 = free · where its bytes start · and end
 *
 * What a lookup asks for lies in one cache line, and the bytes in another: dictionaries of many keys are larger than caches, and then
 * lines are what counts.
 */
const INITIAL_KEYS = 64;
const INITIAL_BYTES = 2048;
const WORDS = 4;
/** A power of two. */
const RECENT_KEYS = 16;
const RECENT_WORDS = 3;

export class ByteDictionary {
  /** Keys held. */
  count = 0;
  #keys = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #length = 0;
  #slots = new Int32Array(INITIAL_KEYS * 2 * WORDS);
  #mask = INITIAL_KEYS * 2 - 1;
  /** Keys that look-ups find: those added by `append` since are not among them yet. */
  #findable = 0;
  /** Where the first key stands that they do not find. */
  #findableBytes = 0;
  /** Index, begin and end of keys that were asked for lately, by what they end with: of few keys these are nearly always all. */
  readonly #recent = new Int32Array(RECENT_KEYS * RECENT_WORDS).fill(-1);
  #lastStart = 0;
  #lastEnd = 0;

  /** What the places of keys are in; another one after an addition. */
  get bytes(): Uint8Array {
    return this.#keys;
  }

  /** Where in `bytes` the key begins that was asked for last. */
  get lastStart(): number {
    return this.#lastStart;
  }

  get lastEnd(): number {
    return this.#lastEnd;
  }

  /** The encoded keys as a view; valid until the next addition. */
  get encoded(): Uint8Array {
    return this.#keys.subarray(0, this.#length);
  }

  /** @returns the index of `bytes[start, end)`, added when it is new */
  indexOf(bytes: Uint8Array, start: number, end: number): number {
    const recent = this.#recent;
    const at = recentPlace(bytes, start, end);
    const index = recent[at]!;
    if (index < 0 || !this.#isAt(recent[at + 1]!, recent[at + 2]!, bytes, start, end))
      return this.#find(bytes, start, end, at);
    this.#lastStart = recent[at + 1]!;
    this.#lastEnd = recent[at + 2]!;
    return index;
  }

  #find(bytes: Uint8Array, start: number, end: number, recentAt: number): number {
    const hash = hashOfBytes(bytes, start, end);
    if (this.#findable < this.count) this.#makeFindable();
    const slots = this.#slots;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * WORDS;
      const index = slots[at + 1]! - 1;
      if (index < 0) return this.#remember(this.#add(bytes, start, end, hash, at), recentAt);
      if (slots[at] === hash && this.#isAt(slots[at + 2]!, slots[at + 3]!, bytes, start, end))
        return this.#remember(at, recentAt);
    }
  }

  /**
   * Adds a key that is known not to be held. It takes no slot until something is looked up, which for most blocks nothing is.
   * @returns its index
   */
  append(bytes: Uint8Array, start: number, end: number): number {
    this.#write(bytes, start, end);
    return this.count++;
  }

  /** Forgets all keys and keeps the memory. */
  reset(): void {
    if (this.#findable > 0) this.#slots.fill(0);
    this.count = 0;
    this.#findable = 0;
    this.#findableBytes = 0;
    this.#length = 0;
    this.#recent.fill(-1);
  }

  /** Whether the key in `[from, to)` is `bytes[start, end)`. */
  #isAt(from: number, to: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (to - from !== length) return false;
    const keys = this.#keys;
    // Most keys that differ do so at their end.
    for (let i = length - 1; i >= 0; i--) if (keys[from + i] !== bytes[start + i]) return false;
    return true;
  }

  #remember(at: number, recentAt: number): number {
    const slots = this.#slots;
    const recent = this.#recent;
    recent[recentAt] = slots[at + 1]! - 1;
    this.#lastStart = recent[recentAt + 1] = slots[at + 2]!;
    this.#lastEnd = recent[recentAt + 2] = slots[at + 3]!;
    return recent[recentAt];
  }

  /** @returns where its slot is */
  #add(bytes: Uint8Array, start: number, end: number, hash: number, slotAt: number): number {
    const index = this.count;
    if (index * 4 > (this.#mask + 1) * 3) {
      this.#grow();
      return this.#add(bytes, start, end, hash, this.#free(hash));
    }
    const keyStart = this.#write(bytes, start, end);
    const slots = this.#slots;
    slots[slotAt] = hash;
    slots[slotAt + 1] = index + 1;
    slots[slotAt + 2] = keyStart;
    slots[slotAt + 3] = this.#length;
    this.count = index + 1;
    this.#findable = index + 1;
    this.#findableBytes = this.#length;
    return slotAt;
  }

  /** Writes length and bytes behind the other keys. @returns where the bytes begin */
  #write(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (this.#length + length + 5 > this.#keys.length) this.#growBytes(length + 5);
    const keys = this.#keys;
    let at = this.#length;
    let rest = length;
    for (; rest >= 0x80; rest >>>= 7) keys[at++] = (rest & 0x7f) | 0x80;
    keys[at++] = rest;
    const keyStart = at;
    for (let i = start; i < end; i++) keys[at++] = bytes[i]!;
    this.#length = at;
    return keyStart;
  }

  /** Gives slots to keys that were appended. */
  #makeFindable(): void {
    while (this.count * 4 > (this.#mask + 1) * 3) this.#grow();
    const keys = this.#keys;
    let at = this.#findableBytes;
    while (this.#findable < this.count) {
      let length = 0;
      let byte = 0x80;
      for (let shift = 0; byte >= 0x80; shift += 7) {
        byte = keys[at++]!;
        length |= (byte & 0x7f) << shift;
      }
      const hash = hashOfBytes(keys, at, at + length);
      const slotAt = this.#free(hash);
      this.#slots[slotAt] = hash;
      this.#slots[slotAt + 1] = ++this.#findable;
      this.#slots[slotAt + 2] = at;
      at += length;
      this.#slots[slotAt + 3] = at;
    }
    this.#findableBytes = at;
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

function recentPlace(bytes: Uint8Array, start: number, end: number): number {
  return start === end ? 0 : ((bytes[end - 1]! ^ (end - start)) & (RECENT_KEYS - 1)) * RECENT_WORDS;
}

/** Four bytes at a time, the length mixed in; the low bits choose the slot. In memory alone: it may be another one any time. */
function hashOfBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  let rest = 0;
  for (; at < end; at++) rest = (rest << 8) | bytes[at]!;
  hash = Math.imul(hash ^ rest, 0x85ebca6b);
  return hash ^ (hash >>> 16);
}
