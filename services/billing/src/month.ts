/** Calendar months, written `2020-02`. Dates are plain dates (`2020-02-01`) in the account's time zone: no instants here. */
import { monthInvalid } from './errors.ts';

export interface Month {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
}

/** @throws TollError TOLL_BILLING_MONTH_INVALID */
export function parseMonth(text: string): Month {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text);
  if (match === null) throw monthInvalid(text);
  return { year: Number(match[1]), month: Number(match[2]) };
}

export function monthText({ year, month }: Month): string {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`;
}

export function monthBefore({ year, month }: Month): Month {
  return month === 1 ? { year: year - 1, month: 12 } : { year, month: month - 1 };
}

export function monthAfter({ year, month }: Month): Month {
  return month === 12 ? { year: year + 1, month: 1 } : { year, month: month + 1 };
}

/** The number that `billing_month` columns hold: 202001. */
export function monthNumber({ year, month }: Month): number {
  return year * 100 + month;
}

export function daysIn({ year, month }: Month): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** The month's first day, plus some days: `2020-02`, 15 → '2020-02-16'. */
export function dateText(month: Month, daysAfterFirst = 0): string {
  return new Date(Date.UTC(month.year, month.month - 1, 1 + daysAfterFirst)).toISOString().slice(0, 10);
}

/** By zone: making one costs a hundred times what asking it does. */
const CALENDARS = new Map<string, Intl.DateTimeFormat>();

function calendarOf(timeZone: string): Intl.DateTimeFormat {
  let calendar = CALENDARS.get(timeZone);
  if (calendar === undefined) {
    const options = {
      timeZone,
      calendar: 'gregory',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
    } as const;
    calendar = new Intl.DateTimeFormat('en-US', options);
    CALENDARS.set(timeZone, calendar);
  }
  return calendar;
}

/** The date of an instant in a time zone; ±Infinity is no date. */
export function localDate(atMs: number, timeZone: string): (Month & { readonly day: number }) | null {
  if (!Number.isFinite(atMs)) return null;
  const parts = calendarOf(timeZone).formatToParts(atMs);
  const part = (type: string): number => Number(parts.find((candidate) => candidate.type === type)?.value);
  return { year: part('year'), month: part('month'), day: part('day') };
}
