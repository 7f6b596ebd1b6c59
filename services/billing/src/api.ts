/** The HTTP API: what stands in `api/routes.ts`, answered from the stores and the catalog. */
import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import type { BillingStore } from '@tollstream/billing-store';
import type { Account, Catalog, Language } from '@tollstream/catalog';
import type { CatalogVersion } from '@tollstream/catalog-versions';
import { CHARGE_SCALE } from '@tollstream/contracts';
import { formatScaled } from '@tollstream/money';
import { TollError } from '@tollstream/service-kit';
import type { UsageStore } from '@tollstream/usage-store';
import { namesThisMachine } from './access.ts';
import { InvoiceJobs, billingHandlers } from './api/billing-routes.ts';
import { sendCdrs } from './api/downloads.ts';
import { findKey, masterKey } from './api/keys.ts';
import type { ApiKey } from './api/keys.ts';
import { openApiDocument } from './api/openapi.ts';
import { sendFailure, sendProblem } from './api/problems.ts';
import type { RequestFailure } from './api/problems.ts';
import { API_ROUTES, API_SCOPES, IDEMPOTENCY_KEY_SCHEMA, pageOf } from './api/routes.ts';
import type { ApiRoute, IssuedFormat, OperationId } from './api/routes.ts';
import type { CdrFormat } from './cdr/columns.ts';
import type { CdrRequest } from './cdr/query.ts';
import { accountUnknown } from './errors.ts';
import { monthText, parseMonth } from './month.ts';
import { accountOf, previewInvoice } from './preview.ts';
import { minutesOf, readUsage } from './usage-summary.ts';
import type { UsageRow } from './usage-summary.ts';

export interface BillingApiOptions {
  readonly store: UsageStore;
  /** The version in use; asked for once a request, so that no answer is made from two. */
  readonly catalog: () => Catalog;
  /** All published versions, ascending; absent where the catalog is read from files. */
  readonly versions?: () => Promise<readonly CatalogVersion[]>;
  /** A key that may ask everything; '' = none. */
  readonly apiKey: string;
  /** Further keys. Without any key only requests that name this machine as host are answered. */
  readonly keys?: readonly ApiKey[];
  /** Absent: nothing that was issued is known, and nothing can be recorded. */
  readonly billing?: BillingStore | undefined;
  /** Ms since the epoch: on which day something is recorded. */
  readonly clock?: () => number;
  /** Called for failures that are not the caller's. */
  readonly onError?: (error: Error) => void;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. */
    apiKey: ApiKey | null;
  }
  interface FastifyContextConfig {
    /** Null: a path of the API with a method that it does not know. */
    operation?: OperationId | null;
  }
}

/** What Node takes as the head of a request. */
const PARAMETER_BYTES_MAX = 16_384;

/** On a machine without keys. */
const ANYONE: ApiKey = { id: '', sha256: '', scopes: API_SCOPES, account: null };

type Parameters = Readonly<Record<string, never>> & {
  readonly id: string;
  readonly month: string;
  readonly number: string;
};
interface Query {
  /** As the route's schema says: an id, a number or a version. */
  readonly after?: string | number;
  readonly limit: number;
  readonly month?: string;
  readonly format: CdrFormat | IssuedFormat;
  readonly language?: Language;
  readonly detail: boolean;
  readonly extension?: string;
  readonly number?: string;
  readonly call_type?: string;
  readonly day?: string;
}
export type Asked = FastifyRequest<{ Params: Parameters; Querystring: Query }>;
export type Handler = (request: Asked, reply: FastifyReply) => unknown;

/** The API, not yet listening. */
export function createBillingApi(options: BillingApiOptions): FastifyInstance {
  const { apiKey, onError } = options;
  const keys = [...(apiKey === '' ? [] : [masterKey(apiKey)]), ...(options.keys ?? [])];
  const api = Fastify({
    // No limit of its own: the schemas say what is too long, and Node how long a request's head may be.
    routerOptions: { maxParamLength: PARAMETER_BYTES_MAX },
    // A misspelled filter is refused: left out, it would give more than was asked for.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true } },
    // Paths that cannot even be routed: broken escapes, endless names.
    frameworkErrors: (error, request, reply) =>
      void sendFailure(request as FastifyRequest, reply as FastifyReply, error, onError),
  });
  api.decorateRequest('apiKey', null);
  api.addHook('onRequest', async (request, reply) => {
    const { operation } = request.routeOptions.config;
    // What API_ROUTES does not have is served to nobody: it says neither whose data it gives nor who may have them.
    if (operation === undefined && !request.is404) return sendRouteUnknown(reply);
    const scope = operation === undefined || operation === null ? null : API_ROUTES[operation].scope;
    request.apiKey =
      keys.length > 0
        ? findKey(request.headers.authorization, keys)
        : namesThisMachine(request.headers.host)
          ? ANYONE
          : null;
    if (request.apiKey === null && !(keys.length > 0 && operation === 'getOpenApi')) {
      reply.header('www-authenticate', 'Bearer');
      return sendProblem(reply, {
        status: 401,
        code: 'TOLL_BILLING_KEY_WRONG',
        message: 'The request has no valid key.',
        remedy: 'Send it as Authorization: Bearer KEY.',
      });
    }
    if (scope !== null && !request.apiKey!.scopes.includes(scope)) {
      return sendProblem(reply, {
        status: 403,
        code: 'TOLL_BILLING_SCOPE_MISSING',
        message: `The key does not have the scope ${scope}.`,
        remedy: 'Use a key that has it.',
      });
    }
    return undefined;
  });
  // Whatever a route does with its account: a key of another one gets the answer for an account that does not exist.
  api.addHook('preHandler', async (request) => {
    const { id } = request.params as { id?: string };
    const { account } = request.apiKey ?? ANYONE;
    if (id !== undefined && account !== null && id !== account) throw accountUnknown(id);
  });
  api.setNotFoundHandler((_request, reply) => sendRouteUnknown(reply));
  api.setErrorHandler((error: RequestFailure, request, reply) => sendFailure(request, reply, error, onError));

  const jobs = new InvoiceJobs(options);
  api.addHook('onClose', () => jobs.close());
  const handlers = { ...handlersOf(options), ...billingHandlers(options, jobs) };
  const routes = Object.entries(API_ROUTES) as [OperationId, ApiRoute][];
  for (const [operation, route] of routes) {
    api.route<{ Params: Parameters; Querystring: Query }>({
      method: route.method ?? 'GET',
      url: urlOf(route),
      config: { operation },
      schema: schemaOf(route),
      // What is sent as JSON is taken as it is: a number is no text.
      ...(route.body === undefined ? {} : { preValidation: async ({ body }) => assertTexts(body) }),
      handler: async (request, reply) => handlers[operation](request, reply),
    });
  }
  for (const [url, ofPath] of Map.groupBy(routes, ([, route]) => urlOf(route))) {
    const known = ofPath.flatMap(([, { method = 'GET' }]) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    // Before a body is looked at: no body would be right.
    api.route({
      method: api.supportedMethods.filter((method) => !known.includes(method)),
      url,
      config: { operation: null },
      onRequest: async (_request, reply) =>
        sendProblem(reply.header('allow', known.join(', ')), {
          status: 405,
          code: 'TOLL_BILLING_METHOD_UNKNOWN',
          message: `The path knows ${known.join(' and ')} only.`,
          remedy: '/openapi.json names the methods of each path.',
        }),
      handler: () => undefined,
    });
  }
  return api;
}

function sendRouteUnknown(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, {
    status: 404,
    code: 'TOLL_BILLING_ROUTE_UNKNOWN',
    message: 'There is nothing under this path.',
    remedy: '/openapi.json names the paths.',
  });
}

function urlOf({ path }: ApiRoute): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function schemaOf(route: ApiRoute): FastifySchema {
  return {
    params: { type: 'object', properties: route.path_parameters },
    querystring: { type: 'object', properties: route.query, additionalProperties: false },
    ...(route.body === undefined
      ? {}
      : {
          body: route.body,
          headers: {
            type: 'object',
            properties: { 'idempotency-key': IDEMPOTENCY_KEY_SCHEMA },
            required: ['idempotency-key'],
          },
        }),
  };
}

/** All that can be sent is text; what is coerced to it would be something else than was meant. */
function assertTexts(body: unknown): void {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw requestInvalid('an object');
  for (const [name, value] of Object.entries(body))
    if (typeof value !== 'string') throw requestInvalid(`a text as ${JSON.stringify(name.slice(0, 80))}`);
}

function requestInvalid(needed: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_REQUEST_INVALID',
    message: `The request needs ${needed}.`,
    remedy: 'Correct the request: /openapi.json says what is taken.',
  });
}

type ReadingOperation = Extract<
  OperationId,
  | 'listAccounts'
  | 'getUsage'
  | 'previewInvoice'
  | 'downloadCallDetails'
  | 'listCatalogVersions'
  | 'getOpenApi'
>;

function handlersOf({
  store,
  catalog,
  versions,
  billing,
}: BillingApiOptions): Readonly<Record<ReadingOperation, Handler>> {
  const document = JSON.stringify(openApiDocument());
  return {
    listAccounts({ query: { after = '', limit }, apiKey }) {
      const { accounts } = catalog();
      const only = apiKey?.account ?? null;
      const seen = only === null ? [...accounts.keys()] : [only].filter((id) => accounts.has(id));
      const { page, next } = pageOf(seen.filter((id) => id > String(after)).sort(), limit);
      return { accounts: page.map((id) => describeAccount(accounts.get(id)!)), next_after: next };
    },

    async getUsage({ params }) {
      const month = parseMonth(params.month);
      const account = accountOf(catalog(), params.id);
      const rows = await readUsage(store, params.id, month);
      if (account.isDefault && rows.length === 0) throw accountUnknown(params.id);
      return { account_id: account.id, month: monthText(month), rows: rows.map(describeUsage) };
    },

    previewInvoice: async ({ params }) => previewInvoice(store, catalog(), params.id, params.month, billing),

    async downloadCallDetails(asked, reply) {
      const { params, query } = asked;
      accountOf(catalog(), params.id);
      const { format, detail, extension, number, call_type: callType, day } = query;
      const request: CdrRequest = {
        accountId: params.id,
        month: params.month,
        format: format as CdrFormat,
        hasDetail: detail,
        filters: Object.fromEntries(
          Object.entries({ extension, number, callType, day }).filter(([, value]) => value !== undefined),
        ),
      };
      return sendCdrs(store, request, { asked, reply });
    },

    async listCatalogVersions({ query: { after = -1, limit } }) {
      const all = versions === undefined ? [fromFiles(catalog())] : (await versions()).map(describeVersion);
      const { page, next } = pageOf(
        all.map(({ version }) => version).filter((version) => version > Number(after)),
        limit,
      );
      return { versions: all.filter(({ version }) => page.includes(version)), next_after: next };
    },

    getOpenApi: (_request, reply) =>
      reply.header('content-type', 'application/json; charset=utf-8').send(document),
  };
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

interface DescribedVersion {
  readonly version: number;
  readonly name: string;
  readonly fingerprint: string;
  readonly published_at: string | null;
  readonly published_by: string;
  readonly message: string;
  readonly effective_at: string | null;
  readonly rollback_of: number | null;
}

function describeVersion(version: CatalogVersion): DescribedVersion {
  return {
    version: version.version,
    name: version.name,
    fingerprint: version.fingerprint,
    published_at: version.publishedAt,
    published_by: version.publishedBy,
    message: version.message,
    effective_at: version.effectiveAt,
    rollback_of: version.rollbackOf,
  };
}

function fromFiles({ version, name, fingerprint }: Catalog): DescribedVersion {
  return {
    version,
    name,
    fingerprint,
    published_at: null,
    published_by: '',
    message: '',
    effective_at: null,
    rollback_of: null,
  };
}
