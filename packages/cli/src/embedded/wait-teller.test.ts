import { expect, test } from 'vitest';
import { WaitTeller } from './wait-teller.ts';

test('what is waited for is said at once, and again after a while', () => {
  const said: string[] = [];
  let nowMs = 0;
  const teller = new WaitTeller(
    (line) => said.push(line),
    () => nowMs,
  );
  const full = new Error('no room');
  teller.waiting('usage', full);
  nowMs = 14_999;
  teller.waiting('usage', full);
  expect(said).toEqual(['Waiting, and trying again: usage: no room']);
  nowMs = 15_000;
  teller.waiting('usage', full);
  expect(said).toHaveLength(2);
});
