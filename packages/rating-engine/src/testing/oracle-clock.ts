import type { TimeWindows } from '@tollstream/catalog';

const clocks = new Map<string, Intl.DateTimeFormat>();
const asked = new Map<string, WallTime>();

interface WallTime {
  readonly weekday: number;
  readonly date: string;
  readonly minute: number;
}

/** What the clock on the wall of a zone shows: asked of the calendar each time, minute by minute. */
function wallTime(timeZone: string, atMs: number): WallTime {
  const key = `${timeZone} ${Math.floor(atMs / 60_000)}`;
  const known = asked.get(key);
  if (known !== undefined) return known;
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
    clocks.set(timeZone, clock);
  }
  const [date = '', time = ''] = clock.format(atMs).split(' ');
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const weekday = new Date(`${date}T12:00:00Z`).getUTCDay();
  const wall = { weekday, date, minute: hours * 60 + minutes };
  asked.set(key, wall);
  return wall;
}

/** The first window that holds at an instant; -1 = none. Shares no code with the engine. */
export function oracleWindow({ timeZone, windows }: TimeWindows, atMs: number): number {
  const { weekday, date, minute } = wallTime(timeZone, atMs);
  const day = Date.parse(`${date}T00:00:00Z`) / 86_400_000;
  const isOn = (window: TimeWindows['windows'][number], back: 0 | 1): boolean =>
    window.everyDay || window.days.has((weekday + 7 - back) % 7) || window.dates.has(day - back);
  for (const [index, window] of windows.entries()) {
    const { fromMinute, toMinute } = window;
    const overMidnight = toMinute <= fromMinute;
    if (!overMidnight && fromMinute <= minute && minute < toMinute && isOn(window, 0)) return index;
    if (overMidnight && minute >= fromMinute && isOn(window, 0)) return index;
    if (overMidnight && minute < toMinute && isOn(window, 1)) return index;
  }
  return -1;
}
