/** Whenever a snapshot was written and whatever became of it, the state restored is the one that all of the output gives. */
import { createMemorySnapshots } from '@tollstream/event-log';
import type { EventLog, MemorySnapshots } from '@tollstream/event-log';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRatingProcessor } from '../rating.ts';
import type { RatingProcessorOptions } from '../rating.ts';
import { testCatalog } from '../testing/catalog.ts';
import { fewCalls, windowLimits } from '../testing/few-calls.ts';
import { limit } from '../testing/limits.ts';
import { accept, openStage, outputs, rate, TOPICS } from '../testing/stage.ts';
import { contentOf } from '../testing/state-content.ts';
import type { SnapshotEvent } from './snapshot-writer.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_115);
const PLACE = { group: 'rating', topic: TOPICS.accepted, partition: 0 };

const call = fewCalls(40);
const blocks = fc.array(fc.array(call, { minLength: 1, maxLength: 8 }), { minLength: 8, maxLength: 16 });
const often = fc.record({
  calls: fc.constantFrom(1, 5, 20),
  // The smallest table has 4,096 slots: a copy takes one to four turns.
  slotsPerTurn: fc.constantFrom(1_024, 2_048, 4_096),
});
const cuts = fc.array(fc.integer({ min: 2, max: 8 }), { maxLength: 4 });

/** Every account is told of when it spends half a dollar in a day. */
function catalogWithLimits(): RatingProcessorOptions['catalog'] {
  const catalog = testCatalog();
  const accounts = Array.from(
    catalog.accounts,
    ([id, account]) =>
      [id, { ...account, spendLimits: [limit('daily', 0.05, { thresholds: [50, 100] })] }] as const,
  );
  return { ...catalog, accounts: new Map(accounts) };
}
const catalog = catalogWithLimits();

async function contentAsRestored(log: EventLog, options: Partial<RatingProcessorOptions>): Promise<unknown> {
  const processor = createRatingProcessor({ catalog, topics: TOPICS, ...options });
  const claim = await log.claim('rating', TOPICS.accepted, 0);
  const content = contentOf(await processor.restore(claim, log));
  await claim.release();
  return content;
}

it(`a state from a snapshot and the output after it is the one from all output (seed ${seed})`, async () => {
  const counts = { written: 0, used: 0, refused: 0, failed: 0, paused: 0 };
  await fc.assert(
    fc.asyncProperty(blocks, windowLimits, often, cuts, async (input, window, snapshotLimits, lengths) => {
      const store = createMemorySnapshots();
      const onSnapshot = ({ kind }: SnapshotEvent): void => void (counts[kind] += 1);
      const options = { catalog, topics: TOPICS, limits: window };
      const withSnapshots = { ...options, snapshots: { store, limits: snapshotLimits }, onSnapshot };
      const log = await openStage();
      await accept(log, input);
      const processor = createRatingProcessor(withSnapshots);
      for (const count of lengths) {
        await rate(log, processor, { blocks: count, blocksPerBatch: 1 });
        expect(await contentAsRestored(log, withSnapshots)).toEqual(await contentAsRestored(log, options));
      }
      await rate(log, processor, { blocksPerBatch: 1 });
      expect(await contentAsRestored(log, withSnapshots)).toEqual(await contentAsRestored(log, options));
      const through = await openStage();
      await accept(through, input);
      await rate(through, createRatingProcessor(options), { blocksPerBatch: 1 });
      for (const topic of [TOPICS.rated, TOPICS.suspended, TOPICS.resolved, TOPICS.alerts]) {
        expect((await outputs(log, topic)).map(({ value }) => value)).toEqual(
          (await outputs(through, topic)).map(({ value }) => value),
        );
      }
    }),
    { numRuns: 60, seed },
  );
  // Else nothing was tried.
  expect(Math.min(counts.written, counts.used)).toBeGreaterThan(50);
  expect([counts.refused, counts.failed]).toEqual([0, 0]);
}, 300_000);

async function snapshotted(): Promise<{ log: EventLog; store: MemorySnapshots }> {
  const store = createMemorySnapshots();
  const log = await openStage();
  const part = { id: 'in-parts', partialSequence: 1 };
  await accept(log, [
    [{ id: 'a', seconds: 120, device: 'desk' }, { id: 'x', to: 442071234567 }, part],
    ...Array.from({ length: 12 }, (_, n) => [{ id: `b${n}`, to: 5511987650123, seconds: 300 }]),
  ]);
  const snapshots = { store, limits: { calls: 1, slotsPerTurn: 4_096 } };
  await rate(log, createRatingProcessor({ catalog, topics: TOPICS, snapshots }), { blocksPerBatch: 1 });
  return { log, store };
}

it(`a snapshot with any byte changed, or cut anywhere, is passed over (seed ${seed})`, async () => {
  const { log, store } = await snapshotted();
  const whole = await contentAsRestored(log, {});
  const files = store.files(PLACE);
  expect(files.size).toBe(2);
  const sound = new Map(files);
  const restored = async (): Promise<readonly [unknown, SnapshotEvent['kind'][]]> => {
    const events: SnapshotEvent[] = [];
    const content = await contentAsRestored(log, {
      snapshots: { store },
      onSnapshot: (event) => events.push(event),
    });
    return [content, events.map(({ kind }) => kind)];
  };
  expect(await restored()).toEqual([whole, ['used']]);
  const [older, newer] = [...sound.keys()] as [string, string];
  const damage = fc.record({
    place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    bits: fc.integer({ min: 1, max: 255 }),
    isCut: fc.boolean(),
    areBoth: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ place, bits, isCut, areBoth }) => {
      for (const name of areBoth ? [older, newer] : [newer]) {
        const bytes = Buffer.from(sound.get(name)!);
        const at = Math.floor(place * bytes.length);
        bytes[at]! ^= bits;
        files.set(name, isCut ? bytes.subarray(0, at) : bytes);
      }
      const [content, kinds] = await restored();
      for (const [name, bytes] of sound) files.set(name, bytes);
      expect(content).toEqual(whole);
      expect(kinds).toEqual(areBoth ? ['refused', 'refused'] : ['refused', 'used']);
    }),
    { numRuns: 200, seed },
  );
}, 300_000);
