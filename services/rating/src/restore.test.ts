import { describe, expect, it } from 'vitest';
import { ClaimLostError } from '@tollstream/event-log';
import type { EventLog } from '@tollstream/event-log';
import { createRatingProcessor } from './rating.ts';
import type { RestoreProgress } from './restore.ts';
import { testCatalog } from './testing/catalog.ts';
import { accept, openStage, rate, TOPICS } from './testing/stage.ts';

const catalog = testCatalog();
const processor = createRatingProcessor({ catalog, topics: TOPICS });

async function ratedStage(): Promise<EventLog> {
  const log = await openStage();
  await accept(log, [
    [
      { id: 'a', seconds: 120, device: 'desk' },
      { id: 'x', to: 442071234567 },
    ],
    [{ id: 'b' }],
  ]);
  await rate(log, processor);
  return log;
}

/** The log with one topic as if its records were gone. */
function without(log: EventLog, topic: string, begin: number): EventLog {
  return {
    ...log,
    offsets: async (name) => (name === topic ? [{ partition: 0, begin, end: begin }] : log.offsets(name)),
    read: (range) => log.read(range.topic === topic ? { ...range, to: 0, from: 0 } : range),
    claim: async (group, name, partition) => log.claim(group, name, partition),
    committed: async (group, name, partition) => log.committed(group, name, partition),
  };
}

describe('the state of a partition', () => {
  it('is folded from rated and suspended blocks', async () => {
    const log = await ratedStage();
    const state = await processor.restore(await log.claim('rating', TOPICS.accepted, 0), log);
    expect(state.window.size).toBe(3);
    expect([...state.allowances.entries()]).toEqual([
      { account: 'acme', counter: 'minutes', billingMonth: 202001, device: 'desk', number: 0, amount: 120 },
      { account: 'acme', counter: 'minutes', billingMonth: 202001, device: '', number: 0, amount: 60 },
    ]);
    expect(state.totals).toMatchObject({ seen: 3, rated: 2, suspended: 1, duplicate: 0 });
  });

  it('is empty where nothing was rated', async () => {
    const log = await openStage();
    const state = await processor.restore(await log.claim('rating', TOPICS.accepted, 1), log);
    expect([state.window.size, state.totals.seen]).toEqual([0, 0]);
  });

  it('tells how far its restore came', async () => {
    const log = await ratedStage();
    const steps: RestoreProgress[] = [];
    const watched = createRatingProcessor({
      catalog,
      topics: TOPICS,
      onRestore: (progress) => steps.push(progress),
    });
    await watched.restore(await log.claim('rating', TOPICS.accepted, 0), log);
    expect(steps.map(({ topic, records }) => [topic, records])).toEqual([
      [TOPICS.rated, 2],
      [TOPICS.suspended, 1],
    ]);
    expect(steps.every(({ nextOffset, endOffset }) => nextOffset === endOffset)).toBe(true);
  });

  it.each([TOPICS.rated, TOPICS.suspended])(
    'cannot be had when committed output of %s is gone',
    async (topic) => {
      const log = await ratedStage();
      const claim = await log.claim('rating', TOPICS.accepted, 0);
      await expect(processor.restore(claim, without(log, topic, 0))).rejects.toMatchObject({
        code: 'TOLL_RATING_OUTPUT_MISSING',
        retriable: false,
        remedy: expect.stringContaining('topic'),
      });
    },
  );

  it('is given up, not found broken, when another owner rated on meanwhile', async () => {
    const log = await ratedStage();
    const claim = await log.claim('rating', TOPICS.accepted, 0);
    const stale = { ...claim, committed: { offset: 0, metadata: '' } };
    await expect(processor.restore(stale, log)).rejects.toBeInstanceOf(ClaimLostError);
  });

  it('is what is left when output has passed its retention', async () => {
    const log = await ratedStage();
    const claim = await log.claim('rating', TOPICS.accepted, 0);
    const state = await processor.restore(claim, without(log, TOPICS.rated, 5));
    expect([state.window.size, state.totals.rated]).toEqual([1, 2]);
  });

  it('cannot be had when an output topic lacks the partition', async () => {
    const log = await openStage();
    const claim = await log.claim('rating', TOPICS.accepted, 0);
    const lacking: EventLog = { ...without(log, TOPICS.rated, 0), offsets: async () => [] };
    await expect(processor.restore(claim, lacking)).rejects.toThrow('has no partition 0');
  });
});
