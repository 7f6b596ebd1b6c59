/** The routes of the API that ask the billing store: what was issued, and what is recorded with it. */
import type { FastifyReply } from 'fastify';
import type {
  BillingStore,
  CreditNoteRecord,
  InvoiceBalance,
  JobRecord,
  Refusal,
} from '@tollstream/billing-store';
import type { Catalog } from '@tollstream/catalog';
import { accountUnknown, invoiceUnknown, storeAbsent } from '../errors.ts';
import { inLanguage, renderDocument } from '../documents/render.ts';
import type { IssuedDocument } from '../documents/render.ts';
import { issueMonth } from '../issue/issue-month.ts';
import { parseMonth } from '../month.ts';
import { usageAsSettled } from '../settlement/index.ts';
import type { Asked, BillingApiOptions, Handler } from '../api.ts';
import { sendBytes } from './downloads.ts';
import { ISSUED_MEDIA, pageOf } from './routes.ts';
import type { IssuedFormat, OperationId } from './routes.ts';

const DISPUTE_DAYS = 15;

type BillingOperation = Extract<
  OperationId,
  | 'listInvoices'
  | 'getInvoice'
  | 'listCreditNotes'
  | 'getCreditNote'
  | 'openDispute'
  | 'recordPayment'
  | 'listInvoiceJobs'
  | 'startInvoiceJob'
>;

export function billingHandlers(
  options: BillingApiOptions,
  jobs: InvoiceJobs,
): Readonly<Record<BillingOperation, Handler>> {
  const { catalog } = options;
  const opened = (): BillingStore => {
    if (options.billing === undefined) throw storeAbsent();
    return options.billing;
  };
  /** One of another account is answered as if there were none. */
  const own = async (accountId: string, number: string): Promise<InvoiceBalance> => {
    assertStorable(accountId);
    const [balance] = await opened().balances({ accountId, number });
    if (balance === undefined) throw invoiceUnknown(number);
    return balance;
  };
  return {
    async listInvoices({ params: { id }, query: { after = '', limit, month } }) {
      assertStorable(id);
      const all = await opened().balances({ accountId: id, month });
      assertKnown(catalog(), id, all);
      const { page, next } = pageAfter(all, { after: String(after), limit });
      return { invoices: page.map(describeInvoice), next_after: next };
    },

    async getInvoice(asked, reply) {
      const { id, number } = asked.params;
      await own(id, number);
      return sendDocument(await opened().invoice(number), { asked, reply });
    },

    async listCreditNotes({ params: { id }, query: { after = '', limit } }) {
      assertStorable(id);
      const all = await opened().creditNotesOf(id);
      assertKnown(catalog(), id, all);
      const { page, next } = pageAfter(all, { after: String(after), limit });
      return { credit_notes: page.map(describeCreditNote), next_after: next };
    },

    async getCreditNote(asked, reply) {
      const { id, number } = asked.params;
      assertStorable(id);
      const note = (await opened().creditNotesOf(id)).find((each) => each.number === number);
      if (note === undefined) throw invoiceUnknown(number);
      return sendDocument(note, { asked, reply });
    },

    async openDispute(request, reply) {
      const { invoice, amount, reason, opened_by } = request.body as Record<string, string>;
      await own(request.params.id, invoice!);
      const dispute = await opened().openDispute(
        {
          invoiceNumber: invoice!,
          openedOn: today(options),
          openedBy: opened_by!,
          amount: amount!,
          reason: reason!,
          disputeDays: catalog().billing?.disputeDays ?? DISPUTE_DAYS,
          requestKey: requestKey(request, 'openDispute'),
        },
        actorOf(request),
      );
      return created(reply, {
        id: dispute.id,
        invoice: dispute.invoice_number,
        opened_on: dispute.opened_on,
        opened_by: dispute.opened_by,
        amount: dispute.amount,
        reason: dispute.reason,
        status: dispute.status,
      });
    },

    async recordPayment(request, reply) {
      const { invoice, amount, paid_on, method, reference } = request.body as Record<string, string>;
      await own(request.params.id, invoice!);
      const payment = await opened().recordPayment(
        {
          requestKey: requestKey(request, 'recordPayment'),
          invoiceNumber: invoice!,
          outcome: 'paid',
          paidOn: paid_on!,
          amount: amount!,
          method: method!,
          reference: reference ?? '',
        },
        actorOf(request),
      );
      return created(reply, {
        invoice: payment.invoice_number,
        paid_on: payment.paid_on,
        amount: payment.amount,
        currency: payment.currency,
        method: payment.method,
        reference: payment.reference,
      });
    },

    async listInvoiceJobs({ query: { after = 0, limit } }) {
      const all = (await opened().jobs()).filter(({ id }) => id > Number(after));
      const { page, next } = pageOf(
        all.map(({ id }) => id),
        limit,
      );
      return { jobs: all.filter(({ id }) => page.includes(id)).map(describeJob), next_after: next };
    },

    async startInvoiceJob(request, reply) {
      const { month } = request.body as { month: string };
      const job = await jobs.start({
        billing: opened(),
        month,
        actor: actorOf(request),
        requestKey: requestKey(request, 'startInvoiceJob'),
      });
      return created(reply, describeJob({ ...job, refusals: [] }), 202);
    },
  };
}

/** Jobs at work in this process. */
export class InvoiceJobs {
  readonly #options: BillingApiOptions;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: BillingApiOptions) {
    this.#options = options;
  }

  /** The same key again is the same job; a further one for the month goes on where others ended. */
  async start(wanted: {
    billing: BillingStore;
    month: string;
    actor: string;
    requestKey: string;
  }): Promise<JobRecord> {
    const { billing, month, actor } = wanted;
    const { store, onError } = this.#options;
    const catalog = this.#options.catalog();
    const { job, isNew } = await billing.startJobOnce(
      { month, accounts: catalog.accounts.size, requestKey: wanted.requestKey },
      actor,
    );
    if (!isNew) return job;
    const work = issueMonth({
      billing,
      usage: usageAsSettled(store),
      catalog,
      month: parseMonth(month),
      nowMs: (this.#options.clock ?? Date.now)(),
      actor,
      signal: this.#stop.signal,
      jobId: job.id,
    }).catch((error: unknown) => onError?.(error instanceof Error ? error : new Error(String(error))));
    const kept = work.finally(() => this.#running.delete(kept));
    this.#running.add(kept);
    return job;
  }

  /** Ends each job after what it is issuing. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }
}

/** Sends an issued document in the format that is asked for; as JSON byte for byte as it was issued, whatever language is asked for. */
async function sendDocument(
  { number, document }: { number: string; document: string },
  { asked, reply }: { asked: Asked; reply: FastifyReply },
): Promise<FastifyReply> {
  const { format, language } = asked.query;
  const wanted = format as IssuedFormat;
  reply
    .header('content-type', ISSUED_MEDIA[wanted])
    .header('content-disposition', `attachment; filename="${number.replace(/[^\w.-]/g, '_')}.${wanted}"`);
  // A part of a JSON document is none.
  if (wanted === 'json') return sendBytes(Buffer.from(document), { asked, reply, hasRanges: false });
  const issued = JSON.parse(document) as IssuedDocument;
  const read = language === undefined ? issued : inLanguage(issued, language);
  return sendBytes(await renderDocument(read, wanted), { asked, reply });
}

/** PostgreSQL has no texts with NUL: no account has such a name. */
function assertStorable(accountId: string): void {
  if (accountId.includes('\0')) throw accountUnknown(accountId);
}

function assertKnown(catalog: Catalog, id: string, found: readonly unknown[]): void {
  if (found.length === 0 && !catalog.accounts.has(id)) throw accountUnknown(id);
}

/** Documents in the order of issue, after the one with the number. */
function pageAfter<Row extends { readonly number: string }>(
  all: readonly Row[],
  { after, limit }: { after: string; limit: number },
): { page: readonly Row[]; next: string | null } {
  const place = after === '' ? -1 : all.findIndex(({ number }) => number === after);
  if (after !== '' && place === -1) throw invoiceUnknown(after);
  const { page, next } = pageOf(all.slice(place + 1), limit);
  return { page, next: next?.number ?? null };
}

/** Keys of callers do not meet each other's. */
function requestKey({ apiKey, headers, params }: Asked, operation: BillingOperation): string {
  return JSON.stringify([apiKey?.id ?? '', operation, params.id ?? '', headers['idempotency-key']]);
}

function actorOf({ apiKey }: Asked): string {
  return `API key ${apiKey?.id === '' ? 'of this machine' : apiKey?.id}`;
}

function today({ clock = Date.now }: BillingApiOptions): string {
  return new Date(clock()).toISOString().slice(0, 10);
}

function created(reply: FastifyReply, answer: object, status = 201): FastifyReply {
  return reply.code(status).send(answer);
}

function describeInvoice(balance: InvoiceBalance): Record<string, string | boolean> {
  const { number, month, issue_date, due_date, currency, total, credited, paid, disputed, is_void } = balance;
  const open = balance.balance;
  return {
    number,
    month,
    issue_date,
    due_date,
    currency,
    total,
    credited,
    paid,
    disputed,
    balance: open,
    is_void,
  };
}

function describeCreditNote(note: CreditNoteRecord): Record<string, string> {
  const { number, invoice_number, kind, reason, issue_date, currency, amount } = note;
  return { number, invoice: invoice_number, kind, reason, issue_date, currency, amount };
}

function describeJob(job: JobRecord & { refusals: readonly Refusal[] }): Record<string, unknown> {
  const { id, month, status, accounts, issued, present, refused, failure, started_at, finished_at } = job;
  return {
    id,
    month,
    status,
    accounts,
    issued,
    present,
    refused,
    failure,
    started_at: instant(started_at),
    finished_at: finished_at === null ? null : instant(finished_at),
    refusals: job.refusals.map(({ accountId, code, message }) => ({ account_id: accountId, code, message })),
  };
}

/** PostgreSQL writes instants in a form of its own. */
function instant(text: string): string {
  return new Date(text).toISOString();
}
