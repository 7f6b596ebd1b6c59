/** The months of some accounts over the real engine: from calls, through settlement, to invoices and files that say the same to the last digit. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BillingStore } from '@tollstream/billing-store';
import { startBillingEngine } from '@tollstream/billing-store/testing';
import type { BillingEngine } from '@tollstream/billing-store/testing';
import type { Catalog } from '@tollstream/catalog';
import { formatScaled, parseDecimalBig } from '@tollstream/money';
import { Allowances } from '@tollstream/rating-engine';
import { randomCalls, randomFrom, rateInOrder, shuffled, testTable } from '@tollstream/settlement/testing';
import type { TestCall } from '@tollstream/settlement/testing';
import { openEmbeddedStore } from '@tollstream/usage-store';
import type { SettlementStore } from '@tollstream/usage-store';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import schema from '../../../schemas/invoice.schema.json' with { type: 'json' };
import { billedCalls, creditedCalls } from './cdr/billed.ts';
import { streamCdrs, writeCdrFile } from './cdr/download.ts';
import { summariseCdrs } from './cdr/slices.ts';
import type { Invoice } from './invoice.ts';
import { creditNoteDocument } from './issue/credit-note.ts';
import type { CreditNote } from './issue/credit-note.ts';
import { tellBilledUsage } from './issue/billed-usage.ts';
import { issueMonth } from './issue/issue-month.ts';
import { parseMonth } from './month.ts';
import { previewInvoice } from './preview.ts';
import { applyMonth, pricedAsRated, pricedBy, usageAsSettled } from './settlement/index.ts';
import type { ApplyRequest } from './settlement/index.ts';
import { TERMS, billingOf } from './testing/samples.ts';
import { storeRated } from './testing/stored-calls.ts';

const SEED = Number(process.env['FC_SEED'] ?? 20200201);
const table = testTable();
const catalog = billable(table.catalog);

let directory: string;
let store: SettlementStore & { engine: { run(sql: string, options: { format: string }): Promise<unknown> } };
let engine: BillingEngine;
let billing: BillingStore;
let inserts = 0;

/** With addresses and terms, so that its accounts can have invoices. */
function billable({ accounts, ...rest }: Catalog): Catalog {
  const members = [...accounts.values()].map((account) => ({
    ...account,
    address: ['1 Street'],
    billing: billingOf({}),
  }));
  return {
    ...rest,
    accounts: new Map(members.map((account) => [account.id, account])),
    billing: { ...TERMS, contributionFactors: new Map([['2020Q1', { percent: 21_200_000, source: 'FCC' }]]) },
  };
}

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'tollstream-month-'));
  store = await openEmbeddedStore({ dataDirectory: path.join(directory, 'usage') });
  await store.migrate();
  engine = await startBillingEngine();
});
afterAll(async () => {
  await engine.close();
  await store.close();
  rmSync(directory, { recursive: true });
});
beforeEach(async () => {
  await forgetCalls();
  billing = await engine.emptied();
});

const TABLES = [
  'usage',
  'usage_adjustments',
  'settled_calls',
  'settlement_accounts',
  'settlement_runs',
  'billed_usage',
];
async function forgetCalls(): Promise<void> {
  for (const name of TABLES) await store.engine.run(`TRUNCATE TABLE tollstream.${name}`, { format: 'Null' });
}

async function arrive(calls: readonly TestCall[], allowances = new Allowances()): Promise<void> {
  inserts += 1;
  const rated = rateInOrder(calls, table, { allowances, firstOffset: inserts * 10_000 });
  await storeRated(store, rated, `insert-${inserts}`);
}

/** So small that a month takes many chunks. */
const SMALL = { chunkRowsMax: 120, insertRowsMax: 100, chunksAtOnceMax: 2 };

const settle = (changes: Partial<ApplyRequest> = {}) =>
  applyMonth(store, {
    month: 202001,
    account: null,
    kind: 'settlement',
    catalogs: pricedAsRated([table.catalog]),
    again: false,
    clock: () => Date.UTC(2020, 2, 2),
    limits: { chunkRowsMax: 400, insertRowsMax: 300, chunksAtOnceMax: 2 },
    ...changes,
  });

const issue = (month: string, changes: Partial<Parameters<typeof issueMonth>[0]> = {}) =>
  issueMonth({
    billing,
    usage: usageAsSettled(store),
    catalog,
    month: parseMonth(month),
    nowMs: Date.UTC(2020, 2, 2),
    actor: 'test',
    ...changes,
  });

const withCredits: Catalog = {
  ...catalog,
  accounts: new Map(
    [...catalog.accounts].map(([id, account]) => [
      id,
      { ...account, billing: billingOf({ creditsCorrections: true }) },
    ]),
  ),
};

/** What finance sees of a month, after documents were told of. */
async function unbilled(month = 202001): Promise<Map<string, bigint>> {
  await tellBilledUsage({ billing, store });
  expect(await tellBilledUsage({ billing, store })).toBe(0);
  const rows = await store.query<{ account_id: string; unbilled: string }>(
    'SELECT account_id, toString(unbilled) AS unbilled FROM finance.unbilled WHERE billing_month = {month:UInt32}',
    { month },
  );
  return new Map(rows.map((row) => [row.account_id, parseDecimalBig(row.unbilled, 6)]));
}

async function issuedIn(month: string): Promise<Invoice[]> {
  const numbers = (await billing.balances({ month })).map(({ number }) => number);
  const records = await Promise.all(numbers.map((number) => billing.invoice(number)));
  return records.map(({ document }) => JSON.parse(document) as Invoice);
}

/** The rows of an invoice's file. */
async function rowsOf(invoice: Invoice): Promise<Record<string, string>[]> {
  const billed = await billedCalls(store, invoice);
  const output = path.join(directory, `${invoice.number}.jsonl`);
  const { accountId, month } = billed;
  await writeCdrFile(store, { accountId, month, billed, format: 'jsonl', output });
  const lines = readFileSync(output, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Record<string, string>);
}

/** The file is the same whether it is sorted at once or slice by slice. */
async function expectSlicesToBeTheFile(invoice: Invoice): Promise<void> {
  const billed = await billedCalls(store, invoice);
  const request = { accountId: billed.accountId, month: billed.month, billed, format: 'jsonl' } as const;
  const [whole, sliced] = [await summariseCdrs(store, request), await summariseCdrs(store, request, 5)];
  expect(whole.slices).toHaveLength(1);
  expect(sliced.slices.length).toBeGreaterThan(1);
  expect({ ...sliced, slices: [] }).toEqual({ ...whole, slices: [] });
  const [file, slices] = await Promise.all(
    [whole, sliced].map((of) => streamCdrs(store, request, of).toArray()),
  );
  expect(slices!.join('')).toBe(file!.join(''));
}

/** Their costs, by whatever of their columns. */
function costsOf(rows: readonly Record<string, string>[], column: string): Map<string, bigint> {
  const costs = new Map<string, bigint>();
  for (const row of rows) {
    const key = row[column]!;
    costs.set(key, (costs.get(key) ?? 0n) + parseDecimalBig(row['total_cost']!, 6));
  }
  return costs;
}

/** The file adds up to the invoice, and each part of it to the lines that are about it. */
async function expectFileToAddUp(invoice: Invoice): Promise<void> {
  const exact = (text: string) => parseDecimalBig(text, 6);
  const { exact_usage, exact_adjustments } = invoice.totals;
  const rows = await rowsOf(invoice);
  const all = [...costsOf(rows, 'currency').values()].reduce((sum, cost) => sum + cost, 0n);
  expect(formatScaled(all, 6)).toBe(formatScaled(exact(exact_usage) + exact(exact_adjustments), 6));
  for (const [column, of] of [
    ['usage_month', ({ month }: { month: string }) => month],
    ['reason', ({ adjustment }: { adjustment: { reason: string } | null }) => adjustment?.reason ?? ''],
  ] as const) {
    const lines = new Map<string, bigint>();
    for (const { usage } of invoice.lines) {
      if (usage === null) continue;
      const key = of(usage);
      lines.set(key, (lines.get(key) ?? 0n) + exact(usage.exact_amount));
    }
    for (const [key, cost] of costsOf(rows, column)) expect(lines.get(key) ?? 0n).toBe(cost);
  }
}

// Each settles several months; only a hang takes as long.
describe(`invoices of settled months (seed ${SEED})`, { timeout: 600_000 }, () => {
  it('are the same to the byte for the same calls, shuffled, doubled, delayed, or with the work broken off', async () => {
    const random = randomFrom(SEED);
    const calls = randomCalls(random, 200);
    const arrivals: (() => Promise<void>)[] = [
      async () => {
        await arrive(calls);
        await settle({ limits: SMALL });
      },
      async () => {
        await arrive(shuffled(calls, random));
        await settle({ limits: SMALL });
      },
      async () => {
        // Some come twice, further apart than the duplicate window reaches, and some days later.
        const allowances = new Allowances();
        await arrive(calls.slice(50), allowances);
        await arrive([...shuffled(calls.slice(0, 60), random)], allowances);
        await settle({ limits: SMALL });
      },
      async () => {
        await arrive(shuffled(calls, random));
        for (const broken of [4, 6]) {
          const onStep = (step: number) => {
            if (step === broken) throw new Error('broken off');
          };
          await expect(settle({ limits: SMALL, onStep })).rejects.toThrow('broken off');
        }
        await settle({ limits: SMALL });
      },
    ];
    const results: string[] = [];
    for (const arrival of arrivals) {
      await forgetCalls();
      await arrival();
      const fresh = await engine.emptied();
      const { numbers } = await issue('2020-02', { billing: fresh });
      const documents = await Promise.all(
        numbers.map(async (number) => (await fresh.invoice(number)).document),
      );
      results.push(documents.join('\n'));
    }
    expect(results[0]!.split('\n')).toHaveLength(5);
    expect(new Set(results).size).toBe(1);
  });

  it('are refused by name while the month is not settled; a preview says so and reads usage as it stands', async () => {
    await arrive(randomCalls(randomFrom(SEED), 100));
    const refused = await issue('2020-02');
    expect(refused).toMatchObject({ issued: 0, refused: 5 });
    expect(new Set(refused.refusals.map(({ code }) => code))).toEqual(
      new Set(['TOLL_BILLING_MONTH_NOT_SETTLED']),
    );
    const before = await previewInvoice(store, catalog, 'account-0', '2020-02');
    expect(before.hindrances.map(({ code }) => code)).toEqual(['TOLL_BILLING_MONTH_NOT_SETTLED']);
    expect(before.totals.calls).toBeGreaterThan(5);
    await settle({ account: 'account-0' });
    expect((await previewInvoice(store, catalog, 'account-0', '2020-02')).hindrances).toEqual([]);
    expect(await issue('2020-02')).toMatchObject({ issued: 1, refused: 4 });
    const [own] = await issuedIn('2020-02');
    const preview = await previewInvoice(store, catalog, 'account-0', '2020-02', billing);
    expect(own).toEqual({ ...preview, status: 'issued', number: own!.number });
  });

  it('are not made while a settlement is changing the month, and go on when it is done', async () => {
    const calls = randomCalls(randomFrom(SEED + 3), 100);
    await arrive(calls.slice(10));
    await settle();
    await arrive(calls.slice(0, 10));
    const onStep = (step: number) => {
      if (step === 4) throw new Error('broken off');
    };
    await expect(settle({ again: true, onStep })).rejects.toThrow('broken off');
    const refused = await issue('2020-02');
    expect(new Set(refused.refusals.map(({ code }) => code))).toEqual(
      new Set(['TOLL_BILLING_MONTH_IN_SETTLEMENT']),
    );
    await settle({ again: true });
    expect(await issue('2020-02')).toMatchObject({ issued: 5, refused: 0 });
  });

  it('carry calls that came late, and calls priced again, on the next invoice, once; every file adds up to its invoice', async () => {
    const random = randomFrom(SEED + 1);
    const calls = randomCalls(random, 300);
    const [early, late] = [calls.filter((_, i) => i % 8 !== 0), calls.filter((_, i) => i % 8 === 0)];
    const allowances = new Allowances();
    await arrive(shuffled(early, random), allowances);
    await settle();
    expect((await unbilled()).size).toBe(5);
    await issue('2020-02');
    const february = await issuedIn('2020-02');
    for (const invoice of february) await expectFileToAddUp(invoice);
    expect(await unbilled()).toEqual(new Map());

    await arrive(late, allowances);
    await settle({ again: true });
    const dearer = testTable({ version: 2, brazil: '0.1', minutes: 10 });
    await settle({ kind: 'rerate', catalogs: pricedBy(dearer.catalog) });
    const owed = await unbilled();
    expect(owed.size).toBe(5);
    // What was issued reads the same calls at the same prices.
    for (const invoice of february) await expectFileToAddUp(invoice);
    await expectSlicesToBeTheFile(february[1]!);

    await settle({ month: 202002 });
    await issue('2020-03');
    const march = await issuedIn('2020-03');
    expect(march).toHaveLength(5);
    const lines = march.flatMap((invoice) =>
      invoice.lines.filter(({ usage }) => (usage?.adjustment ?? null) !== null),
    );
    const countOf = (reason: string) =>
      lines.reduce((sum, { usage }) => (usage?.adjustment?.reason === reason ? sum + usage.calls : sum), 0);
    // Unanswered ones cost nothing and stand in the file only.
    expect(countOf('late_call')).toBe(late.filter(({ answeredAt }) => answeredAt !== null).length);
    expect(countOf('rerate')).toBeGreaterThan(20);
    const [line] = lines;
    expect(line).toMatchObject({ usage: { month: '2020-01' } });
    expect(line!.description.text).toMatch(/January 2020/);
    for (const invoice of march) await expectFileToAddUp(invoice);
    await expectSlicesToBeTheFile(march[2]!);

    // Both months together are what the calls cost now, and nothing is billed twice.
    for (const invoice of march) {
      const { id } = invoice.account;
      const first = february.find(({ account }) => account.id === id)!;
      const [row] = await store.query<{ sum: string }>(
        `SELECT toString(sum(charge)) AS sum FROM tollstream.usage_final WHERE account_id = {id:String} AND billing_month = 202001`,
        { id },
      );
      const exact = (text: string) => parseDecimalBig(text, 6);
      expect(exact(first.totals.exact_usage) + exact(invoice.totals.exact_adjustments)).toBe(exact(row!.sum));
      const preview = await previewInvoice(store, catalog, id, '2020-03', billing);
      expect(preview.totals.exact_adjustments).toBe('0.000000');
    }
    expect(await unbilled()).toEqual(new Map());
    for (const { account, totals } of march)
      expect(parseDecimalBig(totals.exact_adjustments, 6)).toBe(owed.get(account.id));
    // A void invoice gives them back.
    const { number } = march[0]!;
    await billing.issueCreditNote(
      {
        invoiceNumber: number!,
        kind: 'void',
        reason: 'wrong',
        issueDate: '2020-03-02',
        amount: null,
        requestKey: 'void',
        numberPrefix: 'CN-',
        document: (given) =>
          creditNoteDocument({ kind: 'void', reason: 'wrong', issueDate: '2020-03-02' }, given),
      },
      'test',
    );
    const { id } = march[0]!.account;
    expect(await unbilled()).toEqual(new Map([[id, owed.get(id)]]));
    const [again] = (await issue('2020-03')).numbers;
    expect(await unbilled()).toEqual(new Map());
    const { document } = await billing.invoice(again!);
    expect(document).toBe(JSON.stringify({ ...march[0], number: again }));
  });

  it('are credited where the account has it so: what the invoice would have come to less, once, with a file that adds up', async () => {
    const random = randomFrom(SEED + 2);
    const allowances = new Allowances();
    const calls = randomCalls(random, 200);
    await arrive(calls.slice(20), allowances);
    await settle();
    await issue('2020-02', { catalog: withCredits });
    const before = await issuedIn('2020-02');
    const cheaper = testTable({ version: 2, brazil: '0.01', minutes: 10_000 });
    await settle({ kind: 'rerate', catalogs: pricedBy(cheaper.catalog) });
    await arrive(calls.slice(0, 20), allowances);
    await settle({ again: true, catalogs: pricedAsRated([table.catalog, cheaper.catalog]) });
    await settle({ month: 202002 });
    const { creditNotes } = await issue('2020-03', { catalog: withCredits });
    expect(creditNotes.length).toBeGreaterThan(3);
    expect((await issue('2020-03', { catalog: withCredits })).creditNotes).toEqual([]);
    for (const number of creditNotes) {
      const note = JSON.parse((await billing.creditNote(number)).document) as CreditNote;
      const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
      validate(note);
      expect(validate.errors).toBeNull();
      const billed = creditedCalls(note);
      const output = path.join(directory, 'credited.csv');
      const { charge } = await writeCdrFile(store, {
        accountId: billed.accountId,
        month: billed.month,
        billed,
        format: 'csv',
        output,
      });
      const exact = note.lines.reduce((sum, { usage }) => sum + parseDecimalBig(usage!.exact_amount, 6), 0n);
      expect(charge.get('USD')).toBe(exact);
      const invoice = before.find(({ number: of }) => of === note.invoice.number)!;
      // The invoice made again with what the calls cost now, by the whole machinery.
      const lines = note.lines.map(({ amount }) => parseDecimalBig(amount, 2));
      const cents = (text: string) => parseDecimalBig(text, 2);
      const net = lines.reduce((sum, amount) => sum + amount, 0n);
      expect(cents(note.net) - cents(note.fees)).toBe(-net);
      expect(cents(note.amount)).toBe(cents(note.net) + cents(note.taxes));
      expect(cents(note.amount)).toBeLessThanOrEqual(cents(invoice.totals.total));
    }
    expect(await unbilled()).toEqual(new Map());
    const carried = (await issuedIn('2020-03')).flatMap(({ adjustments }) => adjustments);
    // Late calls made the month dearer: they stand on the next invoice.
    expect(new Set(carried.map(({ run }) => run))).toEqual(new Set([3]));
  });
});
