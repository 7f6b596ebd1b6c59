import { expect, test } from 'vitest';
import type { TopicState } from './topic-metadata.ts';
import { TOPIC_LED_MS_MAX, untilTopicsAreLed } from './topics-led.ts';

const topic = (name: string, partitionsLed: number): TopicState => ({
  name,
  id: name,
  partitions: 3,
  partitionsLed,
});

/** A broker whose answer depends on the time; the clock goes on only while somebody sleeps. */
async function waitFor(
  states: (nowMs: number) => readonly TopicState[],
): Promise<{ ms: number; error: unknown }> {
  let nowMs = 0;
  const error = await untilTopicsAreLed({
    names: ['a', 'b'],
    states: async () => Promise.resolve(states(nowMs)),
    now: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
  }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { ms: nowMs, error };
}

test('what is led at once is not waited for', async () => {
  expect(await waitFor(() => [topic('a', 3), topic('b', 3)])).toEqual({ ms: 0, error: null });
});

test('a broker that has not heard of a topic, and then has not led it, is given its time', async () => {
  const { ms, error } = await waitFor((nowMs) => [
    topic('a', 3),
    ...(nowMs < 20_000 ? [] : [topic('b', nowMs < 45_000 ? 2 : 3)]),
  ]);
  expect(error).toBeNull();
  expect(ms).toBeGreaterThanOrEqual(45_000);
});

test.each([
  ['not told of', [topic('a', 3)]],
  ['not led', [topic('a', 3), topic('b', 0)]],
])('a topic that is %s for a minute is named', async (_, states) => {
  const { ms, error } = await waitFor(() => states);
  expect(error).toMatchObject({
    code: 'TOLL_KAFKA_TOPIC_NOT_READY',
    message: expect.stringMatching(/: b\.$/),
    retriable: true,
  });
  expect(ms).toBeGreaterThanOrEqual(TOPIC_LED_MS_MAX);
  expect(ms).toBeLessThan(TOPIC_LED_MS_MAX + 2_000);
});
