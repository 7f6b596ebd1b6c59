import { expect, test } from 'vitest';
import { parseDurationMs, parseInstantMs } from './duration.ts';

test.each([
  ['61s', 61_000],
  ['89.999s', 89_999],
  ['1h1m1.001s', 3_661_001],
  ['0.5m', 30_000],
  ['250ms', 250],
  ['0s', 0],
  ['1.10s', 1_100],
])('%s', (text, ms) => {
  expect(parseDurationMs(text, '--duration')).toBe(ms);
});

test.each(['61', '-61s', '', '1e3s', '0.0001s', '0.5ms', '1.0000000000001s', '1s ', '1 s'])(
  '%j is no duration that a call can have',
  (text) => {
    expect(() => parseDurationMs(text, '--duration')).toThrow('--duration');
  },
);

test.each([
  ['2020-01-15T10:00:00Z', Date.UTC(2020, 0, 15, 10)],
  ['2020-01-15T10:00Z', Date.UTC(2020, 0, 15, 10)],
  ['2020-01-15T10:00+10:30', Date.UTC(2020, 0, 14, 23, 30)],
  ['2020-02-29T10:00:00.125-0500', Date.UTC(2020, 1, 29, 15, 0, 0, 125)],
])('%s', (text, ms) => {
  expect(parseInstantMs(text, '--answered')).toBe(ms);
});

// Date.parse takes the first of these for 1 March, and so the call into another month of included minutes.
test.each(['2020-02-30T00:00:00Z', '2020-00-01T00:00:00Z', '2020-01-15T10:00:00', 'Jan 15 2020 10:00Z', ''])(
  '%j is no instant',
  (text) => {
    expect(() => parseInstantMs(text, '--answered')).toThrow('--answered');
  },
);
