import { timeZone } from './time-zone.ts';

/** Instants above this are no call times: the year 9999. */
const INSTANT_MS_MAX = 253_402_300_799_999;

/** Seconds since 1970 UTC with any number of decimals → ms, cut off, without floating point; null when it is no such text. */
export function epochMs(text: string): number | null {
  let point = text.length;
  let whole = 0;
  let milliseconds = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit >= 0 && digit <= 9) {
      if (at < point) whole = whole * 10 + digit;
      else if (at <= point + 3) milliseconds += digit * THOUSANDTHS[at - point]!;
    } else if (digit === POINT && point === text.length) {
      point = at;
    } else {
      return null;
    }
  }
  if (point === 0 || point > WHOLE_DIGITS_MAX) return null;
  const ms = whole * 1000 + milliseconds;
  return ms <= INSTANT_MS_MAX ? ms : null;
}

/** '.' as its distance from '0'. */
const POINT = -2;
const WHOLE_DIGITS_MAX = 12;
/** What a digit is worth by its place behind the point. */
const THOUSANDTHS = [0, 100, 10, 1];

const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?\s*(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * Instants that a written date and time can mean: several in the hour a clock put back shows twice, none when it is no time.
 * @param zone IANA zone of times that name none; undefined: such a time means nothing
 */
export function dateTimeInstants(text: string, zone: string | undefined): number[] {
  const match = DATE_TIME.exec(text);
  if (match === null) return [];
  const [, year, month, day, hour, minute, second, decimals, suffix] = match;
  const wall = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second!);
  // Date.UTC carries over what does not exist (31 April); such a text is no time.
  const date = new Date(wall);
  if (
    date.getUTCMonth() !== +month! - 1 ||
    date.getUTCDate() !== +day! ||
    date.getUTCHours() !== +hour! ||
    +minute! > 59 ||
    +second! > 59
  )
    return [];
  const ms = decimals === undefined ? 0 : Number(decimals.slice(0, 3).padEnd(3, '0'));
  if (suffix === 'Z') return [wall + ms];
  if (suffix !== undefined) {
    const minutes = Number(suffix.slice(1, 3)) * 60 + Number(suffix.slice(-2));
    return [wall + ms - (suffix[0] === '-' ? -1 : 1) * minutes * 60_000];
  }
  if (zone === undefined) return [];
  return timeZone(zone).instantsOf(wall + ms);
}

/** Epoch seconds or a written time, the earlier instant when there are two; null when it is neither. */
export function anyInstant(text: string, zone: string | undefined): number | null {
  return epochMs(text) ?? dateTimeInstants(text, zone)[0] ?? null;
}

/** Of the instants a time can mean the one nearest to what is known from elsewhere; the earlier of equals. */
function nearest(instants: readonly number[], hint: number): number {
  let best = instants[0]!;
  for (const instant of instants) if (Math.abs(instant - hint) < Math.abs(best - hint)) best = instant;
  return best;
}

export interface WrittenTimes {
  readonly start: string;
  /** '' when nobody answered. */
  readonly answer: string;
  readonly end: string;
  /** Whole seconds; null when not known. */
  readonly durationSeconds: number | null;
  readonly billableSeconds: number | null;
  readonly zone: string | undefined;
  /** Start as another clock in the record tells it, ms UTC. */
  readonly startHintMs: number | null;
}

/**
 * Start, answer and end of a record with wall clock times. In the hour shown twice the record's own hint and durations decide;
 * without them the earlier instant.
 * @returns null when a time cannot be read
 */
export function resolveWrittenTimes(
  times: WrittenTimes,
): { startedAt: number; answeredAt: number | null; endedAt: number } | null {
  const starts = dateTimeInstants(times.start, times.zone);
  const ends = dateTimeInstants(times.end, times.zone);
  if (starts.length === 0 || ends.length === 0) return null;
  let startedAt = starts[0]!;
  if (starts.length > 1) {
    if (times.startHintMs !== null) startedAt = nearest(starts, times.startHintMs);
    else if (times.durationSeconds !== null && ends.length === 1) {
      startedAt = nearest(starts, ends[0]! - times.durationSeconds * 1000);
    }
  }
  const endedAt =
    times.durationSeconds === null
      ? (ends.find((end) => end >= startedAt) ?? ends[0]!)
      : nearest(ends, startedAt + times.durationSeconds * 1000);
  if (times.answer === '') return { startedAt, answeredAt: null, endedAt };
  const answers = dateTimeInstants(times.answer, times.zone);
  if (answers.length === 0) return null;
  const answeredAt =
    times.billableSeconds === null
      ? (answers.find((answer) => answer >= startedAt) ?? answers[0]!)
      : nearest(answers, endedAt - times.billableSeconds * 1000);
  return { startedAt, answeredAt, endedAt };
}
