/** The rules of the billing guide, each by its own example. */
import { describe, expect, it } from 'vitest';
import type { AccountEvent } from '@tollstream/billing-store';
import type { Account, AccountBilling, BillingTerms, Plan } from '@tollstream/catalog';
import { NO_USAGE } from './invoice-usage.ts';
import type { InvoiceUsageRow, UsageAdjustment } from './invoice-usage.ts';
import { parseMonth } from './month.ts';
import { makeInvoice } from './processor.ts';
import { PLAN, TERMS, accountOn, billingOf, usageRow } from './testing/samples.ts';

interface Given {
  readonly usage?: readonly InvoiceUsageRow[];
  readonly month?: string;
  readonly terms?: BillingTerms | undefined;
  readonly plans?: readonly Plan[];
  readonly events?: readonly AccountEvent[];
  readonly lastDay?: string;
  readonly adjustments?: readonly UsageAdjustment[];
}

function invoiceOf(account: Account, given: Given = {}) {
  const {
    usage = [usageRow({})],
    month = '2020-02',
    terms,
    plans = [],
    events = [],
    lastDay,
    adjustments = [],
  } = given;
  return makeInvoice({
    account,
    catalog: {
      version: 3,
      plans: new Map(plans.map((plan) => [plan.id, plan])),
      ...(terms === undefined ? {} : { billing: terms }),
    },
    month: parseMonth(month),
    usage: { ...NO_USAGE, rows: usage, adjustments },
    events,
    cancellation:
      lastDay === undefined
        ? undefined
        : {
            accountId: account.id,
            requestedOn: '2020-01-02',
            requestedBy: 'owner',
            effectiveOn: lastDay,
            currency: 'USD',
            buyOut: '0.00',
          },
  });
}

/** An account in New York, with the terms that fees and taxes need. */
function billed(billing: Partial<AccountBilling> = {}, changes: Partial<Account> = {}, given: Given = {}) {
  const account = accountOn({ ...changes, billing: billingOf(billing) });
  return invoiceOf(account, { terms: TERMS, ...given });
}

const linesOf = (invoice: ReturnType<typeof invoiceOf>, ...sections: string[]) =>
  invoice.lines
    .filter(({ section }) => sections.length === 0 || sections.includes(section))
    .map(({ description, quantity, amount }) => [description.text, quantity, amount]);

const phone = (id: string, service?: Partial<NonNullable<Account['devices'][number]['service']>>) => ({
  id,
  kind: 'phone',
  extension: '',
  ...(service === undefined ? {} : { service: { from: '', to: '', ...service } }),
});

describe('the cycle', () => {
  it('the February 2020 invoice carries the usage of January 2020', () => {
    expect(invoiceOf(accountOn({}))).toMatchObject({ month: '2020-02', usage_month: '2020-01' });
    expect(invoiceOf(accountOn({}), { month: '2020-01' }).usage_month).toBe('2019-12');
  });

  it('is issued on the 1st and due 15 days after', () => {
    expect(billed()).toMatchObject({ issue_date: '2020-02-01', due_date: '2020-02-16' });
    expect(billed({}, {}, { terms: { ...TERMS, paymentDays: 30 } }).due_date).toBe('2020-03-02');
  });

  it('the same input gives the same bytes', () => {
    expect(JSON.stringify(billed())).toBe(JSON.stringify(billed()));
  });
});

describe('proration that excludes the start day', () => {
  const startingOn = (date: string, timeZone = 'America/New_York') =>
    accountOn({ billingStart: Date.parse(date), timeZone });
  const phones = (account: Account, month: string) =>
    invoiceOf(account, { month, usage: [] })
      .lines.filter(({ id }) => id === 'phone')
      .map(({ description, period, amount }) => [description.text, period?.from, period?.to, amount]);

  it('billing start 7/15: 16 of July’s 31 days and the whole of August on the August 1 invoice', () => {
    const account = startingOn('2020-07-15T04:00:00Z');
    expect(phones(account, '2020-07')).toEqual([]);
    expect(phones(account, '2020-08')).toEqual([
      ['Phone service, July 2020, 16 of 31 days', '2020-07-16', '2020-07-31', '30.89'],
      ['Phone service, August 2020', '2020-08-01', '2020-08-31', '59.85'],
    ]);
    expect(phones(account, '2020-09')).toHaveLength(1);
  });

  it('billing start 6/15: 15 of 30 days', () => {
    expect(phones(startingOn('2020-06-15T04:00:00Z'), '2020-07')[0]?.[0]).toBe(
      'Phone service, June 2020, 15 of 30 days',
    );
  });

  it('billing start 2/15/2024: 14 of 29 days', () => {
    expect(phones(startingOn('2024-02-15T05:00:00Z'), '2024-03')[0]?.[0]).toBe(
      'Phone service, February 2024, 14 of 29 days',
    );
  });

  it('takes the start day in the zone of the account', () => {
    const midnight = '2020-07-15T04:00:00Z';
    expect(phones(startingOn(midnight, 'America/Los_Angeles'), '2020-08')[0]?.[0]).toMatch(/17 of 31 days/);
  });

  it('has the whole month for a start on its 1st, and nothing for one on its last day but the next month', () => {
    expect(phones(startingOn('2020-07-01T04:00:00Z'), '2020-07')).toHaveLength(1);
    expect(phones(startingOn('2020-07-01T04:00:00Z'), '2020-08')).toHaveLength(1);
    expect(phones(startingOn('2020-07-31T04:00:00Z'), '2020-08')).toHaveLength(1);
  });

  it('free months: nothing before billing starts, and the invoice says until when', () => {
    const invoice = invoiceOf(startingOn('2020-03-15T04:00:00Z'), { usage: [] });
    expect(invoice.totals.total).toBe('0.00');
    expect(invoice.notes.map(({ text }) => text)).toEqual(['Service is free until 2020-03-15.']);
  });

  it('before the start date usage is not charged', () => {
    const usage = [usageRow({ rateType: 'before_billing_start', charge: 0n })];
    const invoice = invoiceOf(startingOn('2020-02-15T05:00:00Z'), { usage });
    expect(invoice.lines).toEqual([]);
    expect(invoice.usage_summary.by_call_type[0]?.description.text).toBe('Local calls, before billing began');
  });

  it('has nothing recurring for a closed account', () => {
    expect(linesOf(invoiceOf(accountOn({ status: 'closed' }), { usage: [] }))).toEqual([]);
  });
});

describe('devices', () => {
  const withDevices = (...devices: Account['devices'][number][]) => accountOn({ devices, numbers: [] });

  it('added in mid-month are prorated on the next invoice', () => {
    const account = withDevices(phone('old'), phone('new', { from: '2020-01-15' }));
    expect(linesOf(invoiceOf(account, { usage: [] }))).toEqual([
      ['Phone service, January 2020, 16 of 31 days', '1', '10.30'],
      ['Phone service, February 2020', '2', '39.90'],
    ]);
    expect(linesOf(invoiceOf(account, { usage: [], month: '2020-01' }))).toEqual([
      ['Phone service, January 2020', '1', '19.95'],
    ]);
  });

  it('taken away in mid-month are paid for until the month ends, or credited, as the plan says', () => {
    const account = withDevices(phone('old'), phone('gone', { to: '2020-01-20' }));
    const whole = ['Phone service, February 2020', '1', '19.95'];
    expect(linesOf(invoiceOf(account, { usage: [] }))).toEqual([whole]);
    const plan = { ...PLAN, creditsRemovals: true };
    expect(linesOf(invoiceOf({ ...account, plan }, { usage: [] }))).toEqual([
      ['Phone service, January 2020, 11 of 31 days given back', '1', '-7.08'],
      whole,
    ]);
  });

  it('that came and went within a month are charged for the rest of it, or their days only', () => {
    const account = withDevices(phone('guest', { from: '2020-01-10', to: '2020-01-20' }));
    expect(linesOf(invoiceOf(account, { usage: [] }))[0]?.[0]).toMatch(/21 of 31 days$/);
    const plan = { ...PLAN, creditsRemovals: true };
    expect(linesOf(invoiceOf({ ...account, plan }, { usage: [] }))[0]?.[0]).toMatch(/10 of 31 days$/);
  });

  it('are charged by kind, and some by extension', () => {
    const plan: Plan = {
      ...PLAN,
      recurring: [
        { id: 'phone', name: 'Phone', per: 'device', kinds: ['phone', 'ata'], amount: 20_000_000 },
        { id: 'pager', name: 'Pager', per: 'device', kinds: ['pager'], amount: 5_000_000 },
        { id: 'voicemail', name: 'Voicemail', per: 'extension', amount: 1_000_000 },
      ],
    };
    const device = (id: string, kind: string, extension: string) => ({ id, kind, extension });
    const devices = [device('a', 'phone', '1'), device('b', 'ata', '1'), device('c', 'pager', '2')];
    expect(linesOf(invoiceOf(accountOn({ plan, devices }), { usage: [] }))).toEqual([
      ['Phone, February 2020', '2', '40.00'],
      ['Pager, February 2020', '1', '5.00'],
      ['Voicemail, February 2020', '2', '2.00'],
    ]);
  });

  it('of low usage have their discount from 20 phones on, within the quota of the contract', () => {
    const plan: Plan = {
      ...PLAN,
      recurring: [
        {
          id: 'phone',
          name: 'Phone',
          per: 'device',
          amount: 20_000_000,
          lowUsage: { amount: 10_000_000, minimumPhones: 20 },
        },
      ],
    };
    const with20 = (count: number, lowUsageDevices: number) => {
      const devices = Array.from({ length: count }, (_, i) => ({ ...phone(`p${i}`), isLowUsage: i < 6 }));
      const contract = { signedOn: '2019-01-01', freeMonths: 0, termMonths: 0, lowUsageDevices };
      return linesOf(
        invoiceOf(accountOn({ plan, devices, numbers: [], billing: billingOf({ contract }) }), { usage: [] }),
      );
    };
    expect(with20(20, 4)).toEqual([
      ['Phone, low usage, February 2020', '4', '40.00'],
      ['Phone, February 2020', '16', '320.00'],
    ]);
    expect(with20(20, 9)[0]?.[1]).toBe('6');
    expect(with20(19, 4)).toEqual([['Phone, February 2020', '19', '380.00']]);
    expect(with20(20, 0)).toEqual([['Phone, February 2020', '20', '400.00']]);
  });

  it('and numbers and services end with the last day of a cancelled account', () => {
    const account = accountOn({});
    expect(linesOf(invoiceOf(account, { usage: [], lastDay: '2020-01-31' }))).toEqual([]);
    expect(linesOf(invoiceOf(account, { usage: [], lastDay: '2020-02-29' }))).toHaveLength(2);
  });
});

describe('a plan changed in mid-month', () => {
  const bigger: Plan = {
    ...PLAN,
    id: 'bigger',
    name: 'Bigger',
    recurring: [{ id: 'seat', name: 'Seat', per: 'device', amount: 31_000_000 }],
  };
  const changed = (until: string, former = PLAN) =>
    accountOn({
      plan: bigger,
      devices: [phone('only')],
      numbers: [],
      billing: billingOf({ formerPlans: [{ planId: former.id, until }] }),
    });

  it('is given back for the days after it, and the new one charged for them', () => {
    const invoice = invoiceOf(changed('2020-01-21'), { usage: [], plans: [PLAN] });
    expect(linesOf(invoice)).toEqual([
      ['Phone service, January 2020, 10 of 31 days given back', '1', '-6.44'],
      ['Seat, January 2020, 10 of 31 days', '1', '10.00'],
      ['Seat, February 2020', '1', '31.00'],
    ]);
    expect(invoice.notes.map(({ text }) => text)).toEqual([
      'The plan changed from Standard to Bigger after 2020-01-21.',
    ]);
  });

  it('counts from the next month when it changed at the end of one', () => {
    const account = changed('2020-01-31');
    expect(linesOf(invoiceOf(account, { usage: [], plans: [PLAN] }))).toEqual([
      ['Seat, February 2020', '1', '31.00'],
    ]);
    const january = invoiceOf(account, { usage: [], plans: [PLAN], month: '2020-01' });
    expect(linesOf(january)).toEqual([['Phone service, January 2020', '1', '19.95']]);
    expect(january.account.plan_id).toBe('standard');
  });

  it('is refused when the account moved to another country or currency', () => {
    const canadian: Plan = { ...PLAN, country: 'CA', currency: 'CAD' };
    expect(() => invoiceOf(changed('2020-01-21', canadian), { plans: [canadian] })).toThrow(
      expect.objectContaining({ code: 'TOLL_BILLING_ACCOUNT_MOVED' }),
    );
    expect(invoiceOf(changed('2019-12-31', canadian), { plans: [canadian] }).totals.recurring).toBe('31.00');
  });
});

describe('usage', () => {
  const rows = [
    usageRow({ callType: 'international', rateType: 'metered', charge: 1_234_999n }),
    usageRow({
      callType: 'local',
      rateType: 'included',
      charge: 0n,
      includedSeconds: 600n,
      chargedSeconds: 0n,
    }),
    usageRow({
      callType: 'local',
      rateType: 'split',
      charge: 20_000n,
      calls: 1,
      billableSeconds: 120n,
      includedSeconds: 60n,
      chargedSeconds: 60n,
    }),
    usageRow({ callType: 'local', rateType: 'overage', charge: 302_001n }),
    usageRow({ callType: 'long_distance', rateType: 'included', charge: 0n, includedSeconds: 300n }),
    usageRow({ callType: 'premium', rateType: 'metered', charge: 5_000n }),
    usageRow({ callType: 'toll_free_inbound', rateType: 'metered', charge: 40_000n }),
    usageRow({ callType: 'internal', rateType: 'overage', charge: 60_000n }),
    usageRow({ callType: 'inbound', rateType: 'free', charge: 0n }),
  ];

  it('stands in the order of the sections, included minutes at zero', () => {
    const invoice = invoiceOf(accountOn({ devices: [], numbers: [] }), { usage: rows });
    expect(invoice.lines.map(({ section, id, quantity, amount }) => [section, id, quantity, amount])).toEqual(
      [
        ['included_minutes', 'local', '11', '0.00'],
        ['included_minutes', 'long_distance', '5', '0.00'],
        ['premium', 'premium', '15.1', '0.01'],
        ['overage', 'local', '16.1', '0.32'],
        ['overage', 'internal', '15.1', '0.06'],
        ['toll_free_inbound', 'toll_free_inbound', '15.1', '0.04'],
        ['international', 'international', '15.1', '1.23'],
      ],
    );
  });

  it('rounds each line once and says to the last digit what its calls come to, and which they are', () => {
    const invoice = invoiceOf(accountOn({}), { usage: rows });
    expect(invoice.lines.find(({ section }) => section === 'overage')?.usage).toMatchObject({
      calls: 11,
      exact_amount: '0.322001',
      call_details: [
        { call_type: 'local', rate_type: 'split' },
        { call_type: 'local', rate_type: 'overage' },
      ],
    });
    expect(invoice.totals).toMatchObject({ calls: 81, exact_usage: '1.662000', usage: '1.66' });
  });

  it('is kept apart by billing group, of the device first and then of the number', () => {
    const account = accountOn({
      devices: [{ id: 'a', kind: 'phone', extension: '101', billingGroup: 'sales' }],
      numbers: [
        {
          number: 12125550100,
          kind: 'did',
          extension: '',
          billingGroup: 'lab',
        },
      ],
    });
    const usage = ['101', '12125550100', '999'].map((place) => usageRow({ place }));
    const invoice = invoiceOf(account, { usage });
    expect(
      invoice.lines
        .filter(({ section }) => section === 'overage')
        .map((line) => [line.billing_group, line.amount]),
    ).toEqual([
      ['', '0.30'],
      ['lab', '0.30'],
      ['sales', '0.30'],
    ]);
    expect(invoice.billing_groups).toEqual([
      { billing_group: '', amount: '0.30' },
      { billing_group: 'lab', amount: '1.30' },
      { billing_group: 'sales', amount: '20.25' },
    ]);
  });

  it('holds sums beyond 2^53', () => {
    const invoice = invoiceOf(accountOn({}), { usage: [usageRow({ charge: 10n ** 19n + 5_000n })] });
    expect(invoice.totals.exact_usage).toBe('10000000000000.005000');
    expect(invoice.totals.usage).toBe('10000000000000.01');
  });

  it('refuses charges in another currency, but not free calls', () => {
    expect(() => invoiceOf(accountOn({}), { usage: [usageRow({ currency: 'CAD', charge: 1n })] })).toThrow(
      /billed in USD/,
    );
    const usage = [
      usageRow({ rateType: 'free', charge: 0n }),
      usageRow({ rateType: 'free', charge: 0n, currency: '' }),
    ];
    expect(invoiceOf(accountOn({}), { usage }).usage_summary.by_call_type.map(({ calls }) => calls)).toEqual([
      20,
    ]);
  });
});

describe('what happened on the account', () => {
  const oneTime = {
    id: 'caller_id_e911',
    date: '2020-01-14',
    name: 'Change of caller id',
    amount: 15_000_000,
    billingGroup: '',
  };

  it('a change of caller id, E911 or both costs 15.00 once', () => {
    expect(linesOf(billed({ oneTime: [oneTime] }), 'one_time')).toEqual([
      ['Change of caller id, 2020-01-14', '1', '15.00'],
    ]);
    expect(linesOf(billed({ oneTime: [{ ...oneTime, date: '2020-02-01' }] }), 'one_time')).toEqual([]);
    expect(linesOf(billed({ oneTime: [{ ...oneTime, date: '2019-12-31' }] }), 'one_time')).toEqual([]);
  });

  it('credits are taken off, and recorded events are on the invoice', () => {
    const event = (kind: AccountEvent['kind'], amount: string): AccountEvent => ({
      id: kind,
      accountId: 'riverside-dental',
      kind,
      happenedOn: '2020-01-20',
      description: 'as agreed',
      billingGroup: '',
      currency: 'USD',
      amount,
    });
    const events = [
      event('credit', '5.00'),
      event('late_calls', '0.50'),
      event('buy_out', '100.00'),
      event('one_time', '1.00'),
    ];
    const invoice = billed({ credits: [{ ...oneTime, amount: 2_500_000 }] }, {}, { events });
    expect(linesOf(invoice, 'other_usage', 'one_time', 'credit')).toEqual([
      ['Calls of an earlier month that came late: as agreed', '1', '0.50'],
      ['Remaining term of the contract, from 2020-01-20', '1', '100.00'],
      ['as agreed, 2020-01-20', '1', '1.00'],
      ['Credit: Change of caller id, 2020-01-14', '1', '-2.50'],
      ['Credit: as agreed, 2020-01-20', '1', '-5.00'],
    ]);
    expect(() => billed({}, {}, { events: [{ ...event('credit', '5.00'), currency: 'CAD' }] })).toThrow(
      /billed in USD/,
    );
  });

  it('an invoice is never negative', () => {
    expect(() => billed({ credits: [{ ...oneTime, amount: 100_000_000 }] })).toThrow(
      expect.objectContaining({ code: 'TOLL_BILLING_TOTAL_NEGATIVE' }),
    );
  });
});

describe('fees and taxes', () => {
  it('USF by quarter: 2020Q1 is 21.2 % of the 64.9 % safe harbour, never above base × factor', () => {
    const invoice = billed();
    // 59.85 phones, 2.00 numbers, 0.30 overage: 62.15 × 0.649 × 0.212 = 8.5510…
    expect(invoice.fees.find(({ id }) => id === 'usf')).toMatchObject({
      base: '62.15',
      share_percent: '64.9',
      share_source: 'safe_harbour',
      percent: '21.2',
      quarter: '2020Q1',
      amount: '8.55',
    });
    // 24.10 more: 86.25 × 0.649 × 0.212 = 11.8669…, rounded down.
    const more = billed({}, {}, { usage: [usageRow({ charge: 24_400_000n })] });
    expect(more.fees.find(({ id }) => id === 'usf')?.amount).toBe('11.86');
  });

  it('USF by the share of the calls themselves', () => {
    const terms = { ...TERMS, fees: TERMS.fees.map((fee) => ({ ...fee, share: 'actual' as const })) };
    const usage = [
      usageRow({ jurisdiction: 'intrastate', billableSeconds: 300n }),
      usageRow({ jurisdiction: 'interstate', billableSeconds: 60n }),
      usageRow({ jurisdiction: 'international', billableSeconds: 40n }),
      usageRow({ jurisdiction: 'indeterminate', billableSeconds: 999n }),
    ];
    expect(billed({}, {}, { terms, usage }).fees[1]).toMatchObject({
      share_percent: '25',
      share_source: 'actual',
      amount: '3.34',
    });
    const none = billed({}, {}, { terms, usage: [usageRow({ jurisdiction: '' })] });
    expect(none.fees[1]).toMatchObject({ share_source: 'safe_harbour' });
  });

  it('a missing quarter refuses the invoice by its name', () => {
    expect(() => billed({}, {}, { month: '2020-04' })).toThrow(
      expect.objectContaining({
        code: 'TOLL_BILLING_FACTOR_MISSING',
        message: 'Universal Service Fund: there is no contribution factor for 2020Q2.',
      }),
    );
  });

  it('tax is on the overall subtotal, fees included', () => {
    const { totals, taxes, fees } = billed();
    expect(fees.map(({ id, base, amount }) => [id, base, amount])).toEqual([
      ['rrf', '2', '1.70'],
      ['usf', '62.15', '8.55'],
    ]);
    expect(totals).toMatchObject({
      charges: '62.15',
      fees: '10.25',
      subtotal: '72.40',
      taxes: '2.90',
      total: '75.30',
    });
    expect(taxes).toMatchObject([
      { name: 'State tax', base: '72.40', percent: '4', amount: '2.90', source: 'law' },
    ]);
  });

  it.each([
    [
      'a tax table with a gap',
      { taxRates: [{ ...TERMS.taxRates[0]!, to: '2020-02-01' }] },
      'TOLL_BILLING_TAX_RATE_MISSING',
    ],
    [
      'a state without a table',
      { taxRates: [{ ...TERMS.taxRates[0]!, state: 'NJ' }] },
      'TOLL_BILLING_TAX_JURISDICTION_UNKNOWN',
    ],
    [
      'a fee without a rate',
      { feeRates: [{ ...TERMS.feeRates[0]!, from: '2020-02-02' }] },
      'TOLL_BILLING_FEE_RATE_MISSING',
    ],
  ])('refuses %s', (_, terms, code) => {
    expect(() => billed({}, {}, { terms: { ...TERMS, ...terms } })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  const exemption = { certificate: 'C-1', from: '2019-01-01', to: '', covers: [] };

  it('an exemption takes the taxes off and names its certificate', () => {
    const invoice = billed({ exemptions: [exemption] });
    expect(invoice.taxes).toMatchObject([{ amount: '0.00', exemption: 'C-1' }]);
    expect(invoice.fees[1]).toMatchObject({ amount: '8.55', exemption: null });
    const both = billed({ exemptions: [{ ...exemption, covers: ['usf'] }] });
    expect(both.fees[1]).toMatchObject({ amount: '0.00', exemption: 'C-1' });
    expect(both.taxes[0]).toMatchObject({ exemption: null });
  });

  it('an exemption that ended in mid-month covers the invoice before its end and not the one after, which says so', () => {
    const ended = { exemptions: [{ ...exemption, to: '2020-01-20' }] };
    expect(billed(ended, {}, { month: '2020-01' }).taxes[0]?.exemption).toBe('C-1');
    const after = billed(ended);
    expect(after.taxes[0]).toMatchObject({ amount: '2.90', exemption: null });
    expect(after.notes.map(({ text }) => text)).toEqual([
      'The exemption C-1 ended on 2020-01-20; this invoice is taxed.',
    ]);
  });

  it.each([
    ['no terms', {}, {}, undefined, 'TOLL_BILLING_TERMS_MISSING'],
    ['no address', { address: [] }, {}, TERMS, 'TOLL_BILLING_ADDRESS_MISSING'],
    ['no country', {}, { country: '' }, TERMS, 'TOLL_BILLING_ADDRESS_MISSING'],
    ['a default plan', { isDefault: true }, {}, TERMS, 'TOLL_BILLING_ACCOUNT_UNKNOWN'],
    ['no way to pay', {}, {}, { ...TERMS, remittances: [] }, 'TOLL_BILLING_REMITTANCE_MISSING'],
  ])('a preview says that it cannot be issued with %s', (_, changes, billing, terms, code) => {
    const invoice = billed(billing, changes, { terms });
    expect(invoice.hindrances.map((hindrance) => hindrance.code)).toEqual([code]);
  });
});
