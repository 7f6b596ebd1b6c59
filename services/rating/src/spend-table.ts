/**
 * What the accounts of a partition have spent, by limit and window, as columns of numbers: with an object for each limit and each window of each
 * account V8 would walk through millions of them whenever it looks for garbage.
 *
 *   counters  u32 ×6: limit · form, as places of texts · first window + 1 · the one that counted last + 1 · next counter of the account + 1
 *                     · 1 = not whole          since, latest  f64
 *   windows   u32: next of the counter + 1     start, end, sum  f64; a sum beyond 2^53 is NaN and stands in `#beyond`
 *
 * Rows of what ended are taken again.
 */
import type { SpendPeriods } from '@tollstream/rating-engine';
import { Places } from '@tollstream/rating-engine';

/** Scaled integer, exact: a number below 2^53, a BigInt beyond. The two compare exactly with each other. */
export type Sum = number | bigint;

/** One counter as it stands, for whoever keeps or compares the state. */
export interface SpendCounter {
  readonly account: string;
  readonly limit: string;
  /** What decides which calls count in which window; of another form the limit starts anew. */
  readonly form: string;
  /** Offset of the accepted block from which on it counts. */
  readonly since: number;
  /** False: restored under a catalog that does not have this form, so that its sums are not known. */
  readonly isWhole: boolean;
  /** Start of the latest call that counted; `-Infinity` = none did. */
  readonly latestMs: number;
  readonly windows: readonly SpendWindowSum[];
}

export interface SpendWindowSum {
  readonly startMs: number;
  readonly endMs: number;
  readonly sum: Sum;
  /** Keys of thresholds of which an alert told. */
  readonly alerted: readonly string[];
}

const COUNTER_WORDS = 6;
const LIMIT = 0;
const FORM = 1;
const FIRST_WINDOW = 2;
const LAST_COUNTED = 3;
const NEXT_COUNTER = 4;
const NOT_WHOLE = 5;
const ROWS_RESERVED = 64;
const NONE_ALERTED: readonly string[] = [];

export class SpendTable {
  /** First counter + 1 of each account that has limits, or had. */
  readonly #accounts = new Map<string, number>();
  readonly #texts = new Places<string>();
  #counters = new Uint32Array(ROWS_RESERVED * COUNTER_WORDS);
  #since = new Float64Array(ROWS_RESERVED);
  #latest = new Float64Array(ROWS_RESERVED);
  readonly #counterRows = new Rows();
  #nextWindow = new Uint32Array(ROWS_RESERVED);
  #starts = new Float64Array(ROWS_RESERVED);
  #ends = new Float64Array(ROWS_RESERVED);
  #sums = new Float64Array(ROWS_RESERVED);
  readonly #windowRows = new Rows();
  readonly #beyond = new Map<number, bigint>();
  /** By window; nearly all have none. */
  readonly #alerted = new Map<number, readonly string[]>();

  /** Whether any account has limits, or had. */
  get isEmpty(): boolean {
    return this.#accounts.size === 0;
  }

  /** The counters of an account in the order in which they began. */
  countersOf(account: string): number[] {
    const found: number[] = [];
    for (let next = this.#accounts.get(account) ?? 0; next !== 0; next = this.#word(next - 1, NEXT_COUNTER))
      found.push(next - 1);
    return found;
  }

  /** -1 = the limit does not count for the account. */
  find(account: string, limit: string): number {
    const text = this.#texts.find(limit);
    if (text < 0) return -1;
    for (let next = this.#accounts.get(account) ?? 0; next !== 0; next = this.#word(next - 1, NEXT_COUNTER))
      if (this.#word(next - 1, LIMIT) === text) return next - 1;
    return -1;
  }

  /** A limit begins to count; what counted for one of the same id is forgotten. @returns the counter */
  begin(account: string, limit: string, form: string, since: number): number {
    let counter = this.find(account, limit);
    if (counter < 0) counter = this.#append(account);
    else this.#forgetWindows(counter);
    const at = counter * COUNTER_WORDS;
    this.#counters[at + LIMIT] = this.#texts.of(limit);
    this.#counters[at + FORM] = this.#texts.of(form);
    this.#counters[at + FIRST_WINDOW] = 0;
    this.#counters[at + LAST_COUNTED] = 0;
    this.#counters[at + NOT_WHOLE] = 0;
    this.#since[counter] = since;
    this.#latest[counter] = -Infinity;
    return counter;
  }

  /** A limit counts no more. */
  end(account: string, limit: string): void {
    const counter = this.find(account, limit);
    if (counter < 0) return;
    const after = this.#word(counter, NEXT_COUNTER);
    const before = this.countersOf(account).find((each) => this.#word(each, NEXT_COUNTER) === counter + 1);
    if (before === undefined) this.#accounts.set(account, after);
    else this.#counters[before * COUNTER_WORDS + NEXT_COUNTER] = after;
    this.#forgetWindows(counter);
    this.#counterRows.free(counter);
  }

  limitOf(counter: number): string {
    return this.#texts.at(this.#word(counter, LIMIT));
  }

  formOf(counter: number): string {
    return this.#texts.at(this.#word(counter, FORM));
  }

  sinceOf(counter: number): number {
    return this.#since[counter]!;
  }

  isWhole(counter: number): boolean {
    return this.#word(counter, NOT_WHOLE) === 0;
  }

  setWhole(counter: number, isWhole: boolean): void {
    this.#counters[counter * COUNTER_WORDS + NOT_WHOLE] = isWhole ? 0 : 1;
  }

  /**
   * Adds the charge of a call that the limit counts to the sum of its window.
   * @param lateMsMax a window that ended so long before the latest call that counted is closed, and forgotten
   * @returns the window; -1 when it is closed
   */
  count(
    counter: number,
    startedAt: number,
    charge: number,
    periods: SpendPeriods,
    lateMsMax: number,
  ): number {
    if (startedAt > this.#latest[counter]!) this.#latest[counter] = startedAt;
    // Nearly always the one of the call before, which nothing that came since has closed.
    let window = this.#word(counter, LAST_COUNTED) - 1;
    if (window < 0 || startedAt < this.#starts[window]! || startedAt >= this.#ends[window]!) {
      const { startMs, endMs } = periods.of(startedAt);
      const closedBefore = this.#latest[counter]! - lateMsMax;
      if (endMs <= closedBefore) return -1;
      window = this.windowFrom(counter, startMs);
      if (window < 0) {
        this.#forgetWindows(counter, closedBefore);
        window = this.addWindow(counter, startMs, endMs, 0);
      }
      this.#counters[counter * COUNTER_WORDS + LAST_COUNTED] = window + 1;
    }
    const before = this.#sums[window]!;
    if (before <= Number.MAX_SAFE_INTEGER - charge) this.#sums[window] = before + charge;
    else this.setSum(window, BigInt(this.sumOf(window)) + BigInt(charge));
    return window;
  }

  /** The window of a counter that begins then; -1 = there is none. */
  windowFrom(counter: number, startMs: number): number {
    for (let next = this.#word(counter, FIRST_WINDOW); next !== 0; next = this.#nextWindow[next - 1]!)
      if (this.#starts[next - 1] === startMs) return next - 1;
    return -1;
  }

  /** A window that the counter does not have yet. @returns it */
  addWindow(counter: number, startMs: number, endMs: number, sum: Sum): number {
    const window = this.#windowRows.take();
    if (this.#windowRows.length > this.#sums.length) this.#growWindows();
    this.#starts[window] = startMs;
    this.#ends[window] = endMs;
    this.#nextWindow[window] = 0;
    this.setSum(window, sum);
    const at = counter * COUNTER_WORDS + FIRST_WINDOW;
    if (this.#counters[at] === 0) this.#counters[at] = window + 1;
    else this.#nextWindow[this.#lastWindow(counter)] = window + 1;
    return window;
  }

  startOf(window: number): number {
    return this.#starts[window]!;
  }

  endOf(window: number): number {
    return this.#ends[window]!;
  }

  sumOf(window: number): Sum {
    const sum = this.#sums[window]!;
    return Number.isNaN(sum) ? this.#beyond.get(window)! : sum;
  }

  setSum(window: number, sum: Sum): void {
    if (sum <= Number.MAX_SAFE_INTEGER) {
      this.#sums[window] = Number(sum);
      this.#beyond.delete(window);
    } else {
      this.#sums[window] = Number.NaN;
      this.#beyond.set(window, BigInt(sum));
    }
  }

  /** Keys of thresholds of which an alert told. */
  alertedOf(window: number): readonly string[] {
    return this.#alerted.get(window) ?? NONE_ALERTED;
  }

  alert(window: number, key: string): void {
    const told = this.alertedOf(window);
    if (!told.includes(key)) this.#alerted.set(window, [...told, key]);
  }

  /** For the simulator, which breaks the state on purpose. */
  forgetAlerts(): void {
    this.#alerted.clear();
  }

  setLatest(counter: number, latestMs: number): void {
    this.#latest[counter] = latestMs;
  }

  accounts(): Iterable<string> {
    return this.#accounts.keys();
  }

  /** All counters, those of an account after each other. */
  *counters(): Generator<SpendCounter> {
    for (const account of this.#accounts.keys())
      for (const counter of this.countersOf(account))
        yield {
          account,
          limit: this.limitOf(counter),
          form: this.formOf(counter),
          since: this.#since[counter]!,
          isWhole: this.isWhole(counter),
          latestMs: this.#latest[counter]!,
          windows: this.#windowsOf(counter),
        };
  }

  #windowsOf(counter: number): SpendWindowSum[] {
    const windows: SpendWindowSum[] = [];
    for (let next = this.#word(counter, FIRST_WINDOW); next !== 0; next = this.#nextWindow[next - 1]!) {
      const window = next - 1;
      windows.push({
        startMs: this.#starts[window]!,
        endMs: this.#ends[window]!,
        sum: this.sumOf(window),
        alerted: this.alertedOf(window),
      });
    }
    return windows;
  }

  #word(counter: number, word: number): number {
    return this.#counters[counter * COUNTER_WORDS + word]!;
  }

  #append(account: string): number {
    const counter = this.#counterRows.take();
    if (this.#counterRows.length > this.#since.length) this.#growCounters();
    this.#counters[counter * COUNTER_WORDS + NEXT_COUNTER] = 0;
    const last = this.countersOf(account).at(-1);
    if (last === undefined) this.#accounts.set(account, counter + 1);
    else this.#counters[last * COUNTER_WORDS + NEXT_COUNTER] = counter + 1;
    return counter;
  }

  #lastWindow(counter: number): number {
    let window = this.#word(counter, FIRST_WINDOW) - 1;
    while (this.#nextWindow[window] !== 0) window = this.#nextWindow[window]! - 1;
    return window;
  }

  /** @param endedMs those that ended by then */
  #forgetWindows(counter: number, endedMs = Infinity): void {
    let before = -1;
    for (let next = this.#word(counter, FIRST_WINDOW); next !== 0;) {
      const window = next - 1;
      next = this.#nextWindow[window]!;
      if (this.#ends[window]! > endedMs) {
        before = window;
        continue;
      }
      if (before < 0) this.#counters[counter * COUNTER_WORDS + FIRST_WINDOW] = next;
      else this.#nextWindow[before] = next;
      this.#beyond.delete(window);
      this.#alerted.delete(window);
      this.#windowRows.free(window);
    }
  }

  #growCounters(): void {
    this.#counters = longer(this.#counters, Uint32Array);
    this.#since = longer(this.#since, Float64Array);
    this.#latest = longer(this.#latest, Float64Array);
  }

  #growWindows(): void {
    this.#nextWindow = longer(this.#nextWindow, Uint32Array);
    this.#starts = longer(this.#starts, Float64Array);
    this.#ends = longer(this.#ends, Float64Array);
    this.#sums = longer(this.#sums, Float64Array);
  }
}

/** Rows in use, so that those given back are taken before new ones. */
class Rows {
  /** Rows that were ever taken. */
  length = 0;
  readonly #free: number[] = [];

  take(): number {
    return this.#free.pop() ?? this.length++;
  }

  free(row: number): void {
    this.#free.push(row);
  }
}

function longer<Column extends Uint32Array | Float64Array>(
  column: Column,
  Type: new (length: number) => Column,
): Column {
  const twice = new Type(column.length * 2);
  twice.set(column);
  return twice;
}
