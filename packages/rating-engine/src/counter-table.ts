/**
 * Sums by account, counter, month and holder, for all accounts of a partition: columns of numbers in place of some ten objects an account, through
 * which V8 would walk whenever it looks for garbage.
 *
 *   entries  u32 ×4: account · counter and month · holder · next entry of the account + 1      sums  f64
 *            holder: 0 = all of them · odd: a device · even: a number, both by their place among those that were met
 *   slots    u32: entry + 1, 0 = free; open addressing, at most half of them taken
 */
import { Places } from './places.ts';

const WORDS = 4;
const NEXT = 3;
/** Few, and of at most 64 bytes each, which V8 keeps in its heap: a table may be for one account alone, and for a moment. */
const ENTRIES_RESERVED = 4;
const SLOTS_RESERVED = 16;
/** The sum over all holders. */
const ALL = 0;

/** A counter in a month. */
interface Period {
  readonly counter: string;
  readonly billingMonth: number;
  readonly id: number;
}

/** What one device or number had; the other of the two is '' or 0. */
export type CounterVisitor = (
  counter: string,
  billingMonth: number,
  device: string,
  number: number,
  amount: number,
) => void;

export class CounterTable {
  #entries = new Uint32Array(ENTRIES_RESERVED * WORDS);
  #sums = new Float64Array(ENTRIES_RESERVED);
  #length = 0;
  #slots = new Uint32Array(SLOTS_RESERVED);
  /** By account: its first and its last entry + 1. */
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  readonly #periods: Period[] = [];
  /** The period that was asked for last; -1 = none. */
  #asked = -1;
  /** Latest month last: calls arrive roughly in time, so the search from the end ends at once. */
  readonly #periodsOf = new Map<string, Period[]>();
  readonly #devices = new Places<string>();
  readonly #numbers = new Places<number>();

  /** @returns what the account is called here */
  addAccount(): number {
    this.#first.push(0);
    return this.#last.push(0) - 1;
  }

  /**
   * Reads what a call of the account will ask for if it counts in the month of the call before, so that it is near by then.
   * @returns anything
   */
  approach(account: number): number {
    return this.#sumOf(account, this.#asked, ALL);
  }

  total(account: number, counter: string, billingMonth: number): number {
    return this.#sumOf(account, this.#find(counter, billingMonth), ALL);
  }

  ofDevice(account: number, counter: string, billingMonth: number, device: string): number {
    const place = this.#devices.find(device);
    return place < 0 ? 0 : this.#sumOf(account, this.#find(counter, billingMonth), holderOfDevice(place));
  }

  ofNumber(account: number, counter: string, billingMonth: number, number: number): number {
    const place = this.#numbers.find(number);
    return place < 0 ? 0 : this.#sumOf(account, this.#find(counter, billingMonth), holderOfNumber(place));
  }

  /** Counts for the device and for the account. */
  addOfDevice(account: number, counter: string, billingMonth: number, device: string, amount: number): void {
    const period = this.#periodOf(counter, billingMonth);
    this.#add(account, period, ALL, amount);
    this.#add(account, period, holderOfDevice(this.#devices.of(device)), amount);
  }

  /** Counts for the number alone. */
  addOfNumber(account: number, counter: string, billingMonth: number, number: number, amount: number): void {
    this.#add(
      account,
      this.#periodOf(counter, billingMonth),
      holderOfNumber(this.#numbers.of(number)),
      amount,
    );
  }

  /** Sums of the devices and numbers of an account: by counter, month, devices before numbers, each in the order in which they came. */
  each(account: number, visit: CounterVisitor): void {
    const first = this.#first[account]!;
    if (first === 0) return;
    const entries = this.#entries;
    // Nearly always there is one counter and one month.
    for (const period of this.#periodsFrom(first)) {
      for (const kind of [DEVICE, NUMBER]) {
        for (let entry = first; entry !== 0; entry = entries[(entry - 1) * WORDS + NEXT]!) {
          const at = (entry - 1) * WORDS;
          const holder = entries[at + 2]!;
          if (entries[at + 1] !== period.id || holder === ALL || (holder & 1) !== kind) continue;
          const place = (holder - 1) >>> 1;
          const device = kind === DEVICE ? this.#devices.at(place) : '';
          const number = kind === NUMBER ? this.#numbers.at(place) : 0;
          visit(period.counter, period.billingMonth, device, number, this.#sums[entry - 1]!);
        }
      }
    }
  }

  /** What is counted from an entry of an account on, those of one counter after each other. */
  #periodsFrom(first: number): readonly Period[] {
    const found: Period[] = [];
    for (let entry = first; entry !== 0; entry = this.#entries[(entry - 1) * WORDS + NEXT]!) {
      const period = this.#periods[this.#entries[(entry - 1) * WORDS + 1]!]!;
      if (found.at(-1) !== period && !found.includes(period)) found.push(period);
    }
    if (found.length < 3) return found;
    const counters = [...new Set(found.map(({ counter }) => counter))];
    return counters.flatMap((counter) => found.filter((period) => period.counter === counter));
  }

  #find(counter: string, billingMonth: number): number {
    const periods = this.#periodsOf.get(counter);
    if (periods === undefined) return -1;
    for (let i = periods.length - 1; i >= 0; i--)
      if (periods[i]!.billingMonth === billingMonth) return (this.#asked = periods[i]!.id);
    return -1;
  }

  #periodOf(counter: string, billingMonth: number): number {
    const found = this.#find(counter, billingMonth);
    if (found >= 0) return found;
    const period = { counter, billingMonth, id: this.#periods.length };
    this.#periods.push(period);
    const periods = this.#periodsOf.get(counter);
    if (periods === undefined) this.#periodsOf.set(counter, [period]);
    else periods.push(period);
    return period.id;
  }

  #sumOf(account: number, period: number, holder: number): number {
    if (period < 0) return 0;
    const entry = this.#slots[this.#slotOf(account, period, holder)]!;
    return entry === 0 ? 0 : this.#sums[entry - 1]!;
  }

  #add(account: number, period: number, holder: number, amount: number): void {
    const slot = this.#slotOf(account, period, holder);
    const entry = this.#slots[slot]!;
    if (entry === 0) this.#append(slot, account, period, holder, amount);
    else this.#sums[entry - 1]! += amount;
  }

  #append(slot: number, account: number, period: number, holder: number, amount: number): void {
    const index = this.#length;
    if (index === this.#sums.length) this.#growEntries();
    const entries = this.#entries;
    entries[index * WORDS] = account;
    entries[index * WORDS + 1] = period;
    entries[index * WORDS + 2] = holder;
    this.#sums[index] = amount;
    this.#slots[slot] = index + 1;
    const last = this.#last[account]!;
    if (last === 0) this.#first[account] = index + 1;
    else entries[(last - 1) * WORDS + NEXT] = index + 1;
    this.#last[account] = index + 1;
    this.#length = index + 1;
    if (this.#length * 2 > this.#slots.length) this.#growSlots();
  }

  /** The slot of the entry, or the free one where it would be. */
  #slotOf(account: number, period: number, holder: number): number {
    const slots = this.#slots;
    const entries = this.#entries;
    let slot = hashOf(account, period, holder) & (slots.length - 1);
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      const at = (entry - 1) * WORDS;
      if (entries[at] === account && entries[at + 1] === period && entries[at + 2] === holder) break;
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  }

  #growEntries(): void {
    const entries = new Uint32Array(this.#entries.length * 2);
    entries.set(this.#entries);
    this.#entries = entries;
    const sums = new Float64Array(this.#sums.length * 2);
    sums.set(this.#sums);
    this.#sums = sums;
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const entries = this.#entries;
    for (let index = 0; index < this.#length; index++) {
      const at = index * WORDS;
      let slot = hashOf(entries[at]!, entries[at + 1]!, entries[at + 2]!) & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }
}

const DEVICE = 1;
const NUMBER = 0;

function holderOfDevice(place: number): number {
  return place * 2 + 1;
}

function holderOfNumber(place: number): number {
  return place * 2 + 2;
}

function hashOf(account: number, period: number, holder: number): number {
  const mixed =
    Math.imul(account, 0x9e3779b1) ^ Math.imul(period, 0x85ebca6b) ^ Math.imul(holder, 0xc2b2ae35);
  const hash = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
