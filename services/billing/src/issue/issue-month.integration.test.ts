/** The job over the embedded billing store, with usage from memory. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedBillingStore } from '@tollstream/billing-store';
import type { BillingStore } from '@tollstream/billing-store';
import type { Account, Catalog } from '@tollstream/catalog';
import schema from '../../../../schemas/invoice.schema.json' with { type: 'json' };
import { NO_USAGE } from '../invoice-usage.ts';
import type { UsageSource } from '../invoice-usage.ts';
import type { Invoice } from '../invoice.ts';
import { PLAN, TERMS, accountOn, billingOf, usageRow } from '../testing/samples.ts';
import { cancellationOf } from './cancellation.ts';
import { autopayList } from './collections.ts';
import { creditNoteDocument } from './credit-note.ts';
import { issueMonth } from './issue-month.ts';

const FEBRUARY = { year: 2020, month: 2 };
const ON_THE_FIRST = Date.parse('2020-02-01T12:00:00Z');

function catalogOf(accounts: readonly Account[]): Catalog {
  return {
    version: 3,
    fingerprint: 'f',
    plans: new Map([[PLAN.id, PLAN]]),
    accounts: new Map(accounts.map((account) => [account.id, account])),
    billing: TERMS,
    defaultPlan: null,
  } as unknown as Catalog;
}

const account = (id: string, changes: Partial<Account> = {}) =>
  accountOn({ id, billing: billingOf({}), ...changes });
const usage: UsageSource = (accounts) =>
  Promise.resolve(new Map(accounts.map(({ id }) => [id, { ...NO_USAGE, rows: [usageRow({})] }])));

let billing: BillingStore;
let month = 0;
beforeAll(async () => {
  billing = await openEmbeddedBillingStore();
  await billing.migrate();
});
afterAll(() => billing.close());
// One store for all: every test has accounts of its own.
beforeEach(() => {
  month += 1;
});

const ids = (count: number) =>
  Array.from({ length: count }, (_, i) => `t${month}-${String(i).padStart(3, '0')}`);
const run = (accounts: readonly Account[], changes: Partial<Parameters<typeof issueMonth>[0]> = {}) =>
  issueMonth({
    billing,
    usage,
    catalog: catalogOf(accounts),
    month: FEBRUARY,
    nowMs: ON_THE_FIRST,
    actor: 'job',
    ...changes,
  });

describe('the invoice job', () => {
  it('issues every account once, however often it is run', async () => {
    const accounts = ids(3).map((id) => account(id));
    const first = await run(accounts);
    expect(first).toMatchObject({ status: 'done', accounts: 3, issued: 3, present: 0, refused: 0 });
    expect(await run(accounts)).toMatchObject({ issued: 0, present: 3, numbers: [] });
    const { document, total } = await billing.invoice(first.numbers[0]!);
    const invoice = JSON.parse(document) as Invoice;
    expect(invoice).toMatchObject({ status: 'issued', number: first.numbers[0], totals: { total } });
    const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
    validate(invoice);
    expect(validate.errors).toBeNull();
  });

  it('two at once issue each account once', async () => {
    const accounts = ids(120).map((id) => account(id));
    const [one, other] = await Promise.all([run(accounts), run(accounts)]);
    expect(one.issued + other.issued).toBe(120);
    expect(new Set([...one.numbers, ...other.numbers]).size).toBe(120);
    await billing.verifyChain();
  });

  it('refuses what is wrong by account and issues the others', async () => {
    const [good = '', bad = '', moved = '', free = ''] = ids(4);
    const accounts = [
      account(good),
      account(bad, { billing: billingOf({ country: '' }) }),
      account(moved, { billing: billingOf({ country: 'CA', state: 'ON' }) }),
      account(free, { billingStart: Date.parse('2020-03-01T05:00:00Z'), devices: [], numbers: [] }),
    ];
    const nothing: UsageSource = () => Promise.resolve(new Map());
    const issued = await run(accounts, { usage: nothing });
    expect(issued).toMatchObject({ status: 'done', issued: 1, empty: 1, refused: 2 });
    expect(issued.refusals.map(({ accountId, code }) => [accountId, code])).toEqual([
      [bad, 'TOLL_BILLING_ADDRESS_MISSING'],
      [moved, 'TOLL_BILLING_TAX_JURISDICTION_UNKNOWN'],
    ]);
    const job = (await billing.jobs()).at(-1);
    expect(job).toMatchObject({ status: 'done', issued: 1, refused: 2 });
    expect(job?.refusals).toEqual(issued.refusals);
  });

  it('issues nothing before the month has ended where the account is', async () => {
    const [id = ''] = ids(1);
    const accounts = [account(id, { timeZone: 'America/Los_Angeles' })];
    const early = Date.parse('2020-02-01T07:59:59Z');
    const refused = await run(accounts, { nowMs: early });
    expect(refused.refusals).toMatchObject([{ code: 'TOLL_BILLING_MONTH_NOT_ENDED' }]);
    expect(await run(accounts, { nowMs: early + 1_000 })).toMatchObject({ issued: 1 });
  });

  it('keeps what it had issued when ClickHouse goes away in the middle, says why, and goes on', async () => {
    const accounts = ids(250).map((id) => account(id));
    let asked = 0;
    const away: UsageSource = (wanted, of) => {
      asked += 1;
      return asked === 2 ? Promise.reject(new Error('ClickHouse does not answer')) : usage(wanted, of);
    };
    await expect(run(accounts, { usage: away })).rejects.toThrow('ClickHouse does not answer');
    expect((await billing.jobs()).at(-1)).toMatchObject({
      status: 'failed',
      issued: 100,
      failure: 'ClickHouse does not answer',
    });
    expect(await run(accounts)).toMatchObject({ status: 'done', issued: 150, present: 100 });
    await billing.verifyChain();
  });

  it('stops after the chunk at hand, and goes on', async () => {
    const accounts = ids(150).map((id) => account(id));
    const stop = new AbortController();
    const stopped = await run(accounts, { signal: stop.signal, onProgress: () => stop.abort() });
    expect(stopped).toMatchObject({ status: 'stopped', issued: 100 });
    expect(await run(accounts)).toMatchObject({ status: 'done', issued: 50 });
  });

  it('bills a recorded event once', async () => {
    const [id = ''] = ids(1);
    await billing.recordEvent(
      {
        id: `change of ${id}`,
        accountId: id,
        kind: 'one_time',
        happenedOn: '2020-01-20',
        description: 'Change of caller id',
        billingGroup: '',
        currency: 'USD',
        amount: '15.00',
      },
      'clerk',
    );
    const february = await run([account(id)]);
    expect((await billing.invoice(february.numbers[0]!)).document).toContain('"amount":"15.00"');
    const march = await run([account(id)], {
      month: { year: 2020, month: 3 },
      nowMs: Date.parse('2020-03-01T12:00:00Z'),
    });
    expect((await billing.invoice(march.numbers[0]!)).document).not.toContain('"amount":"15.00"');
  });
});

it('a credit note has the part of the taxes that its amount has', async () => {
  const [id = ''] = ids(1);
  const { numbers } = await run([account(id)]);
  const about = { kind: 'correction' as const, reason: 'a wrong rate', issueDate: '2020-02-20' };
  const { document } = await billing.issueCreditNote(
    {
      ...about,
      invoiceNumber: numbers[0]!,
      amount: '10.40',
      requestKey: id,
      numberPrefix: 'CN-',
      document: (given) => creditNoteDocument(about, given),
    },
    'clerk',
  );
  const note: unknown = JSON.parse(document);
  // 2.90 of 75.30 are taxes.
  expect(note).toMatchObject({
    net: '10.00',
    taxes: '0.40',
    amount: '10.40',
    invoice: { number: numbers[0] },
  });
  const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
  validate(note);
  expect(validate.errors).toBeNull();
});

it('autopay collects on the 10th what is open, without what is disputed', async () => {
  const [pays = '', other = ''] = ids(2);
  const accounts = [account(pays, { billing: billingOf({ autopay: true }) }), account(other)];
  const { numbers } = await run(accounts);
  const list = () => autopayList(billing, catalogOf(accounts), '2020-02-10');
  expect(await list()).toMatchObject([{ invoice: numbers[0], amount: '75.30' }]);
  const dispute = {
    invoiceNumber: numbers[0]!,
    openedOn: '2020-02-05',
    openedBy: 'x',
    reason: 'y',
    disputeDays: 15,
  };
  await billing.openDispute({ ...dispute, amount: '5.30' }, 'clerk');
  const [due] = await list();
  expect(due?.amount).toBe('70.00');
  await billing.recordPayment(
    {
      requestKey: due!.key,
      invoiceNumber: due!.invoice,
      outcome: 'paid',
      paidOn: '2020-02-10',
      amount: '75.30',
      method: 'autopay',
      reference: '',
    },
    'clerk',
  );
  expect(await list()).toEqual([]);
  await expect(autopayList(billing, catalogOf(accounts), '2020-02-11')).rejects.toMatchObject({
    code: 'TOLL_BILLING_AUTOPAY_DAY',
  });
});

describe('a cancellation', () => {
  const contract = { signedOn: '2019-01-15', freeMonths: 0, termMonths: 14, lowUsageDevices: 0 };
  const asked = (requestedOn: string, role = 'super_admin') =>
    cancellationOf({
      account: account('leaving', { billing: billingOf({ contract }) }),
      catalog: catalogOf([]),
      requestedOn,
      requestedBy: 'owner',
      role,
    });

  it('asked 10 days before the end of the month holds for it, later for the next', () => {
    expect(asked('2020-01-21').effectiveOn).toBe('2020-01-31');
    expect(asked('2020-01-22').effectiveOn).toBe('2020-02-29');
    expect(asked('2020-02-19').effectiveOn).toBe('2020-02-29');
  });

  it('buys out the rest of the term: whole months, and the days of the last', () => {
    // The contract ends before 2020-03-15: February whole at 61.85, and 14 of March's 31 days.
    expect(asked('2020-01-21').buyOut).toBe('89.78');
    expect(asked('2020-02-01').buyOut).toBe('27.93');
    expect(asked('2020-03-01').buyOut).toBe('0.00');
  });

  it('is a super-admin’s to ask for', () => {
    expect(() => asked('2020-01-21', 'admin')).toThrow(
      expect.objectContaining({ code: 'TOLL_BILLING_CANCELLATION_FORBIDDEN' }),
    );
  });
});
