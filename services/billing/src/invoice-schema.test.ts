import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import schema from '../../../schemas/invoice.schema.json' with { type: 'json' };
import { parseMonth } from './month.ts';
import { NO_USAGE } from './invoice-usage.ts';
import { makeInvoice } from './processor.ts';
import { TERMS, accountOn, billingOf, usageRow } from './testing/samples.ts';

const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

it.each([
  ['with fees and taxes', accountOn({ billing: billingOf({ language: 'fr' }) }), TERMS],
  ['without terms', accountOn({}), undefined],
])('an invoice %s is as its published schema says', (_, account, terms) => {
  const invoice = makeInvoice({
    account,
    catalog: { version: 3, plans: new Map(), ...(terms === undefined ? {} : { billing: terms }) },
    month: parseMonth('2020-02'),
    usage: {
      ...NO_USAGE,
      rows: [usageRow({})],
      days: [{ day: '2020-01-02', calls: 10, billableSeconds: 906n, charge: 302_000n }],
    },
  });
  const read: unknown = JSON.parse(JSON.stringify(invoice));
  validate(read);
  expect(validate.errors).toBeNull();
  expect(validate({ ...(read as object), more: 1 })).toBe(false);
});
