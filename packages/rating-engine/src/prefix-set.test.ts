import { expect, it } from 'vitest';
import { PrefixSet } from './prefix-set.ts';

it.each<[readonly string[], number, number]>([
  [[], 14155550199, 0],
  [['1787555'], 17875550123, 1787555],
  [['1787555'], 17875540123, 0],
  // The longest, in whatever order they come.
  [['44', '442071', '4420'], 442071234567, 442071],
  [['442071', '4420', '44'], 442081234567, 4420],
  [['44', '4420', '442071'], 441131234567, 44],
  // A number that is the prefix, one that is shorter, and those of a power of ten.
  [['1787555'], 1787555, 1787555],
  [['1787555'], 178755, 0],
  [['1000'], 1000, 1000],
  [['10000'], 10_000, 10_000],
  [['100'], 100, 100],
  [['9'], 9, 9],
  [['1', '12'], 1, 1],
  [['1000000'], 10_000_000_000, 1_000_000],
  [['999'], 9_999_999_999, 999],
  [['999999'], 999_999_999_999_999, 999_999],
  // Four digits and less of a head.
  [['411'], 4110, 411],
  [['4115'], 4110, 0],
  [['44'], 4499, 44],
  [['44'], 4500, 0],
  [['44'], 4399, 0],
  [['44'], 0, 0],
])('of %j, %i begins with %i', (prefixes, number, longest) => {
  expect(new PrefixSet(prefixes).match(number)).toBe(longest);
});
