import { expect, test } from 'vitest';
import { until } from './until.ts';

test.each([
  ['answers at once', () => false],
  ['answers later', async () => new Promise<boolean>((resolve) => setImmediate(resolve, false))],
  ['never answers', async () => new Promise<boolean>(() => undefined)],
])('a condition that does not hold and %s ends with the deadline', async (_, condition) => {
  await expect(until('it holds', condition, 20)).rejects.toThrow('not within 20 ms: it holds');
});

test('a condition that holds at last is waited for', async () => {
  let asked = 0;
  await until('asked twice', () => (asked += 1) === 2);
  expect(asked).toBe(2);
});
