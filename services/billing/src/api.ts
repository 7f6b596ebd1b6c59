/** The HTTP API of invoice jobs: accounts, monthly usage, invoice previews, call details. Errors are problem+json (RFC 9457). */
import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Account, Catalog } from '@tollstream/catalog';
import { CHARGE_SCALE } from '@tollstream/contracts';
import { formatScaled } from '@tollstream/money';
import { isTollError } from '@tollstream/service-kit';
import type { UsageStore } from '@tollstream/usage-store';
import { hasKey, namesThisMachine } from './access.ts';
import { isTextFormat, streamCdrs } from './cdr/download.ts';
import { CDR_FORMATS } from './cdr/columns.ts';
import { accountUnknown } from './errors.ts';
import { monthText, parseMonth } from './month.ts';
import { accountOf, previewInvoice } from './preview.ts';
import { minutesOf, readUsage } from './usage-summary.ts';
import type { UsageRow } from './usage-summary.ts';

export interface BillingApiOptions {
  readonly store: UsageStore;
  /** The version in use; asked for once a request, so that no answer is made from two. */
  readonly catalog: () => Catalog;
  /** '' = none: then only requests that name this machine as host are answered. */
  readonly apiKey: string;
  /** Called for failures that are not the caller's. */
  readonly onError?: (error: Error) => void;
}

const ACCOUNTS_PAGE_MAX = 1_000;
const ACCOUNTS_PAGE = 100;
const ACCOUNT_ID_BYTES_MAX = 512;
const RETRY_AFTER_SECONDS = 5;

const CONTENT_TYPE: Readonly<Record<'csv' | 'jsonl', string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/x-ndjson; charset=utf-8',
};

/** The request is right, and account or catalog do not let the invoice be made. */
const CANNOT_BE_MADE: ReadonlySet<string> = new Set([
  'TOLL_BILLING_ACCOUNT_MOVED',
  'TOLL_BILLING_CURRENCY_MIXED',
  'TOLL_BILLING_FACTOR_MISSING',
  'TOLL_BILLING_FEE_RATE_MISSING',
  'TOLL_BILLING_PLAN_UNKNOWN',
  'TOLL_BILLING_TAX_JURISDICTION_UNKNOWN',
  'TOLL_BILLING_TAX_RATE_MISSING',
  'TOLL_BILLING_TOTAL_NEGATIVE',
]);

type RequestFailure = Error & { readonly statusCode?: number | undefined };

interface MonthOfAccount {
  readonly Params: { readonly id: string; readonly month: string };
}

/** The API, not yet listening. */
export function createBillingApi({ store, catalog, apiKey, onError }: BillingApiOptions): FastifyInstance {
  const api = Fastify({
    routerOptions: { maxParamLength: ACCOUNT_ID_BYTES_MAX },
    // Paths that cannot even be routed: broken escapes, endless names.
    frameworkErrors: (error, _request, reply) => void failure(reply as FastifyReply, error, onError),
  });
  api.addHook('onRequest', async (request, reply) => {
    if (
      apiKey !== '' ? hasKey(request.headers.authorization, apiKey) : namesThisMachine(request.headers.host)
    )
      return;
    reply.header('www-authenticate', 'Bearer');
    return problem(reply, {
      status: 401,
      code: 'TOLL_BILLING_KEY_WRONG',
      message: 'The request has no valid key.',
      remedy: 'Send it as Authorization: Bearer KEY.',
    });
  });
  api.setNotFoundHandler((_request, reply) =>
    problem(reply, {
      status: 404,
      code: 'TOLL_BILLING_ROUTE_UNKNOWN',
      message: 'There is nothing under this path.',
      remedy: 'See the README of the billing service for the paths.',
    }),
  );
  api.setErrorHandler((error: RequestFailure, _request, reply) => failure(reply, error, onError));

  api.get<{ Querystring: { after?: string; limit?: string } }>('/v1/accounts', (request) => {
    const { after = '', limit } = request.query;
    const size = Math.min(Math.max(Number.parseInt(limit ?? '', 10) || ACCOUNTS_PAGE, 1), ACCOUNTS_PAGE_MAX);
    const { accounts } = catalog();
    const ids = [...accounts.keys()].filter((id) => id > after).sort();
    const page = ids.slice(0, size);
    return {
      accounts: page.map((id) => describeAccount(accounts.get(id)!)),
      next_after: ids.length > size ? page.at(-1) : null,
    };
  });

  api.get<MonthOfAccount>('/v1/accounts/:id/invoices/:month', async ({ params }) =>
    previewInvoice(store, catalog(), params.id, params.month),
  );

  api.get<MonthOfAccount>('/v1/accounts/:id/usage/:month', async ({ params }) => {
    const month = parseMonth(params.month);
    const account = accountOf(catalog(), params.id);
    const rows = await readUsage(store, params.id, month);
    if (account.isDefault && rows.length === 0) throw accountUnknown(params.id);
    return { account_id: account.id, month: monthText(month), rows: rows.map(describeUsage) };
  });

  api.get<MonthOfAccount & { Querystring: { format?: string } }>(
    '/v1/accounts/:id/cdrs/:month',
    async ({ params, query }, reply) => {
      const format = CDR_FORMATS.filter(isTextFormat).find(
        (candidate) => candidate === (query.format ?? 'csv'),
      );
      if (format === undefined) {
        return problem(reply, {
          status: 400,
          code: 'TOLL_BILLING_FORMAT_UNKNOWN',
          message: 'The format is not known.',
          remedy: `Use one of ${CDR_FORMATS.filter(isTextFormat).join(', ')}.`,
        });
      }
      const account = accountOf(catalog(), params.id);
      const stream = await streamCdrs(store, { accountId: params.id, month: params.month, format });
      const name = `${account.id.replace(/[^\w.-]/g, '_')}-${params.month}.${format}`;
      return reply
        .header('content-type', CONTENT_TYPE[format])
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(stream);
    },
  );
  return api;
}

function describeAccount(account: Account): Record<string, string> {
  return {
    id: account.id,
    name: account.name,
    plan: account.plan.id,
    currency: account.currency,
    time_zone: account.timeZone,
    status: account.status,
  };
}

function describeUsage(row: UsageRow): Record<string, string | number> {
  return {
    call_type: row.callType,
    rate_type: row.rateType,
    currency: row.currency,
    calls: row.calls,
    billable_minutes: minutesOf(row.billableSeconds),
    included_minutes: minutesOf(row.includedSeconds),
    charged_minutes: minutesOf(row.chargedSeconds),
    charge: formatScaled(row.charge, CHARGE_SCALE),
  };
}

function statusOf(error: RequestFailure): number {
  if (isTollError(error)) {
    if (error.code === 'TOLL_BILLING_ACCOUNT_UNKNOWN') return 404;
    if (CANNOT_BE_MADE.has(error.code)) return 409;
    if (error.code.startsWith('TOLL_BILLING_')) return 400;
    return 'transient' in error && error.transient === true ? 503 : 500;
  }
  return error.statusCode !== undefined && error.statusCode < 500 ? error.statusCode : 500;
}

function failure(
  reply: FastifyReply,
  error: RequestFailure,
  onError: BillingApiOptions['onError'],
): FastifyReply {
  const status = statusOf(error);
  if (status < 500) {
    return problem(reply, {
      status,
      code: isTollError(error) ? error.code : 'TOLL_BILLING_REQUEST_INVALID',
      message: error.message,
      remedy: isTollError(error) ? error.remedy : 'Correct the request.',
    });
  }
  onError?.(error);
  if (status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
  // What is not the caller's to mend is told to the operator only: it may name places inside.
  return problem(reply, {
    status,
    code: isTollError(error) ? error.code : 'TOLL_BILLING_FAILED',
    message: 'The request could not be answered.',
    remedy: 'Try again later.',
  });
}

function problem(
  reply: FastifyReply,
  { status, code, message, remedy }: { status: number; code: string; message: string; remedy: string },
): FastifyReply {
  return reply
    .code(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ type: 'about:blank', title: code, status, detail: message, code, remedy });
}
