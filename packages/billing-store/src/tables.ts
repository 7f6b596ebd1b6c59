/** The tables of `schemas/postgres` as Kysely sees them. Dates are `2020-02-01`, amounts decimal text, on both engines. */
import type { Generated, GeneratedAlways } from 'kysely';

export interface BillingTables {
  document_series: { series: Series; last_number: number; last_hash: string };
  invoices: InvoicesTable;
  invoice_lines: {
    number: string;
    position: number;
    section: string;
    billing_group: string;
    description: string;
    amount: string;
    exact_amount: string | null;
  };
  credit_notes: CreditNotesTable;
  payments: PaymentsTable;
  disputes: DisputesTable;
  account_events: AccountEventsTable;
  invoice_balances: InvoiceBalance;
  invoice_events: { event_id: string; number: string };
  billed_adjustments: {
    account_id: string;
    usage_month: string;
    run: number;
    number: string | null;
    credit_note_number: string | null;
  };
  cancellations: CancellationsTable;
  jobs: JobsTable;
  job_refusals: { job_id: number; account_id: string; code: string; message: string; remedy: string };
  audit: {
    id: GeneratedAlways<number>;
    at: Generated<string>;
    actor: string;
    action: string;
    subject: string;
    details: string;
  };
}

export interface InvoiceBalance {
  number: string;
  account_id: string;
  month: string;
  attempt: number;
  issue_date: string;
  due_date: string;
  currency: string;
  total: string;
  credited: string;
  paid: string;
  /** In open disputes. */
  disputed: string;
  /** Total less credited and paid. */
  balance: string;
  is_void: boolean;
}

export type Series = 'invoice' | 'credit_note';

interface InvoicesTable {
  number: string;
  sequence: number;
  account_id: string;
  month: string;
  attempt: number;
  issue_date: string;
  due_date: string;
  currency: string;
  total: string;
  catalog_version: number;
  document: string;
  previous_hash: string;
  hash: string;
  issued_at: Generated<string>;
}

interface CreditNotesTable {
  number: string;
  sequence: number;
  invoice_number: string;
  account_id: string;
  kind: 'void' | 'correction' | 'dispute' | 'late_calls';
  reason: string;
  issue_date: string;
  currency: string;
  amount: string;
  request_key: string;
  document: string;
  previous_hash: string;
  hash: string;
  issued_at: Generated<string>;
}

interface PaymentsTable {
  request_key: string;
  invoice_number: string;
  account_id: string;
  outcome: 'paid' | 'failed';
  paid_on: string;
  currency: string;
  amount: string;
  method: string;
  reference: string;
  recorded_by: string;
  recorded_at: Generated<string>;
}

interface DisputesTable {
  id: GeneratedAlways<number>;
  invoice_number: string;
  account_id: string;
  opened_on: string;
  opened_by: string;
  amount: string;
  reason: string;
  status: Generated<'open' | 'credited' | 'refused'>;
  decided_on: string | null;
  decided_by: string | null;
  decision: string | null;
  credit_note_number: string | null;
  request_key: string | null;
  recorded_at: Generated<string>;
}

interface AccountEventsTable {
  id: string;
  account_id: string;
  kind: 'one_time' | 'credit' | 'late_calls' | 'buy_out';
  happened_on: string;
  description: string;
  billing_group: string;
  currency: string;
  amount: string;
  recorded_by: string;
  recorded_at: Generated<string>;
}

interface CancellationsTable {
  account_id: string;
  requested_on: string;
  requested_by: string;
  effective_on: string;
  currency: string;
  buy_out: string;
  recorded_at: Generated<string>;
}

interface JobsTable {
  id: GeneratedAlways<number>;
  month: string;
  status: Generated<'running' | 'done' | 'stopped' | 'failed'>;
  accounts: number;
  issued: Generated<number>;
  present: Generated<number>;
  refused: Generated<number>;
  failure: Generated<string>;
  request_key: string | null;
  started_at: Generated<string>;
  finished_at: string | null;
}
