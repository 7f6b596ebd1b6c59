import { expect, test } from 'vitest';
import { parseInstant } from './instant.ts';

test.each([
  ['2020-02-29T00:00:00Z', Date.UTC(2020, 1, 29)],
  ['2020-12-31T23:59:59.999Z', Date.UTC(2020, 11, 31, 23, 59, 59, 999)],
  ['2020-01-01T00:30:00+10:30', Date.UTC(2019, 11, 31, 14)],
])('%s', (text, ms) => {
  expect(parseInstant(text)).toBe(ms);
});

test.each([
  '2020-00-15T00:00:00Z',
  '2020-13-01T00:00:00Z',
  '2020-01-00T00:00:00Z',
  '2019-02-29T00:00:00Z',
  '2020-04-31T00:00:00Z',
  '0020-01-01T00:00:00Z',
  '2020-01-01T24:00:00Z',
  '2020-01-01T00:00:60Z',
  '2020-01-01T00:00:00',
])('%s is no instant', (text) => {
  expect(parseInstant(text)).toBeNaN();
});
