const FIRST_YEAR = 1990;
const YEARS = 120;
const MONTHS = YEARS * 12;
const MEAN_MONTH_MS = (365.2425 / 12) * 86_400_000;
const ORIGIN_MS = Date.UTC(FIRST_YEAR, 0, 1);
/** No zone is further from UTC than this. */
const OFFSET_MAX_MS = 16 * 3_600_000;

/** Billing months of one time zone. */
export interface BillingMonths {
  readonly timeZone: string;
  /** Month of an instant as yyyymm. */
  of(atMs: number): number;
}

const calendars = new Map<string, BillingMonths>();

/**
 * Calendar of an IANA time zone. Borders are found once with `Intl` and kept as instants, so that a lookup is a guess
 * and a comparison. Years beyond the kept ones are asked of `Intl` each time.
 * @throws RangeError on an unknown zone
 */
export function billingMonths(timeZone: string): BillingMonths {
  let calendar = calendars.get(timeZone);
  if (calendar === undefined) {
    calendar = makeCalendar(timeZone);
    calendars.set(timeZone, calendar);
  }
  return calendar;
}

function makeCalendar(timeZone: string): BillingMonths {
  const isUtc = timeZone === 'UTC' || timeZone === 'Etc/UTC';
  const format = new Intl.DateTimeFormat('en-US', { timeZone, year: 'numeric', month: 'numeric' });
  const borders = new Float64Array(MONTHS + 1).fill(Number.NaN);

  /** First instant of the month with this index, found when first asked for. */
  function border(index: number): number {
    const known = borders[index]!;
    if (!Number.isNaN(known)) return known;
    const utcBorder = Date.UTC(FIRST_YEAR, index, 1);
    const found = isUtc ? utcBorder : firstInstantOf(index, utcBorder);
    borders[index] = found;
    return found;
  }

  /** Bisects to the second: offsets are whole seconds. */
  function firstInstantOf(index: number, utcBorder: number): number {
    let before = (utcBorder - OFFSET_MAX_MS) / 1000;
    let after = (utcBorder + OFFSET_MAX_MS) / 1000;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (localMonthIndex(middle * 1000) >= index) after = middle;
      else before = middle;
    }
    return after * 1000;
  }

  function localMonthIndex(atMs: number): number {
    let year = 0;
    let month = 0;
    for (const part of format.formatToParts(atMs)) {
      if (part.type === 'year') year = Number(part.value);
      else if (part.type === 'month') month = Number(part.value);
    }
    return (year - FIRST_YEAR) * 12 + month - 1;
  }

  // The month that was asked for last: calls come roughly in time.
  let sinceMs = 0;
  let untilMs = 0;
  let month = 0;

  return {
    timeZone,
    of(atMs) {
      if (atMs >= sinceMs && atMs < untilMs) return month;
      let index = Math.floor((atMs - ORIGIN_MS) / MEAN_MONTH_MS);
      if (index < 1 || index >= MONTHS - 1) return yyyymm(localMonthIndex(atMs));
      // The guess is at most one month off.
      if (atMs < border(index)) index -= 1;
      else if (atMs >= border(index + 1)) index += 1;
      sinceMs = border(index);
      untilMs = border(index + 1);
      month = yyyymm(index);
      return month;
    },
  };
}

function yyyymm(index: number): number {
  const years = Math.floor(index / 12);
  return (FIRST_YEAR + years) * 100 + (index - years * 12) + 1;
}
