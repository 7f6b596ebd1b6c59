/**
 * A step of the `settlement` scenario, in a process of its own as the commands are: makes the rated calls of the month in the embedded
 * engine of a directory, settles them, or issues the invoices, and prints what that took. The only argument is a `MonthRequest` as JSON.
 */
import { openEmbeddedBillingStore } from '@tollstream/billing-store';
import type { Catalog } from '@tollstream/catalog';
import { Allowances } from '@tollstream/rating-engine';
import type { RateTable } from '@tollstream/rating-engine';
import {
  applyMonth,
  issueMonth,
  pricedAsRated,
  tellBilledUsage,
  usageAsSettled,
} from '@tollstream/service-billing';
import { randomFrom, rateInOrder, testTable } from '@tollstream/settlement/testing';
import type { TestCall } from '@tollstream/settlement/testing';
import { openEmbeddedStore } from '@tollstream/usage-store';
import type { SettlementStore } from '@tollstream/usage-store';
import { TERMS, billingOf } from '../../services/billing/src/testing/samples.ts';
import { storeRated } from '../../services/billing/src/testing/stored-calls.ts';
import { measured } from './process-usage.ts';
import type { StepCost } from './process-usage.ts';

export interface MonthRequest {
  readonly step: 'make' | 'settle' | 'invoices';
  /** Directory of the engine. */
  readonly usage: string;
  /** Directory of the billing store; made with the calls, since making one is no part of issuing. */
  readonly billing: string;
  readonly calls: number;
  readonly accounts: number;
  readonly seed: number;
  /** Calls arrive in the order of their answers: nothing differs, which is the rule. */
  readonly inOrder: boolean;
}

/** Its calls are a tenth of all. */
export const LARGEST = 'account-0';
/** Of one insert. */
const BATCH = 100_000;
const JANUARY_MS = Date.UTC(2020, 0, 1, 5);
/** How far from its place a call arrives: allowances then are where arrival left them, and settlement has rows to change. */
const DELAY_CALLS = BATCH / 2;

export function benchTable(accounts: number): RateTable {
  return testTable({ accounts, minutes: 600 });
}

/** With addresses and terms, so that every account can have an invoice. */
export function billable({ catalog }: RateTable): Catalog {
  const billing = billingOf({});
  const accounts = [...catalog.accounts].map(
    ([id, account]) => [id, { ...account, address: ['1 Street'], billing }] as const,
  );
  return { ...catalog, accounts: new Map(accounts), billing: TERMS };
}

export interface SettledMonth extends StepCost {
  readonly calls: number;
  readonly adjustments: number;
}

export interface IssuedInvoices extends StepCost {
  readonly issued: number;
}

if (import.meta.main) {
  const request = JSON.parse(process.argv[2] ?? '') as MonthRequest;
  const table = benchTable(request.accounts);
  const store = await openEmbeddedStore({ dataDirectory: request.usage });
  await store.migrate();
  if (request.step === 'make') {
    await fill(store, table, request);
    const billing = await openEmbeddedBillingStore(request.billing);
    await billing.migrate();
    await billing.close();
  } else {
    const done = await (request.step === 'settle'
      ? settle(store, table)
      : issue(store, billable(table), request));
    process.stdout.write(`${JSON.stringify(done)}\n`);
  }
  await store.close();
  process.exit(0);
}

async function settle(store: SettlementStore, table: RateTable): Promise<SettledMonth> {
  const [applied, cost] = await measured(() =>
    applyMonth(store, {
      month: 202001,
      account: null,
      kind: 'settlement',
      catalogs: pricedAsRated([table.catalog]),
      again: false,
      clock: () => Date.UTC(2020, 1, 2),
    }),
  );
  return { ...cost, calls: applied.totals.calls, adjustments: applied.adjustments };
}

/** As `invoice create` does: what is issued is told to ClickHouse. */
async function issue(
  store: SettlementStore,
  catalog: Catalog,
  { billing: directory }: MonthRequest,
): Promise<IssuedInvoices> {
  const billing = await openEmbeddedBillingStore(directory);
  const [issued, cost] = await measured(async () => {
    const answer = await issueMonth({
      billing,
      usage: usageAsSettled(store),
      catalog,
      month: { year: 2020, month: 2 },
      nowMs: Date.UTC(2020, 1, 2),
      actor: 'bench',
    });
    await tellBilledUsage({ billing, store });
    return answer;
  });
  await billing.close();
  return { ...cost, issued: issued.issued };
}

/** Rated calls, in batches as the aggregator inserts them. */
async function fill(
  store: SettlementStore,
  table: RateTable,
  { calls, accounts, seed, inOrder }: MonthRequest,
): Promise<void> {
  const random = randomFrom(seed);
  const allowances = new Allowances();
  const stepMs = (31 * 86_400_000) / calls;
  for (let first = 0; first < calls; first += BATCH) {
    const count = Math.min(BATCH, calls - first);
    const made = Array.from({ length: count }, (_, i) =>
      callAt(first + i, { random, accounts, startedAt: JANUARY_MS + Math.floor((first + i) * stepMs) }),
    );
    const arrived = inOrder
      ? made
      : made
          .map((call, i) => ({ call, at: i + random() * DELAY_CALLS }))
          .sort((a, b) => a.at - b.at)
          .map(({ call }) => call);
    const block = rateInOrder(arrived, table, { allowances, firstOffset: first });
    await storeRated(store, block, `batch-${first}`);
    if ((first / BATCH) % 10 === 9)
      process.stderr.write(`rated ${(first + count).toLocaleString('en')} calls\n`);
  }
}

function callAt(
  index: number,
  { random, accounts, startedAt }: { random: () => number; accounts: number; startedAt: number },
): TestCall {
  const account = index % 10 === 0 ? 0 : 1 + Math.floor(random() * (accounts - 1));
  return {
    callId: `5f0c2a9e-0000-4000-8000-${index.toString(16).padStart(12, '0')}`,
    account: `account-${account}`,
    device: `phone-${Math.floor(random() * 3)}`,
    destination: random() < 0.8 ? 13125550123 : 551187650123,
    startedAt,
    answeredAt: random() < 0.9 ? startedAt : null,
    endedAt: startedAt + Math.floor(random() * 240_000),
  };
}
