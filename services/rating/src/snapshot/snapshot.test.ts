import { createMemorySnapshots } from '@tollstream/event-log';
import type { EventLog, MemorySnapshots, TopicInfo } from '@tollstream/event-log';
import { describe, expect, it } from 'vitest';
import { createRatingProcessor } from '../rating.ts';
import type { RatingProcessorOptions } from '../rating.ts';
import { limit, limitedCatalog } from '../testing/limits.ts';
import { accept, openStage, rate, TOPICS } from '../testing/stage.ts';
import { contentOf } from '../testing/state-content.ts';
import type { SnapshotEvent } from './snapshot-writer.ts';

const catalog = limitedCatalog({ ofAccount: [limit('day', 1)] });
const PLACE = { group: 'rating', topic: TOPICS.accepted, partition: 0 };
const LIMITS = { windowCallsMax: 1_000, windowAgeMs: 86_400_000 };
const often = { calls: 3, slotsPerTurn: 4_096 };

interface Stage {
  readonly log: EventLog;
  readonly store: MemorySnapshots;
  readonly events: SnapshotEvent[];
  readonly options: RatingProcessorOptions;
}

async function stageWithSnapshot(): Promise<Stage> {
  const events: SnapshotEvent[] = [];
  const store = createMemorySnapshots();
  const options: RatingProcessorOptions = {
    catalog,
    topics: TOPICS,
    limits: LIMITS,
    snapshots: { store, limits: often },
    onSnapshot: (event) => events.push(event),
  };
  const log = await openStage();
  await rateMore(log, options, 8);
  expect(events.filter(({ kind }) => kind === 'written').length).toBeGreaterThan(0);
  events.length = 0;
  return { log, store, events, options };
}

let calls = 0;
async function rateMore(log: EventLog, options: RatingProcessorOptions, blocks: number): Promise<void> {
  await accept(
    log,
    Array.from({ length: blocks }, () => [
      { id: `call-${calls++}`, seconds: 60 },
      { id: `call-${calls++}`, to: 'nowhere' },
    ]),
  );
  await rate(log, createRatingProcessor(options), { blocksPerBatch: 1 });
}

/** @returns why snapshots were passed over, having found the state that all output gives */
async function refusals(
  { log, events, options }: Stage,
  changed: Partial<RatingProcessorOptions> = {},
): Promise<string[]> {
  const claim = await log.claim('rating', TOPICS.accepted, 0);
  const all = { ...options, ...changed };
  const restored = await createRatingProcessor(all).restore(claim, log);
  const { snapshots: _, ...without } = all;
  const whole = await createRatingProcessor(without).restore(claim, log);
  expect(contentOf(restored)).toEqual(contentOf(whole));
  return events.map((event) => (event.kind === 'refused' ? event.reason : event.kind));
}

describe('a snapshot', () => {
  it('is used, and only output after it is read', async () => {
    const stage = await stageWithSnapshot();
    const read: string[] = [];
    const reasons = await refusals(stage, {
      onRestore: ({ topic, records }) => read.push(...Array.from({ length: records }, () => topic)),
    });
    expect(reasons).toEqual(['used']);
    // All output is 8 blocks of rated and 8 of suspended calls; `refusals` also restores from that.
    expect(read.length).toBeGreaterThanOrEqual(16);
    expect(read.length).toBeLessThan(16 + 10);
  });

  it.each(['accepted', 'rated', 'suspended', 'resolved', 'alerts'] as const)(
    'is passed over once the topic of %s records was created anew',
    async (name) => {
      const stage = await stageWithSnapshot();
      const infos = await stage.log.describeTopics(Object.values(TOPICS));
      const changed = infos.map((info) => (info.name === TOPICS[name] ? { ...info, id: 'another' } : info));
      const reasons = await refusals({ ...stage, log: describedAs(stage.log, changed) });
      expect(new Set(reasons)).toEqual(
        new Set([`the topic of ${name} records was created anew since it was written`]),
      );
    },
  );

  it('is passed over by a pipeline begun anew under the same names', async () => {
    const stage = await stageWithSnapshot();
    const names = Object.values(TOPICS);
    await stage.log.deleteTopics(names);
    await stage.log.createTopics(names.map((name) => ({ name, partitions: 2 })));
    await rateMore(stage.log, { ...stage.options, snapshots: undefined }, 20);
    expect(new Set(await refusals(stage))).toEqual(
      new Set(['the topic of accepted records was created anew since it was written']),
    );
  });

  it('is passed over when it is newer than the log, as after an older copy of the log was put back', async () => {
    const stage = await stageWithSnapshot();
    const infos = await stage.log.describeTopics(Object.values(TOPICS));
    const log = await openStage();
    await rateMore(log, { ...stage.options, snapshots: undefined }, 1);
    const reasons = await refusals({ ...stage, log: describedAs(log, infos) });
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason).toMatch(/^it is newer than the log/);
  });

  it('is passed over under other limits of the window', async () => {
    const stage = await stageWithSnapshot();
    const reasons = await refusals(stage, { limits: { ...LIMITS, windowCallsMax: 5 } });
    expect(new Set(reasons)).toEqual(new Set(['it was written under other limits of the duplicate window']));
  });

  it('is passed over when it does not know what counts towards a limit that is asked for', async () => {
    const stage = await stageWithSnapshot();
    const { log, options } = stage;
    // Restored and rated on under a catalog without the limit: its sums are not known from here on.
    await accept(log, [
      [{ id: 'of-mill', account: 'mill' }],
      [{ id: 'of-mill-2', account: 'mill' }],
      [{ id: 'of-mill-3', account: 'mill' }],
      [{ id: 'of-mill-4', account: 'mill' }],
      [{ id: 'of-mill-5', account: 'mill' }],
    ]);
    stage.store.files(PLACE).clear();
    const without = limitedCatalog({});
    await rate(log, createRatingProcessor({ ...options, catalog: without }), { blocksPerBatch: 1 });
    stage.events.length = 0;
    expect(await refusals(stage, { catalog: without })).toEqual(['used']);
    stage.events.length = 0;
    const [reason] = await refusals(stage);
    expect(reason).toBe(
      'it does not know what counts towards limit day of account acme, which the catalog has again',
    );
  });

  it('that cannot be listed, opened or written holds nothing up', async () => {
    const stage = await stageWithSnapshot();
    const broken = new Error('the disk is gone');
    const fail = async (): Promise<never> => Promise.reject(broken);
    const listed = { store: { ...stage.store, list: fail } };
    expect(await refusals(stage, { snapshots: listed })).toEqual([
      'the snapshots cannot be listed: the disk is gone',
    ]);
    stage.events.length = 0;
    const opened = { store: { ...stage.store, open: fail } };
    expect(new Set(await refusals(stage, { snapshots: opened }))).toEqual(
      new Set(['it cannot be read: the disk is gone']),
    );
    stage.events.length = 0;
    await rateMore(
      stage.log,
      { ...stage.options, snapshots: { store: { ...stage.store, create: fail }, limits: often } },
      8,
    );
    expect(new Set(stage.events.map(({ kind }) => kind))).toEqual(new Set(['used', 'failed']));
  });
});

function describedAs(log: EventLog, infos: readonly TopicInfo[]): EventLog {
  return Object.assign(Object.create(log) as EventLog, {
    describeTopics: async (names: readonly string[]) =>
      Promise.resolve(infos.filter(({ name }) => names.includes(name))),
    offsets: async (topic: string) => log.offsets(topic),
    read: (range: Parameters<EventLog['read']>[0]) => log.read(range),
    claim: async (...place: Parameters<EventLog['claim']>) => log.claim(...place),
  });
}
