import { expect, it } from 'vitest';
import { NO_USAGE } from './invoice-usage.ts';
import { parseMonth } from './month.ts';
import { makeInvoice } from './processor.ts';
import { renderInvoiceText } from './render-text.ts';
import { TERMS, accountOn, billingOf, usageRow } from './testing/samples.ts';

const rows = [
  usageRow({
    callType: 'local',
    rateType: 'included',
    charge: 0n,
    calls: 1_234,
    billableSeconds: 74_040n,
    includedSeconds: 74_040n,
  }),
  usageRow({ callType: 'local', rateType: 'unanswered', charge: 0n, calls: 21, billableSeconds: 0n }),
  usageRow({ callType: 'international', rateType: 'metered', charge: 1_234_567_890n }),
];
const invoiceOf = (account = accountOn({}), terms?: typeof TERMS) =>
  makeInvoice({
    account,
    catalog: { version: 3, plans: new Map(), ...(terms === undefined ? {} : { billing: terms }) },
    month: parseMonth('2020-02'),
    usage: { ...NO_USAGE, rows },
  });

it('an invoice on the terminal is a table that a person can read', () => {
  expect(renderInvoiceText(invoiceOf(accountOn({ billing: billingOf({}) }), TERMS))).toMatchInlineSnapshot(`
    "Invoice February 2020 · Riverside Dental Group
    200 Example Plaza, Suite 4
    New York, NY 10001
    Account riverside-dental · Standard
    Issued 2020-02-01 · due 2020-02-16 · USD · preview

                                                   quantity  unit price     amount
    Service fees
      Phone service, February 2020                        3      $19.95     $59.85
    Telephone numbers
      Telephone number, February 2020                     2       $1.00      $2.00
    Included minutes
      Local calls, included in the plan           1,234 min                  $0.00
    International outbound
      International calls                          15.1 min              $1,234.57
    Regulatory fees
      Regulatory recovery fee                             2       $0.85      $1.70
      Universal Service Fund             $1,296.42 × 64.9 %      21.2 %    $178.37
    Taxes
      State tax                                   $1,476.49         4 %     $59.06
    ──────────────────────────────────────────────────────────────────────────────
                                                               Subtotal  $1,476.49
                                                                  Total  $1,535.55

    Usage to the last digit: 1,234.567890 USD
    Calls that nobody answered and that cost nothing: 21"
  `);
});

it('is in the language of the account, and pays to somebody when it is issued', () => {
  const invoice = invoiceOf(accountOn({ billing: billingOf({ language: 'es' }) }), TERMS);
  const text = renderInvoiceText({ ...invoice, status: 'issued', number: 'INV-000001' });
  expect(text).toContain('Factura INV-000001 febrero de 2020 · Riverside Dental Group');
  expect(text).toContain('Llamadas internacionales');
  expect(text).toContain('Banco: Example Bank');
});

it('says what is not included and why it cannot be issued', () => {
  const text = renderInvoiceText(invoiceOf());
  expect(text).toContain('Not included: Regulatory fees, Taxes');
  expect(text).toContain('[TOLL_BILLING_TERMS_MISSING]');
});

it('has colour only when asked for, and never a control character of a name', () => {
  const account = accountOn({ name: 'Evil \u001b[2J Ltd' });
  // oxlint-disable-next-line no-control-regex
  expect(renderInvoiceText(invoiceOf(account))).not.toMatch(/\u001b/);
  const coloured = renderInvoiceText(invoiceOf(account), { colour: true });
  expect(coloured).toContain('\u001b[1m');
  expect(coloured).not.toContain('\u001b[2J');
});
