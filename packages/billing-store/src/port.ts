/** The billing store: what was issued, paid, credited and disputed, and what waits for the next invoice. */
import type { BillingTables, InvoiceBalance, Series } from './tables.ts';
import type { Selectable } from 'kysely';

export interface InvoiceLineRecord {
  readonly section: string;
  readonly billingGroup: string;
  readonly description: string;
  readonly amount: string;
  readonly exactAmount: string | null;
}

/** What a run changed in a month of an account. */
export interface AdjustmentRef {
  /** Month of the calls: `2020-01`. */
  readonly usageMonth: string;
  readonly run: number;
}

/** An invoice that is complete but for its number. */
export interface IssueRequest {
  readonly accountId: string;
  /** `2020-02`. */
  readonly month: string;
  readonly issueDate: string;
  readonly dueDate: string;
  readonly currency: string;
  readonly total: string;
  readonly catalogVersion: number;
  readonly lines: readonly InvoiceLineRecord[];
  /** Events of the account that the invoice carries. */
  readonly eventIds: readonly string[];
  /** Adjustments of the account that the invoice carries. */
  readonly adjustments?: readonly AdjustmentRef[];
  readonly numberPrefix: string;
  /** The bytes that are issued, once the number is known. */
  readonly document: (number: string) => string;
}

export interface Issued {
  /** `present`: the month had its invoice already, and nothing was written. */
  readonly kind: 'issued' | 'present';
  readonly accountId: string;
  readonly number: string;
  readonly document: string;
}

export type CreditKind = 'void' | 'correction' | 'dispute' | 'late_calls';

export interface CreditRequest {
  readonly invoiceNumber: string;
  readonly kind: CreditKind;
  readonly reason: string;
  readonly issueDate: string;
  /** Null: all that the invoice still has. */
  readonly amount: string | null;
  /** The same key and request again answers the credit note that there is. */
  readonly requestKey: string;
  readonly numberPrefix: string;
  /** Adjustments of the account that it carries. */
  readonly adjustments?: readonly AdjustmentRef[];
  readonly document: (given: { number: string; amount: string; invoiceDocument: string }) => string;
}

export interface PaymentRequest {
  readonly requestKey: string;
  readonly invoiceNumber: string;
  readonly outcome: 'paid' | 'failed';
  readonly paidOn: string;
  readonly amount: string;
  readonly method: string;
  readonly reference: string;
}

export interface DisputeRequest {
  readonly invoiceNumber: string;
  readonly openedOn: string;
  readonly openedBy: string;
  readonly amount: string;
  readonly reason: string;
  /** Days after issue in which disputes are taken. */
  readonly disputeDays: number;
  /** The same key and request again answers the dispute that there is; without one each call opens another. */
  readonly requestKey?: string;
}

export interface DisputeDecision {
  readonly id: number;
  readonly decidedOn: string;
  readonly decidedBy: string;
  readonly decision: string;
  /** Null: refused. Otherwise the credit note that is issued with the decision, of at most the disputed amount. */
  readonly credit: Omit<CreditRequest, 'invoiceNumber' | 'kind' | 'requestKey' | 'issueDate'> | null;
}

export interface AccountEvent {
  /** Chosen by who records it: the same id again changes nothing. */
  readonly id: string;
  readonly accountId: string;
  readonly kind: 'one_time' | 'credit' | 'late_calls' | 'buy_out';
  readonly happenedOn: string;
  readonly description: string;
  readonly billingGroup: string;
  readonly currency: string;
  readonly amount: string;
}

export interface Cancellation {
  readonly accountId: string;
  readonly requestedOn: string;
  readonly requestedBy: string;
  readonly effectiveOn: string;
  readonly currency: string;
  readonly buyOut: string;
}

export type InvoiceRecord = Selectable<BillingTables['invoices']>;
export type CreditNoteRecord = Selectable<BillingTables['credit_notes']>;
export type PaymentRecord = Selectable<BillingTables['payments']>;
export type DisputeRecord = Selectable<BillingTables['disputes']>;
export type JobRecord = Selectable<BillingTables['jobs']>;
export type AuditRecord = Selectable<BillingTables['audit']>;
export type { InvoiceBalance, Series };

/** An invoice that the webhook is to be told of. */
export interface WebhookTask {
  readonly number: string;
  readonly accountId: string;
  readonly month: string;
  readonly issueDate: string;
  readonly dueDate: string;
  readonly currency: string;
  readonly total: string;
  /** This one included. */
  readonly attempts: number;
}

/** A document as it was issued. */
export interface IssuedDocument {
  /** Place in its series, from 1 without gaps, in the order of issue. */
  readonly sequence: number;
  readonly number: string;
  readonly account_id: string;
  readonly document: string;
}

export interface InvoiceFilter {
  readonly accountId?: string | undefined;
  readonly accountIds?: readonly string[] | undefined;
  readonly number?: string | undefined;
  readonly month?: string | undefined;
  /** Only what has something left to pay. */
  readonly unpaid?: boolean | undefined;
  /** Only what was due before this day. */
  readonly dueBefore?: string | undefined;
  readonly issuedUntil?: string | undefined;
}

export interface Refusal {
  readonly accountId: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export interface JobEnd {
  readonly status: 'done' | 'stopped' | 'failed';
  readonly issued: number;
  readonly present: number;
  readonly refused: number;
  readonly failure: string;
}

export interface ChainReport {
  readonly invoices: number;
  readonly creditNotes: number;
}

/** Every writing call says who asked; it stands in the audit beside what was done, written in the same transaction. */
export interface BillingStore {
  /** @returns the schema files applied now */
  migrate(): Promise<string[]>;
  /** All of them or none. A month that has an invoice which is not void keeps it. */
  issueInvoices(requests: readonly IssueRequest[], actor: string): Promise<Issued[]>;
  issueCreditNote(request: CreditRequest, actor: string): Promise<CreditNoteRecord>;
  recordPayment(request: PaymentRequest, actor: string): Promise<PaymentRecord>;
  openDispute(request: DisputeRequest, actor: string): Promise<DisputeRecord>;
  decideDispute(decision: DisputeDecision, actor: string): Promise<DisputeRecord>;
  recordEvent(event: AccountEvent, actor: string): Promise<void>;
  recordCancellation(cancellation: Cancellation, actor: string): Promise<Cancellation>;

  invoice(number: string): Promise<InvoiceRecord>;
  balance(number: string): Promise<InvoiceBalance>;
  /** In order of issue. */
  balances(filter: InvoiceFilter): Promise<InvoiceBalance[]>;
  /** Accounts that have an invoice of the month which is not void. */
  accountsInvoiced(month: string): Promise<Set<string>>;
  creditNote(number: string): Promise<CreditNoteRecord>;
  /** In order of issue. */
  creditNotesOf(accountId: string): Promise<CreditNoteRecord[]>;
  creditNotes(invoiceNumber?: string): Promise<CreditNoteRecord[]>;
  /** In order of their series, those behind a place. A document that is there has all before it there, too. */
  documentsAfter(
    series: Series,
    page: { readonly sequence: number; readonly limit: number },
  ): Promise<IssuedDocument[]>;
  payments(invoiceNumber: string): Promise<PaymentRecord[]>;
  disputes(filter: { status?: 'open' | undefined; accountId?: string | undefined }): Promise<DisputeRecord[]>;
  dispute(id: number): Promise<DisputeRecord>;
  /** Events before the day that no invoice in force carries, by account, in order of day and id. */
  unbilledEvents(accountIds: readonly string[], before: string): Promise<Map<string, AccountEvent[]>>;
  /** `2020-01/2` for each run of a month whose adjustments a document in force carries, by account. */
  billedAdjustments(accountIds: readonly string[]): Promise<Map<string, Set<string>>>;
  cancellations(accountIds: readonly string[]): Promise<Map<string, Cancellation>>;
  audit(subject: string): Promise<AuditRecord[]>;

  startJob(month: string, accounts: number, actor: string): Promise<number>;
  /** The same key again is the same job. @throws TOLL_REQUEST_KEY_REUSED for another month */
  startJobOnce(
    request: { readonly month: string; readonly accounts: number; readonly requestKey: string },
    actor: string,
  ): Promise<{ readonly job: JobRecord; readonly isNew: boolean }>;
  recordRefusal(jobId: number, refusal: Refusal): Promise<void>;
  endJob(jobId: number, end: JobEnd): Promise<void>;
  jobs(): Promise<(JobRecord & { refusals: Refusal[] })[]>;

  /** Invoices that are due to be told, and nobody else's until the lease ends. */
  takeWebhookTasks(options: {
    readonly limit: number;
    readonly leaseSeconds: number;
  }): Promise<WebhookTask[]>;
  /** @param end.retrySeconds when it is due again; null: it was delivered */
  endWebhookTask(
    number: string,
    end: { readonly problem: string; readonly retrySeconds: number | null },
  ): Promise<void>;

  /** Recomputes every hash and number. @throws TOLL_INVOICE_CHAIN_BROKEN */
  verifyChain(): Promise<ChainReport>;
  close(): Promise<void>;
}
