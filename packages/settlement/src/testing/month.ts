/** Random calls of a month under a small catalog with allowances, from a seed. */
import { compileRateTable } from '@tollstream/rating-engine';
import type { RateTable } from '@tollstream/rating-engine';
import {
  byTariff,
  makeAccount,
  makeCatalog,
  makePlan,
  makePool,
  makeTariff,
} from '@tollstream/rating-engine/testing';
import type { TestCall } from './rate-in-order.ts';

const JANUARY = Date.UTC(2020, 0, 1, 5);
const MONTH_MS = 31 * 86_400_000;

export interface TableOptions {
  readonly version?: number;
  /** Per minute beyond the allowance. */
  readonly overage?: string;
  readonly brazil?: string;
  readonly minutes?: number;
  readonly accounts?: number;
}

/** `account-0`, `account-1`, …: a pool over all calls of an account, one per device, and calls to Brazil. */
export function testTable({
  version = 1,
  overage = '0.02',
  brazil = '0.0734',
  minutes = 20,
  accounts = 5,
}: TableOptions = {}): RateTable {
  const domestic = makeTariff('domestic', [{ prefix: '1', perMinute: overage }]);
  const world = makeTariff('world', [
    { prefix: '55', perMinute: brazil, increments: '30/6' },
    { prefix: '5511', perMinute: '0.031', increments: '30/6', connectFee: '0.01' },
  ]);
  const rules = { international: byTariff(world) };
  const shared = makePlan('shared', {
    ...rules,
    local: byTariff(domestic, makePool('domestic', minutes)),
    long_distance: byTariff(domestic, makePool('domestic', minutes)),
  });
  const each = makePlan('each', {
    ...rules,
    local: byTariff(domestic, makePool('phone', minutes / 4, 'device')),
    long_distance: byTariff(domestic, makePool('phone', minutes / 4, 'device')),
  });
  const members = Array.from({ length: accounts }, (_, i) =>
    makeAccount(`account-${i}`, i % 2 === 0 ? shared : each),
  );
  return compileRateTable(makeCatalog(members, { version }));
}

/** A source of numbers in [0, 1) that gives the same ones for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export function randomCalls(random: () => number, count: number, { accounts = 5 } = {}): TestCall[] {
  const pick = (limit: number): number => Math.floor(random() * limit);
  return Array.from({ length: count }, (_, i) => {
    // Few instants, so that several calls are answered in the same millisecond.
    const startedAt = JANUARY + Math.floor((pick(2_000) * MONTH_MS) / 2_000);
    const answeredAt = random() < 0.1 ? null : startedAt + pick(3) * 1_000;
    return {
      callId: `call-${i}`,
      switchId: `switch-${pick(2)}`,
      account: `account-${pick(accounts)}`,
      device: `phone-${pick(3)}`,
      destination: [12125550199, 13125550123, 551187650123, 556187650123][pick(4)]!,
      startedAt,
      answeredAt,
      endedAt: (answeredAt ?? startedAt) + 1 + pick(300_000),
    };
  });
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [result[i], result[other]] = [result[other]!, result[i]!];
  }
  return result;
}
