/** A correction is the difference of two invoices: the one that was issued, and the one with the other usage. */
import { parseDecimalBig } from '@tollstream/money';
import { describe, expect, it } from 'vitest';
import { NO_USAGE } from '../invoice-usage.ts';
import type { InvoiceUsageRow, UsageAdjustment } from '../invoice-usage.ts';
import { parseMonth } from '../month.ts';
import { makeInvoice } from '../processor.ts';
import { TERMS, accountOn, billingOf, usageRow } from '../testing/samples.ts';
import { adjustmentLines } from '../usage-lines.ts';
import { correctionOf } from './corrected.ts';

const account = accountOn({ billing: billingOf({}) });
const invoiceOf = (rows: readonly InvoiceUsageRow[]) =>
  makeInvoice({
    account,
    catalog: { version: 3, plans: new Map(), billing: TERMS },
    month: parseMonth('2020-02'),
    usage: { ...NO_USAGE, rows },
  });
const cents = (text: string) => parseDecimalBig(text, 2);

it.each([-1_000_000n, -4_560_000n, -10_000n, 2_340_000n])(
  'usage that changes by %d gives the invoice with the other usage',
  (difference) => {
    const charge = 60_000_000n;
    const before = invoiceOf([usageRow({ charge })]);
    const after = invoiceOf([usageRow({ charge: charge + difference })]);
    const adjustment: UsageAdjustment = {
      ...usageRow({}),
      month: '2020-01',
      run: 2,
      reason: 'rerate',
      difference,
    };
    const { charges, fees, taxes } = correctionOf(before, adjustmentLines(account, [adjustment]), TERMS);
    expect(charges).toBe(cents(after.totals.charges) - cents(before.totals.charges));
    expect(fees).toBe(cents(after.totals.fees) - cents(before.totals.fees));
    expect(taxes).toBe(cents(after.totals.taxes) - cents(before.totals.taxes));
  },
);

describe('an actual share that no percentage of six digits holds', () => {
  // A third of the seconds crosses a border: 33.333333 % of 300.00 at 21.2 % would be 21.19.
  const terms = {
    ...TERMS,
    fees: TERMS.fees.map((fee) =>
      fee.kind === 'contribution' ? { ...fee, base: ['overage' as const], share: 'actual' as const } : fee,
    ),
  };
  const rowsOf = (charge: bigint): InvoiceUsageRow[] => [
    usageRow({ charge, billableSeconds: 200n }),
    usageRow({ charge: 0n, billableSeconds: 100n, jurisdiction: 'interstate', place: '102' }),
  ];
  const made = (charge: bigint) =>
    makeInvoice({
      account,
      catalog: { version: 3, plans: new Map(), billing: terms },
      month: parseMonth('2020-02'),
      usage: { ...NO_USAGE, rows: rowsOf(charge) },
    });
  const usfOf = ({ fees }: ReturnType<typeof made>) => fees.find(({ id }) => id === 'usf')!;

  it.each([0n, -10_000n, -30_000_000n, -300_000_000n, 990_000n])(
    'a difference of %d gives the invoice with the other usage',
    (difference) => {
      const before = made(300_000_000n);
      const after = made(300_000_000n + difference);
      expect(usfOf(before)).toMatchObject({ amount: '21.20', share_seconds: { part: '100', of: '300' } });
      const adjustment: UsageAdjustment = {
        ...usageRow({}),
        month: '2020-01',
        run: 2,
        reason: 'rerate',
        difference,
      };
      const { fees, taxes } = correctionOf(before, adjustmentLines(account, [adjustment]), terms);
      expect(fees).toBe(cents(after.totals.fees) - cents(before.totals.fees));
      expect(taxes).toBe(cents(after.totals.taxes) - cents(before.totals.taxes));
    },
  );

  it('gives nothing back for nothing, where an older invoice says the percentage alone', () => {
    const invoice = made(300_000_000n);
    const older = { ...invoice, fees: invoice.fees.map((fee) => ({ ...fee, share_seconds: null })) };
    expect(correctionOf(older, [], terms)).toEqual({ charges: 0n, fees: 0n, taxes: 0n });
  });
});

it('leaves what was exempted alone', () => {
  const exempt = { certificate: 'C-1', from: '2019-01-01', to: '', covers: [] };
  const invoice = makeInvoice({
    account: { ...account, billing: billingOf({ exemptions: [exempt] }) },
    catalog: { version: 3, plans: new Map(), billing: TERMS },
    month: parseMonth('2020-02'),
    usage: { ...NO_USAGE, rows: [usageRow({ charge: 60_000_000n })] },
  });
  const adjustment = {
    ...usageRow({}),
    month: '2020-01',
    run: 2,
    reason: 'rerate' as const,
    difference: -5_000_000n,
  };
  expect(correctionOf(invoice, adjustmentLines(account, [adjustment]), TERMS)).toMatchObject({
    charges: -500n,
    taxes: 0n,
  });
});
