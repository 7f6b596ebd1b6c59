import { parseTotals } from '@tollstream/contracts';
import type { EventLog } from '@tollstream/event-log';
import { createMetrics } from '@tollstream/service-kit';
import { describe, expect, it, vi } from 'vitest';
import { createRatingProcessor, startRating } from './rating.ts';
import { alertFields } from './spend-alerts.ts';
import type { SpendAlert } from './spend-alerts.ts';
import { countedLimitsOf } from './spend-limits.ts';
import { SpendTable } from './spend-table.ts';
import type { SpendCounter } from './spend-table.ts';
import { BRAZIL, DOMESTIC, JAMAICA, limit, limitedCatalog, setOf } from './testing/limits.ts';
import { accept, ANSWERED_AT, askAgain, openStage, outputs, rate, rowsOf, TOPICS } from './testing/stage.ts';
import type { TestCall } from './testing/stage.ts';

type Limits = Parameters<typeof limitedCatalog>[0];

function processorOf(limits: Limits, version = 7): ReturnType<typeof createRatingProcessor> {
  return createRatingProcessor({ catalog: limitedCatalog(limits, { version }), topics: TOPICS });
}

/** Rates blocks of calls one after the other, from a state that is restored before each. */
async function rated(limits: Limits, ...blocks: readonly (readonly TestCall[])[]): Promise<EventLog> {
  const log = await openStage();
  await accept(log, blocks);
  for (const _ of blocks) await rate(log, processorOf(limits), { blocks: 1 });
  return log;
}

async function alertsOf(log: EventLog): Promise<string[]> {
  return (await rowsOf(log, TOPICS.alerts)).map((row) => {
    const cell = (name: string): string => String(row[name]);
    return `${cell('account_id')} ${cell('limit_id')} ${cell('threshold_percent')} % ${cell('spent')} ${cell('call_id')}`;
  });
}

const premium = limit('fraud', 1, { callTypes: new Set(['international']), thresholds: [50, 100] });
const brazil = (id: string, seconds: number, part: Partial<TestCall> = {}): TestCall => ({
  id,
  to: BRAZIL,
  seconds,
  ...part,
});

describe('an alert', () => {
  it('says who spent what in which window, and which call reached the threshold', async () => {
    const log = await rated({ ofPlan: [premium] }, [brazil('a', 60)], [brazil('b', 60), brazil('c', 120)]);
    const [half, whole] = await rowsOf(log, TOPICS.alerts);
    expect(half).toMatchObject({
      alert_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      account_id: 'acme',
      limit_id: 'fraud',
      window: 'day',
      window_start: Date.parse('2020-01-15T05:00:00Z'),
      window_end: Date.parse('2020-01-16T05:00:00Z'),
      threshold_percent: 50,
      limit_amount: 1_000_000,
      spent: 600_000,
      currency: 'USD',
      call_id: 'b',
      switch_id: 'sw1',
      leg: 0,
      started_at: ANSWERED_AT - 5_000,
      charge: 300_000,
      source_topic: 'calls.raw',
      source_partition: 0,
      source_offset: 10_000,
      counted_from: 0,
      catalog_version: 7,
    });
    expect(whole).toMatchObject({ threshold_percent: 100, spent: 1_200_000, call_id: 'c' });
    expect(whole!['alert_id']).not.toBe(half!['alert_id']);
  });

  it('stands in the transaction of its call, and the totals count it', async () => {
    const log = await rated({ ofPlan: [premium] }, [brazil('a', 300)]);
    const [ratedBlock] = await outputs(log, TOPICS.rated);
    const [alertBlock] = await outputs(log, TOPICS.alerts);
    expect(alertBlock!.header).toMatchObject({
      blockId: 'calls.accepted/0/0/3',
      recordCount: 2,
      catalogVersion: 7,
    });
    expect(alertBlock!.header.totals).toMatchObject({ rated: 1, alerts: 2 });
    expect(ratedBlock!.header.limitStarts).toEqual([
      { account: 'acme', limit: 'fraud', form: expect.stringMatching(/^[0-9a-f]{16}$/) },
    ]);
    const { metadata } = (await log.committed('rating', TOPICS.accepted, 0))!;
    expect(parseTotals(metadata)).toMatchObject({ seen: 1, rated: 1, alerts: 2 });
  });

  it('is for each threshold that one call reaches, and for each limit', async () => {
    const all = limit('all', 0.2, { window: 'month', thresholds: [100, 150] });
    const log = await rated({ ofPlan: [premium, all] }, [brazil('a', 220)]);
    expect(await alertsOf(log)).toEqual([
      'acme fraud 50 % 1100000 a',
      'acme fraud 100 % 1100000 a',
      'acme all 100 % 1100000 a',
      'acme all 150 % 1100000 a',
    ]);
  });

  it('comes when the threshold is reached exactly, and not a millionth before', async () => {
    const exact = limit('exact', 0.3);
    const one = limit('one', 0.300001);
    const log = await rated({ ofPlan: [exact, one] }, [brazil('a', 60)]);
    expect(await alertsOf(log)).toEqual(['acme exact 100 % 300000 a']);
    const third = await rated({ ofPlan: [{ ...limit('third', 0), amount: 900_001, thresholds: [33] }] }, [
      brazil('a', 60),
    ]);
    // 33 % of 0.900001 are 0.29700033: reached at 0.297001.
    expect(await alertsOf(third)).toEqual(['acme third 33 % 300000 a']);
  });

  it('comes once, whatever is spent after it, and again in the next window', async () => {
    const nextDay = ANSWERED_AT + 86_400_000;
    const log = await rated(
      { ofPlan: [limit('fraud', 0.5)] },
      [brazil('a', 120), brazil('b', 120)],
      [brazil('c', 120)],
      [brazil('d', 120, { answeredAt: nextDay }), brazil('late', 120)],
    );
    expect(await alertsOf(log)).toEqual(['acme fraud 100 % 600000 a', 'acme fraud 100 % 600000 d']);
  });

  it('counts calls in the window in which they start', async () => {
    const midnight = Date.parse('2020-01-16T05:00:00Z');
    const log = await rated(
      { ofPlan: [limit('fraud', 0.5)] },
      // Starts 5 s before it is answered: before midnight, and the other one after.
      [
        brazil('before', 60, { answeredAt: midnight + 2_000 }),
        brazil('after', 60, { answeredAt: midnight + 6_000 }),
      ],
      [brazil('more', 60, { answeredAt: midnight + 8_000 })],
    );
    expect(await alertsOf(log)).toEqual(['acme fraud 100 % 600000 more']);
  });

  it('comes for each account by itself', async () => {
    const log = await rated({ ofPlan: [limit('fraud', 0.5)] }, [
      brazil('a', 60),
      brazil('m', 60, { account: 'mill' }),
      brazil('n', 60, { account: 'mill' }),
    ]);
    expect(await alertsOf(log)).toEqual(['mill fraud 100 % 600000 n']);
  });

  it('is not of a duplicate, nor of a suspended call, which counts once when it is taken up', async () => {
    const limits = { ofPlan: [limit('fraud', 0.5)] };
    const stranger = { ...brazil('s', 60), account: 'nobody' };
    const log = await rated(limits, [brazil('a', 60), brazil('a', 60), stranger], [brazil('a', 60)]);
    expect(await alertsOf(log)).toEqual([]);
    await askAgain(log, [{ ...brazil('s', 60), offset: 2 }]);
    await rate(log, processorOf(limits));
    expect(await alertsOf(log)).toEqual(['acme fraud 100 % 600000 s']);
    const [block] = await outputs(log, TOPICS.alerts);
    expect(block!.header.isReplay).toBe(true);
    await accept(log, [[brazil('b', 600)]]);
    await rate(log, processorOf(limits));
    expect(await alertsOf(log)).toHaveLength(1);
  });
});

describe('what counts', () => {
  const spent = async (part: Partial<Parameters<typeof limit>[2]>): Promise<string[]> =>
    alertsOf(
      await rated({ ofPlan: [limit('l', 0, part)] }, [
        { id: 'domestic', to: DOMESTIC },
        brazil('brazil', 60),
        { id: 'jamaica', to: JAMAICA },
      ]),
    );
  it.each([
    ['every call without more', {}, 'domestic'],
    ['calls of the types', { callTypes: new Set(['international' as const]) }, 'brazil'],
    [
      'calls of a set of countries',
      { destinations: [setOf('s', { countries: new Set(['JM']) })] },
      'jamaica',
    ],
    ['calls of a set of prefixes', { destinations: [setOf('s', { prefixes: ['187655'] })] }, 'jamaica'],
    [
      'those of one of the sets or types',
      {
        callTypes: new Set(['premium' as const]),
        destinations: [setOf('s', { prefixes: ['9'] }), setOf('t', { prefixes: ['55'] })],
      },
      'brazil',
    ],
  ])('is %s', async (_, part, first) => {
    expect((await spent(part)).map((alert) => alert.split(' ').at(-1))).toEqual([first]);
  });

  it('is nothing of what was free', async () => {
    expect(
      await alertsOf(await rated({ ofPlan: [limit('l', 0)] }, [{ id: 'free', to: 18005550100 }])),
    ).toEqual([]);
  });

  it('is nothing of accounts without limits, which take no room', async () => {
    const log = await rated({ ofAccount: [limit('l', 1)] }, [
      brazil('a', 60),
      brazil('m', 60, { account: 'mill' }),
    ]);
    const state = await processorOf({ ofAccount: [limit('l', 1)] }).restore(
      await log.claim('rating', TOPICS.accepted, 0),
      log,
    );
    expect([...state.spend.accounts()]).toEqual(['acme']);
  });
});

describe('a limit under another version of the catalog', () => {
  /** Each block by the next catalog; the state is restored before each, or kept. */
  async function across(
    versions: readonly Limits[],
    blocks: readonly (readonly TestCall[])[],
    isRestarted: boolean,
  ): Promise<string[]> {
    const log = await openStage();
    await accept(log, blocks);
    const kept = processorOf(versions[0]!);
    const claim = await log.claim('rating', TOPICS.accepted, 0);
    let state = await kept.restore(claim, log);
    let offset = 0;
    for await (const batch of log.read({ topic: TOPICS.accepted, partition: 0, from: 0 })) {
      for (const record of batch.records) {
        kept.prepareCatalog(limitedCatalog(versions[offset]!, { version: 7 + offset }))();
        if (isRestarted) {
          await claim.release();
          state = await kept.restore(await log.claim('rating', TOPICS.accepted, 0), log);
        }
        const nextOffset = record.offset + 1;
        const processed = kept.process(state, { ...batch, records: [record], nextOffset });
        const again = isRestarted ? await log.claim('rating', TOPICS.accepted, 0) : claim;
        await again.commit({ ...processed, nextOffset });
        if (isRestarted) await again.release();
        offset += 1;
      }
    }
    return alertsOf(log);
  }
  const of = (...limits: Parameters<typeof limit>[]): Limits => ({
    ofPlan: limits.map((each) => limit(...each)),
  });
  const minutes = (id: string): TestCall[] => [brazil(id, 60)];

  it.each([true, false])('goes on with another amount (restarted: %s)', async (isRestarted) => {
    const raised = await across(
      [of(['l', 0.3]), of(['l', 0.9]), of(['l', 0.9])],
      [minutes('a'), minutes('b'), minutes('c')],
      isRestarted,
    );
    expect(raised).toEqual(['acme l 100 % 300000 a', 'acme l 100 % 900000 c']);
    const lowered = await across(
      [of(['l', 9]), of(['l', 9]), of(['l', 0.1])],
      [minutes('a'), minutes('b'), minutes('c')],
      isRestarted,
    );
    expect(lowered).toEqual(['acme l 100 % 900000 c']);
  });

  it.each([true, false])(
    'starts anew when other calls count, or it comes back (restarted: %s)',
    async (isRestarted) => {
      const international = ['l', 0.6, { callTypes: new Set(['international' as const]) }] as const;
      const versions = [of(['l', 0.6]), of([...international]), of([...international]), of(['l', 0.6])];
      const blocks = [minutes('a'), minutes('b'), minutes('c'), minutes('d')];
      expect(await across(versions, blocks, isRestarted)).toEqual(['acme l 100 % 600000 c']);
      const gone = [of(['l', 0.6]), {}, of(['l', 0.6]), of(['l', 0.6])];
      expect(await across(gone, blocks, isRestarted)).toEqual(['acme l 100 % 600000 d']);
    },
  );

  it.each([true, false])('is taken from the account before the plan (restarted: %s)', async (isRestarted) => {
    const versions = [of(['l', 0.6]), { ...of(['l', 0.6]), ofAccount: [limit('l', 0.5)] }];
    expect(await across(versions, [minutes('a'), minutes('b')], isRestarted)).toEqual([
      'acme l 100 % 600000 b',
    ]);
  });

  it('asks for another restore when the state does not know its sums', async () => {
    const log = await rated(of(['l', 0.6]), minutes('a'));
    await accept(log, [minutes('b')]);
    const processor = processorOf({}, 8);
    const claim = await log.claim('rating', TOPICS.accepted, 0);
    const state = await processor.restore(claim, log);
    processor.prepareCatalog(limitedCatalog(of(['l', 0.6]), { version: 9 }))();
    for await (const batch of log.read({ topic: TOPICS.accepted, partition: 0, from: 1 })) {
      expect(() => processor.process(state, batch)).toThrow(
        expect.objectContaining({ code: 'TOLL_RATING_LIMIT_UNKNOWN', retriable: true }),
      );
      const again = processor.process(await processor.restore(claim, log), batch);
      expect(again.alerts).toMatchObject([{ spent: 600_000, callId: 'b' }]);
    }
  });
});

describe('a window', () => {
  const [hourly] = countedLimitsOf(
    limitedCatalog({ ofPlan: [limit('l', 1, { window: 'hour' })] }).accounts.get('mill')!,
  );
  const DAY = 86_400_000;

  it('is closed for calls that come a week after it, and forgotten', () => {
    const table = new SpendTable();
    const counter = table.begin('acme', 'l', 'form', 0);
    const add = (startedAt: number): number | bigint | null => {
      const window = table.count(counter, startedAt, 5, hourly!.periods, hourly!.lateMsMax);
      return window < 0 ? null : table.sumOf(window);
    };
    const at = Date.parse('2020-01-15T15:30:00Z');
    expect([add(at), add(at + 1), add(at + DAY)]).toEqual([5, 10, 5]);
    expect(add(at + 7 * DAY)).toBe(5);
    expect(add(at + 29 * 60_000)).toBe(15);
    expect(add(at + 7 * DAY + 30 * 60_000)).toBe(5);
    expect(add(at)).toBeNull();
    expect([...table.counters()][0]!.windows).toHaveLength(3);
  });

  it('sums exactly beyond what a double holds', () => {
    const table = new SpendTable();
    const counter = table.begin('acme', 'l', 'form', 0);
    const charge = Number.MAX_SAFE_INTEGER;
    const add = (more: number): number => table.count(counter, 0, more, hourly!.periods, hourly!.lateMsMax);
    for (let i = 0; i < 3; i++) add(charge);
    expect(table.sumOf(add(1))).toBe(3n * BigInt(charge) + 1n);
  });

  it('of an immense sum is told exactly', async () => {
    const huge = limitedCatalog({
      ofPlan: [{ ...limit('l', 0), amount: Number.MAX_SAFE_INTEGER, thresholds: [100] }],
    });
    const processor = createRatingProcessor({ catalog: huge, topics: TOPICS });
    const log = await openStage();
    await accept(log, [[brazil('a', 60)]]);
    const claim = await log.claim('rating', TOPICS.accepted, 0);
    const state = await processor.restore(claim, log);
    for await (const batch of log.read({ topic: TOPICS.accepted, partition: 0, from: 0 })) {
      processor.process(state, batch);
      const [{ windows }] = [...state.spend.counters()] as [SpendCounter];
      const window = state.spend.windowFrom(state.spend.find('acme', 'l'), windows[0]!.startMs);
      state.spend.setSum(window, 2n ** 60n);
      await accept(log, [[brazil('b', 60)]]);
      for await (const next of log.read({ topic: TOPICS.accepted, partition: 0, from: 1 })) {
        const { outputs: written, alerts } = processor.process(state, next);
        expect(alerts[0]!.spent).toBe(2n ** 60n + 300_000n);
        const value = written.find(({ topic }) => topic === TOPICS.alerts)!.value;
        const cell = Buffer.alloc(8);
        cell.writeBigInt64LE(2n ** 60n + 300_000n);
        expect(value!.includes(cell)).toBe(true);
      }
    }
  });
});

it('counts alerts once they are committed, and tells them for the log', async () => {
  const log = await openStage();
  const metrics = createMetrics({ service: 'rating' });
  const told: SpendAlert[] = [];
  const catalog = limitedCatalog({ ofPlan: [premium] });
  const membership = await startRating({
    log,
    catalog,
    topics: TOPICS,
    metrics,
    onAlert: (alert) => told.push(alert),
  });
  await accept(log, [[brazil('a', 220)]]);
  await vi.waitFor(() => expect(told).toHaveLength(2), { timeout: 60_000 });
  await membership.stop();
  expect(alertFields(told[1]!)).toEqual({
    alertId: told[1]!.alertId,
    account: 'acme',
    limit: 'fraud',
    window: 'day',
    windowStart: '2020-01-15T05:00:00.000Z',
    windowEnd: '2020-01-16T05:00:00.000Z',
    thresholdPercent: 100,
    limitAmount: '1.000000',
    spent: '1.100000',
    currency: 'USD',
    callId: 'a',
  });
  expect(await metrics.total('tollstream_alerts_total')).toBe(2);
});
