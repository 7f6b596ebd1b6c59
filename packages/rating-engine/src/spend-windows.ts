/** The hours, days and months of a time zone as instants, for what is counted within them. */
import type { SpendWindow } from '@tollstream/catalog';
import { assert } from './assert.ts';
import { wallClock } from './window-calendar.ts';

/** Half-open. */
export interface SpendPeriod {
  readonly startMs: number;
  readonly endMs: number;
}

export interface SpendPeriods {
  /** The one that holds the instant; the same object for all instants of it, as long as it is remembered. */
  of(atMs: number): SpendPeriod;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** No zone is further from UTC than this. */
const OFFSET_MAX_MS = 16 * HOUR_MS;
/** Hours of UTC in which periods are remembered: more than a year of them. */
const REMEMBERED_MAX = 10_000;

const calendars = new Map<string, SpendPeriods>();

/**
 * A period begins when the clock on the wall first shows its beginning. So where the clock goes back an hour, the hour that is passed
 * twice is one of two hours; an hour that is left out has no instant.
 * @throws RangeError on an unknown zone
 */
export function spendPeriods(timeZone: string, window: SpendWindow): SpendPeriods {
  const key = `${window} ${timeZone}`;
  let calendar = calendars.get(key);
  if (calendar === undefined) {
    calendar = makeCalendar(timeZone, UNITS[window]);
    calendars.set(key, calendar);
  }
  return calendar;
}

/** Counts a unit of time on the wall, whose instants are ms as if the wall were in UTC. */
interface Unit {
  indexOf(wallMs: number): number;
  startOf(index: number): number;
}

const UNITS: Readonly<Record<SpendWindow, Unit>> = {
  hour: { indexOf: (wallMs) => Math.floor(wallMs / HOUR_MS), startOf: (index) => index * HOUR_MS },
  day: { indexOf: (wallMs) => Math.floor(wallMs / DAY_MS), startOf: (index) => index * DAY_MS },
  month: {
    indexOf(wallMs) {
      const date = new Date(wallMs);
      return date.getUTCFullYear() * 12 + date.getUTCMonth();
    },
    startOf: (index) => Date.UTC(Math.floor(index / 12), index % 12, 1),
  },
};

function makeCalendar(timeZone: string, unit: Unit): SpendPeriods {
  const offsetAt = wallClock(timeZone);
  offsetAt(0);
  let last: SpendPeriod = { startMs: 0, endMs: 0 };
  /** By hour of UTC: the periods that were asked for in it. */
  let remembered = new Map<number, SpendPeriod[]>();

  return {
    of(atMs) {
      if (atMs >= last.startMs && atMs < last.endMs) return last;
      const hour = Math.floor(atMs / HOUR_MS);
      let periods = remembered.get(hour);
      if (periods === undefined) {
        if (remembered.size === REMEMBERED_MAX) remembered = new Map();
        periods = [];
        remembered.set(hour, periods);
      }
      let period = periods.find(({ startMs, endMs }) => atMs >= startMs && atMs < endMs);
      if (period === undefined) {
        period = find(atMs);
        periods.push(period);
      }
      last = period;
      return period;
    },
  };

  function find(atMs: number): SpendPeriod {
    let index = unit.indexOf(atMs + offsetAt(atMs));
    // The wall may show a time for the second time, when a later period has begun already.
    while (atMs >= firstInstantOf(index + 1)) index += 1;
    const period = { startMs: firstInstantOf(index), endMs: firstInstantOf(index + 1) };
    assert(period.startMs <= atMs && atMs < period.endMs, 'a period holds the instant it was asked for');
    return period;
  }

  function firstInstantOf(index: number): number {
    const wallMs = unit.startOf(index);
    // Of before and after a change of the clock near it, if there is one. A time that is shown twice is first shown by the greater offset.
    const before = offsetAt(wallMs - OFFSET_MAX_MS);
    const after = offsetAt(wallMs + OFFSET_MAX_MS);
    const first = wallMs - Math.max(before, after);
    if (shownAt(first) === wallMs) return first;
    const only = wallMs - Math.min(before, after);
    return shownAt(only) === wallMs ? only : bisect(wallMs);
  }

  function shownAt(atMs: number): number {
    return atMs + offsetAt(atMs);
  }

  /** Of a time that is left out: where the clock goes beyond it. To the second: offsets are whole seconds. */
  function bisect(wallMs: number): number {
    let before = (wallMs - OFFSET_MAX_MS) / 1000;
    let after = (wallMs + OFFSET_MAX_MS) / 1000;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (shownAt(middle * 1000) >= wallMs) after = middle;
      else before = middle;
    }
    return after * 1000;
  }
}
