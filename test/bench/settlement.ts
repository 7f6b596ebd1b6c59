/**
 * The `settlement` scenario: a month of rated calls in the embedded engine is settled, every account gets its invoice in the embedded
 * billing store, and then what people ask for is asked: previews, the monthly sums over HTTP, and the call details of the largest account,
 * which has a tenth of all calls. Nothing of it is written to be compared with itself: counts and sums are held against each other.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { openEmbeddedBillingStore } from '@tollstream/billing-store';
import type { BillingStore } from '@tollstream/billing-store';
import type { Catalog } from '@tollstream/catalog';
import { parseDecimalBig } from '@tollstream/money';
import { createBillingApi, previewInvoice, writeCdrFile } from '@tollstream/service-billing';
import type { Invoice } from '@tollstream/service-billing';
import { randomFrom } from '@tollstream/settlement/testing';
import { openEmbeddedStore } from '@tollstream/usage-store';
import type { SettlementStore } from '@tollstream/usage-store';
import type { StepCost } from './process-usage.ts';
import { LARGEST, benchTable, billable } from './settlement-month.ts';
import type { IssuedInvoices, MonthRequest, SettledMonth } from './settlement-month.ts';

export interface SettlementResult {
  readonly calls: number;
  readonly accounts: number;
  /** Rows that the order of arrival had priced otherwise. */
  readonly adjustments: number;
  readonly settlement: StepCost;
  readonly invoices: StepCost;
  readonly preview_milliseconds: { readonly median: number; readonly max: number };
  readonly monthly_usage_milliseconds: { readonly median: number; readonly p99: number };
  readonly call_details: {
    readonly rows: number;
    readonly seconds: number;
    readonly megabytes: number;
  };
}

const PREVIEWS = 30;
const ASKED = 500;

export async function benchSettlement(options: {
  calls: number;
  accounts: number;
  seed: number;
  inOrder: boolean;
  /** Where a month of calls is kept from run to run; it is made there when it is not there yet. */
  made?: string | undefined;
  say: (line: string) => void;
}): Promise<SettlementResult> {
  const { calls, accounts, say } = options;
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-settlement-'));
  const inDirectory = (of: string) => ({ usage: path.join(of, 'usage'), billing: path.join(of, 'billing') });
  const { usage, billing: billingDirectory } = inDirectory(directory);
  const request = {
    usage,
    billing: billingDirectory,
    calls,
    accounts,
    seed: options.seed,
    inOrder: options.inOrder,
  };
  const made = options.made ?? directory;
  if (options.made === undefined || !existsSync(made))
    await step({ ...request, ...inDirectory(made), step: 'make' });
  if (made !== directory) await cp(made, directory, { recursive: true });
  const settled = JSON.parse(await step({ ...request, step: 'settle' })) as SettledMonth;
  say(`settled in ${settled.seconds} s`);
  const invoices = JSON.parse(await step({ ...request, step: 'invoices' })) as IssuedInvoices;
  say(`${invoices.issued} invoices in ${invoices.seconds} s`);
  if (invoices.issued !== accounts || settled.calls !== calls)
    throw new Error(`${settled.calls} calls were settled, ${invoices.issued} invoices issued`);
  const catalog = billable(benchTable(accounts));
  const store = await openEmbeddedStore({ dataDirectory: usage });
  const billing = await openEmbeddedBillingStore(billingDirectory);
  try {
    await billing.verifyChain();

    const asked = randomFrom(options.seed);
    const someone = (): string => `account-${1 + Math.floor(asked() * (accounts - 1))}`;
    const previews: number[] = [];
    for (let i = 0; i < PREVIEWS; i += 1) {
      const [, seconds] = await timed(() => previewInvoice(store, catalog, someone(), '2020-02', billing));
      previews.push(seconds * 1_000);
    }
    const sums = await askSums(store, catalog, someone);
    const output = path.join(directory, 'calls.csv');
    const [file, seconds] = await timed(() =>
      writeCdrFile(store, { accountId: LARGEST, month: '2020-01', format: 'csv', output }),
    );
    await assertSum(billing, file.charge.get('USD'));
    return {
      calls,
      accounts,
      adjustments: settled.adjustments,
      settlement: costOf(settled),
      invoices: costOf(invoices),
      preview_milliseconds: { median: quantile(previews, 0.5), max: quantile(previews, 1) },
      monthly_usage_milliseconds: { median: quantile(sums, 0.5), p99: quantile(sums, 0.99) },
      call_details: {
        rows: file.calls,
        seconds: rounded(seconds),
        megabytes: Math.round((await stat(output)).size / 2 ** 20),
      },
    };
  } finally {
    await billing.close();
    await store.close();
    await rm(directory, { recursive: true });
  }
}

/** @returns what the step printed */
async function step(request: MonthRequest): Promise<string> {
  const program = fileURLToPath(new URL('./settlement-month.ts', import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(request)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (child.exitCode !== 0) throw new Error(`${request.step} ended with ${child.exitCode}`);
  return said;
}

function costOf({ seconds, cpu_seconds, peak_megabytes }: StepCost): StepCost {
  return { seconds, cpu_seconds, peak_megabytes };
}

/** Milliseconds of each answer of the monthly sums of an account, over the HTTP API without a network. */
async function askSums(store: SettlementStore, catalog: Catalog, someone: () => string): Promise<number[]> {
  const api = createBillingApi({ store, catalog: () => catalog, apiKey: 'key' });
  await api.ready();
  const answers: number[] = [];
  for (let i = 0; i < ASKED; i += 1) {
    const url = `/v1/accounts/${someone()}/usage/2020-01`;
    const [answer, seconds] = await timed(async () =>
      api.inject({ url, headers: { authorization: 'Bearer key' } }),
    );
    if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.body}`);
    answers.push(seconds * 1_000);
  }
  await api.close();
  return answers;
}

/** The call details add up to the invoice, to the last digit. */
async function assertSum(billing: BillingStore, charge: bigint | undefined): Promise<void> {
  const [balance] = await billing.balances({ accountId: LARGEST });
  const invoice = JSON.parse((await billing.invoice(balance!.number)).document) as Invoice;
  if (parseDecimalBig(invoice.totals.exact_usage, 6) !== charge)
    throw new Error(`the invoice says ${invoice.totals.exact_usage}, the call details ${charge}`);
}

async function timed<Answer>(work: () => Promise<Answer>): Promise<[Answer, number]> {
  const startedMs = performance.now();
  const answer = await work();
  return [answer, (performance.now() - startedMs) / 1_000];
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
}

function rounded(value: number): number {
  return Number(value.toFixed(1));
}
