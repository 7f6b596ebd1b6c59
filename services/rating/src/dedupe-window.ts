/**
 * The call identities of one partition that were seen lately: an exact set of 128-bit hashes, bounded in number and in age.
 *
 *   slots   Uint32Array, 6 words a slot: hash word 0..3 · minute + 1 (0 = never used) · what the call said
 *   minutes Uint32Array, ring over the window: identities held of each minute
 *
 * Age is that of the call's start against the latest start seen, by whole minutes. When there are too many, the oldest
 * minutes go first. What is held therefore depends only on the set of calls that were added, not on their order, so that a window folded
 * from outputs equals the one that was lost. Slots of minutes that went are free to be written again; they are swept out when the table is
 * built anew.
 */

export interface DedupeLimits {
  /** Identities held at most, 1 or more. */
  readonly windowCallsMax: number;
  /** Age of the oldest call start held, ms against the latest; at least one minute. */
  readonly windowAgeMs: number;
}

/** new: it was not held, and is now. conflict: it is held and said something else then. */
export type Seen = 'new' | 'duplicate' | 'conflict';

/** Identities of a window, of a time at which it also let go and took up others; see `DedupeWindow.copy`. */
export interface WindowCopy {
  /** @returns those of the next slots, six words each; null when there are no more */
  next(slotsMax: number): Uint32Array | null;
}

/** Minutes since epoch between which a window holds what it was given. */
export interface WindowBounds {
  readonly oldest: number;
  readonly newest: number;
}

const WORDS = 6;
const MINUTE_MS = 60_000;
const INITIAL_SLOTS = 1 << 12;
/** Slots in use, those of minutes that went included, over all slots: above it the table is built anew. */
const LOAD_MAX = 0.7;

export class DedupeWindow {
  readonly #callsMax: number;
  readonly #minutesMax: number;
  #slots = new Uint32Array(INITIAL_SLOTS * WORDS);
  #mask = INITIAL_SLOTS - 1;
  #usedSlots = 0;
  #size = 0;
  readonly #minutes: Uint32Array;
  /** Minutes since epoch; nothing older than `#oldest` is held, nothing newer than `#newest` was seen. */
  #oldest = 0;
  #newest = 0;
  #unremembered = 0;
  /** What `approach` read: for nobody, but a compiler would leave out the reading of what is not kept. */
  approached = 0;

  constructor({ windowCallsMax, windowAgeMs }: DedupeLimits) {
    if (!(windowCallsMax >= 1 && windowAgeMs >= MINUTE_MS)) {
      throw new RangeError('A duplicate window holds at least one call and one minute.');
    }
    this.#callsMax = windowCallsMax;
    this.#minutesMax = Math.ceil(windowAgeMs / MINUTE_MS);
    this.#minutes = new Uint32Array(this.#minutesMax + 1);
  }

  /** Identities held. */
  get size(): number {
    return this.#size;
  }

  /** Time between the oldest held minute and the latest, ms. */
  get spanMs(): number {
    return this.#size === 0 ? 0 : (this.#newest - this.#oldestHeld()) * MINUTE_MS;
  }

  /** Calls that were not held: too old, or of a minute that had to go for want of room. */
  get unremembered(): number {
    return this.#unremembered;
  }

  get byteLength(): number {
    return this.#slots.byteLength + this.#minutes.byteLength;
  }

  /**
   * Remembers a call, unless it is held.
   * @param hashes  words of many hashes, four each
   * @param index   which of them
   * @param startedAt ms since epoch
   * @param content what the call says, in a word
   * @returns whether it was held already, and said the same then
   */
  add(hashes: Uint32Array, index: number, startedAt: number, content: number): Seen {
    const minute = minuteOf(startedAt);
    const slot = this.#slotOf(hashes, index * 4);
    if (slot >= 0) return this.#slots[slot + 5] === content >>> 0 ? 'duplicate' : 'conflict';
    if (minute > this.#newest) this.#advance(minute);
    this.#hold(hashes, index * 4, minute, content, slot);
    return 'new';
  }

  /**
   * Reads the slots where the look-ups of these calls begin, and nothing more. Each is a place of its own in a table far larger than
   * the processor's caches: read in a row, none waits for the one before; each call's own look-up then finds its slot near.
   * @param from the first call, up to before `to`: few enough that what was read is not forgotten until it is looked up
   */
  approach(hashes: Uint32Array, from: number, to: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let read = 0;
    for (let at = from * 4; at < to * 4; at += 4) {
      // A slot may lie in two lines of the caches.
      const position = (hashes[at]! & mask) * WORDS;
      read ^= slots[position]! ^ slots[position + 5]!;
    }
    this.approached = read;
  }

  /** Whether an identity is held. */
  has(hashes: Uint32Array, index: number): boolean {
    return this.#slotOf(hashes, index * 4) >= 0;
  }

  /** Whether identities of calls that started then are held. */
  remembers(startedAt: number): boolean {
    return minuteOf(startedAt) >= this.#oldest;
  }

  /**
   * Remembers a call that is known to have been added before, in any order. One that had been let go and was added again
   * is held by its later start.
   */
  restore(hashes: Uint32Array, index: number, startedAt: number, content: number): void {
    const minute = minuteOf(startedAt);
    if (minute > this.#newest) this.#advance(minute);
    const slot = this.#slotOf(hashes, index * 4);
    if (slot < 0) {
      this.#hold(hashes, index * 4, minute, content, slot);
      return;
    }
    const held = this.#slots[slot + 4]! - 1;
    if (minute <= held) return;
    this.#minutes[held % this.#minutes.length]! -= 1;
    this.#minutes[minute % this.#minutes.length]! += 1;
    this.#slots[slot + 4] = minute + 1;
    this.#slots[slot + 5] = content;
  }

  get bounds(): WindowBounds {
    return { oldest: this.#oldest, newest: this.#newest };
  }

  /**
   * Copies the identities a piece at a time, while the window goes on. Each that is held at the beginning and at the end is in the copy,
   * and none that is not held at one time in between: identities never move within `#slots`, and when the table is built anew, the former one stays
   * as it is. Together with all that was added since the beginning, the copy within the bounds of the end is the window as of the end.
   */
  copy(): WindowCopy {
    const slots = this.#slots;
    let next = 0;
    return {
      next: (slotsMax) => {
        if (next >= slots.length) return null;
        const end = Math.min(slots.length, next + slotsMax * WORDS);
        const piece = new Uint32Array(end - next);
        let filled = 0;
        for (; next < end; next += WORDS) {
          const minute = slots[next + 4]!;
          if (minute === 0 || minute - 1 < this.#oldest) continue;
          for (let word = 0; word < WORDS; word++) piece[filled + word] = slots[next + word]!;
          filled += WORDS;
        }
        return piece.subarray(0, filled);
      },
    };
  }

  /**
   * Takes the pieces of a copy in, in place of all that is held.
   * @param begun bounds as of the beginning of the copy
   * @param count identities held then
   * @returns takes the pieces, and then the bounds as of the end
   */
  load(
    begun: WindowBounds,
    count: number,
  ): { take(piece: Uint32Array): void; end(bounds: WindowBounds): void } {
    this.#slots = new Uint32Array(slotCountFor(count) * WORDS);
    this.#mask = this.#slots.length / WORDS - 1;
    this.#size = 0;
    this.#usedSlots = 0;
    this.#minutes.fill(0);
    this.#oldest = begun.oldest;
    // A copy that took long may span more minutes than the ring has.
    let counts = new Uint32Array(Math.max(1, begun.newest - begun.oldest + 1));
    return {
      take: (piece) => {
        for (let at = 0; at < piece.length; at += WORDS) {
          const age = piece[at + 4]! - 1 - begun.oldest;
          if (age < 0) throw new RangeError('An identity is older than the window it was copied from.');
          if (age >= counts.length) counts = extended(counts, age + 1);
          counts[age]! += 1;
          putSlot(this.#slots, piece, at);
          this.#usedSlots += 1;
          this.#size = this.#usedSlots;
          if (this.#usedSlots > (this.#mask + 1) * LOAD_MAX) this.#rebuild();
        }
      },
      end: ({ oldest, newest }) => {
        this.#oldest = oldest;
        this.#newest = newest;
        this.#size = 0;
        for (let minute = oldest; minute - begun.oldest < counts.length && minute <= newest; minute++) {
          const held = counts[minute - begun.oldest]!;
          this.#minutes[minute % this.#minutes.length] = held;
          this.#size += held;
        }
      },
    };
  }

  /** @param slot what `#slotOf` answered; still free to be written when minutes were let go since */
  #hold(hashes: Uint32Array, at: number, minute: number, content: number, slot: number): void {
    while (minute >= this.#oldest && this.#size >= this.#callsMax) {
      // Whole minutes go, the call's own included when it is the oldest: else what is held would depend on the order.
      const oldest = this.#oldestHeld();
      this.#dropBefore((minute < oldest ? minute : oldest) + 1);
    }
    if (minute < this.#oldest) {
      this.#unremembered += 1;
      return;
    }
    const position = -slot - 1;
    if (this.#slots[position + 4] === 0) this.#usedSlots += 1;
    this.#write(this.#slots, position, hashes, at, minute + 1);
    this.#slots[position + 5] = content;
    this.#minutes[minute % this.#minutes.length]! += 1;
    this.#size += 1;
    if (this.#usedSlots > (this.#mask + 1) * LOAD_MAX) this.#rebuild();
  }

  /** @returns word position of the held hash, or -(position where it may be written) - 1 */
  #slotOf(hashes: Uint32Array, at: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const first = hashes[at]!;
    let free = -1;
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      const position = slot * WORDS;
      const minute = slots[position + 4]!;
      if (minute === 0) return -(free >= 0 ? free : position) - 1;
      if (minute - 1 < this.#oldest) {
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

  #write(slots: Uint32Array, position: number, hashes: Uint32Array, at: number, minute: number): void {
    slots[position] = hashes[at]!;
    slots[position + 1] = hashes[at + 1]!;
    slots[position + 2] = hashes[at + 2]!;
    slots[position + 3] = hashes[at + 3]!;
    slots[position + 4] = minute;
  }

  #advance(minute: number): void {
    this.#newest = minute;
    this.#dropBefore(minute - this.#minutesMax);
  }

  #dropBefore(minute: number): void {
    if (minute <= this.#oldest) return;
    // The ring is as long as the window, so older minutes than that left it already.
    const from = Math.max(this.#oldest, minute - this.#minutes.length);
    for (let dropped = from; dropped < minute; dropped++) {
      const place = dropped % this.#minutes.length;
      this.#size -= this.#minutes[place]!;
      this.#minutes[place] = 0;
    }
    this.#oldest = minute;
  }

  #oldestHeld(): number {
    let minute = this.#oldest;
    while (minute < this.#newest && this.#minutes[minute % this.#minutes.length] === 0) minute += 1;
    return minute;
  }

  /** Leaves out what went, and grows while what is held needs more room. */
  #rebuild(): void {
    const old = this.#slots;
    const slots = new Uint32Array(slotCountFor(this.#size) * WORDS);
    for (let position = 0; position < old.length; position += WORDS) {
      const minute = old[position + 4]!;
      if (minute === 0 || minute - 1 < this.#oldest) continue;
      putSlot(slots, old, position);
    }
    this.#slots = slots;
    this.#mask = slots.length / WORDS - 1;
    this.#usedSlots = this.#size;
  }
}

/** Copies a slot of another table to where a look-up in this one, which does not hold it, ends. */
function putSlot(slots: Uint32Array, from: Uint32Array, at: number): void {
  const mask = slots.length / WORDS - 1;
  let slot = from[at]! & mask;
  while (slots[slot * WORDS + 4] !== 0) slot = (slot + 1) & mask;
  const position = slot * WORDS;
  for (let word = 0; word < WORDS; word++) slots[position + word] = from[at + word]!;
}

function slotCountFor(size: number): number {
  let slotCount = INITIAL_SLOTS;
  while (size > slotCount / 2) slotCount *= 2;
  return slotCount;
}

function extended(counts: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(Math.max(length, counts.length * 2));
  longer.set(counts);
  return longer;
}

function minuteOf(startedAt: number): number {
  return startedAt > 0 ? Math.floor(startedAt / MINUTE_MS) : 0;
}
