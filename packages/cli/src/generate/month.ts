/** When calls start: January 2020, mostly in the business hours of the Americas, few at weekends and on holidays. */

const HOUR_MS = 3_600_000;
// January in every zone from Honolulu to UTC, so that each call is on the February invoice wherever its account is.
const FIRST_START = Date.UTC(2020, 0, 1, 10);
export const LAST_START = Date.UTC(2020, 0, 31, 23);
/** Relative number of calls by hour of the day, UTC. */
const HOUR_WEIGHTS = [14, 9, 6, 4, 3, 2, 2, 2, 2, 3, 6, 14, 30, 58, 82, 96, 98, 88, 84, 94, 98, 90, 64, 30];
/** By day of the week, from Sunday. */
const DAY_WEIGHTS = [0.12, 1.1, 1.05, 1, 1, 0.92, 0.2];
/** New Year's Day and Martin Luther King Day. */
const HOLIDAY_WEIGHTS = new Map([
  [1, 0.15],
  [20, 0.4],
]);

/** Start times of `calls` calls, ascending: each is asked for once, in order. */
export class StartTimes {
  readonly #cumulative: number[] = [];
  readonly #calls: number;
  #asked = 0;
  #hour = 0;

  constructor(calls: number) {
    this.#calls = calls;
    let sum = 0;
    for (let at = FIRST_START; at < LAST_START; at += HOUR_MS) {
      const time = new Date(at);
      const day = HOLIDAY_WEIGHTS.get(time.getUTCDate()) ?? DAY_WEIGHTS[time.getUTCDay()]!;
      this.#cumulative.push((sum += HOUR_WEIGHTS[time.getUTCHours()]! * day));
    }
  }

  /** @param fraction where in its own place among all calls this one falls, at least 0, below 1. @returns ms since epoch UTC */
  next(fraction: number): number {
    const target = ((this.#asked++ + fraction) / this.#calls) * this.#cumulative.at(-1)!;
    while (this.#hour + 1 < this.#cumulative.length && this.#cumulative[this.#hour]! <= target) this.#hour++;
    const before = this.#hour === 0 ? 0 : this.#cumulative[this.#hour - 1]!;
    const within = (target - before) / (this.#cumulative[this.#hour]! - before);
    return FIRST_START + Math.min(Math.floor((this.#hour + within) * HOUR_MS), LAST_START - FIRST_START - 1);
  }
}
