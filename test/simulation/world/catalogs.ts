import type { Account, Catalog, Plan, SpendLimit } from '@tollstream/catalog';
import { buildPrefixIndex } from '@tollstream/catalog';
import {
  byTariff,
  makeAccount,
  makeCatalog,
  makePlan,
  makePool,
  makeTariff,
} from '@tollstream/rating-engine/testing';
import { EPOCH_MS } from './virtual-time.ts';

/** An effective-dated row takes over in the middle of the simulated calls. */
const RISE_MS = EPOCH_MS - 6 * 3_600_000;

/** Versions that differ in price only, so that one call is owed by one account whatever version prices it. */
export const CATALOG_VERSIONS: readonly Catalog[] = [1, 2, 3].map(makeVersion);

function makeVersion(version: number): Catalog {
  const domestic = tariff('us-domestic', { durationRounding: 'nearest' }, [
    { prefix: '1', perMinute: `0.02${version}` },
  ]);
  const international = tariff('world', {}, [
    { prefix: '44', perMinute: `0.01${version}`, increments: '60/60' },
    { prefix: '447', perMinute: `0.19${version}7`, increments: '30/6', effectiveTo: RISE_MS },
    { prefix: '447', perMinute: `0.23${version}1`, increments: '30/6', effectiveFrom: RISE_MS },
    { prefix: '55', perMinute: '0.045', increments: '6/6', connectFee: `0.00${version}` },
    { prefix: '55119', perMinute: `0.17${version}`, initialPerMinute: '0.2', increments: '30/6' },
    ...(version === 1 ? [] : [{ prefix: '81', perMinute: '0.0613' }]),
  ]);
  const wholesale = tariff('wholesale', { currency: 'CAD', chargeRounding: 'half_even' }, [
    { prefix: '1', perMinute: `0.0071${version}`, increments: '6/6' },
    { prefix: '44', perMinute: '0.0092', increments: '1/1' },
  ]);
  const pool = makePool('minutes', 20);
  const perDevice = makePool('device-minutes', 6, 'device');
  const byNumber = makePool('number-minutes', 3, 'number');
  const lowUsage = makePool('low-usage', 4, 'devices', { deviceKind: 'low_usage', devicesMin: 2 });
  const bundle = makePool('bundle', 0, 'account', {
    unit: 'calls',
    perMonth: 4,
    destinations: {
      id: 'near',
      callTypes: new Set(['long_distance', 'international']),
      countries: new Set(),
      prefixes: ['1617', '44'],
    },
  });
  const credit = makePool('credit', 0, 'account', { unit: 'money', perMonth: 2_500_000 });
  // Of another amount in each version, and counting other calls in the last.
  const fraud = limit('fraud', 0.4 + version / 10, {
    callTypes: new Set(['international', 'premium']),
    thresholds: [50, 100, 200],
    destinations:
      version === 3 ? [{ id: 'near', callTypes: null, countries: new Set(), prefixes: ['1617'] }] : [],
  });
  const plans = [
    makePlan(
      'standard',
      {
        local: byTariff(domestic, pool),
        long_distance: byTariff(domestic, pool),
        premium: byTariff(domestic),
        international: byTariff(international),
      },
      { pools: [pool], spendLimits: [fraud, limit('total', 2, { window: 'month', thresholds: [25, 100] })] },
    ),
    makePlan(
      'devices',
      {
        local: byTariff(domestic, perDevice),
        long_distance: byTariff(domestic, perDevice),
        premium: { kind: 'blocked' },
        international: byTariff(international),
      },
      { pools: [perDevice], spendLimits: [fraud] },
    ),
    // Every unit and scope of a pool behind few rules, so that each run empties each of them.
    makePlan('bundles', {
      local: byTariff(domestic, byNumber, lowUsage, credit),
      long_distance: byTariff(domestic, lowUsage, bundle, credit),
      international: byTariff(international, bundle, credit),
      premium: byTariff(domestic, credit),
    }),
    makePlan(
      'wholesale',
      {
        local: byTariff(wholesale),
        long_distance: byTariff(wholesale),
        inbound: byTariff(wholesale),
        international: byTariff(wholesale),
      },
      {
        currency: 'CAD',
        ...(version === 2 ? {} : { spendLimits: [limit('total', 0.4, { window: 'hour' })] }),
      },
    ),
  ];
  return makeCatalog(makeAccounts(plans), { version });
}

function tariff(...[id, part, rates]: [string, Parameters<typeof makeTariff>[2], RateTexts]) {
  const made = makeTariff(id, rates, part);
  return { ...made, index: buildPrefixIndex(made.rates) };
}

type RateTexts = Parameters<typeof makeTariff>[1];

function limit(id: string, amount: number, part: Partial<SpendLimit> = {}): SpendLimit {
  const rest = { window: 'day', thresholds: [100], callTypes: null, destinations: [] } as const;
  return { id, amount: Math.round(amount * 1_000_000), ...rest, ...part };
}

function makeAccounts(plans: readonly Plan[]): Account[] {
  const zones = ['America/New_York', 'America/Los_Angeles', 'UTC'];
  return Array.from({ length: 9 }, (_, i) =>
    makeAccount(`account-${i}`, plans[i % plans.length]!, {
      timeZone: zones[i % zones.length]!,
      currency: plans[i % plans.length]!.currency,
      ...(i === 4 ? { spendLimits: [limit('fraud', 0.7, { window: 'hour' })] } : {}),
      status: i === 8 ? 'closed' : 'active',
      devices: ['phone-1', 'phone-2'].map((id) => ({ id, kind: 'low_usage', extension: '' })),
      numbers: [{ number: 12125550100 + i, kind: 'did', extension: '101' }],
    }),
  );
}
