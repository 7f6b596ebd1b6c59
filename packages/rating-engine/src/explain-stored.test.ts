import { expect, it } from 'vitest';
import { explanationText } from './explain.ts';
import { explainStored } from './explain-stored.ts';
import type { StoredCall } from './explain-stored.ts';

const row: StoredCall = {
  callId: 'a',
  account: 'acme',
  plan: 'standard',
  catalogVersion: 3,
  revision: 0,
  direction: 'outbound',
  origin: '+12125550100',
  chargedParty: '',
  destination: '+5511987650123',
  atMs: Date.parse('2020-01-15T15:00:00Z'),
  billingMonth: 202001,
  callType: 'international',
  jurisdiction: 'international',
  tariff: 'brazil',
  prefix: '5511',
  pool: '',
  rateType: 'metered',
  durationMs: 31_000,
  initialSeconds: 30,
  stepSeconds: 6,
  durationRounding: 'up',
  chargeRounding: 'half_up',
  billableSeconds: 36,
  includedSeconds: 0,
  chargedSeconds: 36,
  ratePerMinute: 2_200_000,
  connectFee: 10_000,
  charge: 23_200,
  currency: 'USD',
  priceDetail: '{"origin":"US"}',
};

it('says who pays where the row does, and why the other side of an internal call costs nothing', () => {
  const forwarded = explainStored({ ...row, chargedParty: '+12125550100' });
  expect(explanationText(forwarded)).toContain('to +5511987650123, charged to +12125550100, international)');
  const other = { ...row, callType: 'internal', direction: 'inbound', rateType: 'free', tariff: '' } as const;
  expect(explanationText(explainStored(other))).toContain(
    'Charge: none. The terminating side of an internal call',
  );
});

it('shows the working of a row from the row alone', () => {
  const explanation = explainStored(row);
  expect(explanation.reproduces).toBe(true);
  expect(explanationText(explanation)).toMatchInlineSnapshot(`
    "Call a of account 'acme' on plan standard: international (outbound from +12125550100 to +5511987650123, international) at 2020-01-15T15:00:00.000Z, billing month 202001, priced by catalog version 3, revision 0.
    Rate: prefix 5511 of tariff brazil for callers of US, 30/6 up, 0.022 USD/min.
    Duration 31 s at 30/6 up → 36 s billable.
    Charge: 0.01 connect fee + 30 s × 0.022 / 60 s + 6 s × 0.022 / 60 s, rounded half_up = 0.023200 USD.
    Worked out again from the row: 36 s billable and 0.023200 USD, as it says."
  `);
});

it.each([
  [
    'a call that was split',
    { pool: 'minutes', rateType: 'split', includedSeconds: 10, chargedSeconds: 26, charge: 19_533 },
    '20 s × 0.022 / 60 s + 6 s',
  ],
  ['a minimum', { priceDetail: '{"minimum_charge":"0.05"}', charge: 50_000 }, 'at least 0.05 = 0.050000'],
  [
    'parts',
    { priceDetail: '{"parts":[[30,"0.06",""],[6,"0.03","night"]]}', charge: 43_000 },
    '6 s × 0.03 / 60 s (night)',
  ],
  [
    'no rate',
    {
      tariff: '',
      prefix: '',
      rateType: 'free',
      stepSeconds: 0,
      initialSeconds: 0,
      billableSeconds: 0,
      chargedSeconds: 0,
      charge: 0,
      priceDetail: '',
    },
    'free, and so without a rate',
  ],
  [
    'an attempt',
    {
      rateType: 'unanswered',
      durationMs: 0,
      billableSeconds: 0,
      chargedSeconds: 0,
      charge: 2_000,
      priceDetail: '{"attempt_fee":"0.002"}',
    },
    'an attempt costs 0.002',
  ],
] as const)('shows %s', (_, part, text) => {
  const explanation = explainStored({ ...row, ...part });
  expect(explanationText(explanation)).toContain(text);
  expect(explanation.reproduces).toBe(true);
});

it('says when a row does not give its amount', () => {
  const explanation = explainStored({ ...row, charge: 23_201 });
  expect(explanation.reproduces).toBe(false);
  expect(explanation.steps.at(-1)!.text).toContain('0.023200 USD; the row says 36 s and 0.023201 USD');
});

it('says when a row does not give its seconds', () => {
  const { reproduces, steps } = explainStored({ ...row, billableSeconds: 30 });
  expect(reproduces).toBe(false);
  expect(steps.at(-1)!.text).toContain('36 s billable');
});

it('names callers only where the row is for some', () => {
  const rateOf = (part: Partial<StoredCall>) => explainStored({ ...row, ...part }).steps[1]!.data;
  expect(rateOf({})).toHaveProperty('origin', 'US');
  expect(rateOf({ priceDetail: '' })).not.toHaveProperty('origin');
});

it.each([
  [
    { callType: 'internal', direction: 'inbound', rateType: 'unanswered' },
    'Charge: unanswered, and so without a rate.',
  ],
  [{ callType: 'inbound', direction: 'inbound', rateType: 'free' }, 'Charge: free, and so without a rate.'],
  [{ callType: 'internal', direction: 'outbound', rateType: 'free' }, 'Charge: free, and so without a rate.'],
] as const)('tells the other side of an internal call from %o', (part, text) => {
  expect(explanationText(explainStored({ ...row, ...part, tariff: '' }))).toContain(text);
});
