/** The OpenAPI 3.1 document of the API, made from its routes. */
import invoiceSchema from '../../../../schemas/invoice.schema.json' with { type: 'json' };
import { API_ROUTES, API_SCHEMAS, IDEMPOTENCY_KEY_SCHEMA } from './routes.ts';
import type { ApiRoute, JsonSchema } from './routes.ts';

/** Problems that every route may answer with. */
const COMMON_PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The request is wrong.',
  401: 'There is no valid key.',
  405: 'The path knows other methods only.',
  500: 'The request could not be answered.',
  503: 'ClickHouse or the billing store is away; try again later.',
};
const OTHER_PROBLEMS: Readonly<Record<number, string>> = {
  403: 'The key lacks the scope.',
  404: 'There is no such account or document, or the key is not for it.',
  409: 'What is there does not let it be done; the code says why.',
  413: 'The request is too large.',
  415: 'The request is not JSON.',
};

export function openApiDocument(): JsonSchema {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tollstream billing',
      version: '1',
      description:
        'Usage, invoices and call details of accounts, and what is recorded with them. Money and minutes are decimal text. What changes something asks for an Idempotency-Key: the same request with the same key is done once, however often it is sent.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ key: [] }],
    paths: pathsOf(),
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'On loopback none is needed unless one is set.' },
      },
      schemas: { ...API_SCHEMAS, Invoice: invoiceComponent() },
    },
  };
}

function pathsOf(): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const [operationId, route] of Object.entries(API_ROUTES)) {
    paths[route.path] = {
      ...paths[route.path],
      [(route.method ?? 'GET').toLowerCase()]: operationOf(operationId, route),
    };
  }
  return paths;
}

/** Any text: what is no range of bytes is passed over, and the whole is answered (RFC 9110). */
const RANGE_PARAMETERS: readonly JsonSchema[] = [
  {
    name: 'Range',
    in: 'header',
    required: false,
    description: 'One range of bytes, such as what is missing of a download that was broken off.',
    schema: { type: 'string' },
    example: 'bytes=0-99',
  },
  {
    name: 'If-Range',
    in: 'header',
    required: false,
    description:
      '`ETag` of the part that is there: where the content is another one by now, all of it is answered.',
    schema: { type: 'string' },
  },
];
const IDEMPOTENCY_KEY: JsonSchema = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  description: 'Chosen by the caller, a new one for each new request.',
  schema: IDEMPOTENCY_KEY_SCHEMA,
};
function operationOf(operationId: string, route: ApiRoute): JsonSchema {
  const parameter =
    (where: 'path' | 'query') =>
    ([name, { description, ...schema }]: [string, JsonSchema]) => ({
      name,
      in: where,
      required: where === 'path',
      description,
      schema,
    });
  const codes: Record<number, string> = {
    ...COMMON_PROBLEMS,
    ...(route.scope === null ? {} : { 403: OTHER_PROBLEMS[403]! }),
  };
  if (route.hasRanges === true) codes[416] = 'There is nothing within the range.';
  for (const status of route.problems) codes[status] = OTHER_PROBLEMS[status]!;
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return {
    operationId,
    summary: route.summary,
    description: [route.description, ...(route.scope === null ? [] : [`Scope: \`${route.scope}\`.`])].join(
      ' ',
    ),
    ...(route.scope === null ? { security: [] } : {}),
    parameters: [
      ...Object.entries(route.path_parameters).map(parameter('path')),
      ...Object.entries(route.query).map(parameter('query')),
      ...(route.hasRanges === true ? RANGE_PARAMETERS : []),
      ...(route.body === undefined ? [] : [IDEMPOTENCY_KEY]),
    ],
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: route.body } } } }),
    responses: {
      ...(route.hasRanges === true
        ? {
            206: {
              description: 'The bytes of the range.',
              content: Object.fromEntries(Object.keys(route.answer).map((media) => [media, { schema: {} }])),
            },
          }
        : {}),
      [route.status ?? 200]: {
        description: route.summary,
        content: Object.fromEntries(
          Object.entries(route.answer).map(([media, schema]) => [media, { schema }]),
        ),
      },
      ...Object.fromEntries(
        Object.entries(codes).map(([status, description]) => [status, { description, content: problem }]),
      ),
    },
  };
}

/** As a part of this document its own references lead through it. */
function invoiceComponent(): JsonSchema {
  const { $schema: _schema, $id: _id, ...schema } = invoiceSchema;
  return JSON.parse(
    JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/Invoice/$defs/'),
  ) as JsonSchema;
}
