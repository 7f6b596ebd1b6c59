import { describe, expect, inject, it } from 'vitest';
import { rollingRestart } from './testing/rolling-restart.ts';

const brokers = inject('kafkaBrokers');

describe.skipIf(brokers.length === 0)('three members that are restarted one after the other', () => {
  it('rate each call once, and leave those that stay what they have', { timeout: 400_000 }, async () => {
    const partitions = 6;
    const result = await rollingRestart({ brokers, partitions });
    expect(result.rated.toSorted()).toEqual(result.calls.toSorted());
    expect(new Set(result.calls).size).toBe(result.calls.length);
    expect(result.totals).toEqual({
      seen: result.calls.length * 2,
      rated: result.calls.length,
      duplicate: result.calls.length,
    });
    // Who stays gives up nothing to one that leaves, and one of three to each that comes.
    expect(result.movedByLeaving).toEqual([0, 0, 0]);
    for (const moved of result.movedByComing) expect(moved).toBeLessThanOrEqual(partitions / 3);
    process.stdout.write(
      `${result.calls.length} calls; the longest stop of a partition took ${Math.round(result.longestStopMs)} ms\n`,
    );
  });
});
