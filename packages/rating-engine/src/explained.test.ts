/**
 * Explanations of one call for each rule, word for word and with their data: `golden/<name>.txt`, to be checked by hand and not by a
 * second program. What the call's row keeps is explained again below, without the catalog. `npm test -- packages/rating-engine -u` writes
 * them anew.
 */
import type { Account, Catalog, DestinationSet, Plan, PriceList, TimeWindow } from '@tollstream/catalog';
import { describe, expect, it } from 'vitest';
import { AccountAllowance } from './allowance.ts';
import { emptyCall } from './call.ts';
import type { RatingCall } from './call.ts';
import { CLASSIFICATION_RULES } from './classification.ts';
import { explainCall, explanationText } from './explain.ts';
import type { ExplanationStep } from './explain.ts';
import { explainStored } from './explain-stored.ts';
import { priceCall } from './price-call.ts';
import type { Priced, Unpriceable } from './price-call.ts';
import { compileRateTable } from './rate-table.ts';
import {
  byTariff,
  makeAccount,
  makeCatalog,
  makePlan,
  makePool,
  makeTariff,
  scaled,
} from './testing/catalog.ts';
import type { RateText } from './testing/catalog.ts';
import { storedPriceOf } from './testing/stored.ts';

const AT = Date.parse('2020-01-15T15:00:00Z');
const US_NUMBER = 14155550199;
const BRAZIL_MOBILE = 5511987650123;

interface Case {
  readonly rules?: Partial<Plan['rules']>;
  readonly plan?: Partial<Plan>;
  readonly account?: Partial<Account>;
  readonly catalog?: Partial<Catalog>;
  /** Of what the catalog does not know. */
  readonly accountId?: string;
  /** Seconds of pools used before, by pool and device. */
  readonly used?: readonly (readonly [pool: string, device: string, seconds: number])[];
  readonly call: Partial<RatingCall> & { readonly seconds?: number };
}

function explained(
  name: string,
  { rules = {}, plan, account, catalog, accountId = 'acme', used = [], call }: Case,
) {
  const rated = compileRateTable(
    makeCatalog([makeAccount('acme', makePlan('standard', rules, plan), account)], catalog),
  ).account(accountId)!;
  const { seconds = 60, answeredAt = AT, ...fields } = call;
  const leg: RatingCall = {
    ...emptyCall(),
    originNumber: 12125550100,
    startedAt: (answeredAt === 0 ? AT : answeredAt) - 5_000,
    answeredAt,
    endedAt: (answeredAt === 0 ? AT : answeredAt) + Math.round(seconds * 1000),
    ...fields,
  };
  const allowance = new AccountAllowance();
  for (const [pool, device, amount] of used) allowance.add(pool, device, 202001, amount);
  const explanation = explainCall(leg, rated, allowance);
  expect(explanation.outcome).toEqual(priceCall(leg, rated, allowance));
  const text = [name, '', textOf(explanation.steps), ...fromRow(explanation.outcome, leg)].join('\n');
  return expect(`${text}\n`).toMatchFileSnapshot(`golden/${name.replaceAll(/[^a-z0-9+]+/gi, '-')}.txt`);
}

/** Every step as a person reads it, and its data below. */
function textOf(steps: readonly ExplanationStep[]): string {
  // The rules of classification that were passed over are the same for all calls but in their number.
  return steps
    .flatMap((step) => {
      const passedOver = step.step === 'call_type' ? [] : step.passedOver;
      return [
        explanationText({ steps: [{ ...step, passedOver }] }),
        `    ${step.step} ${JSON.stringify(step.data)}`,
      ];
    })
    .join('\n');
}

function fromRow(outcome: Priced | Unpriceable, leg: RatingCall): string[] {
  if (outcome.kind === 'unpriceable') return [];
  const { steps, reproduces } = explainStored({
    ...storedPriceOf(outcome),
    callId: 'call-1',
    account: 'acme',
    plan: 'standard',
    catalogVersion: 3,
    revision: 1,
    direction: leg.direction,
    origin: leg.originNumber > 0 ? `+${leg.originNumber}` : leg.originText,
    destination: leg.destinationNumber > 0 ? `+${leg.destinationNumber}` : leg.destinationText,
    chargedParty: '',
    atMs: leg.answeredAt === 0 ? leg.startedAt : leg.answeredAt,
    billingMonth: outcome.billingMonth,
    callType: outcome.callType,
    jurisdiction: outcome.jurisdiction,
    tariff: outcome.tariff?.id ?? '',
    prefix: outcome.prefix === 0 ? '' : String(outcome.prefix),
    pool: outcome.pool?.id ?? '',
    charge: outcome.charge,
    currency: outcome.currency,
  });
  expect(reproduces).toBe(true);
  return ['', 'From its row alone:', textOf(steps)];
}

const flat = (rate: RateText, part = {}) => makeTariff('flat', [rate], part);
const us = makeTariff('us', [{ prefix: '1', perMinute: '0.02' }], { durationRounding: 'nearest' });
const brazil = makeTariff('brazil', [
  { prefix: '55', perMinute: '0.05' },
  { prefix: '5511', perMinute: '0.022', initialPerMinute: '0.03', connectFee: '0.01', increments: '30/6' },
  { prefix: '551198', perMinute: '0.011', effectiveFrom: Date.parse('2020-02-01T00:00:00Z') },
  { prefix: '551198', perMinute: '0.09', effectiveTo: Date.parse('2020-01-01T00:00:00Z') },
  { prefix: '5585', blocked: true },
  { prefix: '5', effectiveFrom: AT },
  { prefix: '55119', effectiveTo: AT },
]);
const toUs = (...pools: Parameters<typeof makePool>[]) => ({
  long_distance: byTariff(us, ...pools.map((pool) => makePool(...pool))),
});
const toBrazil = { international: byTariff(brazil) };
const set = (part: Partial<DestinationSet>): DestinationSet => ({
  id: 'off-net',
  callTypes: null,
  countries: new Set(),
  prefixes: [],
  ...part,
});

describe('increments', () => {
  it.each<[string, Case]>([
    ['61 s at 60/60 nearest', { rules: toUs(), call: { destinationNumber: US_NUMBER, seconds: 61 } }],
    ['20 s at 60/60 nearest', { rules: toUs(), call: { destinationNumber: US_NUMBER, seconds: 20.125 } }],
    ['90 s at 60/60 nearest', { rules: toUs(), call: { destinationNumber: US_NUMBER, seconds: 90 } }],
    [
      '31 s at 30/6 to a Brazilian mobile',
      { rules: toBrazil, call: { destinationNumber: BRAZIL_MOBILE, seconds: 31 } },
    ],
    [
      'in whole steps without an initial interval',
      {
        rules: { international: byTariff(flat({ prefix: '55', increments: '0/6' })) },
        call: { destinationNumber: BRAZIL_MOBILE, seconds: 7 },
      },
    ],
    ['no length', { rules: toUs(), call: { destinationNumber: US_NUMBER, seconds: 0 } }],
    [
      'no length under a plan that bills it',
      { rules: toUs(), plan: { billsZeroLength: true }, call: { destinationNumber: US_NUMBER, seconds: 0 } },
    ],
    [
      'rounded half up to six digits',
      {
        rules: { international: byTariff(flat({ prefix: '55', perMinute: '0.00001', increments: '1/1' })) },
        call: { destinationNumber: BRAZIL_MOBILE, seconds: 7 },
      },
    ],
  ])('%s', explained);
});

describe('fees and limits', () => {
  const rate = { prefix: '1', perMinute: '0.06', increments: '1/1' };
  const at = (part: Partial<RateText>, seconds: number, plan: Partial<Plan> = {}): Case => ({
    rules: { long_distance: byTariff(flat({ ...rate, ...part })) },
    plan,
    call: { destinationNumber: US_NUMBER, seconds },
  });
  it.each<[string, Case]>([
    ['within the free seconds', at({ freeSeconds: 10 }, 10)],
    ['beyond the free seconds', at({ freeSeconds: 10 }, 10.001)],
    ['raised to the minimum charge', at({ minimumCharge: '0.05' }, 49)],
    ['at the minimum charge', at({ minimumCharge: '0.05' }, 50)],
    ['at the maximum charge', at({ minimumCharge: '0.01', maximumCharge: '0.1' }, 100)],
    ['lowered to the maximum charge', at({ maximumCharge: '0.1' }, 101)],
    ['beyond the largest amount', at({ perMinute: '90000000' }, 4_000_000_000)],
    ['more seconds than a row can hold', at({}, 4_294_967_296)],
    [
      'the minimum charge paid in part by credit',
      {
        rules: {
          long_distance: byTariff(
            flat({ ...rate, minimumCharge: '0.05' }),
            makePool('credit', 0, 'account', { unit: 'money', perMonth: 20_000 }),
          ),
        },
        call: { destinationNumber: US_NUMBER, seconds: 10 },
      },
    ],
    ['nobody answered', { ...at({}, 0), call: { destinationNumber: US_NUMBER, answeredAt: 0 } }],
    [
      'an attempt with a fee',
      { ...at({ attemptFee: '0.0125' }, 0), call: { destinationNumber: US_NUMBER, answeredAt: 0 } },
    ],
  ])('%s', explained);
});

describe('windows and tiers', () => {
  const list = (initial: string, ...tiers: [number, string][]): PriceList => ({
    initialRatePerMinute: scaled(initial, 8),
    tiers: tiers.map(([fromSeconds, rate]) => ({ fromSeconds, ratePerMinute: scaled(rate, 8) })),
  });
  const night: TimeWindow = {
    id: 'night',
    everyDay: true,
    days: new Set(),
    dates: new Set(),
    fromMinute: 0,
    toMinute: 360,
  };
  const world = (base: PriceList | null, own: PriceList | null, window: Partial<TimeWindow> = {}) =>
    makeTariff('world', [{ prefix: '55', priceLists: { base, byWindow: [own] }, freeSeconds: 0 }], {
      windows: { timeZone: 'America/New_York', windows: [{ ...night, ...window }] },
    });
  const windowed = (...terms: Parameters<typeof world>) => ({ international: byTariff(world(...terms)) });
  const day = list('0.1', [0, '0.1']);
  const cheap = list('0.02', [0, '0.02']);
  const from = (instant: string, seconds: number) => ({
    destinationNumber: BRAZIL_MOBILE,
    answeredAt: Date.parse(instant),
    seconds,
  });
  it.each<[string, Case]>([
    // 2020-01-16 begins in New York at 05:00 UTC: the increments of seconds 0 and 60 start before it.
    [
      'across midnight into a cheaper window',
      { rules: windowed(day, cheap), call: from('2020-01-16T04:58:30Z', 200) },
    ],
    // On 2020-03-08 the clock goes from 02:00 EST to 03:00 EDT at 07:00 UTC; on 2020-11-01 back from 02:00 EDT to 01:00 EST at 06:00 UTC.
    [
      'across the spring change of clocks',
      {
        rules: windowed(day, cheap, { fromMinute: 180, toMinute: 360 }),
        call: from('2020-03-08T06:59:00Z', 120),
      },
    ],
    [
      'across the autumn change of clocks',
      {
        rules: windowed(day, cheap, { fromMinute: 60, toMinute: 90 }),
        call: from('2020-11-01T05:29:00Z', 2_100),
      },
    ],
    [
      'cheaper after three minutes',
      {
        rules: windowed(list('0.2', [0, '0.1'], [180, '0.05']), null),
        call: from('2020-01-15T15:00:00Z', 300),
      },
    ],
    [
      'no rate outside of the window',
      { rules: windowed(null, cheap), call: from('2020-01-15T15:00:00Z', 60) },
    ],
    [
      'a window at the same rate',
      { rules: windowed(day, list('0.1', [0, '0.1'])), call: from('2020-01-16T04:59:00Z', 120) },
    ],
    [
      'tiers without windows and an initial interval',
      {
        rules: {
          international: byTariff(
            flat({
              prefix: '55',
              increments: '0/60',
              priceLists: { base: list('0.2', [0, '0.1'], [60, '0.05']), byWindow: [] },
            }),
          ),
        },
        call: from('2020-01-15T15:00:00Z', 120),
      },
    ],
    [
      'windows within the allowance',
      {
        rules: { international: byTariff(world(day, cheap), makePool('minutes', 10)) },
        call: from('2020-01-16T04:59:00Z', 120),
      },
    ],
    [
      'windows and an allowance that runs out',
      {
        rules: {
          international: byTariff(world(day, cheap), makePool('minutes', 2)),
        },
        call: from('2020-01-16T04:57:30Z', 240),
      },
    ],
  ])('%s', explained);
});

describe('allowances', () => {
  const call = (seconds: number, part: Partial<RatingCall> = {}) => ({
    destinationNumber: US_NUMBER,
    seconds,
    ...part,
  });
  it.each<[string, Case]>([
    ['within the allowance', { rules: toUs(['minutes', 100]), call: call(60) }],
    ['empties the allowance', { rules: toUs(['minutes', 2]), used: [['minutes', '', 60]], call: call(180) }],
    ['beyond the allowance', { rules: toUs(['minutes', 1]), used: [['minutes', '', 60]], call: call(60) }],
    [
      'of the device',
      {
        rules: toUs(['minutes', 2, 'device']),
        used: [
          ['minutes', 'desk', 30],
          ['minutes', 'lobby', 90],
        ],
        call: call(180, { device: 'desk' }),
      },
    ],
    [
      'over devices, by number, in calls and in money',
      {
        rules: toUs(
          ['pagers', 1, 'devices', { deviceKind: 'pager', devicesMin: 2 }],
          ['own', 1, 'number'],
          ['credit', 0, 'account', { unit: 'money', perMonth: 15_000 }],
          ['far', 1, 'account', { destinations: set({ countries: new Set(['BR']) }) }],
          ['faxes', 1, 'devices', { deviceKind: 'fax', devicesMin: 1, destinations: set({}) }],
        ),
        account: {
          devices: ['a', 'b'].map((id) => ({ id, kind: 'pager', extension: '' })),
        },
        used: [['pagers', 'b', 90]],
        call: call(240, { device: 'a' }),
      },
    ],
    [
      'one call of a bundle',
      {
        rules: toUs(['bundle', 0, 'device', { unit: 'calls', perMonth: 1 }]),
        call: call(600, { device: 'desk' }),
      },
    ],
    [
      'a bundle of no calls',
      { rules: toUs(['bundle', 0, 'account', { unit: 'calls', perMonth: 0 }]), call: call(60) },
    ],
    [
      'paid by credit alone',
      { rules: toUs(['credit', 0, 'account', { unit: 'money', perMonth: 1_000_000 }]), call: call(60) },
    ],
    [
      'no pool holds',
      {
        rules: toUs(['own', 1, 'number'], ['faxes', 1, 'account', { deviceKind: 'fax' }]),
        call: call(60, { originNumber: 19995550000 }),
      },
    ],
  ])('%s', explained);
});

describe('what was called', () => {
  const own = [{ number: 12125550100, kind: 'did' as const, extension: '101' }];
  const tollFree = [...own, { number: 18005550100, kind: 'toll_free' as const, extension: '' }];
  const codes = makeTariff('codes', [{ prefix: '411', perMinute: '1' }, { prefix: '4' }]);
  const internal = { internal: byTariff(us, makePool('minutes', 10)) };
  it.each<[string, Case]>([
    ['+787555 is premium', { rules: { premium: byTariff(us) }, call: { destinationNumber: 17875550123 } }],
    [
      '+1 876 is Jamaica',
      { rules: { international: byTariff(us) }, call: { destinationNumber: 18765550123 } },
    ],
    ['911 is free', { rules: {}, call: { destinationText: '911' } }],
    [
      '411 by a row of its own',
      { rules: { service_code: byTariff(codes) }, call: { destinationText: '411' } },
    ],
    ['511 without a row', { rules: { service_code: byTariff(codes) }, call: { destinationText: '511' } }],
    ['a star code', { rules: { service_code: byTariff(codes) }, call: { destinationText: '*69' } }],
    ['no number', { rules: {}, call: { destinationText: 'abc' } }],
    ['no number and nobody answered', { rules: {}, call: { destinationText: 'abc', answeredAt: 0 } }],
    ['nowhere', { rules: { international: byTariff(brazil) }, call: { destinationNumber: 999123456789 } }],
    ['no rate', { rules: toBrazil, call: { destinationNumber: 442071234567 } }],
    [
      'toll-free inbound from abroad',
      {
        rules: { toll_free_inbound: byTariff(us) },
        account: { numbers: tollFree },
        call: {
          direction: 'inbound',
          originNumber: 442071234567,
          destinationNumber: 12125550100,
          originalDestinationNumber: 18005550100,
        },
      },
    ],
    [
      'a withheld caller',
      {
        rules: { inbound: byTariff(us) },
        call: {
          direction: 'inbound',
          originNumber: 0,
          originText: 'anonymous',
          destinationNumber: 12125550100,
        },
      },
    ],
    [
      'an extension that uses the allowance',
      {
        rules: internal,
        plan: { internalUsesAllowance: true },
        account: { numbers: own },
        call: { originText: '101', originNumber: 0, destinationText: '102' },
      },
    ],
    [
      'an extension that does not use the allowance',
      { rules: internal, account: { numbers: own }, call: { destinationText: '102' } },
    ],
    [
      'the other side of an internal call',
      {
        rules: internal,
        account: { numbers: own },
        call: { direction: 'inbound', destinationText: '102', originText: '101', originNumber: 0 },
      },
    ],
    [
      'a ported number',
      {
        rules: {
          long_distance: byTariff(
            makeTariff('lrn', [{ prefix: '1' }, { prefix: '1212', perMinute: '0.01' }], {
              byRoutingNumber: true,
            }),
          ),
        },
        call: { destinationNumber: US_NUMBER, routingNumber: 12125559999 },
      },
    ],
  ])('%s', explained);
});

describe('who calls', () => {
  const rows = (...rates: RateText[]) => ({ international: byTariff(makeTariff('by-caller', rates)) });
  const fromGermany = { originNumber: 4930123456, destinationNumber: BRAZIL_MOBILE };
  const byState = makeTariff('by-state', [
    {
      prefix: '1',
      perMinute: '0.05',
      byJurisdiction: { interstate: '0.01', intrastate: '0.02', indeterminate: '0.03' },
    },
  ]);
  const gaps = byTariff(
    makeTariff('gaps', [
      { prefix: '1', byJurisdiction: { interstate: null, indeterminate: null, other: null } },
    ]),
  );
  it.each<[string, Case]>([
    [
      'a row for the caller',
      {
        rules: rows(
          { prefix: '55', perMinute: '0.03', origin: ['DE'] },
          { prefix: '55', perMinute: '0.02', origin: ['4930'], originClass: 'geographic' },
          { prefix: '55', perMinute: '0.04', origin: ['unknown', 'FR'] },
          { prefix: '55', perMinute: '0.09' },
        ),
        call: fromGermany,
      },
    ],
    [
      'the first row for the caller',
      {
        rules: rows({ prefix: '55', perMinute: '0.03', origin: ['DE'] }, { prefix: '55', perMinute: '0.09' }),
        call: fromGermany,
      },
    ],
    [
      'a row for unknown callers',
      { rules: rows({ prefix: '55', origin: ['unknown'] }), call: { ...fromGermany, originNumber: 0 } },
    ],
    ['interstate', { rules: { long_distance: byTariff(byState) }, call: { destinationNumber: US_NUMBER } }],
    ['intrastate', { rules: { local: byTariff(byState) }, call: { destinationNumber: 12125550199 } }],
    [
      'indeterminate',
      { rules: { toll_free_outbound: byTariff(byState) }, call: { destinationNumber: 18005550199 } },
    ],
    ['abroad', { rules: { international: byTariff(byState) }, call: { destinationNumber: 18765550123 } }],
    ['no rate abroad', { rules: { international: gaps }, call: { destinationNumber: 18765550123 } }],
    ['no rate without a jurisdiction', { rules: { internal: gaps }, call: { destinationText: '102' } }],
    ['no interstate rate', { rules: { long_distance: gaps }, call: { destinationNumber: US_NUMBER } }],
    ['only an intrastate rate', { rules: { local: gaps }, call: { destinationNumber: 12125550199 } }],
  ])('%s', explained);
});

describe('whose rule', () => {
  const own = (kind: 'free' | 'blocked') => ({ international: { kind } });
  const part: Partial<Account> = {
    rules: { international: byTariff(makeTariff('of-account', [{ prefix: '55' }])) },
    billingGroups: [{ id: 'sales', name: 'Sales', rules: own('free') }],
    devices: [
      { id: 'desk', kind: 'phone', extension: '', rules: own('blocked') },
      { id: 'shared', kind: 'phone', extension: '', billingGroup: 'sales' },
    ],
    numbers: [{ number: 12125550100, kind: 'did', extension: '', rules: { local: { kind: 'free' } } }],
  };
  const call = { destinationNumber: BRAZIL_MOBILE };
  it.each<[string, Case]>([
    ['the rule of the account', { rules: toBrazil, account: part, call }],
    [
      'the rule of the billing group',
      { rules: toBrazil, account: part, call: { ...call, device: 'shared' } },
    ],
    ['the rule of the device', { rules: toBrazil, account: part, call: { ...call, device: 'desk' } }],
    ['the rule of the number', { rules: toBrazil, account: part, call: { destinationNumber: 12125550199 } }],
    [
      'for help whatever the device says',
      {
        account: {
          devices: [{ id: 'desk', kind: 'phone', extension: '', rules: { emergency: { kind: 'blocked' } } }],
        },
        call: { destinationText: '911', device: 'desk' },
      },
    ],
    ['blocked by the plan', { rules: { international: { kind: 'blocked' } }, call }],
    ['a blocked prefix', { rules: toBrazil, call: { destinationNumber: 558512345678 } }],
    ['from the billing start on', { rules: toBrazil, account: { billingStart: AT }, call }],
    ['before the billing start', { rules: toBrazil, account: { billingStart: AT + 1 }, call }],
    ['a closed account', { rules: toBrazil, account: { status: 'closed' }, call }],
    ['a part of a call', { rules: toBrazil, call: { ...call, partialSequence: 2 } }],
    [
      'an account on the default plan',
      { catalog: { defaultPlan: makePlan('fallback', toBrazil) }, accountId: 'stranger', call },
    ],
  ])('%s', explained);
});

it('passes over every rule of classification for what is no number', () => {
  const account = compileRateTable(makeCatalog([makeAccount('acme', makePlan('standard'))])).account('acme')!;
  const { steps } = explainCall(
    { ...emptyCall(), destinationText: 'abc', answeredAt: AT, endedAt: AT },
    account,
    new AccountAllowance(),
  );
  expect(steps[1]!.passedOver).toHaveLength(CLASSIFICATION_RULES.length);
  expect(steps[1]!.passedOver.at(-1)).toBe(
    'international applies when the destination is any other E.164 number',
  );
});
