import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRatingProcessor } from './rating.ts';
import { testCatalog } from './testing/catalog.ts';
import { fewCalls, windowLimits } from './testing/few-calls.ts';
import { accept, openStage, outputs, rate, TOPICS } from './testing/stage.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_115);

const call = fewCalls(25);
const blocks = fc.array(fc.array(call, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 });

it(`a stream cut anywhere and restored gives the same outputs as one that ran through (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      blocks,
      windowLimits,
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
