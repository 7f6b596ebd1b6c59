/** What the API answers: paths, what each takes and gives. The server and the OpenAPI document are both made from it. */
import { CALL_TYPES, RATE_TYPES } from '@tollstream/contracts';
import { CDR_FORMATS } from '../cdr/columns.ts';
import type { CdrFormat } from '../cdr/columns.ts';

export const API_SCOPES = [
  'accounts:read',
  'usage:read',
  'invoices:read',
  'cdrs:read',
  'catalog:read',
] as const;
export type ApiScope = (typeof API_SCOPES)[number];

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface ApiRoute {
  /** `{name}` stands for a parameter. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  /** Null: nothing that a key is needed for. */
  readonly scope: ApiScope | null;
  readonly path_parameters: Readonly<Record<string, JsonSchema>>;
  readonly query: Readonly<Record<string, JsonSchema>>;
  /** Media type → schema of its content. */
  readonly answer: Readonly<Record<string, JsonSchema>>;
  /** Statuses of problems besides those of every route. */
  readonly problems: readonly number[];
}

const PAGE_ROWS = 100;
const PAGE_ROWS_MAX = 1_000;
const ACCOUNT_ID_LENGTH_MAX = 512;

export const CDR_MEDIA: Readonly<Record<CdrFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/x-ndjson; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

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
  AccountPage: object({
    accounts: {
      type: 'array',
      items: { $ref: '#/components/schemas/Account' },
      description: 'In order of id.',
    },
    next_after: {
      type: ['string', 'null'],
      description: '`after` of the next page; null = this is the last.',
    },
  }),
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
  CatalogVersionPage: object({
    versions: {
      type: 'array',
      items: { $ref: '#/components/schemas/CatalogVersion' },
      description: 'The oldest first.',
    },
    next_after: {
      type: ['integer', 'null'],
      description: '`after` of the next page; null = this is the last.',
    },
  }),
};

const json = (name: string): Readonly<Record<string, JsonSchema>> => ({
  'application/json': { $ref: `#/components/schemas/${name}` },
});

export type OperationId =
  | 'listAccounts'
  | 'getUsage'
  | 'previewInvoice'
  | 'downloadCallDetails'
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
    problems: [404, 409],
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
