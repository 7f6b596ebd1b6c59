/**
 * A process that settles January, issues February's invoices, or serves a directory of the embedded ClickHouse engine over HTTP. At a point
 * on its way it dies, or waits for SIGUSR2: `node billing-job.ts '{"job":"invoices",…}'`, a `JobRequest`.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import type { Catalog } from '@tollstream/catalog';
import {
  applyMonth,
  issueMonth,
  pricedAsRated,
  tellBilledUsage,
  usageAsSettled,
} from '@tollstream/service-billing';
import { isTollError } from '@tollstream/service-kit';
import { testTable } from '@tollstream/settlement/testing';
import { openEmbeddedStore, openServerStore, serveClickHouseHttp } from '@tollstream/usage-store';
import type { SettlementStore } from '@tollstream/usage-store';
import { openWithPlaceBeforeCommit } from '../../packages/billing-store/src/testing/before-commit.ts';
import { TERMS, billingOf } from '../../services/billing/src/testing/samples.ts';

/** Many ranges and many chunks: some are done, some are at work, some have not begun. */
export const ACCOUNTS = 60;
const RANGE_ROWS = 40;
const CHUNK_ACCOUNTS = 6;

export type Point =
  /** A numbered step of the settlement. */
  | `step ${number}`
  /** ClickHouse has answered with the usage of a chunk of accounts. */
  | 'usage read'
  /** The invoices of a chunk are written, and not committed. */
  | 'invoices written'
  | 'invoices committed'
  /** All are issued; ClickHouse does not know yet. */
  | 'invoices untold';

export interface JobRequest {
  readonly job: 'settle' | 'invoices' | 'serve';
  /** A directory of the embedded engine, or `http://…`. */
  readonly usage: string;
  /** A directory of the embedded engine, or `postgres://…`. */
  readonly billing?: string;
  readonly at?: { readonly point: Point; readonly nth: number; readonly fate: 'die' | 'wait' };
}

export function jobTable(): ReturnType<typeof testTable> {
  return testTable({ accounts: ACCOUNTS });
}

if (import.meta.main) {
  try {
    await main(JSON.parse(process.argv[2] ?? '') as JobRequest);
  } catch (error) {
    if (!isTollError(error)) throw error;
    say({ refused: error.code });
    process.exit(1);
  }
}

async function main(request: JobRequest): Promise<void> {
  if (request.job === 'serve') {
    const { engine } = await openEmbeddedStore({ dataDirectory: request.usage });
    say({ url: (await serveClickHouseHttp({ engine, port: 0 })).url });
    return;
  }
  const store = request.usage.startsWith('http')
    ? openServerStore({ url: request.usage })
    : await openEmbeddedStore({ dataDirectory: request.usage });
  await store.ping();
  await (request.job === 'settle' ? settle : issue)(store, request);
  await store.close();
  process.exit(0);
}

async function settle(store: SettlementStore, request: JobRequest): Promise<void> {
  const reached = watch(request);
  const { totals, isResumed } = await applyMonth(store, {
    month: 202001,
    account: null,
    kind: 'settlement',
    catalogs: pricedAsRated([jobTable().catalog]),
    again: false,
    clock: () => Date.UTC(2020, 1, 2),
    limits: { chunkRowsMax: RANGE_ROWS, insertRowsMax: RANGE_ROWS, chunksAtOnceMax: 2 },
    onStep: (step) => reached(`step ${step}`),
  });
  say({ calls: totals.calls, isResumed });
}

async function issue(store: SettlementStore, request: JobRequest): Promise<void> {
  const reached = watch(request);
  const billing = await openWithPlaceBeforeCommit(request.billing ?? '', () => reached('invoices written'));
  await billing.migrate();
  const usage = usageAsSettled(store);
  const { issued, present, refused } = await issueMonth({
    billing,
    usage: async (accounts, month) => {
      const answer = await usage(accounts, month);
      await reached('usage read');
      return answer;
    },
    catalog: billable(jobTable().catalog),
    month: { year: 2020, month: 2 },
    nowMs: Date.UTC(2020, 1, 2),
    actor: 'job',
    chunkAccounts: CHUNK_ACCOUNTS,
    onProgress: () => void reached('invoices committed'),
  });
  await reached('invoices untold');
  await tellBilledUsage({ billing, store });
  await billing.close();
  say({ issued, present, refused });
}

type Reached = (point: Point) => Promise<void>;

function watch({ at }: JobRequest): Reached {
  let seen = 0;
  return async (point) => {
    if (point !== at?.point || ++seen !== at.nth) return;
    const goOn = once(process, 'SIGUSR2');
    say({ at: point });
    if (at.fate === 'die') process.kill(process.pid, 'SIGKILL');
    // A timer keeps a process alive whose connections are idle.
    const timer = setInterval(() => undefined, 60_000);
    await goOn;
    clearInterval(timer);
  };
}

/** With addresses and terms, so that every account can have an invoice. */
function billable(catalog: Catalog): Catalog {
  const accounts = [...catalog.accounts].map(
    ([id, account]) => [id, { ...account, address: ['1 Street'], billing: billingOf({}) }] as const,
  );
  return { ...catalog, accounts: new Map(accounts), billing: TERMS };
}

/** At once: the process may not live to flush a stream. */
function say(what: Readonly<Record<string, unknown>>): void {
  writeSync(1, `${JSON.stringify(what)}\n`);
}
