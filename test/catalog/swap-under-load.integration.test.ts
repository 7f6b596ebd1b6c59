/** Versions are published while calls flow over a real broker: no block holds two, and no charge comes out otherwise. */
import { expect, inject, test } from 'vitest';
import { swapUnderLoad } from './swap-under-load.ts';

const brokers = inject('kafkaBrokers');
const CALLS = 12_000;

test.skipIf(brokers.length === 0)(
  'every block is of one published version, and the totals are undisturbed',
  async () => {
    const undisturbed = await swapUnderLoad({ brokers, calls: CALLS, swaps: 0 });
    const report = await swapUnderLoad({ brokers, calls: CALLS, swaps: 3 });

    const { published, blocks, accepted, totals, tally } = report;
    expect(published).toEqual([1, 2, 3, 4]);
    const used = new Set<number>();
    for (const { header, rows, topic, partition } of blocks) {
      const place = `${topic}/${partition} at ${header.firstOffset}`;
      expect(rows, place).toEqual([header.catalogVersion]);
      expect(published, place).toContain(header.catalogVersion);
      used.add(header.catalogVersion);
      const block = accepted.find(
        (each) => each.partition === partition && each.offset === header.firstOffset,
      );
      expect(
        header.catalogVersion,
        `${place}: rated by an older version than attributed`,
      ).toBeGreaterThanOrEqual(block!.version);
    }
    expect([...used].sort((a, b) => a - b)).toEqual(published);
    expect(totals).toEqual(undisturbed.totals);
    expect(totals).toMatchObject({
      rated: tally.rated,
      suspended: tally.suspended,
      duplicate: tally.duplicate,
    });
  },
);
