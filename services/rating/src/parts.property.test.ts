/** Any order, any copies and any restarts: parts are rated as the whole call would be. */
import { LAST_PART } from '@tollstream/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRatingProcessor } from './rating.ts';
import { testCatalog } from './testing/catalog.ts';
import { ANSWERED_AT, TOPICS, accept, openStage, rate, rowsOf } from './testing/stage.ts';
import type { TestCall } from './testing/stage.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_115);

/** Seconds of each part. */
const calls = fc.array(fc.array(fc.nat(90), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 });

function partsOf(call: number, lengths: readonly number[]): TestCall[] {
  let at = ANSWERED_AT + call * 1_000;
  return lengths.map((seconds, i) => {
    const part = {
      id: `call-${call}`,
      to: 5511987650123,
      answeredAt: at,
      seconds,
      partialSequence: i + 1 + (i + 1 === lengths.length ? LAST_PART : 0),
    };
    at += seconds * 1_000;
    return part;
  });
}

/** What must not depend on how the call came. */
const SAME = [
  'call_id',
  'account_id',
  'started_at',
  'answered_at',
  'ended_at',
  'partial_sequence',
  'duration_ms',
  'billable_seconds',
  'charge',
] as const;

async function ratedRows(
  blocks: readonly (readonly TestCall[])[],
  cuts: readonly number[],
): Promise<unknown[]> {
  const processor = createRatingProcessor({ catalog: testCatalog(), topics: TOPICS });
  const log = await openStage();
  await accept(log, blocks);
  for (const count of cuts) await rate(log, processor, { blocks: count });
  await rate(log, processor);
  const rows = await rowsOf(log, TOPICS.rated);
  return rows
    .map((row) => SAME.map((name) => row[name]))
    .toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
}

it(`parts in any order, with copies and restarts, are the whole calls (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      calls.chain((lengths) => {
        const parts = lengths.flatMap((each, call) => partsOf(call, each));
        return fc.record({
          lengths: fc.constant(lengths),
          arrivals: fc
            .tuple(fc.shuffledSubarray(parts, { minLength: parts.length }), fc.shuffledSubarray(parts))
            .map(([once, again]) => [...once, ...again]),
          // Before which arrivals a block begins.
          cuts: fc.array(fc.nat(parts.length * 2), { maxLength: 6 }),
          restarts: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }),
        });
      }),
      async ({ lengths, arrivals, cuts, restarts }) => {
        const bounds = [...new Set([0, ...cuts, arrivals.length])]
          .filter((at) => at <= arrivals.length)
          .toSorted((a, b) => a - b);
        const blocks = bounds.slice(1).map((end, i) => arrivals.slice(bounds[i], end));
        const wholes = lengths.map((each, call) => ({
          id: `call-${call}`,
          to: 5511987650123,
          answeredAt: ANSWERED_AT + call * 1_000,
          seconds: each.reduce((sum, seconds) => sum + seconds, 0),
        }));
        expect(await ratedRows(blocks, restarts)).toEqual(await ratedRows([wholes], []));
      },
    ),
    { seed, numRuns: 150 },
  );
});

it('a call of which one part never comes has no row, whichever it is', async () => {
  const parts = partsOf(0, [10, 20, 30]);
  for (const missing of parts)
    expect(await ratedRows([parts.filter((part) => part !== missing)], [1])).toEqual([]);
});
