import { describe, expect, it } from 'vitest';
import { AccountAllowance } from './allowance.ts';
import { emptyCall } from './call.ts';
import { explainCall, explanationText } from './explain.ts';
import { holdingsOf } from './pools.ts';
import { priceCall } from './price-call.ts';
import type { Priced } from './price-call.ts';
import { compileRateTable } from './rate-table.ts';
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
