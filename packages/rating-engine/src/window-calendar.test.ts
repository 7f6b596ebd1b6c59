import { expect, test } from 'vitest';
import { windowCalendar } from './window-calendar.ts';

const NINE = 9 * 60;

function calendarOf(fromMinute: number, toMinute: number) {
  const window = { id: 'some', everyDay: true, days: new Set<number>(), dates: new Set<number>() };
  return windowCalendar({ timeZone: 'UTC', windows: [{ ...window, fromMinute, toMinute }] });
}

function at(calendar: ReturnType<typeof calendarOf>, instant: string) {
  const { window, untilMs } = calendar.at(Date.parse(instant), { window: 0, untilMs: 0 });
  return [window, new Date(untilMs).toISOString()];
}

test('a stretch goes on over midnight where nothing changes then', () => {
  const calendar = calendarOf(NINE, 17 * 60);
  expect(at(calendar, '2020-01-15T18:00:00Z')).toEqual([-1, '2020-01-16T09:00:00.000Z']);
  expect(at(calendar, '2020-01-15T09:00:00Z')).toEqual([0, '2020-01-15T17:00:00.000Z']);
});

test('a window that ends when it begins holds all day', () => {
  const calendar = calendarOf(NINE, NINE);
  for (const hour of ['00', '08', '09', '23']) expect(at(calendar, `2020-01-15T${hour}:30:00Z`)[0]).toBe(0);
});
