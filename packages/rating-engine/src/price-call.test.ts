import type { Account, Plan } from '@tollstream/catalog';
import { describe, expect, it } from 'vitest';
import { AccountAllowance, UNUSED_ALLOWANCE } from './allowance.ts';
import type { Allowance } from './allowance.ts';
import { emptyCall } from './call.ts';
import type { RatingCall } from './call.ts';
import { explainCall } from './explain.ts';
import { priceCall } from './price-call.ts';
import type { Priced, Unpriceable } from './price-call.ts';
import { compileRateTable } from './rate-table.ts';
import { byTariff, makeAccount, makeCatalog, makePlan, makePool, makeTariff } from './testing/catalog.ts';
import type { RateText } from './testing/catalog.ts';

const ANSWERED = Date.parse('2020-01-15T15:00:00Z');

function call(part: Partial<RatingCall> & { seconds?: number } = {}): RatingCall {
  const { seconds = 61, ...fields } = part;
  return {
    ...emptyCall(),
    originNumber: 12125550100,
    destinationNumber: 14165550123,
    startedAt: ANSWERED - 5_000,
    answeredAt: ANSWERED,
    endedAt: (fields.answeredAt ?? ANSWERED) + seconds * 1000,
    ...fields,
  };
}

function price(
  rules: Partial<Plan['rules']>,
  priced: RatingCall,
  {
    allowance = UNUSED_ALLOWANCE,
    account = {},
    plan = {},
  }: { allowance?: Allowance; account?: Partial<Account>; plan?: Partial<Plan> } = {},
): Priced | Unpriceable {
  const catalog = makeCatalog([makeAccount('acme', makePlan('standard', rules, plan), account)]);
  return priceCall(priced, compileRateTable(catalog).account('acme')!, allowance);
}

function explainOf(rules: Partial<Plan['rules']>, priced: RatingCall) {
  const catalog = makeCatalog([makeAccount('acme', makePlan('standard', rules))]);
  return explainCall(priced, compileRateTable(catalog).account('acme')!, UNUSED_ALLOWANCE);
}

const standard = (rates: RateText[] = [{ prefix: '1' }]): ReturnType<typeof makeTariff> =>
  makeTariff('standard', rates, { durationRounding: 'nearest' });

describe('an internal call that is reported once for each side', () => {
  const rules = {
    internal: byTariff(standard(), makePool('minutes', 10)),
    inbound: byTariff(standard()),
  };
  const plan = { internalUsesAllowance: true };
  const number = { number: 12125550100, kind: 'did' as const, extension: '101' };
  const toExtension = { originNumber: 0, destinationNumber: 0, destinationText: '102' };
  const side = (part: Partial<RatingCall>): RatingCall =>
    call({ ...toExtension, originText: '101', ...part, seconds: 60 });
  const priced = (part: Partial<RatingCall>): Priced | Unpriceable =>
    price(rules, side(part), { plan, account: { numbers: [number] } });

  it('is priced on the side that placed it alone', () => {
    const placed = { callType: 'internal', rateType: 'included', includedSeconds: 60 };
    expect(priced({ direction: 'outbound' })).toMatchObject(placed);
    expect(priced({ direction: 'internal' })).toMatchObject(placed);
    const other = { callType: 'internal', rateType: 'free', billableSeconds: 0, includedSeconds: 0 };
    expect(priced({ direction: 'inbound' })).toMatchObject(other);
    expect(priced({ direction: 'inbound', originNumber: 12125550100, originText: '' })).toMatchObject(other);
  });

  it('is told from calls that came in from outside', () => {
    const inbound = { callType: 'inbound', rateType: 'metered' };
    for (const outside of [
      { originNumber: 13055550188, originText: '' },
      { originText: 'anonymous' },
      { originText: '' },
      { originNumber: 0, originText: '101', destinationNumber: 12125550100 },
    ])
      expect(priced({ direction: 'inbound', ...outside })).toMatchObject(inbound);
  });

  it('costs no attempt on the other side', () => {
    const fee = makeTariff('fee', [{ prefix: '1', attemptFee: '0.01' }]);
    const attempt = (direction: RatingCall['direction']) =>
      price({ internal: byTariff(fee) }, side({ direction, answeredAt: 0 }), {
        account: { numbers: [number] },
      });
    expect(attempt('internal')).toMatchObject({ rateType: 'unanswered', charge: 10_000 });
    expect(attempt('inbound')).toMatchObject({ rateType: 'unanswered', charge: 0 });
  });

  it('says so', () => {
    const { steps } = explainOf(rules, side({ direction: 'inbound' }));
    expect(steps.map(({ text }) => text)).toContain(
      'The terminating side of an internal call: the record of the side that placed it is the one that is priced.',
    );
  });
});

describe('a ported number', () => {
  const rates = [
    { prefix: '1', perMinute: '0.02' },
    { prefix: '1415', perMinute: '0.06' },
  ];
  const ported = call({ destinationNumber: 12125550199, routingNumber: 14155550000, seconds: 60 });

  it('is rated by its routing number where the tariff says so', () => {
    const tariff = makeTariff('world', rates, { byRoutingNumber: true });
    const rules = { local: byTariff(tariff), inbound: byTariff(tariff) };
    expect(price(rules, ported)).toMatchObject({ callType: 'local', prefix: 1415, charge: 60_000 });
    expect(price(rules, { ...ported, routingNumber: 0 })).toMatchObject({ prefix: 1, charge: 20_000 });
    const { steps } = explainOf(rules, ported);
    expect(steps.map(({ text }) => text).join('\n')).toContain('goes by its routing number +14155550000');
  });

  it('is rated as dialled by other tariffs', () => {
    expect(price({ local: byTariff(makeTariff('world', rates)) }, ported)).toMatchObject({ prefix: 1 });
  });
});

describe('what the call was', () => {
  it.each([
    ['local', { destinationNumber: 12125550199 }],
    ['long_distance', { destinationNumber: 14155550199 }],
    ['long_distance', { destinationNumber: 14165550123 }], // Canada is domestic
    ['international', { destinationNumber: 18765550123 }], // Jamaica, though +1
    ['international', { destinationNumber: 5511987650123 }],
    ['premium', { destinationNumber: 17875551234 }], // by the plan's prefix
    ['premium', { destinationNumber: 19005550123 }], // by its class
    ['toll_free_outbound', { destinationNumber: 18005550123 }],
    ['emergency', { destinationNumber: 0, destinationText: '911' }],
    ['emergency', { destinationNumber: 0, destinationText: '911', direction: 'internal' }],
    ['service_code', { destinationNumber: 0, destinationText: '411' }],
    ['internal', { destinationNumber: 0, destinationText: '102' }],
    ['internal', { destinationNumber: 12125550199, direction: 'internal' }],
    ['inbound', { originNumber: 14155550199, destinationNumber: 12125550100, direction: 'inbound' }],
    [
      'inbound',
      { originNumber: 14155550199, destinationNumber: 0, destinationText: '101', direction: 'inbound' },
    ],
    ['internal', { destinationNumber: 0, destinationText: '101', direction: 'inbound' }], // from a number of the account
    ['toll_free_inbound', { destinationNumber: 18005550123, direction: 'inbound' }],
    [
      'toll_free_inbound',
      { destinationNumber: 12125550100, originalDestinationNumber: 18005550123, direction: 'inbound' },
    ],
  ] as const)('%s: %o', (callType, part) => {
    expect(price({}, call(part))).toMatchObject({ kind: 'priced', callType });
  });

  it('takes an extension for standing in the area of its account', () => {
    const fromExtension = call({ originNumber: 0, destinationNumber: 12125550199 });
    expect(price({}, fromExtension)).toMatchObject({ callType: 'local' });
  });

  it.each([
    ['CA', 'toll_free_outbound'], // North America shares its toll-free numbers
    ['BR', 'international'],
  ] as const)('takes +1 800 from a plan of %s for %s', (country, callType) => {
    const plan = { country, domesticCountries: new Set([country]) };
    const priced = price({}, call({ destinationNumber: 18005550123 }), { plan });
    expect(priced).toMatchObject({ kind: 'priced', callType });
  });

  it('says which country is at the far end', () => {
    expect(price({}, call({ destinationNumber: 18765550123 }))).toMatchObject({ country: 'JM' });
    const inbound = call({
      direction: 'inbound',
      originNumber: 5511987650123,
      destinationNumber: 12125550100,
    });
    expect(price({}, inbound)).toMatchObject({ country: 'BR' });
    expect(price({}, call({ destinationNumber: 0, destinationText: '102' }))).toMatchObject({ country: '' });
  });

  it('knows a toll-free number of the account by the catalog', () => {
    const numbers = [{ number: 12125550111, kind: 'toll_free' as const, extension: '' }];
    const inbound = call({ direction: 'inbound', destinationNumber: 12125550111 });
    expect(price({}, inbound, { account: { numbers } })).toMatchObject({ callType: 'toll_free_inbound' });
  });
});

describe('how it was charged', () => {
  it('prices by the tariff of its rule', () => {
    expect(price({ long_distance: byTariff(standard()) }, call({ seconds: 90 }))).toMatchObject({
      rateType: 'metered',
      billingMonth: 202001,
      prefix: 1,
      durationMs: 90_000,
      billableSeconds: 120,
      includedSeconds: 0,
      chargedSeconds: 120,
      charge: 40_000,
      currency: 'USD',
    });
  });

  it.each([
    [1, 30, 3_000],
    [31, 36, 3_600],
  ])('prices %i s to a Brazilian mobile at 30/6', (seconds, billableSeconds, charge) => {
    const brazil = makeTariff('brazil', [{ prefix: '5511', perMinute: '0.006', increments: '30/6' }]);
    const priced = price(
      { international: byTariff(brazil) },
      call({ destinationNumber: 5511987650123, seconds }),
    );
    expect(priced).toMatchObject({ billableSeconds, charge: charge, prefix: 5511 });
  });

  it('splits a call that empties the pool', () => {
    const pool = makePool('minutes', 10);
    const allowance = new AccountAllowance();
    const rules = { long_distance: byTariff(standard([{ prefix: '1', connectFee: '0.05' }]), pool) };
    allowance.add('minutes', '', 202001, 480);
    expect(price(rules, call({ seconds: 60 }), { allowance })).toMatchObject({
      rateType: 'included',
      includedSeconds: 60,
      charge: 0,
    });
    expect(price(rules, call({ seconds: 180 }), { allowance })).toMatchObject({
      rateType: 'split',
      billableSeconds: 180,
      includedSeconds: 120,
      chargedSeconds: 60,
      charge: 70_000,
    });
    allowance.add('minutes', '', 202001, 180);
    expect(price(rules, call({ seconds: 60 }), { allowance })).toMatchObject({
      rateType: 'overage',
      includedSeconds: 0,
      chargedSeconds: 60,
      charge: 70_000,
    });
    // The counters were only read.
    expect([...allowance.entries()]).toEqual([
      { counter: 'minutes', billingMonth: 202001, device: '', number: 0, amount: 660 },
    ]);
  });

  it('gives each device its own seconds where the pool says so', () => {
    const pool = makePool('low-usage', 1, 'device');
    const allowance = new AccountAllowance();
    allowance.add('low-usage', 'desk', 202001, 60);
    const rules = { long_distance: byTariff(standard(), pool) };
    expect(price(rules, call({ seconds: 60, device: 'desk' }), { allowance })).toMatchObject({
      rateType: 'overage',
    });
    expect(price(rules, call({ seconds: 60, device: 'fax' }), { allowance })).toMatchObject({
      rateType: 'included',
    });
  });

  it('fills the pool again with the billing month of the zone', () => {
    const allowance = new AccountAllowance();
    allowance.add('minutes', '', 202001, 600);
    const rules = { long_distance: byTariff(standard(), makePool('minutes', 10)) };
    const border = Date.parse('2020-02-01T05:00:00Z'); // midnight in New York
    expect(price(rules, call({ answeredAt: border - 1 }), { allowance })).toMatchObject({
      rateType: 'overage',
      billingMonth: 202001,
    });
    expect(price(rules, call({ answeredAt: border }), { allowance })).toMatchObject({
      rateType: 'included',
      billingMonth: 202002,
    });
  });

  it('charges neither seconds nor connect fee for an answer that lasted no millisecond', () => {
    const rules = { long_distance: byTariff(standard([{ prefix: '1', connectFee: '0.05' }])) };
    expect(price(rules, call({ seconds: 0 }))).toMatchObject({
      rateType: 'metered',
      billableSeconds: 0,
      charge: 0,
    });
  });

  it('records at zero what nobody answered, by the month of its start', () => {
    const rules = { long_distance: byTariff(standard()), international: { kind: 'blocked' as const } };
    const startedAt = Date.parse('2020-02-01T05:00:00Z');
    const unanswered = { answeredAt: 0, startedAt, endedAt: startedAt + 9_000 };
    expect(price(rules, call(unanswered))).toMatchObject({
      rateType: 'unanswered',
      callType: 'long_distance',
      billingMonth: 202002,
      durationMs: 0,
      charge: 0,
    });
    expect(price(rules, call({ ...unanswered, destinationNumber: 5511987650123 }))).toMatchObject({
      rateType: 'unanswered',
    });
    expect(
      price(rules, call({ ...unanswered, destinationNumber: 0, destinationText: 'no number' })),
    ).toMatchObject({
      rateType: 'unanswered',
      callType: 'service_code',
    });
  });

  it('records at zero what was answered before the billing start', () => {
    const rules = { long_distance: byTariff(standard(), makePool('minutes', 10)) };
    expect(price(rules, call(), { account: { billingStart: ANSWERED + 1 } })).toMatchObject({
      rateType: 'before_billing_start',
      includedSeconds: 0,
      charge: 0,
    });
    expect(price(rules, call(), { account: { billingStart: ANSWERED } })).toMatchObject({
      rateType: 'included',
    });
  });

  it('never bills or holds back an emergency call', () => {
    const emergency = call({ destinationNumber: 0, destinationText: '911' });
    expect(price({ emergency: { kind: 'blocked' } }, emergency)).toMatchObject({
      rateType: 'free',
      charge: 0,
    });
    expect(price({ emergency: byTariff(standard([{ prefix: '9' }])) }, emergency)).toMatchObject({
      rateType: 'free',
    });
  });

  it('lets extensions use the allowance only under a plan that says so', () => {
    const rules = { internal: byTariff(standard(), makePool('minutes', 10)) };
    const internal = call({
      direction: 'internal',
      destinationNumber: 0,
      destinationText: '102',
      seconds: 60,
    });
    expect(price({ internal: { kind: 'blocked' } }, internal)).toMatchObject({ code: 'destination_blocked' });
    expect(price(rules, internal)).toMatchObject({ rateType: 'free', includedSeconds: 0 });
    expect(price(rules, internal, { plan: { internalUsesAllowance: true } })).toMatchObject({
      rateType: 'included',
      includedSeconds: 60,
      prefix: 1,
    });
  });

  it('rates a short code by a row of its own only', () => {
    const directory = call({ destinationNumber: 0, destinationText: '411', seconds: 60 });
    const own = makeTariff('codes', [{ prefix: '411', perMinute: '1.50' }]);
    expect(price({ service_code: byTariff(own) }, directory)).toMatchObject({ charge: 1_500_000 });
    const switzerland = makeTariff('codes', [{ prefix: '41', perMinute: '0.10' }]);
    expect(price({ service_code: byTariff(switzerland) }, directory)).toMatchObject({ code: 'rate_missing' });
  });

  it('rates a translated toll-free call by the toll-free number', () => {
    const tariff = makeTariff('inbound', [{ prefix: '1800', perMinute: '0.04' }]);
    const translated = call({
      direction: 'inbound',
      destinationNumber: 12125550100,
      originalDestinationNumber: 18005550123,
      seconds: 60,
    });
    expect(price({ toll_free_inbound: byTariff(tariff) }, translated)).toMatchObject({
      prefix: 1800,
      charge: 40_000,
    });
  });
});

describe('the rate in force at the answer', () => {
  const change = Date.parse('2020-01-15T00:00:00Z');
  const rules = {
    international: byTariff(
      makeTariff('world', [
        { prefix: '55', perMinute: '0.10', effectiveTo: change },
        { prefix: '55', perMinute: '0.20', effectiveFrom: change },
        { prefix: '5511', perMinute: '0.30', effectiveFrom: change + 60_000 },
      ]),
    ),
  };
  it.each([
    [change - 1, 55, 100_000],
    [change, 55, 200_000],
    [change + 59_999, 55, 200_000], // a longer prefix of the future hides nothing
    [change + 60_000, 5511, 300_000],
  ])('at %i is that of prefix %i', (answeredAt, prefix, charge) => {
    const brazil = call({
      destinationNumber: 5511987650123,
      answeredAt,
      startedAt: change - 60_000,
      seconds: 60,
    });
    expect(price(rules, brazil)).toMatchObject({ prefix, charge });
  });
});

describe('what cannot be priced', () => {
  const world = makeTariff('world', [
    { prefix: '55' },
    { prefix: '552', blocked: true },
    { prefix: '1', perMinute: '90000000' },
  ]);
  const rules = {
    international: byTariff(world),
    long_distance: byTariff(world),
    local: { kind: 'blocked' as const },
  };
  it.each([
    ['rate_missing', { destinationNumber: 442071234567 }],
    ['destination_unknown', { destinationNumber: 999123456789 }],
    ['destination_blocked', { destinationNumber: 5521987650123 }],
    ['destination_blocked', { destinationNumber: 12125550199 }],
    ['number_invalid', { destinationNumber: 0, destinationText: 'no number' }],
    ['number_invalid', { destinationNumber: 0, destinationText: 'anonymous' }],
    ['partial_incomplete', { partialSequence: 2 }],
    ['amount_overflow', { seconds: 20_000_000 }],
    ['amount_overflow', { destinationNumber: 5511987650123, seconds: 5_000_000_000 }],
  ] as const)('is suspended: %s %o', (code, part) => {
    const outcome = price(rules, call(part));
    expect(outcome).toMatchObject({ kind: 'unpriceable', code });
    expect((outcome as Unpriceable).detail).toMatch(/\.$/);
  });

  it('is what a closed account did', () => {
    expect(price({}, call(), { account: { status: 'closed' } })).toMatchObject({ code: 'account_inactive' });
    expect(price({}, call(), { account: { status: 'suspended' } })).toMatchObject({ kind: 'priced' });
  });
});

describe('accounts that the catalog does not know', () => {
  it('stand on the default plan where there is one', () => {
    const plan = makePlan('standard', { long_distance: byTariff(standard()) });
    const table = compileRateTable(makeCatalog([], { defaultPlan: plan }));
    const account = table.account('stranger')!;
    expect(account.account).toMatchObject({ id: 'stranger', isDefault: true, timeZone: 'UTC' });
    expect(priceCall(call({ seconds: 60 }), account, UNUSED_ALLOWANCE)).toMatchObject({ charge: 20_000 });
  });

  it('are none without it', () => {
    expect(compileRateTable(makeCatalog([])).account('stranger')).toBeNull();
  });
});

describe('borders', () => {
  const second = makeTariff('second', [
    { prefix: '1', perMinute: '0.06', increments: '1/1', attemptFee: '0.01' },
  ]);

  it('prices as many seconds as a row can hold, and not one more', () => {
    const largest = 2 ** 32 - 1;
    const rules = { long_distance: byTariff(second) };
    expect(price(rules, call({ seconds: largest }))).toMatchObject({ billableSeconds: largest });
    expect(price(rules, call({ seconds: largest + 1 }))).toMatchObject({ code: 'amount_overflow' });
  });

  it('never prices a call that ended before it was answered', () => {
    expect(() => price({}, call({ seconds: -1 }))).toThrow('a call ends at or after its answer');
    expect(price({}, call({ seconds: 0 }))).toMatchObject({ durationMs: 0 });
  });

  it('charges attempts from the first instant of billing on', () => {
    const rules = { long_distance: byTariff(second) };
    const attempt = call({ answeredAt: 0 });
    const from = (billingStart: number) => price(rules, attempt, { account: { billingStart } });
    expect(from(attempt.startedAt)).toMatchObject({ charge: 10_000 });
    expect(from(attempt.startedAt + 1)).toMatchObject({ charge: 0 });
  });

  it('charges no attempt that was blocked, nor one on a short code without a row of its own', () => {
    const tariff = makeTariff('attempts', [
      { prefix: '1', attemptFee: '0.01' },
      { prefix: '1900', attemptFee: '0.01', blocked: true },
      { prefix: '4', attemptFee: '0.01' },
      { prefix: '511', attemptFee: '0.01' },
    ]);
    const rules = {
      long_distance: byTariff(tariff),
      premium: byTariff(tariff),
      service_code: byTariff(tariff),
    };
    const attempt = (part: Partial<RatingCall>) => price(rules, call({ answeredAt: 0, ...part }));
    expect(attempt({})).toMatchObject({ charge: 10_000, prefix: 1 });
    expect(attempt({ destinationNumber: 19005550123 })).toMatchObject({ charge: 0 });
    expect(attempt({ destinationNumber: 0, destinationText: '411' })).toMatchObject({ charge: 0 });
    expect(attempt({ destinationNumber: 0, destinationText: '511' })).toMatchObject({
      charge: 10_000,
      prefix: 511,
    });
  });

  it('counts a call in the month of its answer, and not of its start', () => {
    const answeredAt = Date.parse('2020-02-01T05:00:00Z');
    expect(price({}, call({ answeredAt, startedAt: answeredAt - 1 }))).toMatchObject({
      billingMonth: 202002,
    });
    expect(price({}, call({ answeredAt: answeredAt - 1 }))).toMatchObject({ billingMonth: 202001 });
  });

  it('rates a toll-free call by its number, whatever the routing number', () => {
    const lrn = makeTariff('lrn', [{ prefix: '1800' }, { prefix: '1212', perMinute: '0.09' }], {
      byRoutingNumber: true,
    });
    const inbound = {
      direction: 'inbound',
      destinationNumber: 12125550100,
      originalDestinationNumber: 18005550100,
    } as const;
    expect(
      price({ toll_free_inbound: byTariff(lrn) }, call({ ...inbound, routingNumber: 12125559999 })),
    ).toMatchObject({
      prefix: 1800,
    });
  });

  it('prices calls between extensions by a tariff without allowance, and frees them of any pool that is not theirs', () => {
    const internal = call({ destinationNumber: 0, destinationText: '102', seconds: 60 });
    expect(price({ internal: byTariff(standard()) }, internal)).toMatchObject({
      rateType: 'metered',
      charge: 20_000,
    });
    const pools = [makePool('a', 1, 'number'), makePool('b', 1)];
    expect(price({ internal: byTariff(standard(), ...pools) }, internal)).toMatchObject({ rateType: 'free' });
  });

  it('does not look at the rows of a tariff for what is no number', () => {
    const star = call({ destinationNumber: 0, destinationText: '*69' });
    expect(price({ service_code: byTariff(standard([{ prefix: '0' }])) }, star)).toMatchObject({
      code: 'rate_missing',
    });
  });
});

it('holds calls between extensions back where their rule does', () => {
  const internal = call({ destinationNumber: 0, destinationText: '102' });
  expect(price({ internal: { kind: 'blocked' } }, internal)).toMatchObject({ code: 'destination_blocked' });
});
