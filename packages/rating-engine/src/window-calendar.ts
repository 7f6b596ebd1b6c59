import type { TimeWindow, TimeWindows } from '@tollstream/catalog';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const DAY_MINUTES = 1440;
const SPAN_MS = 32 * DAY_MS;

/** Which window holds, and until when at least. */
export interface WindowStretch {
  /** Position in `TimeWindows.windows`; -1 = none holds. */
  window: number;
  /** The next instant at which it may be another one. */
  untilMs: number;
}

/** The windows of a tariff as stretches of time. */
export interface WindowCalendar {
  /** @param out filled and returned */
  at(atMs: number, out: WindowStretch): WindowStretch;
}

/** Borders within `SPAN_MS`: from `starts[i]` on `windows[i]` holds. */
interface Span {
  readonly starts: Float64Array;
  readonly windows: Int16Array;
  readonly endMs: number;
}

/**
 * Which window holds is a matter of the clock on the wall in the tariff's zone: where it goes back an hour, the hour
 * is passed twice. The borders of some 32 days are worked out when the first call of these days comes, and kept; a look-up asks no calendar.
 */
export function windowCalendar({ timeZone, windows }: TimeWindows): WindowCalendar {
  const spans = new Map<number, Span>();
  const turns = turnsOfDay(windows);

  return {
    at(atMs, out) {
      const number = Math.floor(atMs / SPAN_MS);
      let span = spans.get(number);
      if (span === undefined) {
        span = makeSpan(number * SPAN_MS);
        spans.set(number, span);
      }
      const { starts } = span;
      let low = 0;
      let high = starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (starts[middle]! <= atMs) low = middle;
        else high = middle - 1;
      }
      out.window = span.windows[low]!;
      out.untilMs = low + 1 < starts.length ? starts[low + 1]! : span.endMs;
      return out;
    },
  };

  function makeSpan(beginMs: number): Span {
    const starts: number[] = [];
    const found: number[] = [];
    const endMs = beginMs + SPAN_MS;
    for (const { fromMs, toMs, offsetMs } of offsetsOf(timeZone, beginMs)) {
      const firstDay = Math.floor((fromMs + offsetMs) / DAY_MS);
      const lastDay = Math.floor((toMs + offsetMs - 1) / DAY_MS);
      // A clock may be set to any time of the day.
      const minute = Math.floor((fromMs + offsetMs - firstDay * DAY_MS) / MINUTE_MS);
      push(fromMs, windowAt(windows, firstDay, minute));
      for (let day = firstDay; day <= lastDay; day++) {
        for (const turn of turns) {
          const at = day * DAY_MS + turn * MINUTE_MS - offsetMs;
          if (at > fromMs && at < toMs) push(at, windowAt(windows, day, turn));
        }
      }
    }
    return { starts: Float64Array.from(starts), windows: Int16Array.from(found), endMs };

    function push(at: number, window: number): void {
      if (found.at(-1) === window) return;
      starts.push(at);
      found.push(window);
    }
  }
}

/** Minutes of the day at which a window may begin or end, ascending. */
function turnsOfDay(windows: readonly TimeWindow[]): number[] {
  const minutes = windows.flatMap(({ fromMinute, toMinute }) => [fromMinute, toMinute % DAY_MINUTES]);
  return [...new Set([0, ...minutes])].sort((a, b) => a - b);
}

/** @param day counted from 1970-01-01 on the wall */
function windowAt(windows: readonly TimeWindow[], day: number, minute: number): number {
  return windows.findIndex((window) => {
    const { fromMinute, toMinute } = window;
    if (fromMinute < toMinute) return minute >= fromMinute && minute < toMinute && holdsOn(window, day);
    return (minute >= fromMinute && holdsOn(window, day)) || (minute < toMinute && holdsOn(window, day - 1));
  });
}

function holdsOn({ everyDay, days, dates }: TimeWindow, day: number): boolean {
  // 1970-01-01 was a Thursday.
  return everyDay || days.has((((day + 4) % 7) + 7) % 7) || dates.has(day);
}

/** Offset of the clock on the wall from UTC at an instant, ms. */
export type WallClock = (atMs: number) => number;

const clocks = new Map<string, WallClock>();
const offsets = new Map<string, readonly OffsetStretch[]>();

/** The clock on the wall is this far ahead of UTC. */
interface OffsetStretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offsetMs: number;
}

/** Found once for all tariffs of a zone. */
function offsetsOf(timeZone: string, beginMs: number): readonly OffsetStretch[] {
  const key = `${timeZone} ${beginMs}`;
  let found = offsets.get(key);
  if (found === undefined) {
    found = [...stretchesOfOneOffset(beginMs, beginMs + SPAN_MS, wallClock(timeZone))];
    offsets.set(key, found);
  }
  return found;
}

/** @throws RangeError on an unknown zone */
export function wallClock(timeZone: string): WallClock {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = makeClock(timeZone);
    clocks.set(timeZone, clock);
  }
  return clock;
}

function makeClock(timeZone: string): WallClock {
  if (timeZone === 'UTC' || timeZone === 'Etc/UTC') return () => 0;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (atMs) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(atMs)) part[type] = Number(value);
    const wall = Date.UTC(
      part['year']!,
      part['month']! - 1,
      part['day'],
      part['hour'],
      part['minute'],
      part['second'],
    );
    return wall - Math.floor(atMs / 1000) * 1000;
  };
}

/** No zone changed its clock twice within so short a time. */
const SAMPLE_MS = DAY_MS;

function* stretchesOfOneOffset(fromMs: number, toMs: number, clock: WallClock): Generator<OffsetStretch> {
  let start = fromMs;
  let offsetMs = clock(fromMs);
  for (let at = fromMs; at < toMs; at += SAMPLE_MS) {
    const next = Math.min(at + SAMPLE_MS, toMs);
    const after = clock(next);
    if (after === offsetMs) continue;
    // Bisects to the second: clocks are changed at whole ones.
    let before = at / 1000;
    let changed = next / 1000;
    while (changed - before > 1) {
      const middle = Math.floor((before + changed) / 2);
      if (clock(middle * 1000) === offsetMs) before = middle;
      else changed = middle;
    }
    yield { fromMs: start, toMs: changed * 1000, offsetMs };
    start = changed * 1000;
    offsetMs = after;
  }
  if (start < toMs) yield { fromMs: start, toMs, offsetMs };
}
