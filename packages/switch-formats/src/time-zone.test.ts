import { describe, expect, it } from 'vitest';
import { timeZone } from './time-zone.ts';
import { dateTimeInstants, epochMs } from './times.ts';

const at = (text: string, zone?: string): string[] =>
  dateTimeInstants(text, zone).map((instant) => new Date(instant).toISOString());

describe('local times', () => {
  it.each([
    ['2020-01-15 12:00:00', 'America/New_York', ['2020-01-15T17:00:00.000Z']],
    ['2020-07-15 12:00:00.250', 'America/New_York', ['2020-07-15T16:00:00.250Z']],
    ['2020-11-01 01:30:00', 'America/New_York', ['2020-11-01T05:30:00.000Z', '2020-11-01T06:30:00.000Z']],
    ['2020-03-08 02:30:00', 'America/New_York', ['2020-03-08T07:30:00.000Z']],
    ['2020-03-08 01:59:59', 'America/New_York', ['2020-03-08T06:59:59.000Z']],
    ['2020-03-08 03:00:00', 'America/New_York', ['2020-03-08T07:00:00.000Z']],
    ['2019-02-16 23:30:00', 'America/Sao_Paulo', ['2019-02-17T01:30:00.000Z', '2019-02-17T02:30:00.000Z']],
    ['2020-04-05 01:45:00', 'Australia/Lord_Howe', ['2020-04-04T14:45:00.000Z', '2020-04-04T15:15:00.000Z']],
    ['2020-12-31 23:59:59', 'Asia/Kathmandu', ['2020-12-31T18:14:59.000Z']],
    ['2020-01-01 00:00:00', 'UTC', ['2020-01-01T00:00:00.000Z']],
  ])('%s in %s is %o', (text, zone, instants) => {
    expect(at(text, zone)).toEqual(instants);
  });

  it('takes a written offset before the zone', () => {
    expect(at('2020-01-15T12:00:00+05:30', 'America/New_York')).toEqual(['2020-01-15T06:30:00.000Z']);
    expect(at('2020-01-15T12:00:00Z')).toEqual(['2020-01-15T12:00:00.000Z']);
  });

  it.each([
    '2020-02-30 12:00:00',
    '2020-01-15 24:00:00',
    '2020-01-15 12:60:00',
    '2020-13-01 00:00:00',
    'yesterday',
    '',
  ])('reads nothing out of %o', (text) => expect(at(text, 'UTC')).toEqual([]));

  it('agrees with Intl at every hour of a year', () => {
    const zone = timeZone('Europe/Lisbon');
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'Europe/Lisbon',
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    for (let hour = 0; hour < 366 * 24; hour += 1) {
      const instant = Date.UTC(2020, 0, 1, hour);
      const wall = Date.parse(`${format.format(instant).replace(' ', 'T')}Z`);
      expect(zone.offsetAt(instant)).toBe(wall - instant);
      expect(zone.instantsOf(wall)).toContain(instant);
    }
  });

  it('refuses a zone that does not exist', () => {
    expect(() => timeZone('Mars/Olympus')).toThrow(
      expect.objectContaining({ code: 'TOLL_IMPORT_TIME_ZONE_UNKNOWN' }),
    );
  });
});

describe('epoch seconds', () => {
  it.each([
    ['1795434290.061953', 1795434290061],
    ['1795434290', 1795434290000],
    ['0', 0],
    ['1.5', 1500],
    ['-1', null],
    ['1e9', null],
    ['1.2.3', null],
    ['.5', null],
    ['7.0049', 7004],
    ['', null],
    ['99999999999999', null],
    ['999999999999', null],
  ])('%s is %s', (text, ms) => expect(epochMs(text)).toBe(ms));
});
