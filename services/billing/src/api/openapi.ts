/** The OpenAPI 3.1 document of the API, made from its routes. */
import invoiceSchema from '../../../../schemas/invoice.schema.json' with { type: 'json' };
import { API_ROUTES, API_SCHEMAS } from './routes.ts';
import type { ApiRoute, JsonSchema } from './routes.ts';

/** Problems that every route may answer with. */
const COMMON_PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The request is wrong.',
  401: 'There is no valid key.',
  405: 'The path knows other methods only.',
  500: 'The request could not be answered.',
  503: 'ClickHouse is away; try again later.',
};
const OTHER_PROBLEMS: Readonly<Record<number, string>> = {
  403: 'The key lacks the scope.',
  404: 'There is no such account, or the key is not for it.',
  409: 'Account, catalog or calls do not let it be made; the code says why.',
};

export function openApiDocument(): JsonSchema {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tollstream billing',
      version: '1',
      description:
        'Usage, invoices and call details of accounts. Everything is read-only; money and minutes are decimal text.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ key: [] }],
    paths: Object.fromEntries(
      Object.entries(API_ROUTES).map(([operationId, route]) => [
        route.path,
        { get: operationOf(operationId, route) },
      ]),
    ),
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'On loopback none is needed unless one is set.' },
      },
      schemas: { ...API_SCHEMAS, Invoice: invoiceComponent() },
    },
  };
}

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
  for (const status of route.problems) codes[status] = OTHER_PROBLEMS[status]!;
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return {
    operationId,
    summary: route.summary,
    description: route.description + (route.scope === null ? '' : ` Scope: \`${route.scope}\`.`),
    ...(route.scope === null ? { security: [] } : {}),
    parameters: [
      ...Object.entries(route.path_parameters).map(parameter('path')),
      ...Object.entries(route.query).map(parameter('query')),
    ],
    responses: {
      200: {
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
