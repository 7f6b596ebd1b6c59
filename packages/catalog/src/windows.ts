/** Windows of a tariff: times of the week and of holidays at which its rows may have rates of their own. */
import { type FieldReader, isObject, sequenceLength, yamlFields } from './fields.ts';
import type { TimeWindow, TimeWindows } from './model.ts';
import type { ProblemList } from './problems.ts';
import type { Path, YamlFile } from './read-yaml.ts';

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const WEEKDAY_NAMES = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const DAY_MINUTES = 1440;
const WEEK_MINUTES = 7 * DAY_MINUTES;
const DAY_MS = 86_400_000;

/** Days of holidays by the name of their calendar; a day is counted from 1970-01-01. */
export type HolidayCalendars = ReadonlyMap<string, ReadonlySet<number>>;

export function readHolidays(head: YamlFile | null, problems: ProblemList): HolidayCalendars {
  const calendars = new Map<string, ReadonlySet<number>>();
  const written = isObject(head?.value) ? head.value['holidays'] : null;
  if (head === null || !isObject(written)) return calendars;
  for (const name of Object.keys(written)) {
    calendars.set(name, readDays(head, ['holidays', name], written[name], problems));
  }
  return calendars;
}

/** @returns null when the tariff has no windows */
export function readWindows(
  yaml: YamlFile,
  defaults: { readonly timeZone: string; readonly holidays: HolidayCalendars },
  reader: FieldReader,
  problems: ProblemList,
): TimeWindows | null {
  const timeZone = reader.timeZone(yamlFields(yaml, []), 'time_zone', defaults.timeZone);
  const written = isObject(yaml.value) ? yaml.value['windows'] : null;
  const windows: TimeWindow[] = [];
  for (let i = 0; i < sequenceLength(written); i++) {
    const path = ['windows', i] as const;
    const fields = yamlFields(yaml, path);
    const value = (written as unknown[])[i];
    if (!isObject(value)) continue;
    const id = fields.text('id') ?? '';
    if (windows.some((window) => window.id === id)) {
      problems.add('TOLL_CATALOG_ID_DUPLICATE', fields.place('id'), 'The tariff has this window twice');
    }
    const calendar = fields.text('holidays');
    const holidays = calendar === undefined ? undefined : defaults.holidays.get(calendar);
    if (calendar !== undefined && holidays === undefined) {
      const message = 'The catalog has no such holidays';
      problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', fields.place('holidays'), message);
    }
    const dates = readDays(yaml, [...path, 'dates'], value['dates'], problems);
    const weekdays = Array.isArray(value['days']) ? value['days'].map(String) : [];
    const window: TimeWindow = {
      id,
      days: new Set(weekdays.map((day) => WEEKDAYS.findIndex((name) => name === day))),
      dates: new Set([...(holidays ?? []), ...dates]),
      everyDay: value['days'] === undefined && value['dates'] === undefined && calendar === undefined,
      fromMinute: reader.timeOfDay(fields, 'from', 0),
      toMinute: reader.timeOfDay(fields, 'to', DAY_MINUTES),
    };
    if (window.fromMinute === window.toMinute) {
      problems.add('TOLL_CATALOG_TIME_INVALID', fields.place('to'), 'The window ends where it begins');
    }
    windows.push(window);
  }
  return windows.length === 0 ? null : { timeZone, windows };
}

function readDays(yaml: YamlFile, path: Path, value: unknown, problems: ProblemList): Set<number> {
  const days = new Set<number>();
  for (let i = 0; i < sequenceLength(value); i++) {
    const text = String((value as unknown[])[i]);
    const at = Date.parse(`${text}T00:00:00Z`);
    if (/^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(at).toISOString().startsWith(text))
      days.add(at / DAY_MS);
    else problems.add('TOLL_CATALOG_DATE_INVALID', yaml.place([...path, i]), 'This is no date');
  }
  return days;
}

/**
 * The first stretch of the week at which none of the windows holds, in words; null when there is none. Dates count for nothing:
 * they do not come every week.
 */
export function weeklyGap(windows: readonly TimeWindow[]): string | null {
  const covered = new Uint8Array(WEEK_MINUTES);
  for (const { everyDay, days, fromMinute, toMinute } of windows) {
    const length = toMinute > fromMinute ? toMinute - fromMinute : toMinute - fromMinute + DAY_MINUTES;
    for (let day = 0; day < 7; day++) {
      if (!everyDay && !days.has(day)) continue;
      const start = day * DAY_MINUTES + fromMinute;
      for (let minute = start; minute < start + length; minute++) covered[minute % WEEK_MINUTES] = 1;
    }
  }
  const from = covered.indexOf(0);
  if (from < 0) return null;
  const end = covered.indexOf(1, from);
  return `from ${weekTime(from)} to ${weekTime(end < 0 ? WEEK_MINUTES : end)}`;
}

function weekTime(minute: number): string {
  const ofDay = minute % DAY_MINUTES;
  const clock = `${String(Math.floor(ofDay / 60)).padStart(2, '0')}:${String(ofDay % 60).padStart(2, '0')}`;
  return `${WEEKDAY_NAMES[Math.floor(minute / DAY_MINUTES) % 7]} ${clock}`;
}
