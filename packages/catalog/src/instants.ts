/** Dates of catalog files to instants. */

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const INSTANT = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,3}))?(Z|[+-]\d{2}:\d{2})$/;
const DAY_MS = 86_400_000;

/** By zone: making one takes longer than reading an account, and accounts share few zones. */
const clocks = new Map<string, Intl.DateTimeFormat>();

export function isTimeZone(zone: string): boolean {
  try {
    clockOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** @throws RangeError when there is no such zone */
function clockOf(zone: string): Intl.DateTimeFormat {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    clocks.set(zone, clock);
  }
  return clock;
}

/** What dates and instants were found to be, by zone and text: finding out takes longer than reading an account, and accounts began on few days. */
const parsed = new Map<string, Map<string, number | null>>();
const PARSED_OF_ZONE_MAX = 16_384;

/**
 * @param text a date, which is its midnight in `zone`, or an instant with Z or an offset
 * @returns ms since epoch UTC, or null when it is neither or no day of the calendar
 */
export function parseInstant(text: string, zone = 'UTC'): number | null {
  let ofZone = parsed.get(zone);
  if (ofZone === undefined) parsed.set(zone, (ofZone = new Map<string, number | null>()));
  let instant = ofZone.get(text);
  if (instant === undefined) {
    instant = findInstant(text, zone);
    if (ofZone.size >= PARSED_OF_ZONE_MAX) ofZone.clear();
    ofZone.set(text, instant);
  }
  return instant;
}

function findInstant(text: string, zone: string): number | null {
  const date = DATE.exec(text);
  if (date !== null) {
    const midnight = utcMidnight(text);
    return midnight === null ? null : midnightInZone(midnight, zone);
  }
  const instant = INSTANT.exec(text);
  if (instant === null || utcMidnight(instant[1]!) === null) return null;
  if (Number(instant[2]) > 23 || Number(instant[3]) > 59 || Number(instant[4]) > 59) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

function utcMidnight(date: string): number | null {
  const parsed = Date.parse(`${date}T00:00:00Z`);
  // Date rolls February 30 over into March.
  if (Number.isNaN(parsed) || new Date(parsed).toISOString().slice(0, 10) !== date) return null;
  return parsed;
}

/** First instant of a civil day in the zone. @param midnight the same day's midnight in UTC, ms */
function midnightInZone(midnight: number, zone: string): number {
  if (zone === 'UTC') return midnight;
  const format = clockOf(zone);
  function civil(at: number): number {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
    return Date.UTC(
      part['year']!,
      part['month']! - 1,
      part['day'],
      part['hour'],
      part['minute'],
      part['second'],
    );
  }
  // The first instant whose civil time is not before midnight; where the clock skips midnight that is the hour after it.
  // Clocks are off by whole seconds, so seconds are enough to look at.
  let low = (midnight - DAY_MS) / 1000;
  let high = (midnight + DAY_MS) / 1000;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (civil(middle * 1000) >= midnight) high = middle;
    else low = middle + 1;
  }
  return low * 1000;
}
