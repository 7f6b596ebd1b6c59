/** Over the real engine: every route of the document keeps to it, and a key of one account sees nothing of another. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '@tollstream/catalog';
import { openEmbeddedStore } from '@tollstream/usage-store';
import type { UsageStore } from '@tollstream/usage-store';
import { createBillingApi } from '../api.ts';
import { accountOn } from '../testing/samples.ts';
import { storeCalls } from '../testing/stored-calls.ts';
import type { ApiKey } from './keys.ts';
import { openApiDocument } from './openapi.ts';
import { API_ROUTES, API_SCOPES, CDR_MEDIA } from './routes.ts';
import type { ApiRoute, OperationId } from './routes.ts';

const MINE = 'acme';
const THEIRS = 'umbrella';
/** Stands in everything that is of the other account alone. */
const MARK = 'umbr';

const catalog = {
  version: 3,
  name: 'Test',
  fingerprint: 'f3',
  accounts: new Map([MINE, THEIRS].map((id) => [id, accountOn({ id, name: `${id} Ltd` })])),
  defaultPlan: null,
} as unknown as Catalog;

const key = (id: string, changes: Partial<ApiKey>): ApiKey => ({
  id,
  sha256: createHash('sha256').update(id).digest('hex'),
  scopes: API_SCOPES,
  account: null,
  ...changes,
});
const KEYS = [
  key('mine', { account: MINE, scopes: API_SCOPES.filter((scope) => scope !== 'catalog:read') }),
  key('all', {}),
  ...API_SCOPES.map((scope) => key(`only ${scope}`, { scopes: [scope] })),
];

let directory: string;
let store: UsageStore;
let api: FastifyInstance;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tollstream-api-'));
  store = await openEmbeddedStore({ dataDirectory: path.join(directory, 'engine') });
  await store.migrate();
  for (const account of [MINE, THEIRS]) {
    await storeCalls(store, 50, {
      token: account,
      account_id: `'${account}'`,
      call_id: `concat('${account}-', toString(n))`,
      extension: `'${account}-101'`,
      origin_text: `'${account}-phone'`,
      origin_number: '0',
    });
  }
  api = createBillingApi({ store, catalog: () => catalog, apiKey: '', keys: KEYS });
  await api.ready();
}, 120_000);

afterAll(async () => {
  await api.close();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const ask = (url: string, name: string, method: 'GET' | 'POST' | 'DELETE' = 'GET') =>
  api.inject({ url, method, headers: { authorization: `Bearer ${name}` } });
const urlOf = ({ path: pattern }: ApiRoute, id: string, query = ''): string =>
  pattern.replace('{id}', encodeURIComponent(id)).replace('{month}', '2020-01') + query;

const ajv = new Ajv2020({ strict: false });
const document = openApiDocument();
ajv.addSchema({ ...document, $id: 'openapi' });
const checked = (name: string, value: unknown): void => {
  const check = ajv.getSchema(`openapi#/components/schemas/${name}`)!;
  expect(check(value), JSON.stringify(check.errors)).toBe(true);
};

const routes = Object.entries(API_ROUTES) as [OperationId, ApiRoute][];
const limited = routes.filter(([, route]) => route.scope !== null);
const ofAccounts = routes.filter(([, { path: pattern }]) => pattern.includes('{id}'));

describe.each(routes)('%s', (_, route) => {
  it('answers what the document says', async () => {
    for (const id of [MINE, 'nobody']) {
      const response = await ask(urlOf(route, id), 'all');
      const [media] = String(response.headers['content-type']).split(';');
      if (response.statusCode === 200) {
        expect(Object.keys(route.answer)).toContain(media);
        const name = /\/(\w+)$/.exec(String(Object.values(route.answer)[0]!['$ref']))?.[1];
        if (name !== undefined) checked(name, response.json());
      } else {
        expect([id, response.statusCode, media]).toEqual(['nobody', 404, 'application/problem+json']);
        checked('Problem', response.json());
      }
    }
  });

  it('knows no other method', async () => {
    for (const method of ['POST', 'DELETE'] as const) {
      const response = await ask(urlOf(route, MINE), 'all', method);
      expect([response.statusCode, response.headers['allow']]).toEqual([405, 'GET, HEAD']);
      checked('Problem', response.json());
    }
  });
});

describe.each(limited)('%s', (_, route) => {
  it('needs a key with its scope', async () => {
    expect((await ask(urlOf(route, MINE), 'wrong')).statusCode).toBe(401);
    for (const scope of API_SCOPES) {
      const { statusCode } = await ask(urlOf(route, MINE), `only ${scope}`);
      expect([scope, statusCode]).toEqual([scope, scope === route.scope ? 200 : 403]);
    }
  });
});

describe('a key of one account', () => {
  it.each(ofAccounts)('sees another one as if it did not exist: %s', async (_, route) => {
    expect((await ask(urlOf(route, MINE), 'mine')).statusCode).toBe(200);
    for (const id of [THEIRS, `${THEIRS} `, THEIRS.toUpperCase(), `${MINE}/../${THEIRS}`, `${MINE}\0`]) {
      const theirs = await ask(urlOf(route, id), 'mine');
      const nobodys = await ask(urlOf(route, 'x'.repeat(id.length)), 'mine');
      expect([id, theirs.statusCode]).toEqual([id, 404]);
      const said = JSON.stringify(id);
      expect(theirs.json().detail.replace(said, '')).toBe(
        nobodys.json().detail.replace(JSON.stringify('x'.repeat(id.length)), ''),
      );
      expect({ ...theirs.json(), detail: '' }).toEqual({ ...nobodys.json(), detail: '' });
    }
  });

  it.each(limited)('never gets a byte of another by a query: %s', async (_, route) => {
    const values = [THEIRS, `${THEIRS}-101`, `${THEIRS}-phone`, `' OR account_id = '${THEIRS}`, '%00', '0'];
    const queries = [
      '',
      ...Object.keys(route.query).flatMap((name) => values.map((v) => `?${name}=${encodeURIComponent(v)}`)),
    ];
    for (const query of [...queries, `?id=${THEIRS}`, `?account=${THEIRS}`, `?format=jsonl&detail=true`]) {
      const { rawPayload, statusCode } = await ask(urlOf(route, MINE, query), 'mine');
      // What the caller wrote may come back in a problem; what it did not must not.
      if (statusCode === 200) expect([query, rawPayload.includes(MARK)]).toEqual([query, false]);
      else expect([query, rawPayload.includes(`${THEIRS} Ltd`)]).toEqual([query, false]);
    }
  });

  it('lists itself only', async () => {
    expect((await ask('/v1/accounts', 'mine')).json()).toMatchObject({
      accounts: [{ id: MINE }],
      next_after: null,
    });
    expect((await ask('/v1/accounts?limit=1', 'all')).json()).toMatchObject({ next_after: MINE });
  });
});

describe('call details', () => {
  it.each(['csv', 'jsonl', 'parquet', 'xlsx'] as const)('come as %s', async (format) => {
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith('tollstream-download-'));
    const response = await ask(`/v1/accounts/${MINE}/cdrs/2020-01?format=${format}&detail=true`, 'mine');
    expect([response.statusCode, response.headers['content-type']]).toEqual([200, CDR_MEDIA[format]]);
    if (format === 'parquet' || format === 'xlsx') {
      const sha256 = createHash('sha256').update(response.rawPayload).digest();
      expect(response.headers['repr-digest']).toBe(`sha-256=:${sha256.toString('base64')}:`);
      await expect
        .poll(async () => (await readdir(tmpdir())).filter((name) => name.startsWith('tollstream-download-')))
        .toEqual(before);
    } else expect(response.body.trimEnd().split('\n')).toHaveLength(format === 'csv' ? 51 : 50);
  });

  it('are filtered', async () => {
    const lines = async (query: string): Promise<number> =>
      (await ask(`/v1/accounts/${MINE}/cdrs/2020-01?${query}`, 'mine')).body.trimEnd().split('\n').length - 1;
    expect(await lines(`extension=${MINE}-101`)).toBe(50);
    expect(await lines('extension=102')).toBe(0);
    expect(await lines('number=%2B12125550199')).toBe(50);
    expect(await lines('call_type=international')).toBe(0);
    expect(await lines('day=2020-01-15')).toBe(50);
  });
});

it('shows the document without a key', async () => {
  const response = await api.inject('/openapi.json');
  expect(response.json()).toEqual(document);
});
