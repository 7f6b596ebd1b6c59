/**
 * The invoices of a month, for all accounts or some: chunk by chunk, each chunk issued whole or not at all. Run again it goes on where it
 * ended; what has an invoice keeps it, so that two at once, or one killed and started again, issue each once.
 */
import type { BillingStore, IssueRequest, JobEnd, Refusal } from '@tollstream/billing-store';
import type { Account, Catalog } from '@tollstream/catalog';
import { holdYoungGeneration, isTollError, releaseYoungGeneration } from '@tollstream/service-kit';
import { accountUnknown, monthNotEnded } from '../errors.ts';
import type { Invoice, Hindrance } from '../invoice.ts';
import { NO_USAGE } from '../invoice-usage.ts';
import type { AccountUsage, UsageAdjustment, UsageSource } from '../invoice-usage.ts';
import { dateText, localDate, monthBefore, monthText } from '../month.ts';
import type { Month } from '../month.ts';
import { makeInvoice } from '../processor.ts';
import { creditAdjustments, wantsCredits } from './credit-adjustments.ts';

export interface IssueMonthOptions {
  readonly billing: BillingStore;
  readonly usage: UsageSource;
  readonly catalog: Catalog;
  readonly month: Month;
  /** Undefined: every account of the catalog. */
  readonly accountIds?: readonly string[] | undefined;
  /** Now, in ms since the epoch: a month that has not ended where the account is, is not billed. */
  readonly nowMs: number;
  readonly actor: string;
  /** A job that was started already. */
  readonly jobId?: number;
  /** Accounts whose usage is read and whose invoices are issued at once. */
  readonly chunkAccounts?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: IssueProgress) => void;
}

export interface IssueProgress {
  readonly accounts: number;
  readonly issued: number;
  /** Had their invoice already. */
  readonly present: number;
  /** Have nothing to bill. */
  readonly empty: number;
  readonly refused: number;
}

export interface IssuedMonth extends IssueProgress {
  readonly status: JobEnd['status'];
  readonly numbers: readonly string[];
  /** Numbers of credit notes. */
  readonly creditNotes: readonly string[];
  readonly refusals: readonly Refusal[];
}

const CHUNK_ACCOUNTS = 100;

/** @throws what ClickHouse or the billing store throw; what was issued until then stays, and the job says why it ended */
export async function issueMonth(options: IssueMonthOptions): Promise<IssuedMonth> {
  const { billing, catalog, month, actor, signal, onProgress, chunkAccounts = CHUNK_ACCOUNTS } = options;
  const ids = [...(options.accountIds ?? catalog.accounts.keys())].sort();
  const unknown = ids.find((id) => !catalog.accounts.has(id));
  if (unknown !== undefined) throw accountUnknown(unknown);
  const invoiced = await billing.accountsInvoiced(monthText(month));
  const left = ids.filter((id) => !invoiced.has(id)).map((id) => catalog.accounts.get(id)!);
  const counts = { issued: 0, present: ids.length - left.length, empty: 0, refused: 0 };
  const numbers: string[] = [];
  const creditNotes: string[] = [];
  const refusals: Refusal[] = [];
  const jobId = options.jobId ?? (await billing.startJob(monthText(month), ids.length, actor));
  const progress = (): IssueProgress => ({ accounts: ids.length, ...counts });
  const end = async (status: JobEnd['status'], failure = ''): Promise<void> => {
    const { issued, present, empty, refused } = counts;
    await billing.endJob(jobId, { status, issued, present: present + empty, refused, failure });
  };

  try {
    for (let i = 0; i < left.length; i += chunkAccounts) {
      if (signal?.aborted === true) break;
      holdYoungGeneration();
      const made = await makeChunk(options, left.slice(i, i + chunkAccounts));
      for (const issued of await billing.issueInvoices(made.requests, actor)) {
        counts[issued.kind] += 1;
        if (issued.kind === 'issued') numbers.push(issued.number);
      }
      for (const refusal of made.refusals) await billing.recordRefusal(jobId, refusal);
      refusals.push(...made.refusals);
      creditNotes.push(...made.creditNotes);
      counts.refused += made.refusals.length;
      counts.empty += made.empty;
      onProgress?.(progress());
    }
  } catch (error) {
    // The reason is kept where it can be; it may be the store itself that is away.
    await end('failed', error instanceof Error ? error.message : String(error)).catch(() => undefined);
    throw error;
  } finally {
    releaseYoungGeneration();
  }
  const status = signal?.aborted === true ? 'stopped' : 'done';
  await end(status);
  return { status, ...progress(), numbers, creditNotes, refusals };
}

interface Chunk {
  readonly requests: IssueRequest[];
  readonly refusals: Refusal[];
  readonly creditNotes: string[];
  empty: number;
}

async function makeChunk(
  { billing, usage, catalog, month, nowMs, actor }: IssueMonthOptions,
  accounts: readonly Account[],
): Promise<Chunk> {
  const ids = accounts.map(({ id }) => id);
  const ofUsage = await usage(accounts, monthBefore(month));
  const billed = await adjustmentsBilled(billing, ofUsage);
  const events = await billing.unbilledEvents(ids, dateText(month));
  const cancellations = await billing.cancellations(ids);
  const corrected = accounts.filter(
    (account) => wantsCredits(account) && (ofUsage.get(account.id)?.adjustments.length ?? 0) > 0,
  );
  const balances = Map.groupBy(
    await billing.balances({ accountIds: corrected.map(({ id }) => id) }),
    ({ account_id }) => account_id,
  );
  const chunk: Chunk = { requests: [], refusals: [], creditNotes: [], empty: 0 };
  for (const account of accounts) {
    const happened = events.get(account.id) ?? [];
    try {
      refuseEarly(account, month, nowMs);
      const own = ofUsage.get(account.id) ?? NO_USAGE;
      if (own.hindrance !== null) {
        chunk.refusals.push(refusalOf(account.id, own.hindrance));
        continue;
      }
      // Before the invoice: what was credited is noted, and a job that goes on after a crash leaves it out.
      const { numbers, left: adjustments } = await creditAdjustments(
        { billing, catalog, month, actor, balances: balances.get(account.id) ?? [] },
        account,
        own.adjustments.filter((each) => !billed(account.id, each)),
      );
      chunk.creditNotes.push(...numbers);
      const invoice = makeInvoice({
        account,
        catalog,
        month,
        usage: { ...own, adjustments },
        events: happened,
        cancellation: cancellations.get(account.id),
      });
      const [hindrance] = invoice.hindrances;
      if (isEmpty(invoice)) chunk.empty += 1;
      else if (hindrance === undefined) {
        const prefix = catalog.billing?.invoicePrefix ?? '';
        const eventIds = happened.map(({ id }) => id);
        chunk.requests.push(requestOf(invoice, prefix, eventIds));
      } else chunk.refusals.push(refusalOf(account.id, hindrance));
    } catch (error) {
      // What is wrong with one account is said of it; the others have their invoices.
      if (!(isTollError(error) && error.code.startsWith('TOLL_BILLING_'))) throw error;
      chunk.refusals.push(refusalOf(account.id, error));
    }
  }
  return chunk;
}

/** Whether an adjustment stands on a document already. */
export async function adjustmentsBilled(
  billing: BillingStore,
  usage: ReadonlyMap<string, AccountUsage>,
): Promise<(accountId: string, adjustment: UsageAdjustment) => boolean> {
  const ids = [...usage].filter(([, { adjustments }]) => adjustments.length > 0).map(([id]) => id);
  const billed = await billing.billedAdjustments(ids);
  return (accountId, { month, run }) => billed.get(accountId)?.has(`${month}/${run}`) === true;
}

/** An account in its free months, or closed and without calls: no invoice about nothing. */
function isEmpty({ lines }: Invoice): boolean {
  return lines.every(({ amount, usage }) => !/[1-9]/.test(amount) && usage === null);
}

function refuseEarly(account: Account, month: Month, nowMs: number): void {
  const today = localDate(nowMs, account.timeZone);
  if (today !== null && dateText(today, today.day - 1) < dateText(month)) {
    throw monthNotEnded(monthText(monthBefore(month)), account.timeZone);
  }
}

function refusalOf(accountId: string, { code, message, remedy }: Hindrance): Refusal {
  return { accountId, code, message, remedy };
}

function requestOf(invoice: Invoice, numberPrefix: string, eventIds: readonly string[]): IssueRequest {
  const taxes = invoice.taxes.map(({ name, amount }) => ({ section: 'taxes', name, amount }));
  const fees = invoice.fees.map(({ name, amount }) => ({ section: 'fees', name, amount }));
  return {
    accountId: invoice.account.id,
    month: invoice.month,
    issueDate: invoice.issue_date,
    dueDate: invoice.due_date,
    currency: invoice.currency,
    total: invoice.totals.total,
    catalogVersion: invoice.catalog_version,
    lines: [
      ...invoice.lines.map((line) => ({
        section: line.section,
        billingGroup: line.billing_group,
        description: line.description.text,
        amount: line.amount,
        exactAmount: line.usage?.exact_amount ?? null,
      })),
      ...[...fees, ...taxes].map(({ section, name, amount }) => ({
        section,
        billingGroup: '',
        description: name,
        amount,
        exactAmount: null,
      })),
    ],
    eventIds,
    adjustments: invoice.adjustments.map((each) => ({ usageMonth: each.month, run: each.run })),
    numberPrefix,
    document: (number) => JSON.stringify({ ...invoice, status: 'issued', number } satisfies Invoice),
  };
}
