/** Whoever asks, at the same time or killed between two steps: each open call is published once. */
import { decodeBlock, readNativeBlock } from '@tollstream/contracts';
import { ClaimLostError, createMemoryEventLog } from '@tollstream/event-log';
import type { EventLog } from '@tollstream/event-log';
import { beforeEach, expect, test } from 'vitest';
import { takeUp } from './take-up.ts';
import type { SuspendedCall, SuspenseTable, TakeUpOptions } from './take-up.ts';

const TOPIC = 'calls.accepted';
const PARTITIONS = 3;
let log: EventLog;

beforeEach(async () => {
  log = createMemoryEventLog();
  await log.createTopics([{ name: TOPIC, partitions: PARTITIONS }]);
});

function suspendedCall(offset: number): SuspendedCall {
  const party = { number: 12125550100, text: '' };
  return {
    call: {
      callId: `call-${offset}`,
      switchId: 'sw',
      leg: 0,
      direction: 'outbound',
      from: '',
      to: '',
      startedAt: 1_580_000_000_000,
      answeredAt: null,
      endedAt: 1_580_000_001_000,
      disposition: 'busy',
      account: null,
      extension: null,
      device: null,
      trunk: null,
      chargedParty: null,
      originalTo: null,
      routingNumber: null,
      parentCallId: null,
      partialSequence: null,
      redirectingNumber: null,
    },
    attribution: {
      accountId: offset % 2 === 0 ? '' : `account-${offset}`,
      origin: party,
      destination: party,
      direction: 'outbound',
      routingNumber: '',
    },
    source: { topic: 'calls.raw', partition: 0, offset },
  };
}

/** A table that holds what was published as soon as it is asked: as if rating and the aggregator were at once. */
function tableOf(count: number): SuspenseTable {
  const all = Array.from({ length: count }, (_, offset) => suspendedCall(offset));
  return {
    resolutions: async () => (await published()).length,
    async open(after, limit) {
      const resolved = new Set(await published());
      return all
        .filter(({ source }) => source.offset > (after?.offset ?? -1) && !resolved.has(source.offset))
        .slice(0, limit);
    },
  };
}

async function published(): Promise<number[]> {
  const offsets: number[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for await (const { records } of log.read({ topic: TOPIC, partition, from: 0 })) {
      for (const { value } of records)
        offsets.push(...readNativeBlock(decodeBlock(value!).native).column('source_offset').integers());
    }
  }
  return offsets.toSorted((a, b) => a - b);
}

const options = (part: Partial<TakeUpOptions> = {}): TakeUpOptions => ({
  log,
  table: tableOf(5),
  topic: TOPIC,
  group: 'suspense',
  request: { action: 'replay', reason: '', requestedBy: 'test', requestedAt: 1, run: 'run' },
  catalogVersion: 0,
  callsMax: 100,
  until: async (condition) => {
    if (!(await condition())) throw new Error('waits');
  },
  ...part,
});

test('publishes each open call once, with the account that is known by now', async () => {
  const accountOf = (): string => 'found';
  expect(await takeUp(options({ accountOf }))).toEqual({ calls: 5, requested: 5 });
  expect(await published()).toEqual([0, 1, 2, 3, 4]);
  const accounts: string[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for await (const { records } of log.read({ topic: TOPIC, partition, from: 0 }))
      for (const { value } of records) {
        const block = readNativeBlock(decodeBlock(value!).native);
        for (let row = 0; row < block.rows; row++) accounts.push(block.column('account_id').string(row));
      }
  }
  expect(accounts.toSorted()).toEqual(['account-1', 'account-3', 'found', 'found', 'found']);
  expect(await takeUp(options())).toEqual({ calls: 0, requested: 5 });
});

test('takes up no more than it was told to, and the rest another time', async () => {
  expect(await takeUp(options({ callsMax: 2 }))).toEqual({ calls: 2, requested: 2 });
  expect(await takeUp(options())).toEqual({ calls: 3, requested: 5 });
  expect(await published()).toEqual([0, 1, 2, 3, 4]);
});

test('waits while what was asked for before is not resolved', async () => {
  const stale: SuspenseTable = { ...tableOf(5), resolutions: async () => 0 };
  await takeUp(options({ callsMax: 2 }));
  await expect(takeUp(options({ table: stale }))).rejects.toThrow('waits');
  expect(await published()).toEqual([0, 1]);
});

test('of two that ask at once, the one that came first is shut out', async () => {
  const right = tableOf(5);
  // Between reading and publishing, another one asks for the same calls.
  const overtaken: SuspenseTable = {
    ...right,
    async open(after, limit) {
      const open = await right.open(after, limit);
      await takeUp(options());
      return open;
    },
  };
  await expect(takeUp(options({ table: overtaken }))).rejects.toBeInstanceOf(ClaimLostError);
  expect(await published()).toEqual([0, 1, 2, 3, 4]);
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
    await expect(takeUp(options({ log: dying }))).rejects.toThrow('killed');
    await takeUp(options());
    expect(await published()).toEqual([0, 1, 2, 3, 4]);
  },
);
