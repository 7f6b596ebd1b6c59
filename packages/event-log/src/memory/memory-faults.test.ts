import { describe, expect, it } from 'vitest';
import type { EventLog } from '../port.ts';
import { runProcessor } from '../runner.ts';
import { createMemoryEventLog, type MemoryEventLogOptions } from './memory-event-log.ts';

const RECORDS = 60;

async function openFilled(options: MemoryEventLogOptions, partitions = 1): Promise<EventLog> {
  const log = createMemoryEventLog({ backoff: { initialMs: 1, maxMs: 4 }, ...options });
  await log.createTopics(['in', 'out'].map((name) => ({ name, partitions })));
  for (let partition = 0; partition < partitions; partition += 1) {
    const claim = await log.claim('loader', 'in', partition);
    const outputs = Array.from({ length: RECORDS }, (_, i) => ({
      topic: 'in',
      partition,
      value: Buffer.from(String(i)),
    }));
    await claim.commit({ outputs, nextOffset: RECORDS, metadata: '' });
  }
  return log;
}

/** Copies `in` to `out`; resolves when everything was committed. */
async function copyAll(
  log: EventLog,
  onBatch: (partition: number) => void = () => undefined,
): Promise<string[]> {
  const [info] = await log.describeTopics(['in']);
  const partitions = info?.partitions ?? 0;
  const ends = await log.offsets('in');
  const member = await runProcessor({
    log,
    group: 'copy',
    topics: ['in'],
    recordsMax: 5,
    processor: {
      restore: async () => ({}),
      process: (_state, { partition, records }) => {
        onBatch(partition);
        return { outputs: records.map(({ value }) => ({ topic: 'out', partition, value })), metadata: '' };
      },
    },
  });
  await expect
    .poll(async () => {
      const positions = await Promise.all(
        ends.map(async ({ partition }) => log.committed('copy', 'in', partition)),
      );
      return positions.every((position, partition) => position?.offset === ends[partition]?.end);
    })
    .toBe(true);
  await member.stop();
  const values: string[] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    for await (const batch of log.read({ topic: 'out', partition, from: 0 })) {
      values.push(...batch.records.map((record) => String(record.value)));
    }
  }
  return values;
}

const expected = Array.from({ length: RECORDS }, (_, i) => String(i));

describe('work over a faulty log is done exactly once', () => {
  for (const hook of ['beforeCommit', 'afterCommit'] as const) {
    it(`when every third commit fails ${hook === 'beforeCommit' ? 'and leaves nothing' : 'after it took effect'}`, async () => {
      let commits = 0;
      const log = await openFilled({
        [hook]: ({ group }: { group: string }) => {
          if (group !== 'copy') return;
          commits += 1;
          if (commits % 3 === 0) throw new Error('the connection was lost');
        },
      });
      expect(await copyAll(log)).toEqual(expected);
      expect(commits).toBeGreaterThan(3);
      await log.close();
    });
  }
});

describe('partitions in one process', () => {
  it('advance in a round, so that none waits for another to end', async () => {
    const log = await openFilled({}, 3);
    const order: number[] = [];
    expect(await copyAll(log, (partition) => order.push(partition))).toHaveLength(3 * RECORDS);
    const rounds = Array.from({ length: order.length / 3 }, (_, i) =>
      order.slice(i * 3, i * 3 + 3).toSorted((a, b) => a - b),
    );
    expect(rounds).toEqual(rounds.map(() => [0, 1, 2]));
    await log.close();
  });
});

it('ticks go on when the wall clock is set back', async () => {
  let clockMs = 1_000_000;
  const log = createMemoryEventLog({ now: () => clockMs });
  await log.createTopics([{ name: 'in', partitions: 1 }]);
  const ticks: number[] = [];
  const member = await log.join({
    group: 'ticked',
    topics: ['in'],
    mode: 'offsets',
    tickMs: 1,
    open: async () => ({
      process: async () => undefined,
      tick: async (nowMs) => {
        ticks.push(nowMs);
        clockMs = 5_000;
      },
      close: async () => undefined,
    }),
  });
  await expect.poll(() => ticks.slice(0, 3), { timeout: 60_000 }).toEqual([1_000_000, 5_000, 5_000]);
  await member.stop();
  await log.close();
});
