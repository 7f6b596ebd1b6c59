/** The store over whichever engine: every writing call is one transaction, and every failure says what to do. */
import type { Kysely, Transaction } from 'kysely';
import { billedAdjustments } from './adjustments.ts';
import { verifyChain } from './chain.ts';
import { issueCreditNote } from './corrections.ts';
import { decideDispute, openDispute } from './disputes.ts';
import { BillingStoreError, toBillingStoreError } from './errors.ts';
import { recordCancellation, recordEvent } from './events.ts';
import { issueInvoices } from './issue.ts';
import { endJob, jobs, recordRefusal, startJob, startJobOnce } from './jobs.ts';
import { migrate, readMigrations } from './migrations.ts';
import { openEmbeddedDatabase, openServerDatabase } from './open-database.ts';
import { recordPayment } from './payments.ts';
import type { BillingStore } from './port.ts';
import {
  accountsInvoiced,
  balanceOf,
  balances,
  cancellations,
  invoiceOf,
  unbilledEvents,
} from './reading.ts';
import type { BillingTables } from './tables.ts';
import { endWebhookTask, takeWebhookTasks } from './webhooks.ts';

/** @param url `postgres://user:password@host:port/database` */
export async function openServerBillingStore(url: string): Promise<BillingStore> {
  return storeOver(await openServerDatabase(url));
}

/** @param directory undefined = in memory. The caller sees to it that one process has it open. */
export async function openEmbeddedBillingStore(directory?: string): Promise<BillingStore> {
  return storeOver(await openEmbeddedDatabase(directory));
}

export function storeOver(database: Kysely<BillingTables>): BillingStore {
  const asking = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await ask();
    } catch (error) {
      throw toBillingStoreError(error);
    }
  };
  const changing = <Answer>(
    change: (transaction: Transaction<BillingTables>) => Promise<Answer>,
  ): Promise<Answer> => asking(() => database.transaction().execute(change));

  return {
    migrate: () => asking(() => migrate(database, readMigrations())),
    issueInvoices: (requests, actor) =>
      changing((transaction) => issueInvoices(transaction, requests, actor)),
    issueCreditNote: (request, actor) =>
      changing((transaction) => issueCreditNote(transaction, request, actor)),
    recordPayment: (request, actor) => changing((transaction) => recordPayment(transaction, request, actor)),
    openDispute: (request, actor) => changing((transaction) => openDispute(transaction, request, actor)),
    decideDispute: (decision, actor) =>
      changing((transaction) => decideDispute(transaction, decision, actor)),
    recordEvent: (event, actor) => changing((transaction) => recordEvent(transaction, event, actor)),
    recordCancellation: (cancellation, actor) =>
      changing((transaction) => recordCancellation(transaction, cancellation, actor)),

    invoice: (number) => asking(() => invoiceOf(database, number)),
    balance: (number) => asking(() => balanceOf(database, number)),
    balances: (filter) => asking(() => balances(database, filter)),
    accountsInvoiced: (month) => asking(() => accountsInvoiced(database, month)),
    creditNote: (number) =>
      asking(async () => {
        const row = await database
          .selectFrom('credit_notes')
          .selectAll()
          .where('number', '=', number)
          .executeTakeFirst();
        if (row !== undefined) return row;
        const message = `There is no credit note ${JSON.stringify(number.slice(0, 80))}.`;
        throw new BillingStoreError('TOLL_INVOICE_UNKNOWN', message);
      }),
    documentsAfter: (series, { sequence, limit }) =>
      asking(() =>
        database
          .selectFrom(series === 'invoice' ? 'invoices' : 'credit_notes')
          .select(['sequence', 'number', 'account_id', 'document'])
          .where('sequence', '>', sequence)
          .orderBy('sequence')
          .limit(limit)
          .execute(),
      ),
    creditNotesOf: (accountId) =>
      asking(() =>
        database
          .selectFrom('credit_notes')
          .selectAll()
          .where('account_id', '=', accountId)
          .orderBy('sequence')
          .execute(),
      ),
    creditNotes: (invoiceNumber) =>
      asking(() => {
        const query = database.selectFrom('credit_notes').selectAll().orderBy('sequence');
        return (
          invoiceNumber === undefined ? query : query.where('invoice_number', '=', invoiceNumber)
        ).execute();
      }),
    payments: (invoiceNumber) =>
      asking(() =>
        database
          .selectFrom('payments')
          .selectAll()
          .where('invoice_number', '=', invoiceNumber)
          .orderBy('paid_on')
          .orderBy('request_key')
          .execute(),
      ),
    disputes: ({ status, accountId }) =>
      asking(() => {
        let query = database.selectFrom('disputes').selectAll().orderBy('id');
        if (status !== undefined) query = query.where('status', '=', status);
        if (accountId !== undefined) query = query.where('account_id', '=', accountId);
        return query.execute();
      }),
    dispute: (id) =>
      asking(async () => {
        const row = await database.selectFrom('disputes').selectAll().where('id', '=', id).executeTakeFirst();
        if (row === undefined)
          throw new BillingStoreError('TOLL_DISPUTE_UNKNOWN', `There is no dispute ${id}.`);
        return row;
      }),
    unbilledEvents: (accountIds, before) => asking(() => unbilledEvents(database, accountIds, before)),
    billedAdjustments: (accountIds) => asking(() => billedAdjustments(database, accountIds)),
    cancellations: (accountIds) => asking(() => cancellations(database, accountIds)),
    audit: (subject) =>
      asking(() =>
        database.selectFrom('audit').selectAll().where('subject', '=', subject).orderBy('id').execute(),
      ),

    startJobOnce: (request, actor) => changing((transaction) => startJobOnce(transaction, request, actor)),
    startJob: (month, accounts, actor) => asking(() => startJob(database, month, accounts, actor)),
    recordRefusal: (jobId, refusal) => asking(() => recordRefusal(database, jobId, refusal)),
    endJob: (jobId, end) => asking(() => endJob(database, jobId, end)),
    jobs: () => asking(() => jobs(database)),

    takeWebhookTasks: (options) => asking(() => takeWebhookTasks(database, options)),
    endWebhookTask: (number, end) => asking(() => endWebhookTask(database, number, end)),
    verifyChain: () => asking(() => verifyChain(database)),
    close: () => database.destroy(),
  };
}
