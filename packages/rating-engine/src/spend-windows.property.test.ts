import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spendPeriods } from './spend-windows.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_115);
const ZONES = [
  'UTC',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
  'Pacific/Apia',
];

/** What the clock on the wall shows, to the hour. */
function wall(atMs: number, timeZone: string): string {
  return clocks[timeZone]!.format(atMs);
}

const clocks = Object.fromEntries(
  ZONES.map((timeZone) => [
    timeZone,
    new Intl.DateTimeFormat('sv-SE', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      hourCycle: 'h23',
    }),
  ]),
);

const LENGTH = { hour: 13, day: 10, month: 7 } as const;
const MINUTE = 60_000;

describe('the periods of a zone', () => {
  it(`hold what the wall shows, from their first minute to their last (seed ${seed})`, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.constantFrom('hour' as const, 'day' as const, 'month' as const),
        fc.integer({ min: Date.UTC(2010, 0), max: Date.UTC(2035, 0) }),
        (timeZone, window, atMs) => {
          const { startMs, endMs } = spendPeriods(timeZone, window).of(atMs);
          const shown = (at: number) => wall(at, timeZone).slice(0, LENGTH[window]);
          expect(startMs <= atMs && atMs < endMs).toBe(true);
          expect([shown(startMs), shown(endMs - 1)]).toEqual([shown(atMs), shown(atMs)]);
          expect([shown(startMs - 1), shown(endMs)]).not.toContain(shown(atMs));
          expect(spendPeriods(timeZone, window).of(endMs).startMs).toBe(endMs);
          expect(spendPeriods(timeZone, window).of(startMs - 1).endMs).toBe(startMs);
        },
      ),
      { numRuns: 1_000, seed },
    );
  });

  it.each([
    ['America/New_York', 'hour', '2020-11-01T05:30Z', '2020-11-01T05:00Z', '2020-11-01T07:00Z'],
    ['America/New_York', 'hour', '2020-11-01T06:30Z', '2020-11-01T05:00Z', '2020-11-01T07:00Z'],
    ['America/New_York', 'hour', '2020-03-08T07:10Z', '2020-03-08T07:00Z', '2020-03-08T08:00Z'],
    ['America/New_York', 'day', '2020-11-01T12:00Z', '2020-11-01T04:00Z', '2020-11-02T05:00Z'],
    ['America/New_York', 'month', '2020-03-31T12:00Z', '2020-03-01T05:00Z', '2020-04-01T04:00Z'],
    ['Asia/Kolkata', 'hour', '2020-01-01T00:40Z', '2020-01-01T00:30Z', '2020-01-01T01:30Z'],
    ['Pacific/Apia', 'day', '2011-12-30T09:00Z', '2011-12-29T10:00Z', '2011-12-30T10:00Z'],
  ] as const)('of %s: the %s of %s', (timeZone, window, at, start, end) => {
    expect(spendPeriods(timeZone, window).of(Date.parse(at))).toEqual({
      startMs: Date.parse(start),
      endMs: Date.parse(end),
    });
  });

  it('of the months of a year follow each other', () => {
    const first = (month: number): number => Date.UTC(2020, month, 1);
    const months = Array.from({ length: 14 }, (_, month) =>
      spendPeriods('UTC', 'month').of(first(month) + 1),
    );
    expect(months).toEqual(months.map((_, month) => ({ startMs: first(month), endMs: first(month + 1) })));
  });

  it('stay themselves while calls come in any order', () => {
    const calendar = spendPeriods('Europe/London', 'hour');
    const first = calendar.of(Date.UTC(2020, 5, 1, 10, 30));
    for (let hour = 0; hour < 48; hour++) calendar.of(Date.UTC(2020, 5, 1) + hour * 60 * MINUTE);
    expect(calendar.of(Date.UTC(2020, 5, 1, 10, 59))).toEqual(first);
  });

  it('refuse a zone that does not exist', () => {
    expect(() => spendPeriods('Mars/Olympus', 'day')).toThrow(RangeError);
  });
});

it('begins a day once, where clocks were set back over midnight', () => {
  // On 2006-10-29 those of Newfoundland went from 00:01 back to 23:01: the 29th had begun a minute before, at 02:30 UTC.
  const day = spendPeriods('America/St_Johns', 'day').of(Date.parse('2006-10-29T03:00:00Z'));
  expect(day.startMs).toBe(Date.parse('2006-10-29T02:30:00Z'));
  expect(day.endMs).toBe(Date.parse('2006-10-30T03:30:00Z'));
  expect(spendPeriods('America/St_Johns', 'day').of(day.startMs - 1).endMs).toBe(day.startMs);
});

it.each([
  // The clock of Casey station went back from 04:00 to 01:00 at 17:00 UTC: each hour began when it was shown first.
  ['14:30', '14:00', '15:00'],
  ['15:30', '15:00', '16:00'],
  ['16:30', '16:00', '20:00'],
  ['17:30', '16:00', '20:00'],
  ['19:59', '16:00', '20:00'],
  ['20:00', '20:00', '21:00'],
])(
  'at %s of the day on which the clock went back three hours the hour is from %s to %s',
  (at, start, end) => {
    const instant = (time: string): number => Date.parse(`2018-03-10T${time}:00Z`);
    const hour = spendPeriods('Antarctica/Casey', 'hour').of(instant(at));
    expect(hour).toEqual({ startMs: instant(start), endMs: instant(end) });
  },
);

it('begin where the clock goes beyond their beginning, when that is within what is left out', () => {
  // From 00:01 to 01:01.
  const hour = (at: string) => spendPeriods('America/St_Johns', 'hour').of(Date.parse(at));
  expect(hour('2010-03-14T03:30:30Z')).toEqual({
    startMs: Date.parse('2010-03-14T03:30Z'),
    endMs: Date.parse('2010-03-14T03:31Z'),
  });
  expect(hour('2010-03-14T03:31:00Z')).toEqual({
    startMs: Date.parse('2010-03-14T03:31Z'),
    endMs: Date.parse('2010-03-14T04:30Z'),
  });
});
