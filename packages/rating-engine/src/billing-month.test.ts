import { describe, expect, it } from 'vitest';
import { billingMonths } from './billing-month.ts';

describe('the billing month', () => {
  it.each([
    ['UTC', '2020-01-31T23:59:59.999Z', 202001],
    ['UTC', '2020-02-01T00:00:00.000Z', 202002],
    ['America/New_York', '2020-02-01T04:59:59.999Z', 202001],
    ['America/New_York', '2020-02-01T05:00:00.000Z', 202002],
    // Summer time ended that morning, after the border.
    ['America/New_York', '2020-11-01T03:59:59.999Z', 202010],
    ['America/New_York', '2020-11-01T04:00:00.000Z', 202011],
    ['America/Sao_Paulo', '2020-02-01T02:59:59.999Z', 202001],
    ['America/Sao_Paulo', '2020-02-01T03:00:00.000Z', 202002],
    ['Asia/Kolkata', '2020-01-31T18:30:00.000Z', 202002],
    ['Pacific/Kiritimati', '2019-12-31T10:00:00.000Z', 202001],
    ['Pacific/Kiritimati', '2019-12-31T09:59:59.999Z', 201912],
    // Midnight of the first was skipped by the clocks.
    ['Asia/Amman', '2011-03-31T21:59:59.999Z', 201103],
    ['Asia/Amman', '2011-03-31T22:00:00.000Z', 201104],
    // Beyond the kept borders.
    ['America/New_York', '1985-07-01T03:59:59.999Z', 198506],
    ['America/New_York', '2200-01-01T05:00:00.000Z', 220001],
  ])('%s %s → %i', (zone, instant, expected) => {
    expect(billingMonths(zone).of(Date.parse(instant))).toBe(expected);
  });

  it('agrees with Intl at every hour around every border of thirty years', () => {
    const zone = 'America/New_York';
    const months = billingMonths(zone);
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, year: 'numeric', month: '2-digit' });
    for (let month = 0; month < 360; month += 5)
      for (let hour = -12; hour <= 12; hour++) {
        const at = Date.UTC(2000, month, 1, hour);
        expect(months.of(at)).toBe(Number(format.format(at).replace('-', '')));
      }
  });

  it('refuses an unknown zone', () => {
    expect(() => billingMonths('Mars/Olympus')).toThrow(RangeError);
  });
});

it.each([
  // The first and the last months whose borders are kept, and those beside them, which are asked of Intl.
  ['1990-01-01T00:00:00.000Z', 199001],
  ['1989-12-31T23:59:59.999Z', 198912],
  ['1990-02-01T00:00:00.000Z', 199002],
  ['1990-03-31T23:59:59.999Z', 199003],
  ['2109-10-31T23:59:59.999Z', 210910],
  ['2109-11-30T23:59:59.999Z', 210911],
  ['2109-12-31T23:59:59.999Z', 210912],
  ['2110-01-01T00:00:00.000Z', 211001],
  ['2110-03-01T00:00:00.000Z', 211003],
])('of %s is %i, before and after its neighbours were asked for', (instant, expected) => {
  const months = billingMonths('Etc/UTC');
  const at = Date.parse(instant);
  expect(months.timeZone).toBe('Etc/UTC');
  expect(months.of(at)).toBe(expected);
  const days = 86_400_000;
  for (const beside of [-40 * days, -days, days, 40 * days]) {
    const wall = new Date(at + beside);
    expect(months.of(at + beside)).toBe(wall.getUTCFullYear() * 100 + wall.getUTCMonth() + 1);
    expect(months.of(at)).toBe(expected);
  }
});
