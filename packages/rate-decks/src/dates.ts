/** Dates as decks write them, to instants. A deck's day is its midnight in UTC, as in every catalog file. */

export type DateOrder = 'day_first' | 'month_first';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const TIME = String.raw`(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,3})?)?\s*(?:Z|UTC|GMT)?)?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})${TIME}$`, 'i');
const COMPACT = /^(20\d{2})(\d{2})(\d{2})$/;
const NUMBERS = new RegExp(String.raw`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})${TIME}$`, 'i');
const DAY_NAME_YEAR = new RegExp(
  String.raw`^(\d{1,2})(?:st|nd|rd|th)?[-/. ]+([a-z]{3,9})\.?[-/., ]+(\d{4}|\d{2})${TIME}$`,
  'i',
);
const NAME_DAY_YEAR = new RegExp(
  String.raw`^([a-z]{3,9})\.?[- ]+(\d{1,2})(?:st|nd|rd|th)?,?[- ]+(\d{4})${TIME}$`,
  'i',
);
const AT_ONCE = /^(?:asap|immediate|immediately|now|with immediate effect|at once)$/i;

/** 'ASAP' and its like: holds from when the operator says. */
export function isAtOnce(text: string): boolean {
  return AT_ONCE.test(text);
}

/** The order that a date of two leading numbers can only have; null when it may have either or is another form. */
export function provenOrder(text: string): DateOrder | null {
  const match = NUMBERS.exec(text);
  if (match === null) return null;
  const [first, second] = [Number(match[1]), Number(match[2])];
  if (first > 12 && second <= 12) return 'day_first';
  if (second > 12 && first <= 12) return 'month_first';
  return null;
}

/** A date that the order would change. */
export function needsOrder(text: string): boolean {
  const match = NUMBERS.exec(text);
  return match !== null && provenOrder(text) === null && Number(match[1]) !== Number(match[2]);
}

/** @returns ms since epoch, or null when the text is no date of the calendar */
export function readDate(text: string, order: DateOrder): number | null {
  let match = YEAR_FIRST.exec(text);
  if (match !== null) return instant(match[1]!, Number(match[2]), match[3]!, match.slice(4));
  match = COMPACT.exec(text);
  if (match !== null) return instant(match[1]!, Number(match[2]), match[3]!, []);
  match = NUMBERS.exec(text);
  if (match !== null) {
    const [day, month] = order === 'day_first' ? [match[1]!, match[2]!] : [match[2]!, match[1]!];
    return instant(match[3]!, Number(month), day, match.slice(4));
  }
  match = DAY_NAME_YEAR.exec(text);
  if (match !== null) return instant(match[3]!, monthOf(match[2]!), match[1]!, match.slice(4));
  match = NAME_DAY_YEAR.exec(text);
  if (match !== null) return instant(match[3]!, monthOf(match[1]!), match[2]!, match.slice(4));
  return null;
}

function monthOf(name: string): number {
  return MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1;
}

function instant(
  yearText: string,
  month: number,
  dayText: string,
  time: readonly (string | undefined)[],
): number | null {
  const year = Number(yearText.length === 2 ? `20${yearText}` : yearText);
  const day = Number(dayText);
  const [hour, minute, second] = [0, 1, 2].map((part) => Number(time[part] ?? 0)) as [number, number, number];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(at);
  // Date.UTC rolls February 30 over into March.
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? at : null;
}

/** As catalog files have it: a date when it is midnight, an instant otherwise; '' when there is no end. */
export function instantText(at: number): string {
  if (!Number.isFinite(at)) return '';
  const text = new Date(at).toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text;
}
