import { expect, it } from 'vitest';
import { AccountAllowance } from './allowance.ts';
import { emptyCall } from './call.ts';
import { priceCall } from './price-call.ts';
import type { Priced } from './price-call.ts';
import { compileRateTable } from './rate-table.ts';
import { priceDetailOf } from './stored-price.ts';
import { byTariff, makeAccount, makeCatalog, makePlan, makeTariff } from './testing/catalog.ts';
import type { RateText } from './testing/catalog.ts';

const AT = Date.parse('2020-01-15T15:00:00Z');

function detailOf(rate: Partial<RateText>): string {
  const tariff = makeTariff('us', [{ prefix: '1', perMinute: '0.02', ...rate }]);
  const catalog = makeCatalog([makeAccount('acme', makePlan('plan', { long_distance: byTariff(tariff) }))]);
  const parties = { originNumber: 12125550100, destinationNumber: 14155550199 };
  const call = { ...emptyCall(), ...parties, startedAt: AT, answeredAt: AT, endedAt: AT + 61_000 };
  const account = compileRateTable(catalog).account('acme')!;
  return priceDetailOf(priceCall(call, account, new AccountAllowance()) as Priced);
}

it.each<[string, Partial<RateText>, string]>([
  ['nothing of a plain rate', {}, ''],
  ['nothing of terms that did not count', { attemptFee: '0.01' }, ''],
  [
    'a minimum, and not the initial rate that is the rate',
    { minimumCharge: '0.01' },
    '{"minimum_charge":"0.01"}',
  ],
  ['an initial rate of its own', { initialPerMinute: '0.03' }, '{"initial_rate_per_minute":"0.03"}'],
])('a row stores %s', (_, rate, detail) => {
  expect(detailOf(rate)).toBe(detail);
});
