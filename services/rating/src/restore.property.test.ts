import { LAST_PART } from '@tollstream/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRatingProcessor } from './rating.ts';
import { testCatalog } from './testing/catalog.ts';
import { accept, ANSWERED_AT, openStage, outputs, rate, TOPICS } from './testing/stage.ts';
import type { TestCall } from './testing/stage.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_115);
const DAY = 86_400_000;

// Few ids, devices and destinations, so that duplicates, split calls and suspended calls meet in every run.
const call: fc.Arbitrary<TestCall> = fc.record({
  id: fc.nat(25).map((n) => `call-${n}`),
  account: fc.constantFrom('acme', 'mill', 'shop', 'shop', 'stranger'),
  device: fc.constantFrom('', 'desk', 'fax'),
  to: fc.constantFrom<number | string>(
    14155550199,
    14155550199,
    5511987650123,
    442071234567,
    '911',
    'nowhere',
  ),
  answeredAt: fc.option(
    fc.nat(40).map((day) => ANSWERED_AT + day * DAY),
    { nil: null, freq: 8 },
  ),
  seconds: fc.nat(400),
  partialSequence: fc.constantFrom(0, 0, 0, 0, 1, 2, LAST_PART + 1, LAST_PART + 2),
});
const blocks = fc.array(fc.array(call, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 });
// Small windows as well, so that what was let go is let go alike.
const limits = fc.record({
  windowCallsMax: fc.constantFrom(3, 10, 1_000),
  windowAgeMs: fc.constantFrom(2 * DAY, 60 * DAY),
});

it(`a stream cut anywhere and restored gives the same outputs as one that ran through (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      blocks,
      limits,
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 8 }),
      async (input, window, cuts) => {
        const processor = createRatingProcessor({ catalog: testCatalog(), topics: TOPICS, limits: window });
        const through = await openStage();
        await accept(through, input);
        await rate(through, processor);
        const cut = await openStage();
        await accept(cut, input);
        for (const count of cuts) await rate(cut, processor, { blocks: count, blocksPerBatch: 2 });
        await rate(cut, processor, { blocksPerBatch: 1 });
        for (const topic of [TOPICS.rated, TOPICS.suspended, TOPICS.resolved]) {
          expect((await outputs(cut, topic)).map(({ value }) => value)).toEqual(
            (await outputs(through, topic)).map(({ value }) => value),
          );
        }
        const [a, b] = await Promise.all(
          [through, cut].map((log) => log.committed('rating', TOPICS.accepted, 0)),
        );
        expect(b).toEqual(a);
      },
    ),
    { numRuns: 300, seed },
  );
}, 300_000);
