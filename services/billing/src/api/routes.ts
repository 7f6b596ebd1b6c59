/** What the API answers: paths, what each takes and gives. The server and the OpenAPI document are both made from it. */
import { LANGUAGES } from '@tollstream/catalog';
import { CALL_TYPES, RATE_TYPES } from '@tollstream/contracts';
import { CDR_FORMATS } from '../cdr/columns.ts';
import type { CdrFormat } from '../cdr/columns.ts';

export const API_SCOPES = [
  'accounts:read',
  'usage:read',
  'invoices:read',
  'cdrs:read',
  'catalog:read',
  'disputes:write',
  'payments:write',
  'jobs:read',
  'jobs:write',
] as const;
export type ApiScope = (typeof API_SCOPES)[number];

/** Of what concerns all accounts: a key that is limited to one cannot have them. */
export const SCOPES_OF_ALL: readonly ApiScope[] = ['catalog:read', 'jobs:read', 'jobs:write'];

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface ApiRoute {
  /** Absent: GET. */
  readonly method?: 'POST';
  /** `{name}` stands for a parameter. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  /** Null: nothing that a key is needed for. */
  readonly scope: ApiScope | null;
  readonly path_parameters: Readonly<Record<string, JsonSchema>>;
  readonly query: Readonly<Record<string, JsonSchema>>;
  /** Schema of the JSON that is sent; with it goes an Idempotency-Key. */
  readonly body?: JsonSchema;
  /** Absent: 200. */
  readonly status?: 201 | 202;
  /** A range of its bytes can be asked for. */
  readonly hasRanges?: boolean;
  /** Media type → schema of its content. */
  readonly answer: Readonly<Record<string, JsonSchema>>;
  /** Statuses of problems besides those of every route. */
  readonly problems: readonly number[];
}

export const IDEMPOTENCY_KEY_SCHEMA: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 128,
  pattern: '^[\\x21-\\x7e]+$',
};
const PAGE_ROWS = 100;
const PAGE_ROWS_MAX = 1_000;
const ACCOUNT_ID_LENGTH_MAX = 512;

export const CDR_MEDIA: Readonly<Record<CdrFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/x-ndjson; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

export const ISSUED_MEDIA = {
  json: 'application/json; charset=utf-8',
  pdf: 'application/pdf',
  html: 'text/html; charset=utf-8',
  ubl: 'application/xml; charset=utf-8',
} as const;
export type IssuedFormat = keyof typeof ISSUED_MEDIA;

const text = (description: string, more: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  description,
  ...more,
});
const decimal = (description: string): JsonSchema =>
  text(description, { pattern: String.raw`^-?\d+(?:\.\d+)?$` });
const object = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const limit: JsonSchema = {
  type: 'integer',
  minimum: 1,
  maximum: PAGE_ROWS_MAX,
  default: PAGE_ROWS,
  description: 'Rows of a page, at most.',
};

const ACCOUNT_AND_MONTH: Readonly<Record<string, JsonSchema>> = {
  id: text('Account.', { minLength: 1, maxLength: ACCOUNT_ID_LENGTH_MAX }),
  month: text('Year and month.', {
    pattern: String.raw`^(?:19|20|21)\d{2}-(?:0[1-9]|1[0-2])$`,
    examples: ['2020-01'],
  }),
};

/** Written in a line. */
const LINE = String.raw`^[^\u0000-\u001f\u007f]*$`;
const NUMBER = text('Number of the document.', {
  minLength: 1,
  maxLength: 80,
  pattern: LINE,
  examples: ['INV-000001'],
});
const ACCOUNT: Readonly<Record<string, JsonSchema>> = { id: ACCOUNT_AND_MONTH['id']! };
const DOCUMENT: Readonly<Record<string, JsonSchema>> = { ...ACCOUNT, number: NUMBER };
const AFTER_DOCUMENT = text('Number after which the page begins: `next_after` of the page before.', {
  maxLength: 80,
  pattern: LINE,
});
const DAY = text('Day.', { format: 'date', examples: ['2020-02-10'] });
/** Without digits that no currency has; how many one has is refused later. */
const AMOUNT = text('More than zero, in the currency of the invoice.', {
  pattern: String.raw`^(?:0|[1-9]\d{0,11})(?:\.\d{1,3})?$`,
  examples: ['20.50'],
});
const words = (description: string, more: JsonSchema = {}): JsonSchema =>
  text(description, { maxLength: 500, pattern: LINE, ...more });
const some = { minLength: 1 };
/** @param order in which the items stand, and the type of what `after` takes */
const page = (
  name: string,
  items: string,
  { order = 'In order of issue.', after = 'string' } = {},
): JsonSchema =>
  object({
    [name]: {
      type: 'array',
      items: { $ref: `#/components/schemas/${items}` },
      description: order,
    },
    next_after: {
      type: [after, 'null'],
      description: '`after` of the next page; null = this is the last.',
    },
  });

/** Component schemas of the document, by name; `Invoice` comes from schemas/invoice.schema.json. */
export const API_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Problem: {
    ...object({
      type: text('Always about:blank: the code says which problem it is.'),
      title: text('The code.'),
      status: { type: 'integer', description: 'HTTP status.' },
      detail: text('What is wrong, for people.'),
      code: text('Which problem it is, for programs: see docs/errors.md.', { pattern: '^TOLL_[A-Z_]+$' }),
      remedy: text('What to do about it.'),
    }),
    description: 'RFC 9457.',
  },
  Account: object({
    id: text('Account.'),
    name: text('As it stands on invoices.'),
    plan: text('Id of its plan.'),
    currency: text('ISO 4217.'),
    time_zone: text('IANA name; its months begin there.'),
    status: text('active, suspended or closed.'),
  }),
  AccountPage: page('accounts', 'Account', { order: 'In order of id.' }),
  Usage: object({
    account_id: text('Account.'),
    month: text('Month of the calls.'),
    rows: { type: 'array', items: { $ref: '#/components/schemas/UsageRow' } },
  }),
  UsageRow: object({
    call_type: text('What the calls were.', { enum: CALL_TYPES }),
    rate_type: text('How they were charged.', { enum: RATE_TYPES }),
    currency: text('ISO 4217.'),
    calls: { type: 'integer', minimum: 0, description: 'Calls, answered or not.' },
    billable_minutes: decimal('Durations rounded to the increments, min.'),
    included_minutes: decimal('Of these taken from allowances, min.'),
    charged_minutes: decimal('Of these charged, min.'),
    charge: decimal('Sum of the charges, exact, currency units.'),
  }),
  IssuedInvoice: object({
    number: text('Number of the invoice.'),
    month: text('Month of its recurring charges; its usage is that of the month before.'),
    issue_date: text('Day of issue.'),
    due_date: text('Day until which it is to be paid.'),
    currency: text('ISO 4217.'),
    total: decimal('As issued, taxes included.'),
    credited: decimal('Taken off by credit notes.'),
    paid: decimal('Payments.'),
    disputed: decimal('In open disputes.'),
    balance: decimal('Total less credited and paid.'),
    is_void: { type: 'boolean', description: 'A credit note of all of it was issued.' },
  }),
  IssuedInvoicePage: page('invoices', 'IssuedInvoice'),
  CreditNote: object({
    number: text('Number of the credit note.'),
    invoice: text('Number of its invoice.'),
    kind: text('What it is of.', { enum: ['void', 'correction', 'dispute', 'late_calls'] }),
    reason: text('Why.'),
    issue_date: text('Day of issue.'),
    currency: text('ISO 4217.'),
    amount: decimal('Taxes included.'),
  }),
  CreditNotePage: page('credit_notes', 'CreditNote'),
  Dispute: object({
    id: { type: 'integer', minimum: 1, description: 'Number of the dispute.' },
    invoice: text('Number of the invoice.'),
    opened_on: text('Day.'),
    opened_by: text('Who disputes it.'),
    amount: decimal('What is disputed.'),
    reason: text('Why.'),
    status: text('What became of it.', { enum: ['open', 'credited', 'refused'] }),
  }),
  Payment: object({
    invoice: text('Number of the invoice.'),
    paid_on: text('Day.'),
    amount: decimal('What was paid.'),
    currency: text('ISO 4217.'),
    method: text('How.'),
    reference: text('Of whoever took it.'),
  }),
  InvoiceJob: object({
    id: { type: 'integer', minimum: 1, description: 'Number of the job.' },
    month: text('Month of the invoices.'),
    status: text('How far it is.', { enum: ['running', 'done', 'stopped', 'failed'] }),
    accounts: { type: 'integer', minimum: 0, description: 'Accounts that it is about.' },
    issued: { type: 'integer', minimum: 0, description: 'Of these issued by it; 0 until it ends.' },
    present: { type: 'integer', minimum: 0, description: 'Had their invoice, or nothing to bill.' },
    refused: { type: 'integer', minimum: 0, description: 'Cannot be billed.' },
    failure: text('Why it ended before its work was done.'),
    started_at: text('ISO 8601, UTC.', { format: 'date-time' }),
    finished_at: {
      type: ['string', 'null'],
      description: 'ISO 8601, UTC; null = it did not end, or was killed.',
    },
    refusals: {
      type: 'array',
      items: object({
        account_id: text('Account.'),
        code: text('See docs/errors.md.'),
        message: text('Why.'),
      }),
      description: 'Accounts that cannot be billed.',
    },
  }),
  InvoiceJobPage: page('jobs', 'InvoiceJob', { order: 'The oldest first.', after: 'integer' }),
  CatalogVersion: object({
    version: { type: 'integer', minimum: 0, description: 'Every rated call names the one that priced it.' },
    name: text('Of the catalog.'),
    fingerprint: text('Of its content.'),
    published_at: {
      type: ['string', 'null'],
      description: 'ISO 8601, UTC; null = it was not published but read from files.',
    },
    published_by: text('Who published it.'),
    message: text('Why.'),
    effective_at: { type: ['string', 'null'], description: 'From when it prices; null = at once.' },
    rollback_of: { type: ['integer', 'null'], description: 'Version whose content it brought back.' },
  }),
  CatalogVersionPage: page('versions', 'CatalogVersion', { order: 'The oldest first.', after: 'integer' }),
};

const json = (name: string): Readonly<Record<string, JsonSchema>> => ({
  'application/json': { $ref: `#/components/schemas/${name}` },
});

const FORM: Readonly<Record<string, JsonSchema>> = {
  format: text('Of the document.', { enum: Object.keys(ISSUED_MEDIA), default: 'json' }),
  language: text('Of PDF and HTML, and of the texts of UBL; absent: the one of the account.', {
    enum: LANGUAGES,
  }),
};
const DOCUMENTS: Readonly<Record<string, JsonSchema>> = {
  'application/pdf': { type: 'string', format: 'binary' },
  'text/html': { type: 'string' },
  'application/xml': { type: 'string' },
};

export type OperationId =
  | 'listAccounts'
  | 'getUsage'
  | 'previewInvoice'
  | 'downloadCallDetails'
  | 'listInvoices'
  | 'getInvoice'
  | 'listCreditNotes'
  | 'getCreditNote'
  | 'openDispute'
  | 'recordPayment'
  | 'listInvoiceJobs'
  | 'startInvoiceJob'
  | 'listCatalogVersions'
  | 'getOpenApi';

export const API_ROUTES: Readonly<Record<OperationId, ApiRoute>> = {
  listAccounts: {
    path: '/v1/accounts',
    summary: 'Accounts, page by page',
    description: 'In order of id. A key of one account sees that one only.',
    scope: 'accounts:read',
    path_parameters: {},
    query: {
      after: text('Id after which the page begins: `next_after` of the page before.', {
        maxLength: ACCOUNT_ID_LENGTH_MAX,
      }),
      limit,
    },
    answer: json('AccountPage'),
    problems: [],
  },
  getUsage: {
    path: '/v1/accounts/{id}/usage/{month}',
    summary: "Sums of a month's calls",
    description: 'By call type and rate type, every call once, as it is rated now.',
    scope: 'usage:read',
    path_parameters: ACCOUNT_AND_MONTH,
    query: {},
    answer: json('Usage'),
    problems: [404],
  },
  previewInvoice: {
    path: '/v1/accounts/{id}/invoices/{month}',
    summary: 'The invoice of a month, as it would be issued',
    description: 'Recurring charges of the month, usage of the month before. 409 says why it cannot be made.',
    scope: 'invoices:read',
    path_parameters: ACCOUNT_AND_MONTH,
    query: {},
    answer: json('Invoice'),
    problems: [404, 409],
  },
  downloadCallDetails: {
    path: '/v1/accounts/{id}/cdrs/{month}',
    summary: "A month's billed calls as a file",
    description:
      'In a stable order; the costs add up to the usage of the invoice. Columns: docs/call-details.md.',
    scope: 'cdrs:read',
    path_parameters: ACCOUNT_AND_MONTH,
    query: {
      format: text('Of the file.', { enum: CDR_FORMATS, default: 'csv' }),
      detail: { type: 'boolean', default: false, description: 'Every pricing field, too.' },
      extension: text('Only calls of this extension.', { maxLength: 64 }),
      number: text(
        'Only calls with this number at either end: E.164 (`%2B12125550100`), or as the switch wrote it.',
        {
          maxLength: 64,
        },
      ),
      call_type: text('Only calls of this type.', { enum: CALL_TYPES }),
      day: text('Only calls that began on this day, UTC.', { format: 'date', examples: ['2020-01-31'] }),
    },
    answer: Object.fromEntries(
      Object.values(CDR_MEDIA).map((media) => [media.split(';')[0]!, { type: 'string', format: 'binary' }]),
    ),
    hasRanges: true,
    problems: [404, 409],
  },
  listInvoices: {
    path: '/v1/accounts/{id}/issued-invoices',
    summary: 'Issued invoices of an account with what is paid and open, page by page',
    description: 'In order of issue, void ones too.',
    scope: 'invoices:read',
    path_parameters: ACCOUNT,
    query: {
      month: { ...ACCOUNT_AND_MONTH['month']!, description: 'Only those of the month.' },
      after: AFTER_DOCUMENT,
      limit,
    },
    answer: json('IssuedInvoicePage'),
    problems: [404, 409],
  },
  getInvoice: {
    path: '/v1/accounts/{id}/issued-invoices/{number}',
    summary: 'An issued invoice',
    description:
      'As JSON byte for byte as it was issued; documents are made from it, and are the same each time.',
    scope: 'invoices:read',
    path_parameters: DOCUMENT,
    query: FORM,
    hasRanges: true,
    answer: { ...json('Invoice'), ...DOCUMENTS },
    problems: [404, 409],
  },
  listCreditNotes: {
    path: '/v1/accounts/{id}/credit-notes',
    summary: 'Credit notes of an account, page by page',
    description: 'In order of issue.',
    scope: 'invoices:read',
    path_parameters: ACCOUNT,
    query: { after: AFTER_DOCUMENT, limit },
    answer: json('CreditNotePage'),
    problems: [404, 409],
  },
  getCreditNote: {
    path: '/v1/accounts/{id}/credit-notes/{number}',
    summary: 'An issued credit note',
    description:
      'As JSON byte for byte as it was issued (schemas/invoice.schema.json); documents are made from it, and are the same each time.',
    scope: 'invoices:read',
    path_parameters: DOCUMENT,
    query: FORM,
    hasRanges: true,
    answer: { 'application/json': { type: 'object' }, ...DOCUMENTS },
    problems: [404, 409],
  },
  openDispute: {
    method: 'POST',
    path: '/v1/accounts/{id}/disputes',
    summary: 'Dispute a part of an invoice',
    description: 'Taken within the days after issue that the terms name; 409 later.',
    scope: 'disputes:write',
    path_parameters: ACCOUNT,
    query: {},
    body: object({
      invoice: NUMBER,
      amount: AMOUNT,
      reason: words('Why.', some),
      opened_by: words('Who disputes it.', some),
    }),
    status: 201,
    answer: json('Dispute'),
    problems: [404, 409, 413, 415],
  },
  recordPayment: {
    method: 'POST',
    path: '/v1/accounts/{id}/payments',
    summary: 'Record a payment of an invoice',
    description: 'No money moves here.',
    scope: 'payments:write',
    path_parameters: ACCOUNT,
    query: {},
    body: object({
      invoice: NUMBER,
      amount: AMOUNT,
      paid_on: DAY,
      method: words('How: card, transfer …', some),
      reference: words('Of whoever took it; may be empty.'),
    }),
    status: 201,
    answer: json('Payment'),
    problems: [404, 409, 413, 415],
  },
  listInvoiceJobs: {
    path: '/v1/invoice-jobs',
    summary: 'Invoice jobs, page by page',
    description: 'The oldest first. Keys of one account cannot ask it.',
    scope: 'jobs:read',
    path_parameters: {},
    query: {
      after: {
        type: 'integer',
        minimum: 0,
        maximum: 4_294_967_295,
        description: 'Job after which the page begins.',
      },
      limit,
    },
    answer: json('InvoiceJobPage'),
    problems: [409],
  },
  startInvoiceJob: {
    method: 'POST',
    path: '/v1/invoice-jobs',
    summary: 'Issue the invoices of a month for all accounts',
    description:
      'Answered at once, while the job works; the list says how it ended. Another job for the month goes on where one was broken off: no account has a second invoice.',
    scope: 'jobs:write',
    path_parameters: {},
    query: {},
    body: object({ month: ACCOUNT_AND_MONTH['month']! }),
    status: 202,
    answer: json('InvoiceJob'),
    problems: [409, 413, 415],
  },
  listCatalogVersions: {
    path: '/v1/catalog/versions',
    summary: 'Versions of the catalog, page by page',
    description: 'The oldest first. Keys of one account cannot ask it.',
    scope: 'catalog:read',
    path_parameters: {},
    query: {
      after: {
        type: 'integer',
        minimum: 0,
        maximum: 4_294_967_295,
        description: 'Version after which the page begins.',
      },
      limit,
    },
    answer: json('CatalogVersionPage'),
    problems: [],
  },
  getOpenApi: {
    path: '/openapi.json',
    summary: 'This document',
    description: 'OpenAPI 3.1.',
    scope: null,
    path_parameters: {},
    query: {},
    answer: { 'application/json': { type: 'object' } },
    problems: [],
  },
};

/** The first rows, and the last of them when more follow. */
export function pageOf<T>(rows: readonly T[], limit: number): { page: readonly T[]; next: T | null } {
  const page = rows.slice(0, limit);
  return { page, next: rows.length > limit ? page.at(-1)! : null };
}
