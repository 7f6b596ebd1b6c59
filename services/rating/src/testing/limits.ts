/** Catalogs with spend limits, for tests. */
import type { Account, Catalog, DestinationSet, SpendLimit } from '@tollstream/catalog';
import { byTariff, makeAccount, makeCatalog, makePlan, makeTariff } from '@tollstream/rating-engine/testing';

/** A minute costs 0.10 to the United States, 0.30 to Brazil, 1.00 to Jamaica; by the second. */
const world = makeTariff('world', [
  { prefix: '1', perMinute: '0.10', increments: '1/1' },
  { prefix: '55', perMinute: '0.30', increments: '1/1' },
  { prefix: '1876', perMinute: '1.00', increments: '1/1' },
]);
export const DOMESTIC = 14155550199;
export const BRAZIL = 5511987650123;
export const JAMAICA = 18765550100;

export function limit(id: string, amount: number, part: Partial<SpendLimit> = {}): SpendLimit {
  const all = { callTypes: null, destinations: [], thresholds: [100] };
  return { id, amount: amount * 1_000_000, window: 'day', ...all, ...part };
}

export function setOf(id: string, part: Partial<DestinationSet>): DestinationSet {
  return { id, callTypes: null, countries: new Set(), prefixes: [], ...part };
}

/** Accounts `acme`, with limits of its own, and `mill`, on the plan's alone; both in New York. */
export function limitedCatalog(
  { ofPlan = [], ofAccount = [] }: { ofPlan?: readonly SpendLimit[]; ofAccount?: readonly SpendLimit[] },
  part: Partial<Catalog> = {},
  accountPart: Partial<Account> = {},
): Catalog {
  const rules = { long_distance: byTariff(world), international: byTariff(world) };
  const plan = makePlan('limited', rules, ofPlan.length === 0 ? {} : { spendLimits: ofPlan });
  const inNewYork = { timeZone: 'America/New_York', ...accountPart };
  return makeCatalog(
    [
      makeAccount('acme', plan, {
        ...inNewYork,
        ...(ofAccount.length === 0 ? {} : { spendLimits: ofAccount }),
      }),
      makeAccount('mill', plan, { ...inNewYork, numbers: [] }),
    ],
    { version: 7, ...part },
  );
}
