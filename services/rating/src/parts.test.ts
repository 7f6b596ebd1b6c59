/** Calls that come in parts. */
import { LAST_PART, parseTotals } from '@tollstream/contracts';
import { byTariff, makeAccount, makeCatalog, makePlan, makeTariff } from '@tollstream/rating-engine/testing';
import type { EventLog } from '@tollstream/event-log';
import { describe, expect, it } from 'vitest';
import { createRatingProcessor } from './rating.ts';
import { testCatalog } from './testing/catalog.ts';
import { ANSWERED_AT, TOPICS, accept, askAgain, openStage, outputs, rate, rowsOf } from './testing/stage.ts';
import type { TestCall } from './testing/stage.ts';

const processor = createRatingProcessor({ catalog: testCatalog(), topics: TOPICS });
const LAST = LAST_PART;

/** A part of a minute, one after the other. */
const part = (number: number, more: Partial<TestCall> = {}): TestCall => ({
  id: 'long',
  to: 5511987650123,
  answeredAt: ANSWERED_AT + ((number % LAST) - 1) * 60_000,
  seconds: 60,
  partialSequence: number,
  ...more,
});
const [ONE, TWO, THREE] = [part(1), part(2), part(LAST + 3)];

async function rated(blocks: readonly (readonly TestCall[])[]): Promise<EventLog> {
  const log = await openStage();
  await accept(log, blocks);
  await rate(log, processor);
  return log;
}

async function totalsOf(log: EventLog): Promise<ReturnType<typeof parseTotals>> {
  return parseTotals((await log.committed('rating', TOPICS.accepted, 0))!.metadata);
}

const details = async (log: EventLog): Promise<unknown[]> =>
  (await rowsOf(log, TOPICS.suspended)).map(({ detail }) => detail);

describe('the parts of a call', () => {
  it('are suspended until the last one has come, and then are one rated call', async () => {
    const log = await rated([[ONE, TWO], [THREE]]);
    // 180 s at 0.006 a minute: one call, not three of a minute.
    expect(await rowsOf(log, TOPICS.rated)).toMatchObject([
      {
        call_id: 'long',
        partial_sequence: 0,
        source_offset: 0,
        started_at: ANSWERED_AT - 5_000,
        answered_at: ANSWERED_AT,
        ended_at: ANSWERED_AT + 180_000,
        duration_ms: 180_000,
        billable_seconds: 180,
        charge: 18_000,
      },
    ]);
    expect(await rowsOf(log, TOPICS.suspended)).toMatchObject(
      [1, 2, LAST + 3].map((sequence) => ({ code: 'partial_incomplete', partial_sequence: sequence })),
    );
    expect(await details(log)).toEqual([
      'Part 1 of a call: the last one is missing.',
      'Part 2 of a call: the last one is missing.',
      'Part 3 was the one missing: all 3 are one call.',
    ]);
    expect(await rowsOf(log, TOPICS.resolved)).toMatchObject([
      { source_offset: 0, outcome: 'rated', run: '', requested_by: 'rating', detail: 'Part 1 of 3.' },
      { source_offset: 1, outcome: 'assembled', run: '', detail: 'Part 2 of 3.' },
      { source_offset: 10_000, outcome: 'assembled', detail: 'Part 3 of 3.' },
    ]);
    expect(await totalsOf(log)).toMatchObject({
      seen: 3,
      suspended: 3,
      duplicate: 0,
      replayed: 3,
      rated: 1,
      assembled: 2,
      charge: { USD: '18000' },
    });
    const headers = [...(await outputs(log, TOPICS.rated)), ...(await outputs(log, TOPICS.resolved))];
    expect(headers.map(({ header }) => header.isReplay)).toEqual([true, true]);
    expect(new Set(headers.map(({ header }) => header.blockId)).size).toBe(2);
  });

  it('may be one alone, or of a call beside others of the same block', async () => {
    const log = await rated([[{ id: 'whole' }, part(LAST + 1), { id: 'other' }]]);
    expect((await rowsOf(log, TOPICS.rated)).map(({ call_id: id, duration_ms: ms }) => [id, ms])).toEqual([
      ['whole', 60_000],
      ['other', 60_000],
      ['long', 60_000],
    ]);
  });

  it('that come twice count once', async () => {
    const log = await rated([[ONE, ONE], [THREE], [TWO, THREE], [ONE, TWO, THREE]]);
    expect(await rowsOf(log, TOPICS.rated)).toHaveLength(1);
    expect(await totalsOf(log)).toMatchObject({ seen: 8, suspended: 3, duplicate: 5, rated: 1 });
  });

  it('take the allowance of the whole call', async () => {
    const log = await rated([
      [1, 2, LAST + 3].map((number) => part(number, { to: 14155550199, seconds: 300 })),
    ]);
    // Ten minutes are included, fifteen were talked.
    expect(await rowsOf(log, TOPICS.rated)).toMatchObject([
      { rate_type: 'split', included_seconds: 600, charged_seconds: 300, charge: 100_000 },
    ]);
    await accept(log, [[{ id: 'later' }]]);
    await rate(log, processor);
    expect((await rowsOf(log, TOPICS.rated))[1]).toMatchObject({ rate_type: 'overage' });
  });

  it('that nobody answered are one call that nobody answered', async () => {
    const log = await rated([[part(1, { answeredAt: null }), part(LAST + 2, { answeredAt: null })]]);
    expect(await rowsOf(log, TOPICS.rated)).toMatchObject([{ rate_type: 'unanswered', charge: 0 }]);
  });

  it('say what is missing while the call is not whole', async () => {
    const log = await rated([
      [part(3), part(LAST + 9)],
      [part(1)],
      [part(8), part(7), part(6), part(5), part(4)],
    ]);
    expect(await details(log)).toEqual([
      'Part 3 of a call: parts 1, 2 and the last one are missing.',
      'Part 9 of a call: parts 1, 2, 4, 5, 6 and 2 more are missing.',
      'Part 1 of a call: parts 2, 4, 5, 6, 7 and 1 more are missing.',
      'Part 8 of a call: parts 2, 4, 5, 6, 7 are missing.',
      'Part 7 of a call: parts 2, 4, 5, 6 are missing.',
      'Part 6 of a call: parts 2, 4, 5 are missing.',
      'Part 5 of a call: parts 2, 4 are missing.',
      'Part 4 of a call: part 2 is missing.',
    ]);
    expect(await rowsOf(log, TOPICS.rated)).toEqual([]);
  });

  it.each([
    [
      'one comes twice, and once as the last',
      [TWO, part(LAST + 2), ONE],
      /part 2 came twice, and once as the last/,
    ],
    ['one comes after the last', [ONE, part(3), part(LAST + 2)], /part 3 comes after the last one/],
    [
      'another was called',
      [ONE, part(LAST + 2, { to: 5511987650124 })],
      /part 2 has other parties than part 1/,
    ],
  ])('contradict each other: %s', async (_, parts, detail) => {
    const log = await rated([parts.slice(0, -1), parts.slice(-1)]);
    expect((await details(log)).at(-1)).toMatch(detail);
  });

  it('of other accounts are of other calls', async () => {
    const log = await rated([[ONE, TWO, part(LAST + 3, { account: 'shop' })]]);
    expect(await rowsOf(log, TOPICS.rated)).toEqual([]);
  });

  it('beside a record of the whole call are not billed a second time, whichever comes first', async () => {
    const whole: TestCall = { id: 'long', to: 5511987650123, seconds: 180 };
    const first = await rated([[whole], [ONE, TWO, THREE]]);
    expect(await rowsOf(first, TOPICS.rated)).toHaveLength(1);
    expect((await details(first)).at(-1)).toBe(
      'Part 3 of a call: the call came as a whole, too, and counts so.',
    );
    const last = await rated([[ONE, TWO, THREE], [whole]]);
    await rate(last, processor);
    expect(await totalsOf(last)).toMatchObject({ seen: 4, rated: 1, duplicate: 1 });
    const other = await rated([[ONE, TWO, THREE], [{ ...whole, seconds: 181 }]]);
    expect((await rowsOf(other, TOPICS.suspended)).at(-1)).toMatchObject({ code: 'content_conflict' });
  });

  it('older than the window remembers are not held', async () => {
    const limits = { windowCallsMax: 1_000, windowAgeMs: 3_600_000 };
    const young = createRatingProcessor({ catalog: testCatalog(), topics: TOPICS, limits });
    const log = await openStage();
    const later = { id: 'later', answeredAt: ANSWERED_AT + 7_200_000 };
    await accept(log, [
      [ONE, later],
      [TWO, THREE],
    ]);
    await rate(log, young);
    expect((await details(log)).at(-1)).toMatch(/^Part 3 of a call that is older than what is remembered/);
    expect(await rowsOf(log, TOPICS.rated)).toHaveLength(1);
  });
});

describe('parts of a call that has no price', () => {
  const bare = createRatingProcessor({ catalog: testCatalog(), topics: TOPICS });
  const uk = makePlan('standard', {
    international: byTariff(makeTariff('world', [{ prefix: '44', perMinute: '0.05' }])),
  });
  const mended = createRatingProcessor({
    catalog: makeCatalog([makeAccount('acme', uk), makeAccount('new', uk)], { version: 8 }),
    topics: TOPICS,
  });
  const london = (number: number, more: Partial<TestCall> = {}) =>
    part(number, { to: 442071234567, ...more });
  const PARTS = [london(1), london(2), london(LAST + 3)];

  async function suspendedStage(parts: readonly TestCall[] = PARTS): Promise<EventLog> {
    const log = await openStage();
    await accept(log, [parts]);
    await rate(log, bare);
    return log;
  }

  it('wait with the reason at the part that made it whole', async () => {
    const log = await suspendedStage();
    expect(await rowsOf(log, TOPICS.suspended)).toMatchObject([
      { code: 'partial_incomplete' },
      { code: 'partial_incomplete' },
      {
        code: 'rate_missing',
        detail: expect.stringMatching(/^Part 3 of a call: all parts have come. Tariff brazil has no rate/),
      },
    ]);
  });

  it.each([
    ['all', [0, 1, 2]],
    ['one', [2]],
    ['another', [0]],
  ])('are one rated call once the rate was added and %s is asked for again', async (_, asked) => {
    const log = await suspendedStage();
    await askAgain(
      log,
      asked.map((offset) => ({ ...PARTS[offset]!, offset })),
    );
    await rate(log, mended);
    expect(await rowsOf(log, TOPICS.rated)).toMatchObject([
      { source_offset: 0, duration_ms: 180_000, charge: 150_000, catalog_version: 8, partial_sequence: 0 },
    ]);
    const resolved = (await rowsOf(log, TOPICS.resolved)).toSorted(
      (a, b) => Number(a['source_offset']) - Number(b['source_offset']),
    );
    expect(resolved.map(({ outcome, run }) => [outcome, run])).toEqual(
      [0, 1, 2].map((offset) => [
        offset === 0 ? 'rated' : 'assembled',
        asked.includes(offset) ? 'run-1' : '',
      ]),
    );
    expect(await totalsOf(log)).toMatchObject({
      seen: 3,
      suspended: 3,
      replayed: 3,
      rated: 1,
      assembled: 2,
      kept: 0,
    });
    // A copy is still one, after the state was folded again.
    await accept(log, [PARTS]);
    await rate(log, mended);
    expect(await totalsOf(log)).toMatchObject({ seen: 6, duplicate: 3, rated: 1 });
  });

  it('are put together when their account is added', async () => {
    const parts = PARTS.map((each) => ({ ...each, account: 'new' }));
    const log = await suspendedStage(parts);
    expect(await rowsOf(log, TOPICS.suspended)).toMatchObject(parts.map(() => ({ code: 'account_unknown' })));
    await askAgain(
      log,
      parts.map((each, offset) => ({ ...each, offset })),
    );
    await rate(log, mended);
    expect(await rowsOf(log, TOPICS.rated)).toMatchObject([{ account_id: 'new', charge: 150_000 }]);
  });

  it('that are incomplete stay suspended, with what is missing of now', async () => {
    const log = await suspendedStage(PARTS.slice(0, 2));
    await askAgain(log, [{ ...PARTS[0]!, offset: 0 }]);
    await rate(log, mended);
    expect(await rowsOf(log, TOPICS.resolved)).toMatchObject([
      { outcome: 'kept', code: 'partial_incomplete', detail: 'the last one is missing.' },
    ]);
    await accept(log, [[PARTS[2]!]]);
    await rate(log, mended);
    expect(await rowsOf(log, TOPICS.rated)).toMatchObject([{ duration_ms: 180_000 }]);
  });

  it('can be given up, and then wait for nothing', async () => {
    const log = await suspendedStage(PARTS.slice(0, 2));
    await askAgain(log, [{ ...PARTS[1]!, offset: 1 }], { action: 'discard' });
    await accept(log, [[PARTS[2]!]]);
    await rate(log, mended);
    expect(await rowsOf(log, TOPICS.rated)).toEqual([]);
    expect((await details(log)).at(-1)).toBe('Part 3 of a call: part 2 is missing.');
  });

  it('cannot be given up once they were put together', async () => {
    const log = await rated([[ONE, TWO, THREE]]);
    await askAgain(log, [{ ...TWO, offset: 1 }], { action: 'discard' });
    await rate(log, processor);
    expect((await rowsOf(log, TOPICS.resolved)).at(-1)).toMatchObject({
      outcome: 'kept',
      code: 'call_rated',
    });
    await askAgain(log, [{ ...TWO, offset: 1 }]);
    await rate(log, processor);
    expect(await rowsOf(log, TOPICS.rated)).toHaveLength(1);
  });
});
