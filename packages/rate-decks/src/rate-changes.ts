/** What an import changes, counted in the terms of a rate manager. */
import { formatScaled, roundDiv } from '@tollstream/money';
import { instantText } from './dates.ts';
import { RATE_SCALE } from './deck-rate.ts';
import { JURISDICTION_FIELDS } from './fields.ts';
import type { Terms } from './tariff-rows.ts';

export interface RateStep {
  /** With the callers and the jurisdiction that the rate is for. */
  readonly prefix: string;
  /** Decimal text per minute. */
  readonly before: string;
  readonly after: string;
  /** Such as '+12.5'; null from or to zero. */
  readonly percent: string | null;
}

export interface ChangeSummary {
  readonly new_codes: number;
  readonly changed_codes: number;
  /** Codes of which some rate rises, and those of which only some fall. */
  readonly increased: number;
  readonly decreased: number;
  /** Same rate, other increments, fees or block. */
  readonly other_terms: number;
  readonly unchanged_codes: number;
  readonly ended_codes: number;
  /** Rows that start after the first one of their code. */
  readonly later_rows: number;
  /** Rows of the tariff that would have started later, and that the full deck replaces. */
  readonly superseded_rows: number;
  /** Codes that stay blocked although the deck has a rate for them and no word on blocking. */
  readonly stay_blocked: number;
  /** Mean of the changes of the changed rates in percent, to two digits; null when there is none. */
  readonly mean_change_percent: string | null;
  readonly largest_increase: RateStep | null;
  readonly largest_decrease: RateStep | null;
  /** Day or instant of the first change; null when all hold for all times. */
  readonly first_change: string | null;
}

/** Hundredths of a percent. */
const PERCENT_SCALE = 2;

export class RateChanges {
  #added = 0;
  #unchanged = 0;
  #ended = 0;
  #later = 0;
  #superseded = 0;
  #stayBlocked = 0;
  #increased = 0;
  #decreased = 0;
  #other = 0;
  #percentSum = 0;
  #percentCount = 0;
  #first = Infinity;
  #largest: { step: RateStep; hundredths: number } | null = null;
  #smallest: { step: RateStep; hundredths: number } | null = null;

  added(from: number): void {
    this.#added++;
    this.#first = Math.min(this.#first, from);
  }

  unchanged(): void {
    this.#unchanged++;
  }

  ended(at: number): void {
    this.#ended++;
    this.#first = Math.min(this.#first, at);
  }

  later(): void {
    this.#later++;
  }

  superseded(): void {
    this.#superseded++;
  }

  staysBlocked(): void {
    this.#stayBlocked++;
  }

  changed(prefix: string, before: Terms, after: Terms, from: number): void {
    this.#first = Math.min(this.#first, from);
    const pairs = ratePairs(before, after);
    if (pairs.some(([old, now]) => now > old)) this.#increased++;
    else if (pairs.length > 0) this.#decreased++;
    else this.#other++;
    for (const [old, now, kind] of pairs) this.#step(`${prefix}${kind}`, old, now);
  }

  #step(prefix: string, old: number, now: number): void {
    const hundredths = old === 0 ? null : roundedRatio(now - old, old);
    if (hundredths !== null) {
      this.#percentSum += hundredths;
      this.#percentCount++;
    }
    const step = {
      prefix,
      before: formatScaled(old, RATE_SCALE, { trim: true }),
      after: formatScaled(now, RATE_SCALE, { trim: true }),
      percent: hundredths === null ? null : percentText(hundredths),
    };
    // From nothing to something is more than any percentage.
    const size = hundredths ?? Infinity;
    if (now > old && size > (this.#largest?.hundredths ?? 0)) this.#largest = { step, hundredths: size };
    if (now < old && size < (this.#smallest?.hundredths ?? 0)) this.#smallest = { step, hundredths: size };
  }

  summary(): ChangeSummary {
    return {
      new_codes: this.#added,
      changed_codes: this.#increased + this.#decreased + this.#other,
      increased: this.#increased,
      decreased: this.#decreased,
      other_terms: this.#other,
      unchanged_codes: this.#unchanged,
      ended_codes: this.#ended,
      later_rows: this.#later,
      superseded_rows: this.#superseded,
      stay_blocked: this.#stayBlocked,
      mean_change_percent:
        this.#percentCount === 0 ? null : percentText(Math.round(this.#percentSum / this.#percentCount)),
      largest_increase: this.#largest?.step ?? null,
      largest_decrease: this.#smallest?.step ?? null,
      first_change: Number.isFinite(this.#first) ? instantText(this.#first) : null,
    };
  }
}

/** The rates of a row that differ, before and after: its own, and those by jurisdiction where either row has any. */
function ratePairs(before: Terms, after: Terms): (readonly [old: number, now: number, kind: string])[] {
  const kinds = before.byJurisdiction.length + after.byJurisdiction.length > 0 ? JURISDICTION_FIELDS : [];
  const rates = [
    [before.rate, after.rate, ''] as const,
    ...kinds.map((name, i) => {
      const of = (terms: Terms): number | null => terms.byJurisdiction[i] ?? terms.rate;
      return [of(before), of(after), ` ${name.replace('rate_', '')}`] as const;
    }),
  ];
  return rates.flatMap(([old, now, kind]) =>
    old === null || now === null || old === now ? [] : [[old, now, kind] as const],
  );
}

/** part / whole in hundredths of a percent, rounded half up. */
function roundedRatio(part: number, whole: number): number {
  const bound = Number.MAX_SAFE_INTEGER / (100 * 10 ** PERCENT_SCALE);
  // Beyond the bound a rate is above nine million a minute, and its percentage of no use.
  return Math.abs(part) > bound
    ? Math.sign(part) * bound
    : roundDiv(part * 100 * 10 ** PERCENT_SCALE, whole, 'half_up');
}

function percentText(hundredths: number): string {
  const text = formatScaled(hundredths, PERCENT_SCALE, { trim: true });
  return hundredths > 0 ? `+${text}` : text;
}
