import { RateList } from '@tollstream/catalog';
import type { PrefixIndex, Tariff } from '@tollstream/catalog';
import { expect, it } from 'vitest';
import { RatesAhead } from './rates-ahead.ts';
import { compileRateTable } from './rate-table.ts';
import type { RatedAccount } from './rate-table.ts';
import { byTariff, makeAccount, makeCatalog, makePlan, makeTariff } from './testing/index.ts';

/** An index that keeps what it was asked to approach. */
function listening(): PrefixIndex & { readonly heard: number[][] } {
  const heard: number[][] = [];
  return {
    heard,
    find: () => -1,
    approach: (numbers, from, to) => heard.push([...numbers.subarray(from, to)]),
  };
}

function tariffOf(id: string, rows: number, index: PrefixIndex): Tariff {
  const tariff = makeTariff(id, [{ prefix: '1' }]);
  return { ...tariff, index, rates: new RateList({ ...tariff.rates.columns, length: rows }) };
}

function accountWith(local: Tariff, international: Tariff): RatedAccount {
  const plan = makePlan('plan', { local: byTariff(local), international: byTariff(international) });
  return compileRateTable(makeCatalog([makeAccount('acme', plan)])).account('acme')!;
}

it('reads ahead in the largest tariff of the plan of each call', () => {
  const [large, larger, other] = [listening(), listening(), listening()];
  const acme = accountWith(tariffOf('a', 50_000, large), tariffOf('b', 60_000, larger));
  const second = accountWith(tariffOf('c', 50_000, other), tariffOf('d', 20, listening()));
  const ahead = new RatesAhead();
  for (const number of [441, 442, 0]) ahead.add(acme, number);
  for (const number of [443, 444]) ahead.add(second, number);
  ahead.add(acme, 445);
  ahead.flush();
  ahead.flush();
  expect(larger.heard).toEqual([[441, 442], [445]]);
  expect(other.heard).toEqual([[443, 444]]);
  expect(large.heard).toEqual([]);
});

it('leaves out tariffs that are near anyway', () => {
  const small = listening();
  const ahead = new RatesAhead();
  ahead.add(accountWith(tariffOf('a', 20, listening()), tariffOf('b', 49_999, small)), 441);
  ahead.flush();
  expect(small.heard).toEqual([]);
});

it('reads no more numbers at a time than stay near', () => {
  const index = listening();
  const acme = accountWith(tariffOf('a', 20, listening()), tariffOf('b', 50_000, index));
  const ahead = new RatesAhead();
  for (let i = 1; i <= 300; i++) ahead.add(acme, i);
  ahead.flush();
  expect(index.heard.map(({ length }) => length)).toEqual([128, 128, 44]);
  expect(index.heard.flat()).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
});
