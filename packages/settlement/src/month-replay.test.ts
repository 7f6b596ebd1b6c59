import { compileRateTable } from '@tollstream/rating-engine';
import { byTariff, makeAccount, makeCatalog, makePlan, makeTariff } from '@tollstream/rating-engine/testing';
import { describe, expect, it } from 'vitest';
import { DifferenceReport } from './difference-report.ts';
import { MonthReplay } from './month-replay.ts';
import { rateInOrder, testTable } from './testing/index.ts';
import type { TestCall } from './testing/index.ts';

const AT = Date.UTC(2020, 0, 15, 15);
const CALL: TestCall = {
  callId: 'a',
  account: 'account-0',
  destination: 12125550199,
  startedAt: AT,
  answeredAt: AT,
  endedAt: AT + 60_000,
};
const table = testTable({ minutes: 1 });

function replay(by: typeof table | null = table): MonthReplay {
  return new MonthReplay({ tableFor: () => by, usesRoutingNumbers: false });
}

describe('a call that came before its turn', () => {
  const calls = [
    { ...CALL, callId: 'later', startedAt: AT + 60_000, answeredAt: AT + 60_000, endedAt: AT + 120_000 },
    CALL,
  ];

  it('gives the allowance back to the one that was first', () => {
    const block = rateInOrder(calls, table);
    expect([0, 1].map((row) => block.column('charge').integer(row))).toEqual([20_000, 0]);
    const month = replay();
    const { changed, prices, priced } = month.block(block);
    expect([...priced]).toEqual([0, 1]);
    expect([...changed]).toEqual([0, 1]);
    expect([0, 1].map((row) => prices.column('new_charge').integer(row))).toEqual([0, 20_000]);
    expect([0, 1].map((row) => prices.column('new_revision').number(row))).toEqual([1, 1]);
    month.end();
    expect(month.takeFinished()).toEqual([
      { accountId: 'account-0', sums: new Map([['USD', { calls: 2, charge: 20_000 }]]) },
    ]);
    expect(month.takeFinished()).toEqual([]);
  });
});

describe('a replay refuses', () => {
  it('rows out of order', () => {
    const month = replay();
    month.block(rateInOrder([{ ...CALL, startedAt: AT + 1, answeredAt: AT + 1 }], table));
    expect(() => month.block(rateInOrder([{ ...CALL, callId: 'b' }], table))).toThrow(
      /Call b does not come after/,
    );
  });

  it('a call that comes twice, in two blocks too', () => {
    const month = replay();
    month.block(rateInOrder([CALL], table));
    expect(() => month.block(rateInOrder([CALL], table))).toThrow(/Call a does not come after/);
    expect(() => replay().block(rateInOrder([CALL, CALL], table))).toThrow(/Call a does not come after/);
  });

  it('but not the same id of another switch or leg, nor an earlier call of the next account', () => {
    const month = replay();
    month.block(rateInOrder([CALL, { ...CALL, leg: 1 }, { ...CALL, switchId: 'switch-b' }], table));
    month.block(
      rateInOrder([{ ...CALL, account: 'account-1', startedAt: AT - 5, answeredAt: AT - 5 }], table),
    );
  });
});

describe('a call without a price', () => {
  const next = { ...CALL, callId: 'b', startedAt: AT + 1, answeredAt: AT + 1, destination: 551187650123 };
  const block = rateInOrder(
    [CALL, next, { ...CALL, callId: 'c', startedAt: AT + 2, answeredAt: AT + 2 }],
    table,
  );

  it('is told apart, and the others keep their places', () => {
    const plan = makePlan('p', {
      local: byTariff(makeTariff('t', [{ prefix: '1', perMinute: '0.05' }])),
      international: { kind: 'blocked' },
    });
    const { priced, changed, prices, unpriced } = replay(
      compileRateTable(makeCatalog([makeAccount('account-0', plan)])),
    ).block(block);
    expect([...priced]).toEqual([0, 2]);
    expect([...changed]).toEqual([0, 1]);
    expect(prices.rows).toBe(2);
    expect(unpriced).toMatchObject([{ callId: 'b', accountId: 'account-0', code: 'destination_blocked' }]);
  });

  it('has no catalog, no account, another month or another currency', () => {
    const codeWith = (by: typeof table | null) =>
      replay(by)
        .block(block)
        .unpriced.map(({ code }) => code);
    expect(codeWith(null)).toEqual(['catalog_missing', 'catalog_missing', 'catalog_missing']);
    const catalogWith = (part: Parameters<typeof makeAccount>[2], id = 'account-0', currency = 'USD') => {
      const tariff = makeTariff('t', [{ prefix: '1' }, { prefix: '55' }], { currency });
      const plan = makePlan('p', { local: byTariff(tariff), international: byTariff(tariff) });
      return compileRateTable(makeCatalog([makeAccount(id, plan, part)]));
    };
    expect(codeWith(catalogWith({}, 'other'))[0]).toBe('account_unknown');
    expect(codeWith(catalogWith({}, 'account-0', 'CAD'))).toEqual(['currency_changed', 'currency_changed']);
    const newYear = rateInOrder(
      [
        {
          ...CALL,
          startedAt: Date.UTC(2020, 0, 1, 4, 59),
          answeredAt: Date.UTC(2020, 0, 1, 5),
          endedAt: Date.UTC(2020, 0, 1, 5, 1),
        },
      ],
      table,
    );
    const moved = replay(catalogWith({ timeZone: 'America/Los_Angeles' })).block(newYear);
    expect(moved.unpriced).toMatchObject([{ code: 'month_moved' }]);
  });
});

describe('the report', () => {
  it('says by account, type and destination what the same calls cost, and sums up all', () => {
    const calls = [
      CALL,
      { ...CALL, callId: 'b', destination: 551187650123 },
      { ...CALL, callId: 'c', destination: 551187650124 },
    ];
    const block = rateInOrder(calls, table);
    const report = new DifferenceReport();
    const dearer = testTable({ version: 2, minutes: 0, brazil: '0.0734' });
    report.add(block, replay(dearer).block(block));
    expect(report.differences()).toEqual([
      {
        accountId: 'account-0',
        callType: 'local',
        country: 'US',
        prefix: 1,
        currency: 'USD',
        calls: 1,
        before: 0n,
        after: 20_000n,
      },
    ]);
    // The version is another one: all rows change, though most keep their price.
    expect(report.totals).toMatchObject({ calls: 3, changed: 3 });
    const difference = report.totals.after.get('USD')! - report.totals.before.get('USD')!;
    expect(difference).toBe(20_000n);
  });
});
