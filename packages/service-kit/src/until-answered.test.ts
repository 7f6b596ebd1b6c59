import { expect, test } from 'vitest';
import { createHealth } from './health.ts';
import { createLogger } from './logger.ts';
import { untilAnswered } from './until-answered.ts';

const log = createLogger({ name: 'test', level: 'fatal' });
const pauses = { firstMs: 1, longestMs: 2 };
const away = (): Error => Object.assign(new Error('nobody answers'), { retriable: true });

test('waits for what passes, and says so meanwhile', async () => {
  const health = createHealth();
  health.started();
  const reasons: (readonly string[])[] = [];
  let asked = 0;
  const answer = await untilAnswered(
    { health, log },
    'kafka',
    async () => {
      reasons.push(health.state.reasons);
      asked += 1;
      if (asked < 4) throw away();
      return 'here';
    },
    pauses,
  );
  expect(answer).toBe('here');
  expect(reasons).toEqual([[], ...Array.from({ length: 3 }, () => ['kafka: nobody answers'])]);
  expect(health.state.ready).toBe(true);
});

test('does not wait for what only a person can change', async () => {
  const refusal = new Error('wrong password');
  await expect(
    untilAnswered({ health: createHealth(), log }, 'kafka', () => Promise.reject(refusal), pauses),
  ).rejects.toBe(refusal);
});
