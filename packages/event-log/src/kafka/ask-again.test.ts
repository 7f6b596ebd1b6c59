import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { askAgain, BROKER_READY_MS_MAX, REQUEST_ATTEMPTS_MAX } from './ask-again.ts';

const { createErrorFromCode } = createRequire(import.meta.url)('kafkajs/src/protocol/error.js') as {
  readonly createErrorFromCode: (code: number) => Error;
};
const CODE = { unknownTopic: 3, leaderNotAvailable: 5, notLeader: 6, coordinatorLoading: 14, policy: 44 };

/** Asks a broker that answers so until a time; the clock goes on only while somebody sleeps. */
async function attemptsUntil(
  answer: Error,
  readyMs: number,
): Promise<{ attempts: number; ms: number; error: string | null; refreshed: boolean[] }> {
  let [nowMs, attempts] = [0, 0];
  const refreshed: boolean[] = [];
  const error = await askAgain({
    brokers: ['b:1'],
    connect: async () => Promise.resolve(),
    ask: async () => {
      attempts += 1;
      if (nowMs < readyMs) throw answer;
      return Promise.resolve();
    },
    prepare: async ({ isTopicUnknown }) => {
      refreshed.push(isTopicUnknown);
      return Promise.resolve();
    },
    isClosed: () => false,
    now: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
  }).then(
    () => null,
    (thrown: Error) => thrown.message,
  );
  return { attempts, ms: nowMs, error, refreshed };
}

test.each([CODE.notLeader, CODE.leaderNotAvailable, CODE.coordinatorLoading])(
  'waits for a broker that has just been started or elected (Kafka error %d)',
  async (code) => {
    const { attempts, error } = await attemptsUntil(createErrorFromCode(code), 45_000);
    expect(error).toBeNull();
    expect(attempts).toBeGreaterThan(REQUEST_ATTEMPTS_MAX);
  },
);

test('does not wait for ever', async () => {
  const { ms, error } = await attemptsUntil(createErrorFromCode(CODE.notLeader), Infinity);
  expect(error).toMatch(/not the leader/);
  expect(ms).toBeGreaterThanOrEqual(BROKER_READY_MS_MAX);
  expect(ms).toBeLessThan(BROKER_READY_MS_MAX + 2_000);
});

test('asks about a topic that is unknown a few times, each time for all topics anew', async () => {
  const { attempts, error, refreshed } = await attemptsUntil(
    createErrorFromCode(CODE.unknownTopic),
    Infinity,
  );
  expect(error).not.toBeNull();
  expect(attempts).toBe(REQUEST_ATTEMPTS_MAX);
  expect(new Set(refreshed)).toEqual(new Set([true]));
});

test.each([createErrorFromCode(CODE.policy), new Error('something else')])(
  'asks a few times after what waiting does not mend: %s',
  async (answer) => {
    const { attempts, error } = await attemptsUntil(answer, Infinity);
    expect(error).not.toBeNull();
    expect(attempts).toBe(REQUEST_ATTEMPTS_MAX);
  },
);
