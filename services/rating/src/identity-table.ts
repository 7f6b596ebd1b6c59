/**
 * 128-bit hashes of call identities with two words beside each, by open addressing with linear probing:
 *
 *   slots  Uint32Array, 6 words a slot: hash word 0..3 · minute + 1 (0 = empty) · what the call said
 *
 * An identity of a minute before `oldest` is gone. Its slot is written again by who finds it first, or swept out; a table that is too full
 * goes over into a larger one. Both happen a few slots at a time, for each identity that is added, so that no call waits for a whole table.
 */

/** Words of a slot. */
export const SLOT_WORDS = 6;
const MINUTE = 4;
const CONTENT = 5;
const INITIAL_SLOTS = 1 << 12;
/** Slots that are not empty over all slots: above it the table goes over into another. */
const LOAD_MAX = 0.7;
/** Looked at for each identity that is added. Where half of the slots are held, a tenth more wait to be swept: well below `LOAD_MAX`. */
const SLOTS_SWEPT = 4;
/** Moved for each identity that is added: all are, before the larger table is half full. */
const SLOTS_MOVED = 8;

/** Identities of a table, of a time at which it also let go and took up others; see `IdentityTable.copy`. */
export interface IdentityCopy {
  /** @returns those of the next slots, six words each; null when there are no more */
  next(slotsMax: number): Uint32Array | null;
  /** Ends a copy that is not read to its end. */
  close(): void;
}

export class IdentityTable {
  /** Minutes since epoch; never goes back. */
  oldest = 0;
  #slots: Uint32Array;
  #mask: number;
  /** Slots that are not empty. */
  #used = 0;
  /** Where sweeping goes on: a slot. */
  #swept = 0;
  /** The smaller table that this one takes over from: identities from the slot `#moved` on are not here yet. Nothing is added to it. */
  #former: Uint32Array | null = null;
  #moved = 0;
  /** Copies that are being made: nothing may move meanwhile. */
  #copies = 0;
  /** What `approach` read: for nobody, but a compiler would leave out the reading of what is not kept. */
  approached = 0;

  /** @param size of so many identities there will be soon */
  constructor(size = 0) {
    this.#slots = new Uint32Array(slotCountFor(size) * SLOT_WORDS);
    this.#mask = slotCount(this.#slots) - 1;
  }

  get byteLength(): number {
    return this.#slots.byteLength + (this.#former?.byteLength ?? 0);
  }

  /** Slots that are not empty, of this table alone. */
  get used(): number {
    return this.#used;
  }

  /** @returns place of the identity, or -(place where it may be added) - 1, for as long as none was added since */
  find(hashes: Uint32Array, at: number): number {
    const found = probe(this.#slots, this.#mask, hashes, at, this.oldest);
    if (found >= 0 || this.#former === null) return found;
    const before = probe(this.#former, slotCount(this.#former) - 1, hashes, at, this.oldest);
    return before >= 0 ? this.#slots.length + before : found;
  }

  minuteAt(place: number): number {
    return this.#word(place, MINUTE) - 1;
  }

  contentAt(place: number): number {
    return this.#word(place, CONTENT);
  }

  /** Of an identity that is there. */
  update(place: number, minute: number, content: number): void {
    const own = this.#slots.length;
    const slots = place < own ? this.#slots : this.#former!;
    const position = place < own ? place : place - own;
    slots[position + MINUTE] = minute + 1;
    slots[position + CONTENT] = content;
  }

  /**
   * @param free what `find` answered
   * @param held identities that are not gone, this one included
   */
  add(free: number, hashes: Uint32Array, at: number, minute: number, content: number, held: number): void {
    const position = -free - 1;
    const slots = this.#slots;
    if (slots[position + MINUTE] === 0) this.#used += 1;
    slots[position] = hashes[at]!;
    slots[position + 1] = hashes[at + 1]!;
    slots[position + 2] = hashes[at + 2]!;
    slots[position + 3] = hashes[at + 3]!;
    slots[position + MINUTE] = minute + 1;
    slots[position + CONTENT] = content;
    if (this.#copies === 0) {
      if (this.#former !== null) this.#move();
      else if (this.#used > held) this.#sweep();
    }
    if (this.#used > (this.#mask + 1) * LOAD_MAX) this.#goOver(held);
  }

  /** Takes in a slot of a copy that has no identity twice. */
  take(piece: Uint32Array, at: number): void {
    putSlot(this.#slots, piece, at);
    this.#used += 1;
    if (this.#used > (this.#mask + 1) * LOAD_MAX) this.#rebuild(this.#used);
  }

  /** Reads the slots where look-ups of these identities begin, and nothing more; see `DedupeWindow.approach`. */
  approach(hashes: Uint32Array, from: number, to: number): void {
    this.approached = readAhead(this.#slots, hashes, from, to);
    if (this.#former !== null) this.approached ^= readAhead(this.#former, hashes, from, to);
  }

  /**
   * Copies the identities a piece at a time, while others are added. Each that is held at the beginning and at the end is in the copy once,
   * and none that is not held at one time in between: until the end nothing moves into or within these slots.
   */
  copy(): IdentityCopy {
    const [first, second] = this.#former === null ? [this.#slots] : [this.#former, this.#slots];
    const firstFrom = this.#former === null ? 0 : this.#moved * SLOT_WORDS;
    let [slots, next, isOpen] = [first, firstFrom, true];
    this.#copies += 1;
    const close = (): void => {
      if (isOpen) this.#copies -= 1;
      isOpen = false;
    };
    return {
      next: (slotsMax) => {
        if (next >= slots.length && slots === first && second !== undefined) [slots, next] = [second, 0];
        if (next >= slots.length) close();
        if (!isOpen) return null;
        const end = Math.min(slots.length, next + slotsMax * SLOT_WORDS);
        const piece = new Uint32Array(end - next);
        let filled = 0;
        for (; next < end; next += SLOT_WORDS) {
          if (!isHeld(slots, next, this.oldest)) continue;
          for (let word = 0; word < SLOT_WORDS; word++) piece[filled + word] = slots[next + word]!;
          filled += SLOT_WORDS;
        }
        return piece.subarray(0, filled);
      },
      close,
    };
  }

  #word(place: number, word: number): number {
    const own = this.#slots.length;
    return place < own ? this.#slots[place + word]! : this.#former![place - own + word]!;
  }

  /** Begins to, or does it all at once where it goes over already: so many were added while copies were being made. */
  #goOver(held: number): void {
    if (this.#former !== null) {
      this.#rebuild(held);
      return;
    }
    this.#former = this.#slots;
    this.#moved = 0;
    this.#slots = new Uint32Array(slotCountFor(held) * SLOT_WORDS);
    this.#mask = slotCount(this.#slots) - 1;
    this.#used = 0;
    this.#swept = 0;
  }

  /** The next few of the former table; they stay in it, so that others are found there. */
  #move(): void {
    const former = this.#former!;
    const end = Math.min(slotCount(former), this.#moved + SLOTS_MOVED);
    for (; this.#moved < end; this.#moved++) {
      const position = this.#moved * SLOT_WORDS;
      if (!isHeld(former, position, this.oldest)) continue;
      putSlot(this.#slots, former, position);
      this.#used += 1;
    }
    if (end === slotCount(former)) this.#former = null;
  }

  /** Empties the next few slots whose identities are gone. */
  #sweep(): void {
    const slots = this.#slots;
    for (let turn = 0; turn < SLOTS_SWEPT; turn++) {
      const minute = slots[this.#swept * SLOT_WORDS + MINUTE]!;
      if (minute !== 0 && minute - 1 < this.oldest) this.#empty(this.#swept);
      this.#swept = (this.#swept + 1) & this.#mask;
    }
  }

  /**
   * Empties a slot, and moves those after it up so that each look-up still meets no empty slot before its end (Knuth, The Art of Computer
   * Programming 3, 6.4, algorithm R). What is gone as well stays where it is.
   */
  #empty(slot: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = slot;
    for (let next = (slot + 1) & mask; slots[next * SLOT_WORDS + MINUTE] !== 0; next = (next + 1) & mask) {
      const position = next * SLOT_WORDS;
      if (!isHeld(slots, position, this.oldest)) continue;
      const home = slots[position]! & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      for (let word = 0; word < SLOT_WORDS; word++) slots[hole * SLOT_WORDS + word] = slots[position + word]!;
      hole = next;
    }
    slots[hole * SLOT_WORDS + MINUTE] = 0;
    this.#used -= 1;
  }

  /** All at once, into slots of their own. */
  #rebuild(held: number): void {
    const slots = new Uint32Array(slotCountFor(held) * SLOT_WORDS);
    let used = 0;
    const takeIn = (from: Uint32Array, first: number): void => {
      for (let position = first; position < from.length; position += SLOT_WORDS) {
        if (!isHeld(from, position, this.oldest)) continue;
        putSlot(slots, from, position);
        used += 1;
      }
    };
    if (this.#former !== null) takeIn(this.#former, this.#moved * SLOT_WORDS);
    takeIn(this.#slots, 0);
    this.#former = null;
    this.#slots = slots;
    this.#mask = slotCount(slots) - 1;
    this.#used = used;
    this.#swept = 0;
  }
}

/** @returns word position of the held hash, or -(position where it may be written) - 1 */
function probe(slots: Uint32Array, mask: number, hashes: Uint32Array, at: number, oldest: number): number {
  const first = hashes[at]!;
  let free = -1;
  for (let slot = first & mask; ; slot = (slot + 1) & mask) {
    const position = slot * SLOT_WORDS;
    const minute = slots[position + MINUTE]!;
    if (minute === 0) return -(free >= 0 ? free : position) - 1;
    if (minute - 1 < oldest) {
      if (free < 0) free = position;
    } else if (
      slots[position] === first &&
      slots[position + 1] === hashes[at + 1] &&
      slots[position + 2] === hashes[at + 2] &&
      slots[position + 3] === hashes[at + 3]
    ) {
      return position;
    }
  }
}

function readAhead(slots: Uint32Array, hashes: Uint32Array, from: number, to: number): number {
  const mask = slotCount(slots) - 1;
  let read = 0;
  for (let at = from * 4; at < to * 4; at += 4) {
    // A slot may lie in two lines of the caches.
    const position = (hashes[at]! & mask) * SLOT_WORDS;
    read ^= slots[position]! ^ slots[position + CONTENT]!;
  }
  return read;
}

/** Of a slot that holds an identity. */
export function minuteOfSlot(slots: Uint32Array, position: number): number {
  return slots[position + MINUTE]! - 1;
}

/** Copies a slot of another table to where a look-up in this one, which does not hold it, ends. */
function putSlot(slots: Uint32Array, from: Uint32Array, at: number): void {
  const mask = slotCount(slots) - 1;
  let slot = from[at]! & mask;
  while (slots[slot * SLOT_WORDS + MINUTE] !== 0) slot = (slot + 1) & mask;
  const position = slot * SLOT_WORDS;
  for (let word = 0; word < SLOT_WORDS; word++) slots[position + word] = from[at + word]!;
}

function isHeld(slots: Uint32Array, position: number, oldest: number): boolean {
  const minute = slots[position + MINUTE]!;
  return minute !== 0 && minute - 1 >= oldest;
}

function slotCount(slots: Uint32Array): number {
  return slots.length / SLOT_WORDS;
}

function slotCountFor(size: number): number {
  let count = INITIAL_SLOTS;
  while (size > count / 2) count *= 2;
  return count;
}
