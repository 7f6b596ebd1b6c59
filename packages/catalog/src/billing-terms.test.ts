import { describe, expect, test } from 'vitest';
import { buildCatalog } from './build.ts';
import { monthsLater } from './account-billing.ts';
import { edited, smallCatalog } from './testing.ts';

const BILLING = `seller: { name: Seller, address: [1 Street], country: US }
remittance:
  - { country: US, currency: USD, lines: [{ label: bank, value: Bank }] }
one_time:
  - { id: caller_id_e911, name: Change of caller id, amounts: { USD: 15.00 } }
fees:
  - { id: slrrf, name: Recovery fee, kind: percent, countries: [US], base: [service_fee] }
`;
const RATES = 'id,name,country,state,effective_from,effective_to,percent,amount,source\n';
const FILES = {
  'billing.yaml': BILLING,
  'fees.csv': `${RATES}slrrf,,US,NY,2020-01-01,,2.75,,law\n`,
  'taxes.csv': `${RATES}us-ny,State tax,US,NY,2020-01-01,2021-01-01,4,,law\nus-ny,State tax,US,NY,2021-01-01,,4.5,,law\n`,
  'contribution_factors.csv': 'quarter,percent,source\n2020Q1,21.2,FCC\n2020Q2,19.6,FCC\n',
};

function build(changes: Record<string, string | null> = {}) {
  return buildCatalog(smallCatalog({ ...FILES, ...changes }));
}

function catalogOf(changes: Record<string, string | null> = {}) {
  const result = build(changes);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.catalog;
}

function account(more: string): Record<string, string> {
  return edited('accounts.yaml', '    billing_start: 2020-01-15\n', more);
}

describe('the terms of billing', () => {
  test('are read with their dated tables', () => {
    const { billing } = catalogOf();
    expect(billing).toMatchObject({
      paymentDays: 15,
      disputeDays: 15,
      autopayDay: 10,
      invoicePrefix: 'INV-',
    });
    expect(billing!.feeRates).toMatchObject([
      { id: 'slrrf', state: 'NY', from: '2020-01-01', percent: 2_750_000 },
    ]);
    expect(billing!.taxRates.map(({ name, percent, to }) => [name, percent, to])).toEqual([
      ['State tax', 4_000_000, '2021-01-01'],
      ['State tax', 4_500_000, ''],
    ]);
    expect(billing!.contributionFactors.get('2020Q1')).toEqual({ percent: 21_200_000, source: 'FCC' });
  });

  test('are part of what the catalog means, and a catalog without them keeps its fingerprint', () => {
    const without = {
      'billing.yaml': null,
      'fees.csv': null,
      'taxes.csv': null,
      'contribution_factors.csv': null,
    };
    const bare = catalogOf(without).fingerprint;
    const plain = buildCatalog(smallCatalog());
    expect(plain.ok && plain.catalog.fingerprint).toBe(bare);
    expect(catalogOf().fingerprint).not.toBe(bare);
    const other = catalogOf({ 'taxes.csv': FILES['taxes.csv'].replace('4.5', '4.6') });
    expect(other.fingerprint).not.toBe(catalogOf().fingerprint);
  });

  test.each([
    [
      'overlapping rows',
      { 'taxes.csv': FILES['taxes.csv'].replace('2021-01-01,4,', '2021-02-01,4,') },
      'taxes.csv:3:23',
      'TOLL_CATALOG_TABLE_OVERLAP',
    ],
    [
      'a fee that is none',
      { 'fees.csv': `${RATES}rrf,,US,,2020-01-01,,1,,law\n` },
      'fees.csv:2:1',
      'TOLL_CATALOG_REFERENCE_UNKNOWN',
    ],
    [
      'a quarter that is none',
      { 'contribution_factors.csv': 'quarter,percent,source\n2020Q5,1,FCC\n' },
      'contribution_factors.csv:2:1',
      'TOLL_CATALOG_QUARTER_INVALID',
    ],
    [
      'a day that is none',
      { 'fees.csv': `${RATES}slrrf,,US,,2020-02-30,,1,,law\n` },
      'fees.csv:2:12',
      'TOLL_CATALOG_DATE_INVALID',
    ],
    [
      'a percent that is none',
      { 'fees.csv': `${RATES}slrrf,,US,,2020-02-03,,1%,,law\n` },
      'fees.csv:2:24',
      'TOLL_CATALOG_DECIMAL_INVALID',
    ],
    [
      'no seller',
      { 'billing.yaml': BILLING.replace(/seller.*\n/, '') },
      'billing.yaml:1:1',
      'TOLL_CATALOG_STRUCTURE_INVALID',
    ],
    [
      "an e-mail of the seller's that is none",
      { 'billing.yaml': BILLING.replace(/seller: \{/, 'seller: { email: nobody,') },
      'billing.yaml:1:18',
      'TOLL_CATALOG_EMAIL_INVALID',
    ],
    [
      'an account without plan',
      edited('accounts.yaml', '    plan: standard\n', ''),
      'accounts.yaml:2:5',
      'TOLL_CATALOG_STRUCTURE_INVALID',
    ],
    [
      'a plan without currency, which its accounts would not have either',
      edited('plans/standard.yaml', 'currency: USD\n', ''),
      'plans/standard.yaml:1:1',
      'TOLL_CATALOG_STRUCTURE_INVALID',
    ],
    [
      'an e-mail that is none',
      account('    billing_start: 2020-01-15\n    billing: { email: nobody }\n'),
      'accounts.yaml:6:23',
      'TOLL_CATALOG_EMAIL_INVALID',
    ],
    [
      'a one-time charge that is none',
      account('    billing_start: 2020-01-15\n    one_time: [{ charge: gift, date: 2020-01-02 }]\n'),
      'accounts.yaml:6:26',
      'TOLL_CATALOG_REFERENCE_UNKNOWN',
    ],
    [
      'billing in free months',
      account('    billing_start: 2020-01-15\n    contract: { signed: 2020-01-01, free_months: 1 }\n'),
      'accounts.yaml:5:20',
      'TOLL_CATALOG_BILLING_START_EARLY',
    ],
    ['no start of billing at all', account(''), 'accounts.yaml:2:9', 'TOLL_CATALOG_STRUCTURE_INVALID'],
    [
      'a former plan that is none',
      account('    billing_start: 2020-01-15\n    former_plans: [{ plan: old, until: 2020-01-02 }]\n'),
      'accounts.yaml:6:28',
      'TOLL_CATALOG_REFERENCE_UNKNOWN',
    ],
  ])('are refused with %s, at its place', (_, changes, place, code) => {
    const result = build(changes);
    if (result.ok) throw new Error('not refused');
    expect(
      result.problems.map((problem) => [`${problem.file}:${problem.line}:${problem.column}`, problem.code]),
    ).toEqual([[place, code]]);
  });

  test.each([
    ['days without a tax', { 'taxes.csv': FILES['taxes.csv'].replace(',2021-01-01,4,', ',2020-12-01,4,') }],
    [
      'a quarter left out',
      { 'contribution_factors.csv': 'quarter,percent,source\n2020Q1,1,x\n2020Q3,1,x\n' },
    ],
  ])('are warned of for %s', (_, changes) => {
    const result = build(changes);
    expect(result.ok && result.warnings.map(({ code }) => code)).toEqual(['TOLL_CATALOG_TABLE_GAP']);
  });
});

describe('the billing of an account', () => {
  test('begins when the free months from the signature have passed', () => {
    const catalog = catalogOf(account('    contract: { signed: 2020-01-15, free_months: 2 }\n'));
    expect(catalog.accounts.get('acme')!.billingStart).toBe(Date.parse('2020-03-15T04:00:00Z'));
    expect(['2020-01-31', '2020-10-31'].map((day) => monthsLater(day, 1))).toEqual([
      '2020-02-29',
      '2020-11-30',
    ]);
    expect(monthsLater('2019-12-31', 14)).toBe('2021-02-28');
  });

  test('has what happened, with the prices of the terms', () => {
    const catalog = catalogOf(
      account(`    billing_start: 2020-01-15
    billing: { country: US, state: NY, language: es, email: a.b@example.com, autopay: true }
    exemptions: [{ certificate: C-1, from: 2020-01-01, covers: [us-ny] }]
    services: [{ id: seat, name: Seat, kind: contact_centre, amount: 89, quantity: 2, from: 2020-01-10 }]
    one_time: [{ charge: caller_id_e911, date: 2020-01-20 }]
    credits: [{ name: Sorry, date: 2020-01-21, amount: 5.5 }]
`),
    );
    expect(catalog.accounts.get('acme')!.billing).toMatchObject({
      country: 'US',
      state: 'NY',
      language: 'es',
      autopay: true,
      exemptions: [{ certificate: 'C-1', from: '2020-01-01', to: '', covers: ['us-ny'] }],
      services: [{ section: 'contact_centre', quantity: 2, amount: 89_000_000, from: '2020-01-10' }],
      oneTime: [{ name: 'Change of caller id', amount: 15_000_000, date: '2020-01-20' }],
      credits: [{ name: 'Sorry', amount: 5_500_000 }],
    });
    expect(catalog.accounts.get('other')!.billing).toBeUndefined();
  });

  test('tells when devices and numbers are in service, their groups and kinds', () => {
    const files = edited(
      'accounts.yaml',
      "    devices:\n      - { id: phone-101, kind: phone, extension: '101' }",
      "    billing_groups: [{ id: sales }]\n    devices:\n      - { id: phone-101, kind: phone, extension: '101', from: 2020-01-10, low_usage: true, billing_group: sales }",
    );
    const numbers = {
      'numbers.csv':
        'number,account,kind,to,billing_group\n+12125550100,acme,inbound_only,2020-01-31,sales\n',
    };
    const acme = catalogOf({ ...files, ...numbers }).accounts.get('acme')!;
    expect(acme.devices[0]).toMatchObject({
      isLowUsage: true,
      billingGroup: 'sales',
      service: { from: '2020-01-10', to: '' },
    });
    expect(acme.numbers[0]).toMatchObject({
      kind: 'inbound_only',
      billingGroup: 'sales',
      service: { to: '2020-01-31' },
    });
  });
});
