import { describe, expect, it } from 'vitest';
import type { Account } from '@tollstream/catalog';
import { makeInvoice } from './processor.ts';
import { renderInvoiceText } from './render-text.ts';
import { parseMonth } from './month.ts';
import { accountOn, usageRow } from './testing/samples.ts';

const FEBRUARY = parseMonth('2020-02');

function invoiceOf(account: Account, usage = [usageRow({})], month = FEBRUARY) {
  return makeInvoice({ account, catalogVersion: 3, month, usage });
}

describe('an invoice', () => {
  it('of February carries January, is issued on the 1st and due 15 days later', () => {
    const invoice = invoiceOf(accountOn({}));
    expect(invoice.month).toBe('2020-02');
    expect(invoice.usage_month).toBe('2020-01');
    expect(invoice.issue_date).toBe('2020-02-01');
    expect(invoice.due_date).toBe('2020-02-16');
    expect(invoice.not_included).toEqual(['fees', 'taxes']);
  });

  it('of January carries December of the year before', () => {
    expect(invoiceOf(accountOn({}), [], parseMonth('2020-01')).usage_month).toBe('2019-12');
  });

  it('is the same bytes when made again, in whatever order usage came', () => {
    const usage = [
      usageRow({}),
      usageRow({ callType: 'international', rateType: 'metered', charge: 1_234_567n }),
    ];
    expect(JSON.stringify(invoiceOf(accountOn({}), usage))).toBe(
      JSON.stringify(invoiceOf(accountOn({}), usage)),
    );
  });

  it('counts devices and numbers, and leaves out what there is none of', () => {
    const lines = invoiceOf(accountOn({})).recurring;
    expect(lines.map(({ id, quantity, unit_price, amount }) => [id, quantity, unit_price, amount])).toEqual([
      ['phone', 3, '19.95', '59.85'],
      ['did', 2, '1.00', '2.00'],
    ]);
  });

  it('rounds each usage line once, and totals the lines as printed', () => {
    const invoice = invoiceOf(accountOn({}), [
      usageRow({ callType: 'local', rateType: 'overage', charge: 5_000n }),
      usageRow({ callType: 'international', rateType: 'metered', charge: 1_234_999n }),
    ]);
    expect(invoice.usage.map(({ exact_amount, amount }) => [exact_amount, amount])).toEqual([
      ['0.005000', '0.01'],
      ['1.234999', '1.23'],
    ]);
    expect(invoice.totals).toEqual({
      calls: 20,
      billable_minutes: '30.2',
      exact_usage: '1.239999',
      recurring: '61.85',
      usage: '1.24',
      total: '63.09',
    });
  });

  it('holds sums beyond 2^53', () => {
    const invoice = invoiceOf(accountOn({}), [usageRow({ charge: 10n ** 19n + 5_000n })]);
    expect(invoice.totals.exact_usage).toBe('10000000000000.005000');
    expect(invoice.totals.usage).toBe('10000000000000.01');
  });

  it('refuses charges in another currency, but not free calls', () => {
    expect(() => invoiceOf(accountOn({}), [usageRow({ currency: 'CAD', charge: 1n })])).toThrow(
      /billed in USD/,
    );
    const invoice = invoiceOf(accountOn({}), [
      usageRow({ rateType: 'free', charge: 0n }),
      usageRow({ rateType: 'free', charge: 0n, currency: '' }),
    ]);
    expect(invoice.usage.map(({ calls }) => calls)).toEqual([20]);
  });
});

describe('the first invoice', () => {
  const startingOn = (date: string, timeZone = 'America/New_York') =>
    accountOn({ billingStart: Date.parse(date), timeZone });
  const periods = (account: Account, month: string) =>
    invoiceOf(account, [], parseMonth(month))
      .recurring.filter(({ id }) => id === 'phone')
      .map(({ description, period_from, period_to, amount }) => [
        description,
        period_from,
        period_to,
        amount,
      ]);

  it('after a start on 7/15 has 16 of 31 days of July and the whole of August', () => {
    const account = startingOn('2020-07-15T04:00:00Z');
    expect(periods(account, '2020-07')).toEqual([]);
    expect(periods(account, '2020-08')).toEqual([
      ['Phone service, July 2020, 16 of 31 days', '2020-07-16', '2020-07-31', '30.89'],
      ['Phone service, August 2020', '2020-08-01', '2020-08-31', '59.85'],
    ]);
    expect(periods(account, '2020-09')).toHaveLength(1);
  });

  it('after a start on 6/15 has 15 of 30 days, on 2/15/2024 14 of 29', () => {
    expect(periods(startingOn('2020-06-15T04:00:00Z'), '2020-07')[0]?.[0]).toBe(
      'Phone service, June 2020, 15 of 30 days',
    );
    expect(periods(startingOn('2024-02-15T05:00:00Z'), '2024-03')[0]?.[0]).toBe(
      'Phone service, February 2024, 14 of 29 days',
    );
  });

  it('takes the start day in the zone of the account', () => {
    const midnight = '2020-07-15T04:00:00Z';
    expect(periods(startingOn(midnight, 'America/Los_Angeles'), '2020-08')[0]?.[0]).toMatch(/17 of 31 days/);
  });

  it('has the whole month for a start on its 1st, and nothing for one on its last day but the next month', () => {
    expect(periods(startingOn('2020-07-01T04:00:00Z'), '2020-07')).toHaveLength(1);
    expect(periods(startingOn('2020-07-01T04:00:00Z'), '2020-08')).toHaveLength(1);
    expect(periods(startingOn('2020-07-31T04:00:00Z'), '2020-08')).toHaveLength(1);
  });

  it('has nothing recurring for a closed account', () => {
    expect(invoiceOf(accountOn({ status: 'closed' })).recurring).toEqual([]);
  });
});

describe('on the terminal', () => {
  const usage = [
    usageRow({ callType: 'local', rateType: 'included', charge: 0n, calls: 1_234, billableSeconds: 74_040n }),
    usageRow({ callType: 'local', rateType: 'unanswered', charge: 0n, calls: 21, billableSeconds: 0n }),
    usageRow({ callType: 'international', rateType: 'metered', charge: 1_234_567_890n }),
  ];

  it('is a table that a person can read', () => {
    expect(renderInvoiceText(invoiceOf(accountOn({}), usage))).toMatchInlineSnapshot(`
      "Invoice February 2020 · Riverside Dental Group
      200 Example Plaza, Suite 4
      New York, NY 10001
      Account riverside-dental · Standard
      Issued 2020-02-01 · due 2020-02-16 · USD · preview

      Recurring charges                  quantity  unit price     amount
      Phone service, February 2020              3      $19.95     $59.85
      Telephone number, February 2020           2       $1.00      $2.00
                                                                  $61.85

      Usage January 2020                    calls     minutes     amount
      Local calls, included in the plan     1,234       1,234      $0.00
      International calls                      10        15.1  $1,234.57
                                                               $1,234.57
      ──────────────────────────────────────────────────────────────────
                                                        Total  $1,296.42

      Usage to the last digit: 1,234.567890 USD.
      21 unanswered calls cost nothing.
      Not included: fees, taxes."
    `);
  });

  it('has colour only when asked for, and never a control character of a name', () => {
    const account = accountOn({ name: 'Evil \u001b[2J Ltd' });
    // oxlint-disable-next-line no-control-regex
    expect(renderInvoiceText(invoiceOf(account, usage))).not.toMatch(/\u001b/);
    const coloured = renderInvoiceText(invoiceOf(account, usage), { colour: true });
    expect(coloured).toContain('\u001b[1m');
    expect(coloured).not.toContain('\u001b[2J');
  });
});
