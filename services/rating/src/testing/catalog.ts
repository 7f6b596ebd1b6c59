import type { Catalog } from '@tollstream/catalog';
import {
  byTariff,
  makeAccount,
  makeCatalog,
  makePlan,
  makePool,
  makeTariff,
} from '@tollstream/rating-engine/testing';

const minutes = makePool('minutes', 10);
const perDevice = makePool('low-usage', 2, 'device');
const standard = makeTariff('standard', [{ prefix: '1', perMinute: '0.02' }], {
  durationRounding: 'nearest',
});
const brazil = makeTariff('brazil', [{ prefix: '55', perMinute: '0.006', increments: '30/6' }]);
const world = byTariff(brazil);

const pooled = makePlan('standard', {
  long_distance: byTariff(standard, minutes),
  international: world,
  premium: { kind: 'blocked' },
});
const lowUsage = makePlan('low-usage', {
  long_distance: byTariff(standard, perDevice),
  international: world,
});

const bundle = makePool('bundle', 0, 'account', { unit: 'calls', perMonth: 2 });
const credit = makePool('credit', 0, 'account', { unit: 'money', perMonth: 40_000 });
const bundles = makePlan('bundles', {
  long_distance: byTariff(standard, makePool('own', 1, 'number'), perDevice, bundle, credit),
  international: byTariff(brazil, credit),
});

/** `acme` has ten minutes for all, `mill` two for each device, `shop` pools of each unit one behind the other. */
export function testCatalog(part: Partial<Catalog> = {}): Catalog {
  return makeCatalog(
    [
      makeAccount('acme', pooled),
      makeAccount('mill', lowUsage, { numbers: [] }),
      makeAccount('shop', bundles),
    ],
    {
      version: 7,
      ...part,
    },
  );
}

export const DEFAULT_PLAN = makePlan('standard', { long_distance: byTariff(standard), international: world });
