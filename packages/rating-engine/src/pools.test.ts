import { describe, expect, it } from 'vitest';
import { AccountAllowance } from './allowance.ts';
import { emptyCall } from './call.ts';
import { explainCall, explanationText } from './explain.ts';
import { holdingsOf, isPlainPool } from './pools.ts';
import { priceCall } from './price-call.ts';
import type { Priced } from './price-call.ts';
import { compileRateTable } from './rate-table.ts';
import { priceDetailOf } from './stored-price.ts';
import { byTariff, makeAccount, makeCatalog, makePlan, makePool, makeTariff } from './testing/catalog.ts';

const tariff = makeTariff('us', [{ prefix: '1', perMinute: '0.02' }]);
const ANSWERED_AT = Date.parse('2020-01-15T15:00:00Z');
const lowUsage = makePool('low-usage', 50, 'devices', { deviceKind: 'low_usage', devicesMin: 20 });
const included = makePool('included', 1);
const credit = makePool('credit', 0, 'account', { unit: 'money', perMonth: 30_000 });

function accountWith(pools: readonly ReturnType<typeof makePool>[], phones = 20, part = {}) {
  const devices = Array.from({ length: phones }, (_, i) => ({
    id: `pager-${i}`,
    kind: 'low_usage',
    extension: '',
  }));
  const plan = makePlan('plan', { long_distance: byTariff(tariff, ...pools) });
  return compileRateTable(makeCatalog([makeAccount('acme', plan, { devices, ...part })])).account('acme')!;
}

function callOf(seconds: number, device = 'pager-3') {
  return {
    ...emptyCall(),
    originNumber: 12125550100,
    destinationNumber: 14155550199,
    device,
    startedAt: ANSWERED_AT,
    answeredAt: ANSWERED_AT,
    endedAt: ANSWERED_AT + seconds * 1000,
  };
}

const price = (...args: Parameters<typeof priceCall>): Priced => priceCall(...args) as Priced;

describe('a pool over all devices of a kind', () => {
  it('holds what each device adds, and is emptied by any of them', () => {
    const allowance = new AccountAllowance();
    allowance.add('low-usage', 'pager-1', 202001, 59_940);
    const priced = price(callOf(120), accountWith([lowUsage]), allowance);
    expect(priced).toMatchObject({
      rateType: 'split',
      includedSeconds: 60,
      chargedSeconds: 60,
      charge: 20_000,
    });
    expect(priced.takes).toMatchObject([{ size: 60_000, left: 60, took: 60 }]);
  });

  it('is none with fewer devices than it takes, and none of the calls of others', () => {
    const allowance = new AccountAllowance();
    expect(price(callOf(60), accountWith([lowUsage], 19), allowance).rateType).toBe('metered');
    expect(price(callOf(60, 'desk'), accountWith([lowUsage]), allowance).rateType).toBe('metered');
    expect(price(callOf(60), accountWith([lowUsage]), allowance).rateType).toBe('included');
  });
});

it('names the number that called only where each number has its own pool', () => {
  const numbers = [{ number: 12125550100, kind: 'did' as const, extension: '' }];
  const byNumber = makePool('by-number', 1, 'number');
  const account = accountWith([byNumber, included, credit], 20, { numbers });
  const { takes } = price(callOf(180), account, new AccountAllowance());
  expect(takes!.map(({ pool, number }) => [pool.id, number])).toEqual([
    ['by-number', 12125550100],
    ['included', 0],
    ['credit', 0],
  ]);
});

it('stores what pools gave only where the columns do not say it', () => {
  const account = accountWith([included, credit]);
  const detailOf = (seconds: number): string =>
    priceDetailOf(price(callOf(seconds), account, new AccountAllowance()));
  expect(detailOf(60)).toBe('');
  expect(detailOf(180)).toBe('{"pools":[["included","seconds","60"],["credit","money","0.03"]]}');
});

it('goes from pool to pool, and lets money pay what seconds left', () => {
  const short = makePool('short', 0, 'account', { perMonth: 30 });
  const account = accountWith([short, included, credit]);
  const priced = price(callOf(180), account, new AccountAllowance());
  expect(priced).toMatchObject({ rateType: 'included', includedSeconds: 90, chargedSeconds: 90, charge: 0 });
  expect(priced.takes!.map(({ took }) => took)).toEqual([30, 60, 30_000]);
  const longer = explainCall(callOf(240), account, new AccountAllowance());
  expect(longer.outcome).toMatchObject({ rateType: 'split', chargedSeconds: 150, charge: 20_000 });
  expect(explanationText(longer)).toContain(
    `Allowance short of the account: 30 s in this month, 30 s left → gives 30 s; included of the account: 60 s in this month, 60 s left → gives 60 s; credit of the account: 0.03 USD in this month, 0.03 USD left → gives 0.03 USD. 90 s included, 150 s charged.`,
  );
  expect(explanationText(longer)).toContain('= 0.050000 USD, exactly; pools pay 0.030000, 0.020000 is left.');
});

it('covers the rest of a call by one call of a pool', () => {
  const bundle = makePool('bundle', 0, 'account', { unit: 'calls', perMonth: 1 });
  const account = accountWith([included, bundle]);
  const allowance = new AccountAllowance();
  for (const expected of [
    { rateType: 'included', includedSeconds: 600, charge: 0 },
    { rateType: 'overage', includedSeconds: 0, charge: 200_000 },
  ]) {
    const priced = price(callOf(600), account, allowance);
    expect(priced).toMatchObject(expected);
    allowance.take(callOf(600), priced);
  }
});

it.each([
  ['2020-01-15T05:00:00Z', 'up', 60, 31], // 16 of 31 days of 60 s
  ['2020-01-15T05:00:00Z', 'down', 60, 30],
  ['2020-01-15T05:00:00Z', 'nearest', 60, 31],
  ['2020-01-01T05:00:00Z', 'up', 60, 60], // the whole month
  ['2020-01-31T05:00:00Z', 'up', 60, 0], // nothing is left after the last day
  ['2020-01-15T05:00:00Z', 'none', 60, 60],
] as const)(
  'in the month of a start at %s, rounded %s, %d s are %d s',
  (start, proration, perMonth, first) => {
    const pool = makePool('part', 0, 'account', { perMonth, proration });
    const { account, months } = accountWith([pool], 0, { billingStart: Date.parse(start) });
    const { sizes, firstMonth } = holdingsOf(account, (atMs) => months.of(atMs));
    const { inFirstMonth, later } = sizes.get(pool.id)!;
    expect([firstMonth === 202001 ? inFirstMonth : later, later]).toEqual([first, perMonth]);
  },
);

it('counts by number only for numbers that the account has', () => {
  const own = makePool('own', 1, 'number');
  const account = accountWith([own]);
  expect(price(callOf(60), account, new AccountAllowance()).rateType).toBe('included');
  const foreign = { ...callOf(60), originNumber: 19995550000 };
  expect(price(foreign, account, new AccountAllowance()).rateType).toBe('metered');
});

it.each<[Partial<ReturnType<typeof makePool>>, boolean]>([
  [{}, true],
  [{ scope: 'device' }, true],
  [{ scope: 'number' }, false],
  [{ scope: 'devices' }, false],
  [{ unit: 'calls' }, false],
  [{ unit: 'money' }, false],
  [{ deviceKind: 'pager' }, false],
  [{ destinations: { id: 'far', callTypes: null, countries: new Set(), prefixes: [] } }, false],
  [{ proration: 'up' }, false],
])('one pool with %o is plain: %s', (part, isPlain) => {
  expect(isPlainPool({ ...makePool('minutes', 1), ...part })).toBe(isPlain);
});

describe('what an account has of a pool', () => {
  const oneOf = (count: number, part: Parameters<typeof makePool>[3]) =>
    accountWith([makePool('pool', 1, 'devices', part)], count).holdings!.sizes.get('pool');
  it('is that of each device of the kind', () => {
    expect(oneOf(3, { deviceKind: 'low_usage' })).toEqual({ later: 180, inFirstMonth: 180 });
    expect(oneOf(3, { deviceKind: 'fax' })).toEqual({ later: 0, inFirstMonth: 0 });
    expect(oneOf(3, {})).toEqual({ later: 180, inFirstMonth: 180 });
    expect(oneOf(2, { devicesMin: 3 })).toEqual({ later: 0, inFirstMonth: 0 });
    expect(oneOf(3, { devicesMin: 3 })).toEqual({ later: 180, inFirstMonth: 180 });
    expect(() => oneOf(2, { perMonth: Number.MAX_SAFE_INTEGER })).toThrow('is counted exactly');
  });

  it('is whole in the first month where billing has no beginning', () => {
    const account = accountWith([makePool('pool', 1, 'account', { proration: 'up' })]);
    expect(account.holdings).toMatchObject({ firstMonth: 0 });
    expect(account.holdings!.sizes.get('pool')).toEqual({ later: 60, inFirstMonth: 60 });
  });

  it('is a part in the month in which billing began, and whole in all others', () => {
    // 17 of 31 days are left after the 14th.
    const billingStart = Date.parse('2020-01-14T15:00:00Z');
    const pool = makePool('pool', 0, 'account', { perMonth: 31, proration: 'down' });
    const account = accountWith([pool], 0, { billingStart });
    const sizeAt = (instant: string): number => {
      const answeredAt = Date.parse(instant);
      const call = { ...callOf(1), startedAt: answeredAt, answeredAt, endedAt: answeredAt + 1000 };
      return price(call, account, new AccountAllowance()).takes![0]!.size;
    };
    expect(sizeAt('2020-01-15T15:00:00Z')).toBe(17);
    expect(sizeAt('2020-02-15T15:00:00Z')).toBe(31);
  });
});

describe('the number that holds a pool', () => {
  const own = makePool('own', 1, 'number');
  const numbers = [
    { number: 12125550100, kind: 'did', extension: '' },
    { number: 18005550100, kind: 'toll_free', extension: '' },
  ] as const;
  const plan = makePlan('plan', {
    long_distance: byTariff(tariff, own),
    inbound: byTariff(tariff, own),
    toll_free_inbound: byTariff(tariff, own),
  });
  const account = compileRateTable(makeCatalog([makeAccount('acme', plan, { numbers })])).account('acme')!;
  it.each([
    [{ originNumber: 12125550100 }, 12125550100],
    [{ originNumber: 13055550188 }, undefined],
    [{ direction: 'inbound', originNumber: 13055550188, destinationNumber: 12125550100 }, 12125550100],
    [{ direction: 'inbound', originNumber: 12125550100, destinationNumber: 13055550188 }, undefined],
    [{ direction: 'inbound', originNumber: 13055550188, destinationNumber: 18005550100 }, 18005550100],
    [
      { direction: 'inbound', destinationNumber: 12125550100, originalDestinationNumber: 18005550100 },
      18005550100,
    ],
  ] as const)('of %o is %s', (part, number) => {
    const { takes } = price({ ...callOf(60), ...part }, account, new AccountAllowance());
    expect(takes!.map((take) => take.number)).toEqual(number === undefined ? [] : [number]);
  });
});

it.each<[readonly ReturnType<typeof makePool>[], Partial<Priced>, string]>([
  // A call of 60 s costs 0.02. The pool that is named is the first that gave something, else the first asked.
  [[makePool('empty', 0), credit], { rateType: 'included', includedSeconds: 0, charge: 0 }, 'credit'],
  [[makePool('empty', 0), included], { rateType: 'included', includedSeconds: 60, charge: 0 }, 'included'],
  [[makePool('empty', 0), makePool('none', 0)], { rateType: 'overage', charge: 20_000 }, 'empty'],
  [
    [makePool('credit', 0, 'account', { unit: 'money', perMonth: 5_000 })],
    { rateType: 'split', chargedSeconds: 60, charge: 15_000 },
    'credit',
  ],
  // Money is not asked for seconds, and seconds not for money.
  [[credit, included], { rateType: 'included', includedSeconds: 60, charge: 0 }, 'included'],
  // What one pool gave whole, the next is not asked for.
  [
    [included, makePool('bundle', 0, 'account', { unit: 'calls', perMonth: 1 })],
    { includedSeconds: 60 },
    'included',
  ],
])('%o: %o from %s', (pools, expected, named) => {
  const priced = price(callOf(60), accountWith(pools), new AccountAllowance());
  expect(priced).toMatchObject(expected);
  expect(priced.pool!.id).toBe(named);
});

it('is used up and not paid where a call costs nothing', () => {
  const free = makeTariff('free', [{ prefix: '1', perMinute: '0' }]);
  const plan = makePlan('plan', { long_distance: byTariff(free, makePool('empty', 0)) });
  const account = compileRateTable(makeCatalog([makeAccount('acme', plan)])).account('acme')!;
  expect(price(callOf(60), account, new AccountAllowance())).toMatchObject({
    rateType: 'overage',
    charge: 0,
  });
});

it('has no part of a pool where billing began with the month', () => {
  const pool = makePool('pool', 0, 'account', { perMonth: 31, proration: 'down' });
  const account = accountWith([pool], 0, { billingStart: Date.parse('2020-01-01T05:00:00Z') });
  expect(account.holdings!.sizes.get('pool')).toEqual({ later: 31, inFirstMonth: 31 });
});

it('is held by no number unless each has its own', () => {
  const pools = [credit, makePool('each', 1, 'device'), makePool('own', 1, 'number')];
  const { takes } = price(callOf(240), accountWith(pools), new AccountAllowance());
  expect(takes!.map(({ number }) => number)).toEqual([0, 0, 12125550100]);
});
