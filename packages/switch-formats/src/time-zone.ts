import { ImportError } from './errors.ts';

/** A zone's offsets: `offsets[i]` holds from `starts[i]` (ms UTC) on. */
interface ZoneYear {
  readonly starts: readonly number[];
  readonly offsets: readonly number[];
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const zones = new Map<string, TimeZone>();

/** @throws ImportError TOLL_IMPORT_TIME_ZONE_UNKNOWN */
export function timeZone(name: string): TimeZone {
  let zone = zones.get(name);
  if (zone === undefined) {
    zone = new TimeZone(name);
    zones.set(name, zone);
  }
  return zone;
}

/** Wall clock times of one IANA zone. Transitions are searched once per year and kept. */
export class TimeZone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #years = new Map<number, ZoneYear>();

  constructor(name: string) {
    this.name = name;
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      throw new ImportError(
        'TOLL_IMPORT_TIME_ZONE_UNKNOWN',
        `There is no time zone ${JSON.stringify(name)}.`,
      );
    }
  }

  /** Local time minus UTC, ms, at an instant. */
  offsetAt(utcMs: number): number {
    const { starts, offsets } = this.#year(new Date(utcMs).getUTCFullYear());
    let i = starts.length - 1;
    while (i > 0 && starts[i]! > utcMs) i--;
    return offsets[i]!;
  }

  /**
   * Instants that a wall clock time can mean, ascending: one; two in the hour that a clock put back shows twice; and for an
   * hour that a clock put forward leaves out, the instant reached with the offset before it (02:30 → 03:30).
   * @param wallMs the wall clock time as if it were UTC
   */
  instantsOf(wallMs: number): number[] {
    const before = this.offsetAt(wallMs - DAY_MS);
    const after = this.offsetAt(wallMs + DAY_MS);
    if (before === after) return [wallMs - before];
    const instants = [wallMs - before, wallMs - after].filter(
      (at, i) => this.offsetAt(at) === (i === 0 ? before : after),
    );
    if (instants.length === 0) return [wallMs - before];
    return instants.sort((a, b) => a - b);
  }

  #year(year: number): ZoneYear {
    let found = this.#years.get(year);
    if (found === undefined) {
      found = this.#searchYear(year);
      this.#years.set(year, found);
    }
    return found;
  }

  #searchYear(year: number): ZoneYear {
    const begin = Date.UTC(year, 0, 1);
    const end = Date.UTC(year + 1, 0, 1);
    const starts = [begin];
    const offsets = [this.#askOffset(begin)];
    for (let day = begin; day < end; day += DAY_MS) {
      const known = offsets.at(-1)!;
      if (this.#askOffset(day + DAY_MS) === known) continue;
      let low = day;
      let high = day + DAY_MS;
      while (high - low > MINUTE_MS) {
        const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
        if (this.#askOffset(middle) === known) low = middle;
        else high = middle;
      }
      starts.push(high);
      offsets.push(this.#askOffset(high));
    }
    return { starts, offsets };
  }

  #askOffset(utcMs: number): number {
    const part: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(utcMs)) part[type] = Number(value);
    const wall = Date.UTC(
      part['year']!,
      part['month']! - 1,
      part['day'],
      part['hour'],
      part['minute'],
      part['second'],
    );
    return wall - Math.floor(utcMs / 1000) * 1000;
  }
}
