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

/** Two accounts: `acme` with ten minutes for all, `mill` with two minutes for each device. */
export function testCatalog(part: Partial<Catalog> = {}): Catalog {
  return makeCatalog([makeAccount('acme', pooled), makeAccount('mill', lowUsage, { numbers: [] })], {
    version: 7,
    ...part,
  });
}

export const DEFAULT_PLAN = makePlan('standard', { long_distance: byTariff(standard), international: world });
