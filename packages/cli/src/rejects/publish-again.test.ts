/** Whoever asks, at the same time or killed between two steps: each rejected record is published once more at most. */
import { RESOLVED_OUTCOMES, decodeBlock, readNativeBlock } from '@tollstream/contracts';
import { ClaimLostError, createMemoryEventLog } from '@tollstream/event-log';
import type { EventLog, LogRecord } from '@tollstream/event-log';
import { beforeEach, expect, test } from 'vitest';
import { publishAgain } from './publish-again.ts';
import type { PublishAgainOptions, RejectedAgain, RejectsTable } from './publish-again.ts';

const RAW = 'calls.raw';
const TOPICS = { rejected: 'calls.rejected', resolved: 'usage.resolved' };
let log: EventLog;

beforeEach(async () => {
  log = createMemoryEventLog();
  await log.createTopics([
    { name: RAW, partitions: 2 },
    { name: TOPICS.rejected, partitions: 1 },
    { name: TOPICS.resolved, partitions: 2 },
  ]);
});

const rejected = (offset: number): RejectedAgain => ({
  source: { topic: RAW, partition: offset % 2, offset },
  receivedAt: 1_580_000_000_000,
  position: `calls.csv:${offset}`,
  value: Buffer.from(`line ${offset}`),
  headers: { 'tollstream-format': 'csv' },
});

/** A table that holds what was published as soon as it is asked: as if the aggregator were at once. */
function tableOf(count: number): RejectsTable {
  const all = Array.from({ length: count }, (_, offset) => rejected(offset));
  return {
    resolutions: async () => (await resolved()).length,
    async open(after, limit) {
      const closed = new Set((await resolved()).map(({ offset }) => offset));
      return all
        .filter(({ source }) => source.offset > (after?.offset ?? -1) && !closed.has(source.offset))
        .slice(0, limit);
    },
  };
}

async function recordsOf(topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (const { partition } of await log.offsets(topic)) {
    for await (const batch of log.read({ topic, partition, from: 0 })) records.push(...batch.records);
  }
  return records;
}

async function resolved(): Promise<{ offset: number; outcome: string; reason: string }[]> {
  return (await recordsOf(TOPICS.resolved)).flatMap(({ value }) => {
    const { header, native } = decodeBlock(value!);
    expect(header.schema).toBe('reject_resolved');
    const block = readNativeBlock(native);
    return Array.from({ length: block.rows }, (_, row) => ({
      offset: block.column('source_offset').integer(row),
      outcome: RESOLVED_OUTCOMES[block.column('outcome').number(row) - 1]!,
      reason: block.column('reason').string(row),
    }));
  });
}

const published = async (): Promise<string[]> =>
  (await recordsOf(RAW)).map(({ value }) => String(value)).toSorted();
const LINES = ['line 0', 'line 1', 'line 2', 'line 3', 'line 4'];

const options = (part: Partial<PublishAgainOptions> = {}): PublishAgainOptions => ({
  log,
  table: tableOf(5),
  topics: TOPICS,
  group: 'rejects',
  request: { action: 'replay', reason: 'zone set', requestedBy: 'test', requestedAt: 1, run: 'run-1' },
  countMax: 100,
  until: async (condition) => {
    if (!(await condition())) throw new Error('waits');
  },
  ...part,
});

test('publishes each record once more where it stood, and says of which one it is', async () => {
  expect(await publishAgain(options())).toEqual({ count: 5, requested: 5 });
  expect(await published()).toEqual(LINES);
  const again = (await recordsOf(RAW)).find(({ value }) => String(value) === 'line 3')!;
  expect(String(again.key)).toBe('calls.csv:3');
  expect(again.headers).toEqual({
    'tollstream-format': 'csv',
    'tollstream-replay-of': 'calls.raw/1/3',
    'tollstream-replay-run': 'run-1',
  });
  const outcomes = await resolved();
  expect(outcomes.map(({ offset }) => offset).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  expect(new Set(outcomes.map(({ outcome, reason }) => `${outcome}: ${reason}`))).toEqual(
    new Set(['replayed: zone set']),
  );
  expect(await publishAgain(options())).toEqual({ count: 0, requested: 5 });
});

test('a discard publishes nothing, and keeps why', async () => {
  const request = { ...options().request, action: 'discard', reason: 'probes' } as const;
  expect(await publishAgain(options({ request, countMax: 2 }))).toEqual({ count: 2, requested: 2 });
  expect(await published()).toEqual([]);
  expect(await resolved()).toEqual([
    { offset: 0, outcome: 'discarded', reason: 'probes' },
    { offset: 1, outcome: 'discarded', reason: 'probes' },
  ]);
  // What was given up is not replayed.
  await publishAgain(options());
  expect(await published()).toEqual(LINES.slice(2));
});

test('waits while what was asked for before is not resolved', async () => {
  const stale: RejectsTable = { ...tableOf(5), resolutions: async () => 0 };
  await publishAgain(options({ countMax: 2 }));
  await expect(publishAgain(options({ table: stale }))).rejects.toThrow('waits');
  expect(await published()).toEqual(LINES.slice(0, 2));
});

test('of two that ask at once, the one that came first is shut out', async () => {
  const right = tableOf(5);
  const overtaken: RejectsTable = {
    ...right,
    async open(after, limit) {
      const open = await right.open(after, limit);
      await publishAgain(options());
      return open;
    },
  };
  await expect(publishAgain(options({ table: overtaken }))).rejects.toBeInstanceOf(ClaimLostError);
  expect(await published()).toEqual(LINES);
});

test.each(['before', 'after'] as const)(
  'killed just %s it published, it leaves nothing to be done twice',
  async (when) => {
    const dying: EventLog = {
      ...log,
      offsets: (topic) => log.offsets(topic),
      async claim(...of) {
        const claim = await log.claim(...of);
        return {
          ...claim,
          async commit(step) {
            if (when === 'after') await claim.commit(step);
            throw new Error('killed');
          },
        };
      },
    };
    await expect(publishAgain(options({ log: dying }))).rejects.toThrow('killed');
    await publishAgain(options());
    expect(await published()).toEqual(LINES);
  },
);
