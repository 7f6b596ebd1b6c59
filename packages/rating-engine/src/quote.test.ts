import { describe, expect, it } from 'vitest';
import { Allowances } from './allowance.ts';
import { emptyCall } from './call.ts';
import { explanationText } from './explain.ts';
import { quoteCall, quoteLeg } from './quote.ts';
import type { QuoteRequest } from './quote.ts';
import { compileRateTable } from './rate-table.ts';
import { byTariff, makeAccount, makeCatalog, makePlan, makePool, makeTariff } from './testing/catalog.ts';

const future = Date.parse('2020-02-01T00:00:00Z');
const brazil = makeTariff('brazil', [
  { prefix: '55', perMinute: '0.05' },
  { prefix: '5511', perMinute: '0.022', connectFee: '0.01', increments: '30/6' },
  { prefix: '55119', perMinute: '0.011', effectiveFrom: future },
]);
const standard = makeTariff('standard', [{ prefix: '1', perMinute: '0.02' }], {
  durationRounding: 'nearest',
});
const plan = makePlan('standard', {
  international: byTariff(brazil),
  long_distance: byTariff(standard, makePool('minutes', 2)),
});
const catalog = makeCatalog([makeAccount('acme', plan)], { version: 7 });

function request(part: Partial<QuoteRequest> = {}): QuoteRequest {
  return {
    catalog,
    account: 'acme',
    from: '+12125550100',
    to: '+5511987650123',
    answeredAt: Date.parse('2020-01-15T15:00:00Z'),
    durationMs: 31_000,
    ...part,
  };
}

it('quotes with the field names of rated usage', () => {
  expect(quoteCall(request()).quote).toEqual({
    status: 'rated',
    charge: '0.023200',
    currency: 'USD',
    billable_seconds: 36,
    included_seconds: 0,
    charged_seconds: 36,
    rate_type: 'metered',
    call_type: 'international',
    plan: 'standard',
    tariff: 'brazil',
    prefix: '5511',
    country: 'BR',
    jurisdiction: 'international',
    billing_month: 202001,
    catalog_version: 7,
  });
});

it('prices a leg that a forward made as a call of who forwarded it', () => {
  const forwarded = { from: '+442071234567', redirecting: '+12125550100', to: '+14155550199' };
  const { quote, explanation } = quoteCall(request(forwarded));
  expect(quote).toMatchObject({ call_type: 'long_distance', jurisdiction: 'interstate' });
  expect(explanation?.steps[0]).toMatchObject({
    text: 'Redirected: +12125550100 sent the call of +442071234567 on to +14155550199. It made this leg and owes it, and the leg begins where it stands.',
    data: { redirecting: '+12125550100', from: '+442071234567', to: '+14155550199' },
  });
  const inbound = quoteCall(request({ ...forwarded, direction: 'inbound' }));
  expect(inbound.explanation?.steps[0]?.text).toContain("Account 'acme'");
});

it('names the reason where it cannot quote', () => {
  expect(quoteCall(request({ to: '+442071234567' })).quote).toMatchObject({
    status: 'suspended',
    reason_code: 'rate_missing',
  });
  expect(quoteCall(request({ account: 'nobody' }))).toMatchObject({
    quote: { status: 'suspended', reason_code: 'account_unknown' },
    explanation: null,
  });
});

it('shares the allowance between calls that are quoted together', () => {
  const allowances = new Allowances();
  const quotes = [60_000, 90_000, 60_000].map(
    (durationMs) => quoteCall(request({ to: '+14155550199', durationMs, allowances })).quote,
  );
  expect(quotes).toMatchObject([
    { rate_type: 'included', included_seconds: 60, charge: '0.000000' },
    { rate_type: 'split', included_seconds: 60, charged_seconds: 60, charge: '0.020000' },
    { rate_type: 'overage', charged_seconds: 60, charge: '0.020000' },
  ]);
});

describe('the direction, where none is given', () => {
  it.each([
    ['102', 'internal'],
    ['+12125550100', 'inbound'],
    ['+12125550199', 'local'],
    ['911', 'emergency'],
  ])('to %s is read as %s', (to, callType) => {
    expect(quoteCall(request({ to })).quote).toMatchObject({ call_type: callType });
  });
});

describe('the explanation', () => {
  it('shows the rule chosen, the rules passed over and the arithmetic', () => {
    expect(explanationText(quoteCall(request()).explanation!)).toMatchInlineSnapshot(`
      "Account 'acme' on plan standard; 2020-01-15T15:00:00.000Z is in billing month 202001 (America/New_York).
      Call type international (outbound to +5511987650123, e164, BR mobile): the destination is any other E.164 number.
        passed over: emergency applies when the call is not inbound and goes to an emergency number
        passed over: toll_free_inbound applies when the call is inbound and the account was called on a toll-free number
        passed over: internal applies when the call is inbound, from an extension or number of the account to an extension
        passed over: inbound applies when the call is inbound
        passed over: internal applies when the switch says internal, or the destination is an extension
        passed over: service_code applies when the destination is a service code (N11 other than emergency, 988, star codes)
        passed over: premium applies when the destination begins with one of the plan's premium prefixes
        passed over: premium applies when the destination is of the premium number class
        passed over: toll_free_outbound applies when the destination is toll-free, and domestic, shared with the plan's country or of no one country
        passed over: local applies when the destination is domestic and of the same North American area code as the origin
        passed over: long_distance applies when the destination's country is among the plan's domestic countries
      Jurisdiction international: from +12125550100 (US NY) to +5511987650123.
      Plan standard: international calls are priced by tariff brazil.
      Rate: the longest prefix of 5511987650123 in force at 2020-01-15T15:00:00.000Z is 5511 (to 5511, 30/6 up, 0.022 USD/min).
        passed over: prefix 55119 (to 55119, 60/60 up, 0.011 USD/min): in force only from 2020-02-01T00:00:00.000Z
        passed over: prefix 55 (to 55, 60/60 up, 0.05 USD/min): shorter
      Duration 31 s at 30/6 up: initial 30 s, and 1 s beyond it rounded up to 1 × 6 s → 36 s billable.
      Charge: 0.01 connect fee + 30 s × 0.022 / 60 s + 6 s × 0.022 / 60 s = 0.023200 USD, exactly.
      Rated metered: 0.023200 USD."
    `);
  });

  it('shows how a call empties the allowance', () => {
    const { explanation } = quoteCall(request({ to: '+14155550199', durationMs: 150_000 }));
    expect(explanationText(explanation!)).toMatchInlineSnapshot(`
      "Account 'acme' on plan standard; 2020-01-15T15:00:00.000Z is in billing month 202001 (America/New_York).
      Call type long_distance (outbound to +14155550199, e164, US geographic): the destination's country is among the plan's domestic countries.
        passed over: emergency applies when the call is not inbound and goes to an emergency number
        passed over: toll_free_inbound applies when the call is inbound and the account was called on a toll-free number
        passed over: internal applies when the call is inbound, from an extension or number of the account to an extension
        passed over: inbound applies when the call is inbound
        passed over: internal applies when the switch says internal, or the destination is an extension
        passed over: service_code applies when the destination is a service code (N11 other than emergency, 988, star codes)
        passed over: premium applies when the destination begins with one of the plan's premium prefixes
        passed over: premium applies when the destination is of the premium number class
        passed over: toll_free_outbound applies when the destination is toll-free, and domestic, shared with the plan's country or of no one country
        passed over: local applies when the destination is domestic and of the same North American area code as the origin
      Jurisdiction interstate: from +12125550100 (US NY) to +14155550199 (US CA).
      Plan standard: long_distance calls are priced by tariff standard.
      Rate: the longest prefix of 14155550199 in force at 2020-01-15T15:00:00.000Z is 1 (to 1, 60/60 nearest, 0.02 USD/min).
      Duration 150 s at 60/60 nearest: initial 60 s, and 90 s beyond it rounded nearest to 2 × 60 s → 180 s billable.
      Allowance minutes of the account: 120 s a month, 0 s used, 120 s left → 120 s included, 60 s charged.
      Charge: 60 s × 0.02 / 60 s = 0.020000 USD, exactly.
      Rated split: the allowance ran out during the call: 0.020000 USD."
    `);
    expect(explanation!.steps.map(({ step }) => step)).toEqual([
      'account',
      'call_type',
      'jurisdiction',
      'rule',
      'rate',
      'duration',
      'allowance',
      'charge',
      'outcome',
    ]);
    expect(JSON.parse(JSON.stringify(explanation!.steps[6]!.data))).toEqual({
      pool: 'minutes',
      scope: 'account',
      seconds_per_month: 120,
      used_seconds: 0,
      included_seconds: 120,
      charged_seconds: 60,
    });
  });

  it('says why nothing could be priced', () => {
    const { explanation } = quoteCall(request({ to: '+442071234567' }));
    expect(explanationText(explanation!)).toContain('No rate of tariff brazil holds for 442071234567.');
  });

  it('says that emergency calls are free whatever the plan says', () => {
    expect(explanationText(quoteCall(request({ to: '911' })).explanation!)).toContain(
      'emergency calls are free',
    );
  });
});

it('says that no account could be told, or which one is not known', () => {
  expect(quoteCall(request({ account: '' })).quote).toEqual({
    status: 'suspended',
    reason_code: 'account_unknown',
    detail: 'No account could be told from the call, and no default plan was named.',
    catalog_version: 7,
  });
  expect(quoteCall(request({ account: 'nobody' })).quote).toMatchObject({
    detail: "The catalog knows no account 'nobody', and no default plan was named.",
  });
});

it('has nothing to explain of a redirected call whose account is not known', () => {
  const { quote, explanation } = quoteCall(request({ account: 'nobody', redirecting: '+12125550100' }));
  expect(quote).toMatchObject({ status: 'suspended', reason_code: 'account_unknown' });
  expect(explanation).toBeNull();
});

it('quotes without an explanation where none is asked for', () => {
  const account = compileRateTable(catalog).account('acme');
  const leg = {
    ...emptyCall(),
    destinationNumber: 14155550199,
    answeredAt: future,
    endedAt: future + 60_000,
  };
  const options = { accountId: 'acme', allowances: new Allowances(), catalogVersion: 7 };
  const { explanation, quote } = quoteLeg(leg, account, { ...options, explain: false });
  expect(explanation).toBeNull();
  expect(quoteLeg(leg, account, { ...options, allowances: new Allowances(), explain: true }).quote).toEqual(
    quote,
  );
  // Nothing is taken by what has no price.
  const unknown = { ...leg, destinationNumber: 442071234567 };
  expect(quoteLeg(unknown, account, { ...options, explain: false }).quote).toMatchObject({
    status: 'suspended',
  });
  expect([...options.allowances.entries()]).toMatchObject([{ counter: 'minutes', amount: 60 }]);
});

it('leaves empty what a quote has not, and lists pools that are not one of minutes', () => {
  expect(quoteCall(request({ to: '911' })).quote).toMatchObject({
    tariff: '',
    prefix: '',
    rate_type: 'free',
  });
  expect(quoteCall(request()).quote).not.toHaveProperty('pools');
  const pools = [
    makePool('credit', 0, 'account', { unit: 'money', perMonth: 5_000 }),
    makePool('bundle', 0, 'account', { unit: 'calls', perMonth: 0 }),
  ];
  const own = makeCatalog([
    makeAccount('acme', makePlan('own', { long_distance: byTariff(standard, ...pools) })),
  ]);
  expect(quoteCall(request({ catalog: own, to: '+14155550199' })).quote).toMatchObject({
    charge: '0.015000',
    pools: [
      { pool: 'credit', unit: 'money', left: '0.005', took: '0.005' },
      { pool: 'bundle', unit: 'calls', left: '0', took: '0' },
    ],
  });
});

it('prices the device, the caller and the routing number of the request', () => {
  const rates = makeTariff('lrn', [{ prefix: '1' }, { prefix: '1305', perMinute: '0.09' }], {
    byRoutingNumber: true,
  });
  const devices = [
    { id: 'desk', kind: 'phone', extension: '', rules: { long_distance: { kind: 'free' } } },
  ] as const;
  const own = makeCatalog([
    makeAccount('acme', makePlan('own', { long_distance: byTariff(rates) }), { devices }),
  ]);
  const of = (part: Partial<QuoteRequest>) =>
    quoteCall(request({ catalog: own, to: '+14155550199', ...part })).quote;
  expect(of({})).toMatchObject({ rate_type: 'metered', prefix: '1', jurisdiction: 'interstate' });
  expect(of({ device: 'desk' })).toMatchObject({ rate_type: 'free' });
  expect(of({ device: 'lobby' })).toMatchObject({ rate_type: 'metered' });
  expect(of({ to: 'sip:+14155550199;rn=+13055550000@pbx' })).toMatchObject({ prefix: '1305' });
  expect(of({ from: 'anonymous' })).toMatchObject({ jurisdiction: 'indeterminate' });
});

it("takes a call to any of the account's numbers for inbound", () => {
  const numbers = [12125550100, 12125550101].map((number) => ({
    number,
    kind: 'did' as const,
    extension: '',
  }));
  const own = makeCatalog([makeAccount('acme', plan, { numbers })]);
  for (const to of ['+12125550100', '+12125550101'])
    expect(quoteCall(request({ catalog: own, from: '+13055550188', to })).quote).toMatchObject({
      call_type: 'inbound',
    });
});

it('names a withheld caller, or an extension, that was redirected', () => {
  const first = (part: Partial<QuoteRequest>) =>
    quoteCall(request({ to: '+14155550199', ...part })).explanation!.steps[0]!;
  const withheld = first({ from: '', redirecting: '101' });
  expect(withheld).toEqual({
    step: 'account',
    text: "Redirected: '101' sent the call of a withheld caller on to +14155550199. It made this leg and owes it, and the leg begins where it stands.",
    passedOver: ['a withheld caller owes the call that it placed itself, and nothing of this leg'],
    data: { redirecting: "'101'", from: '', to: '+14155550199' },
  });
  expect(first({ from: '+13055550188', redirecting: '+12125550100' }).passedOver).toEqual([
    '+13055550188 owes the call that it placed itself, and nothing of this leg',
  ]);
});

it.each([
  ['102', 'internal'],
  ['+12125550100', 'inbound'],
  ['+14155550199', 'outbound'],
])('takes a call to %s for %s', (to, direction) => {
  const { steps } = quoteCall(request({ to })).explanation!;
  expect(steps.find(({ step }) => step === 'call_type')!.data).toMatchObject({ direction });
});
