/**
 * Which days of which month something is charged for. The day on which it starts is not, unless it is the 1st: started on 7/15, the
 * 16 days after it of July's 31. A month is charged in advance on its own invoice, and what came in mid-month with the next one.
 */
import { dateText, daysIn, monthBefore, monthText } from './month.ts';
import type { Month } from './month.ts';

/** Days charged (or, as credit, given back) of a month; the days are its last ones unless `until` ends them earlier. */
export interface ChargedDays {
  readonly month: Month;
  readonly days: number;
  readonly from: string;
  readonly to: string;
  readonly isCredit: boolean;
}

/** From when and until when something is in service; '' = always, still. */
export interface ServiceTime {
  readonly from: string;
  /** Last day. */
  readonly to: string;
}

/** What the invoice of `month` charges for something in service at these times. */
export function chargedDays(
  { from, to }: ServiceTime,
  month: Month,
  { creditsRemovals }: { readonly creditsRemovals: boolean },
): ChargedDays[] {
  const charged: ChargedDays[] = [];
  const first = dateText(month);
  const before = monthBefore(month);
  const beforeFirst = dateText(before);
  const beforeDays = daysIn(before);
  // The day of the month before on which it ended, its last one when it went on.
  const endedEarly = to !== '' && to >= beforeFirst && to < dateText(before, beforeDays - 1);
  const lastDay = endedEarly && creditsRemovals ? Number(to.slice(8)) : beforeDays;
  if (from > beforeFirst && from < first) {
    const startDay = Number(from.slice(8));
    if (lastDay > startDay) charged.push(daysOf(before, startDay + 1, lastDay, false));
  } else if (from <= beforeFirst && lastDay < beforeDays) {
    charged.push(daysOf(before, lastDay + 1, beforeDays, true));
  }
  if (from <= first && (to === '' || to >= first)) charged.push(daysOf(month, 1, daysIn(month), false));
  return charged;
}

/** Days after `day` of the month before. */
export function daysAfter(day: string, month: Month, isCredit: boolean): ChargedDays {
  const before = monthBefore(month);
  return daysOf(before, Number(day.slice(8)) + 1, daysIn(before), isCredit);
}

function daysOf(month: Month, first: number, last: number, isCredit: boolean): ChargedDays {
  return {
    month,
    days: last - first + 1,
    from: dateText(month, first - 1),
    to: dateText(month, last - 1),
    isCredit,
  };
}

/** Whether a period is a whole month. */
export function isWhole({ month, days }: ChargedDays): boolean {
  return days === daysIn(month);
}

export function periodKey({ month, from, to, isCredit }: ChargedDays): string {
  return `${monthText(month)} ${from} ${to} ${isCredit}`;
}
