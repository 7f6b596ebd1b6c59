/** Records of one identity that say different things: the first counts, the others are kept and reported, none is silently replaced. */
import { parseTotals } from '@tollstream/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { createRatingProcessor } from './rating.ts';
import { testCatalog } from './testing/catalog.ts';
import { accept, ANSWERED_AT, openStage, rate, rowsOf, TOPICS } from './testing/stage.ts';
import type { TestCall } from './testing/stage.ts';

const DAY_MS = 86_400_000;
const processor = createRatingProcessor({
  catalog: testCatalog(),
  topics: TOPICS,
  limits: { windowCallsMax: 1_000, windowAgeMs: 31 * DAY_MS },
});
const CALL: TestCall = { id: 'a', seconds: 60 };
let log: Awaited<ReturnType<typeof openStage>>;

beforeEach(async () => {
  log = await openStage();
});

async function process(...blocks: TestCall[][]): Promise<void> {
  await accept(log, blocks);
  await rate(log, processor);
}

async function outcomes(): Promise<Record<string, number>> {
  const { metadata } = (await log.committed('rating', TOPICS.accepted, 0))!;
  const { seen, rated, suspended, duplicate } = parseTotals(metadata);
  return { seen, rated, suspended, duplicate };
}

describe('a record of a call that came before', () => {
  it.each<[string, Partial<TestCall>]>([
    ['another length', { seconds: 61 }],
    ['a millisecond less', { seconds: 59.999 }],
    ['another destination', { to: 14155550188 }],
    ['another calling party', { from: 12125550101 }],
    ['another direction', { direction: 'inbound' }],
    ['no answer', { answeredAt: null }],
    ['another start', { answeredAt: ANSWERED_AT + 1, seconds: 59.999 }],
  ])('with %s is kept as a conflict', async (_, other) => {
    await process([CALL], [{ ...CALL, ...other }]);
    expect(await rowsOf(log, TOPICS.rated)).toHaveLength(1);
    expect(await rowsOf(log, TOPICS.suspended)).toMatchObject([
      { call_id: 'a', code: 'content_conflict', source_offset: 10_000 },
    ]);
    expect(await outcomes()).toEqual({ seen: 2, rated: 1, suspended: 1, duplicate: 0 });
  });

  it('and says the same is a duplicate, and so is a copy of a conflict, within a block and after a restart', async () => {
    const other = { ...CALL, seconds: 90 };
    await process([CALL, other, CALL, other]);
    await process([CALL, other], [other]);
    expect(await outcomes()).toEqual({ seen: 7, rated: 1, suspended: 1, duplicate: 5 });
    await process([{ ...CALL, seconds: 91 }]);
    expect(await outcomes()).toEqual({ seen: 8, rated: 1, suspended: 2, duplicate: 5 });
  });

  it('that was suspended is held against what it said, too', async () => {
    const unpriced = { ...CALL, to: 442071234567 };
    await process([unpriced], [{ ...unpriced, seconds: 5 }], [unpriced]);
    expect((await rowsOf(log, TOPICS.suspended)).map(({ code }) => code)).toEqual([
      'rate_missing',
      'content_conflict',
    ]);
  });
});

describe('late copies', () => {
  const later = (days: number): TestCall => ({
    id: `later-${days}`,
    answeredAt: ANSWERED_AT + days * DAY_MS,
  });

  it('of 15 days ago are duplicates, and conflicts where they say something else', async () => {
    await process([CALL], [later(15)], [CALL], [{ ...CALL, seconds: 61 }]);
    expect(await outcomes()).toEqual({ seen: 4, rated: 2, suspended: 1, duplicate: 1 });
  });

  it('beyond the window are rated once more, under the key by which the table collapses them', async () => {
    await process([CALL], [later(32)], [CALL]);
    const rated = await rowsOf(log, TOPICS.rated);
    expect(rated.map(({ call_id }) => call_id)).toEqual(['a', 'later-32', 'a']);
    for (const name of ['account_id', 'started_at', 'call_id', 'leg', 'switch_id', 'charge'])
      expect(rated[2]![name]).toEqual(rated[0]![name]);
  });

  it('in whatever order: a call that comes late for the first time is rated', async () => {
    await process([later(15)], [CALL], [later(3)]);
    expect(await outcomes()).toEqual({ seen: 3, rated: 3, suspended: 0, duplicate: 0 });
  });
});
