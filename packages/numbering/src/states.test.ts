import { expect, it } from 'vitest';
import { AREA_CODES } from './area-codes.ts';
import { classify } from './classify.ts';
import { countryOfArea, countryWithStates, relationOf, stateName, stateOf } from './states.ts';

const relation = (a: number, b: number): string => relationOf(stateOf(a), stateOf(b));

it.each([
  [12125550100, 15185550199, 'intrastate', 'two area codes of New York'],
  [12125550100, 12015550199, 'interstate', 'New York and New Jersey'],
  [12125550100, 17875550199, 'interstate', 'Puerto Rico counts as a state'],
  [17875550100, 19395550199, 'intrastate', 'both area codes of Puerto Rico'],
  [13405550100, 16715550199, 'interstate', 'two territories'],
  [12125550100, 14165550199, 'international', 'Canada is abroad'],
  [14165550100, 16135550199, 'intrastate', 'two area codes of Ontario'],
  [14165550100, 15145550199, 'interstate', 'Ontario and Quebec'],
  [19025550100, 17825550199, 'indeterminate', 'both of Nova Scotia and Prince Edward Island'],
  [19025550100, 14165550199, 'interstate', 'neither of the two is Ontario'],
  [18765550100, 16585550199, '', 'Jamaica has no states'],
  [18765550100, 18095550199, 'international', 'Jamaica and the Dominican Republic'],
])('%i and %i: %s (%s)', (a, b, expected) => {
  expect(relation(a, b)).toBe(expected);
  expect(relation(b, a)).toBe(expected);
});

it.each([
  [18005550100, 'toll-free'],
  [19005550100, 'premium'],
  [15005550100, 'personal'],
  [5511987650123, 'Brazil'],
  [0, 'nobody'],
  [1212555, 'too short'],
])('knows no state of %i (%s)', (number) => {
  expect(stateOf(number)).toBe(0);
  expect(stateName(number)).toBe('');
});

it('gives every area code a place, and two the same one only where country and regions are the same', () => {
  const names = new Map<number, string>();
  for (const { areaCode } of AREA_CODES.values()) {
    const number = 1e10 + areaCode * 1e7;
    const code = stateOf(number);
    expect(code).toBeGreaterThan(0);
    expect(names.get(code) ?? stateName(number)).toBe(stateName(number));
    names.set(code, stateName(number));
  }
  expect(new Set(names.values()).size).toBe(names.size);
});

it('names places, and tells countries with states', () => {
  expect(stateName(12125550100)).toBe('US NY');
  expect(stateName(19025550100)).toBe('CA NS/PE');
  expect(stateName(18765550100)).toBe('JM');
  expect(['US', 'PR', 'CA', 'JM', 'BR', ''].map(countryWithStates)).toEqual(['US', 'US', 'CA', '', '', '']);
});

it('knows the country of every area code as the classification does', () => {
  for (const { areaCode } of AREA_CODES.values()) {
    const number = 1e10 + areaCode * 1e7 + 5_550_100;
    expect(countryOfArea(number)).toBe(classify(number, { country: '', numberClass: 'unknown' }).country);
  }
  expect([18005550100, 5511987650123, 0].map(countryOfArea)).toEqual(['', '', '']);
});
