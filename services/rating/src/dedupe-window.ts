import { IdentityTable, SLOT_WORDS, minuteOfSlot } from './identity-table.ts';
import type { IdentityCopy } from './identity-table.ts';

/**
 * The call identities of one partition that were seen lately: an exact set of 128-bit hashes, bounded in number and in age.
 *
 *   table   the hashes, the minute of each, and what the call said
 *   minutes Uint32Array, ring over the window: identities held of each minute
 *
 * Age is that of the call's start against the latest start seen, by whole minutes. When there are too many, the oldest
 * minutes go first. What is held therefore depends only on the set of calls that were added, not on their order, so that a window folded
 * from outputs equals the one that was lost.
 */

export interface DedupeLimits {
  /** Identities held at most, 1 or more. */
  readonly windowCallsMax: number;
  /** Age of the oldest call start held, ms against the latest; at least one minute. */
  readonly windowAgeMs: number;
}

/** new: it was not held, and is now. conflict: it is held and said something else then. */
export type Seen = 'new' | 'duplicate' | 'conflict';

/** Minutes since epoch between which a window holds what it was given. */
export interface WindowBounds {
  readonly oldest: number;
  readonly newest: number;
}

const MINUTE_MS = 60_000;

export class DedupeWindow {
  readonly #callsMax: number;
  readonly #minutesMax: number;
  #table = new IdentityTable();
  #size = 0;
  readonly #minutes: Uint32Array;
  /** Minutes since epoch; nothing older than the table's `oldest` is held, nothing newer than this was seen. */
  #newest = 0;
  #unremembered = 0;

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
    return this.#table.byteLength + this.#minutes.byteLength;
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
    const place = this.#table.find(hashes, index * 4);
    if (place >= 0) return this.#table.contentAt(place) === content >>> 0 ? 'duplicate' : 'conflict';
    if (minute > this.#newest) this.#advance(minute);
    this.#hold(hashes, index * 4, minute, content, place);
    return 'new';
  }

  /**
   * Reads the slots where the look-ups of these calls begin, and nothing more. Each is a place of its own in a table far larger than
   * the processor's caches: read in a row, none waits for the one before; each call's own look-up then finds its slot near.
   * @param from the first call, up to before `to`: few enough that what was read is not forgotten until it is looked up
   */
  approach(hashes: Uint32Array, from: number, to: number): void {
    this.#table.approach(hashes, from, to);
  }

  /** Whether an identity is held. */
  has(hashes: Uint32Array, index: number): boolean {
    return this.#table.find(hashes, index * 4) >= 0;
  }

  /** Whether identities of calls that started then are held. */
  remembers(startedAt: number): boolean {
    return minuteOf(startedAt) >= this.#table.oldest;
  }

  /**
   * Remembers a call that is known to have been added before, in any order. One that had been let go and was added again
   * is held by its later start.
   */
  restore(hashes: Uint32Array, index: number, startedAt: number, content: number): void {
    const minute = minuteOf(startedAt);
    if (minute > this.#newest) this.#advance(minute);
    const place = this.#table.find(hashes, index * 4);
    if (place < 0) {
      this.#hold(hashes, index * 4, minute, content, place);
      return;
    }
    const held = this.#table.minuteAt(place);
    if (minute <= held) return;
    this.#minutes[held % this.#minutes.length]! -= 1;
    this.#minutes[minute % this.#minutes.length]! += 1;
    this.#table.update(place, minute, content);
  }

  get bounds(): WindowBounds {
    return { oldest: this.#table.oldest, newest: this.#newest };
  }

  /**
   * Copies the identities a piece at a time, while the window goes on. Each that is held at the beginning and at the end is in the copy,
   * and none that is not held at one time in between. Together with all that was added since the beginning, the copy within the bounds of
   * the end is the window as of the end.
   */
  copy(): IdentityCopy {
    return this.#table.copy();
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
    const table = new IdentityTable(count);
    table.oldest = begun.oldest;
    this.#table = table;
    this.#size = 0;
    this.#minutes.fill(0);
    // A copy that took long may span more minutes than the ring has.
    let counts = new Uint32Array(Math.max(1, begun.newest - begun.oldest + 1));
    return {
      take: (piece) => {
        for (let at = 0; at < piece.length; at += SLOT_WORDS) {
          const age = minuteOfSlot(piece, at) - begun.oldest;
          if (age < 0) throw new RangeError('An identity is older than the window it was copied from.');
          if (age >= counts.length) counts = extended(counts, age + 1);
          counts[age]! += 1;
          table.take(piece, at);
        }
      },
      end: ({ oldest, newest }) => {
        table.oldest = oldest;
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

  /** @param free what the table's `find` answered; still free to be written when minutes were let go since */
  #hold(hashes: Uint32Array, at: number, minute: number, content: number, free: number): void {
    while (minute >= this.#table.oldest && this.#size >= this.#callsMax) {
      // Whole minutes go, the call's own included when it is the oldest: else what is held would depend on the order.
      const oldest = this.#oldestHeld();
      this.#dropBefore((minute < oldest ? minute : oldest) + 1);
    }
    if (minute < this.#table.oldest) {
      this.#unremembered += 1;
      return;
    }
    this.#minutes[minute % this.#minutes.length]! += 1;
    this.#size += 1;
    this.#table.add(free, hashes, at, minute, content, this.#size);
  }

  #advance(minute: number): void {
    this.#newest = minute;
    this.#dropBefore(minute - this.#minutesMax);
  }

  #dropBefore(minute: number): void {
    if (minute <= this.#table.oldest) return;
    // The ring is as long as the window, so older minutes than that left it already.
    const from = Math.max(this.#table.oldest, minute - this.#minutes.length);
    for (let dropped = from; dropped < minute; dropped++) {
      const place = dropped % this.#minutes.length;
      this.#size -= this.#minutes[place]!;
      this.#minutes[place] = 0;
    }
    this.#table.oldest = minute;
  }

  #oldestHeld(): number {
    let minute = this.#table.oldest;
    while (minute < this.#newest && this.#minutes[minute % this.#minutes.length] === 0) minute += 1;
    return minute;
  }
}

function extended(counts: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(Math.max(length, counts.length * 2));
  longer.set(counts);
  return longer;
}

function minuteOf(startedAt: number): number {
  return startedAt > 0 ? Math.floor(startedAt / MINUTE_MS) : 0;
}
