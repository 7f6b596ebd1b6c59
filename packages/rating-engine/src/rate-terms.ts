import type { DurationRounding, Rate } from '@tollstream/catalog';

/** What of a rate row the arithmetic needs. */
export interface RateTerms {
  /** Digits of the prefix as a number. */
  prefix: number;
  initialRatePerMinute: number;
  ratePerMinute: number;
  connectFee: number;
  initialSeconds: number;
  stepSeconds: number;
  durationRounding: DurationRounding;
  blocked: boolean;
  /** The row has special terms: see `Rate.special`. */
  isSpecial: boolean;
}

const WIDTH = 8;
const BLOCKED = 1;
const SPECIAL = 2;

/**
 * The terms of all rows of a tariff side by side, 64 bytes a row: on a large deck a price costs what it waits for memory, and
 * one row here is one cache line, where a `Rate` object is three.
 *
 *   | prefix | initial rate | rate | connect fee | initial s | step s | 1 = up | 1 = blocked, 2 = special |   Float64 each
 */
export class RateTermsTable {
  readonly #terms: Float64Array;

  constructor(rates: readonly Rate[]) {
    this.#terms = new Float64Array(rates.length * WIDTH);
    rates.forEach((rate, index) => {
      this.#terms.set(
        [
          Number(rate.prefix),
          rate.initialRatePerMinute,
          rate.ratePerMinute,
          rate.connectFee,
          rate.initialSeconds,
          rate.stepSeconds,
          rate.durationRounding === 'up' ? 1 : 0,
          (rate.blocked ? BLOCKED : 0) + (rate.special === null ? 0 : SPECIAL),
        ],
        index * WIDTH,
      );
    });
  }

  /** @param out filled and returned */
  read(index: number, out: RateTerms): RateTerms {
    const terms = this.#terms;
    const at = index * WIDTH;
    out.prefix = terms[at]!;
    out.initialRatePerMinute = terms[at + 1]!;
    out.ratePerMinute = terms[at + 2]!;
    out.connectFee = terms[at + 3]!;
    out.initialSeconds = terms[at + 4]!;
    out.stepSeconds = terms[at + 5]!;
    out.durationRounding = terms[at + 6] === 1 ? 'up' : 'nearest';
    const flags = terms[at + 7]!;
    out.blocked = (flags & BLOCKED) !== 0;
    out.isSpecial = (flags & SPECIAL) !== 0;
    return out;
  }
}

/** A row to be filled in. */
export function emptyTerms(): RateTerms {
  return {
    prefix: 0,
    initialRatePerMinute: 0,
    ratePerMinute: 0,
    connectFee: 0,
    initialSeconds: 0,
    stepSeconds: 1,
    durationRounding: 'up',
    blocked: false,
    isSpecial: false,
  };
}
