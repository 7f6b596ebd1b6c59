import metadata from 'libphonenumber-js/metadata.max.json' with { type: 'json' };
import { describe, expect, it } from 'vitest';
import { AREA_CODES, areaCodeOf, classify } from './index.ts';

/** Area codes for which the metadata lists some geographic number of a North American country. */
function listedAreaCodes(): Map<number, string> {
  const listed = new Map<number, string>();
  for (const country of metadata.country_calling_codes['1'] ?? []) {
    const types = (metadata.countries as unknown as Record<string, unknown[]>)[country]![11] as (
      [string] | 0
    )[];
    const patterns = types.slice(0, 2).flatMap((type) => (type && type[0] !== '' ? [type[0]] : []));
    const geographic = new RegExp(`^(?:${patterns.join('|')})$`);
    for (let areaCode = 200; areaCode < 1_000; areaCode++) {
      for (let exchange = 200; exchange < 1_000 && listed.get(areaCode) !== country; exchange += 3) {
        if (geographic.test(`${areaCode}${exchange}1234`)) listed.set(areaCode, country);
      }
    }
  }
  return listed;
}

describe('North American area codes', () => {
  it('are all that the metadata lists, in the same countries', () => {
    const listed = listedAreaCodes();
    expect([...AREA_CODES.keys()].filter((code) => !listed.has(code))).toEqual([]);
    expect([...listed.keys()].filter((code) => !AREA_CODES.has(code))).toEqual([]);
    for (const [code, { country }] of AREA_CODES) expect([code, listed.get(code)]).toEqual([code, country]);
  });

  it('name each code once, with a zone that exists, and a state or province in the US and Canada', () => {
    const states = new Set<string>();
    for (const { country, regions, timeZone } of AREA_CODES.values()) {
      expect(() => new Intl.DateTimeFormat('en', { timeZone })).not.toThrow();
      expect(regions.length > 0).toBe(country === 'US' || country === 'CA');
      if (country === 'US') regions.forEach((region) => states.add(region));
    }
    expect(states.size).toBe(51);
  });

  it.each([
    [12125550100, 'NY', 'America/New_York'],
    [18505550100, 'FL', 'America/Chicago'],
    [19155550100, 'TX', 'America/Denver'],
    [14165550100, 'ON', 'America/Toronto'],
    [19025550100, 'NS,PE', 'America/Halifax'],
  ])('%i is in %s', (number, regions, timeZone) => {
    const area = areaCodeOf(number)!;
    expect([area.regions.join(), area.timeZone]).toEqual([regions, timeZone]);
  });

  it('are none for toll-free and foreign numbers', () => {
    expect(areaCodeOf(18005550100)).toBeNull();
    expect(areaCodeOf(442079460127)).toBeNull();
    expect(classify(18005550100, { country: '', numberClass: 'unknown' }).numberClass).toBe('toll_free');
  });
});
