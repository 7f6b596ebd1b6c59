import { expect, it } from 'vitest';
import { ChargeSums } from './charge-sums.ts';

it('adds exactly beyond 2^53, by currency', () => {
  const sums = new ChargeSums();
  const largest = Number.MAX_SAFE_INTEGER;
  for (const [currency, charge] of [
    ['USD', largest],
    ['USD', largest],
    ['CAD', 1],
    ['USD', 3],
    ['BRL', 0],
  ] as const) {
    sums.add(currency, charge);
  }
  expect(sums.toRecord()).toEqual({ USD: (2n * BigInt(largest) + 3n).toString(), CAD: '1', BRL: '0' });
  expect(sums.toRecord()).toEqual(sums.toRecord());
});

it('is empty without calls', () => {
  expect(new ChargeSums().toRecord()).toEqual({});
});
