/** Over the real engine: every route of the document keeps to it, and a key of one account sees nothing of another. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedBillingStore } from '@tollstream/billing-store';
import type { BillingStore } from '@tollstream/billing-store';
import type { Catalog } from '@tollstream/catalog';
import { openEmbeddedStore } from '@tollstream/usage-store';
import type { UsageStore } from '@tollstream/usage-store';
import { createBillingApi } from '../api.ts';
import { creditNoteDocument } from '../issue/credit-note.ts';
import { issuedInvoice } from '../testing/documents.ts';
import { accountOn } from '../testing/samples.ts';
import { storeCalls } from '../testing/stored-calls.ts';
import type { ApiKey } from './keys.ts';
import { openApiDocument } from './openapi.ts';
import { API_ROUTES, API_SCOPES, CDR_MEDIA, SCOPES_OF_ALL } from './routes.ts';
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
  key('mine', { account: MINE, scopes: API_SCOPES.filter((scope) => !SCOPES_OF_ALL.includes(scope)) }),
  key('all', {}),
  ...API_SCOPES.map((scope) => key(`only ${scope}`, { scopes: [scope] })),
];

let directory: string;
let store: UsageStore;
let api: FastifyInstance;
let billing: BillingStore;
/** Of each account an invoice, and a credit note on it. */
const numbers = new Map<string, { invoice: string; note: string }>();

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tollstream-api-'));
  // Of its own: what lies there is counted, and other tests make downloads as well.
  process.env['TMPDIR'] = directory;
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
  billing = await openEmbeddedBillingStore();
  await billing.migrate();
  for (const account of [MINE, THEIRS]) await issueFor(account);
  api = createBillingApi({
    store,
    billing,
    catalog: () => catalog,
    apiKey: '',
    keys: KEYS,
    clock: () => Date.UTC(2020, 1, 10),
  });
  await api.ready();
}, 120_000);

afterAll(async () => {
  await api.close();
  await billing.close();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function issueFor(account: string): Promise<void> {
  const issued = issuedInvoice('en');
  const invoice = { ...issued, account: { ...issued.account, id: account, name: `${account} Ltd` } };
  const [issuedNow] = await billing.issueInvoices(
    [
      {
        accountId: account,
        month: '2020-02',
        issueDate: invoice.issue_date,
        dueDate: invoice.due_date,
        currency: 'USD',
        total: invoice.totals.total,
        catalogVersion: 3,
        lines: [],
        eventIds: [],
        numberPrefix: 'INV-',
        document: (of) => JSON.stringify({ ...invoice, number: of }),
      },
    ],
    'test',
  );
  const { number } = issuedNow!;
  const note = await billing.issueCreditNote(
    {
      invoiceNumber: number,
      kind: 'correction',
      reason: `because of ${account}`,
      issueDate: '2020-02-09',
      amount: '1.00',
      requestKey: account,
      numberPrefix: 'CN-',
      document: (of) =>
        creditNoteDocument(
          { kind: 'correction', reason: `because of ${account}`, issueDate: '2020-02-09' },
          of,
        ),
    },
    'test',
  );
  numbers.set(account, { invoice: number, note: note.number });
}

let requests = 0;
interface Sent {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  readonly idempotencyKey?: string;
  readonly range?: string;
}
const ask = (url: string, name: string, { method = 'GET', body, idempotencyKey, range }: Sent = {}) => {
  requests += 1;
  return api.inject({
    url,
    method,
    headers: {
      authorization: `Bearer ${name}`,
      ...(body === undefined ? {} : { 'idempotency-key': idempotencyKey ?? `request-${requests}` }),
      ...(range === undefined ? {} : { range }),
    },
    ...(body === undefined ? {} : { payload: body }),
  });
};
/** @param of whose documents are named */
const urlOf = ({ path: pattern }: ApiRoute, id: string, query = '', of = id): string => {
  const { invoice = 'INV-9', note = 'CN-9' } = numbers.get(of) ?? {};
  return (
    pattern
      .replace('{id}', encodeURIComponent(id))
      .replace('{month}', '2020-01')
      .replace('{number}', pattern.includes('credit-notes') ? note : invoice) + query
  );
};
const bodyOf = ({ body }: ApiRoute, of: string): Record<string, string> | undefined =>
  body === undefined
    ? undefined
    : Object.fromEntries(Object.keys(body['properties'] as object).map((name) => [name, valueOf(name, of)]));
const valueOf = (name: string, of: string): string => {
  const values: Record<string, string> = {
    invoice: numbers.get(of)?.invoice ?? 'INV-9',
    amount: '0.01',
    paid_on: '2020-02-10',
    month: '2020-01',
  };
  return values[name] ?? 'x';
};
/** As a caller who knows the account sends it. */
const send = (route: ApiRoute, id: string, name: string, { query = '', of = id } = {}) =>
  ask(urlOf(route, id, query, of), name, { method: route.method ?? 'GET', body: bodyOf(route, of) });

const ajv = new Ajv2020({ strict: false, validateFormats: false });
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
      const response = await send(route, id, 'all');
      const [media] = String(response.headers['content-type']).split(';');
      if (response.statusCode === (route.status ?? 200)) {
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
    const known = routes
      .filter(([, { path: of }]) => of === route.path)
      .map(([, each]) => each.method ?? 'GET');
    const allowed = known.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    for (const method of ['GET', 'POST', 'DELETE'] as const) {
      if (known.includes(method as 'POST')) continue;
      const response = await ask(urlOf(route, MINE), 'all', { method });
      expect([response.statusCode, response.headers['allow']]).toEqual([405, allowed.join(', ')]);
      checked('Problem', response.json());
    }
  });
});

it.each(ofAccounts)('knows no account with a NUL in its name: %s', async (_, route) => {
  const response = await send(route, `${MINE}\0`, 'all', { of: MINE });
  expect([response.statusCode, response.json().code]).toEqual([404, 'TOLL_BILLING_ACCOUNT_UNKNOWN']);
});

it.each(['issued-invoices?month=', 'invoices/2020-13', 'usage/x'])(
  'says which month is none: %s',
  async (rest) => {
    const response = await ask(`/v1/accounts/${MINE}/${rest}`, 'all');
    expect(response.json()).toMatchObject({ status: 400, code: 'TOLL_BILLING_MONTH_INVALID' });
  },
);

describe.each(limited)('%s', (_, route) => {
  it('needs a key with its scope', async () => {
    expect((await send(route, MINE, 'wrong')).statusCode).toBe(401);
    for (const scope of API_SCOPES) {
      const { statusCode } = await send(route, MINE, `only ${scope}`);
      expect([scope, statusCode]).toEqual([scope, scope === route.scope ? (route.status ?? 200) : 403]);
    }
  });
});

/** The paths that a server answers under, as it says itself. */
function pathsOf(server: FastifyInstance): string[] {
  const above: string[] = [];
  return server
    .printRoutes({ commonPrefix: false })
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, branch, rest] = /^((?:│ {3}| {4})*[├└]── )(\S+) \(/.exec(line)!;
      above.length = branch!.length / 4 - 1;
      above.push(rest!);
      return above.join('');
    })
    .sort();
}

describe('a route that the list of routes does not have', () => {
  it('is none of the server: what the tests of one account see is all that there is', () => {
    const listed = routes.map(([, { path: of }]) => of.replaceAll(/\{(\w+)\}/g, ':$1'));
    expect(pathsOf(api)).toEqual([...new Set(listed)].sort());
  });

  it('would be served to nobody', async () => {
    const leaking = createBillingApi({ store, billing, catalog: () => catalog, apiKey: '', keys: KEYS });
    leaking.get('/v1/everything/:account', () => ({ secret: MARK }));
    await leaking.ready();
    expect(pathsOf(leaking)).toContain('/v1/everything/:account');
    for (const name of ['mine', 'all', 'wrong']) {
      const headers = { authorization: `Bearer ${name}` };
      const response = await leaking.inject({ url: `/v1/everything/${THEIRS}`, headers });
      expect([name, response.statusCode, response.body.includes('secret')]).toEqual([name, 404, false]);
      checked('Problem', response.json());
    }
    await leaking.close();
  });
});

describe('a key of one account', () => {
  it.each(ofAccounts)('sees another one as if it did not exist: %s', async (_, route) => {
    expect((await send(route, MINE, 'mine')).statusCode).toBe(route.status ?? 200);
    for (const id of [THEIRS, `${THEIRS} `, THEIRS.toUpperCase(), `${MINE}/../${THEIRS}`, `${MINE}\0`]) {
      const theirs = await send(route, id, 'mine', { of: THEIRS });
      const nobodys = await send(route, 'x'.repeat(id.length), 'mine');
      expect([id, theirs.statusCode]).toEqual([id, 404]);
      const said = JSON.stringify(id);
      expect(theirs.json().detail.replace(said, '')).toBe(
        nobodys.json().detail.replace(JSON.stringify('x'.repeat(id.length)), ''),
      );
      expect({ ...theirs.json(), detail: '' }).toEqual({ ...nobodys.json(), detail: '' });
    }
  });

  it.each(ofAccounts.filter(([, { path: of, body }]) => of.includes('{number}') || body !== undefined))(
    'does not reach a document of another under its own name: %s',
    async (_, route) => {
      for (const name of ['mine', 'all']) {
        const theirs = await send(route, MINE, name, { of: THEIRS });
        const nobodys = await send(route, MINE, name, { of: 'nobody' });
        expect([theirs.statusCode, theirs.json().code]).toEqual([404, 'TOLL_INVOICE_UNKNOWN']);
        const { invoice, note } = numbers.get(THEIRS)!;
        const detail = theirs.json().detail.replace(invoice, 'INV-9').replace(note, 'CN-9');
        expect({ ...theirs.json(), detail }).toEqual(nobodys.json());
      }
      expect(await billing.disputes({ accountId: THEIRS })).toEqual([]);
      expect(await billing.payments(numbers.get(THEIRS)!.invoice)).toEqual([]);
    },
  );

  it.each(limited)('never gets a byte of another by a query: %s', async (_, route) => {
    const values = [THEIRS, `${THEIRS}-101`, `${THEIRS}-phone`, `' OR account_id = '${THEIRS}`, '%00', '0'];
    const queries = [
      '',
      ...Object.keys(route.query).flatMap((name) => values.map((v) => `?${name}=${encodeURIComponent(v)}`)),
    ];
    for (const query of [...queries, `?id=${THEIRS}`, `?account=${THEIRS}`, `?format=jsonl&detail=true`]) {
      const { rawPayload, statusCode } = await send(route, MINE, 'mine', { query });
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
        .poll(
          async () => (await readdir(tmpdir())).filter((name) => name.startsWith('tollstream-download-')),
          { timeout: 60_000 },
        )
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

describe('issued documents', () => {
  const own = (rest = '') => `/v1/accounts/${MINE}/issued-invoices${rest}`;

  it('are listed with what is open, and come byte for byte, in each format', async () => {
    const { invoice: number } = numbers.get(MINE)!;
    const { invoices } = (await ask(own(), 'mine')).json();
    expect(invoices).toMatchObject([{ number, month: '2020-02', credited: '1.00', is_void: false }]);
    const { document } = await billing.invoice(number);
    expect((await ask(own(`/${number}`), 'mine')).body).toBe(document);
    const { note } = numbers.get(MINE)!;
    const notes = `/v1/accounts/${MINE}/credit-notes/${note}`;
    expect((await ask(notes, 'mine')).body).toBe((await billing.creditNote(note)).document);
    for (const url of [own(`/${number}`), notes])
      for (const [format, start] of [
        ['pdf', '%PDF-'],
        ['html', '<!doc'],
        ['ubl', '<?xml'],
      ]) {
        const first = await ask(`${url}?format=${format}&language=es`, 'mine');
        expect(first.rawPayload.subarray(0, 5).toString()).toBe(start);
        if (format === 'html') expect(first.body).toContain('<html lang="es">');
        const second = await ask(`${url}?format=${format}&language=es`, 'mine');
        expect(second.rawPayload.equals(first.rawPayload)).toBe(true);
      }
  });

  it('come page by page', async () => {
    const first = numbers.get(MINE)!.invoice;
    await billing.issueCreditNote(
      {
        invoiceNumber: first,
        kind: 'correction',
        reason: 'again',
        issueDate: '2020-02-10',
        amount: '1.00',
        requestKey: 'again',
        numberPrefix: 'CN-',
        document: (of) => JSON.stringify({ number: of.number }),
      },
      'test',
    );
    const page = async (query: string) =>
      (await ask(`/v1/accounts/${MINE}/credit-notes?limit=1${query}`, 'mine')).json();
    const { credit_notes: one, next_after: next } = await page('');
    expect([one.length, next]).toEqual([1, numbers.get(MINE)!.note]);
    const { credit_notes: two, next_after: end } = await page(`&after=${next}`);
    expect([two.length, end]).toEqual([1, null]);
    expect(two[0].number).not.toBe(one[0].number);
  });
});

describe('what is recorded', () => {
  const paid = (idempotencyKey: string, amount = '2.00') =>
    ask(`/v1/accounts/${MINE}/payments`, 'mine', {
      method: 'POST',
      idempotencyKey,
      body: {
        invoice: numbers.get(MINE)!.invoice,
        amount,
        paid_on: '2020-02-10',
        method: 'card',
        reference: 'r',
      },
    });
  const disputed = (idempotencyKey: string, reason: string) =>
    ask(`/v1/accounts/${MINE}/disputes`, 'mine', {
      method: 'POST',
      idempotencyKey,
      body: { invoice: numbers.get(MINE)!.invoice, amount: '3.00', reason, opened_by: 'owner' },
    });

  it('is recorded once for a key, however often it is sent', async () => {
    const before = (await billing.payments(numbers.get(MINE)!.invoice)).length;
    const [first, second] = await Promise.all([paid('p-1'), paid('p-1')]);
    expect([first.statusCode, second.statusCode, first.body]).toEqual([201, 201, second.body]);
    expect(await billing.payments(numbers.get(MINE)!.invoice)).toHaveLength(before + 1);
    expect((await paid('p-1', '2.01')).json()).toMatchObject({
      status: 409,
      code: 'TOLL_REQUEST_KEY_REUSED',
    });

    const open = (await billing.disputes({ accountId: MINE })).length;
    const [one, same] = await Promise.all([disputed('d-1', 'not ours'), disputed('d-1', 'not ours')]);
    expect([one.statusCode, same.statusCode, one.body]).toEqual([201, 201, same.body]);
    expect(await billing.disputes({ accountId: MINE })).toHaveLength(open + 1);
    expect((await disputed('d-1', 'another')).json()).toMatchObject({ code: 'TOLL_REQUEST_KEY_REUSED' });
  });

  it('needs a key of the request, and text', async () => {
    const url = `/v1/accounts/${MINE}/disputes`;
    const body = { invoice: numbers.get(MINE)!.invoice, amount: 3, reason: 'x', opened_by: 'y' };
    const asNumber = await ask(url, 'mine', { method: 'POST', body });
    expect(asNumber.json()).toMatchObject({ status: 400, code: 'TOLL_BILLING_REQUEST_INVALID' });
    const bare = await api.inject({
      url,
      method: 'POST',
      headers: { authorization: 'Bearer mine' },
      payload: { ...body, amount: '3.00' },
    });
    expect(bare.json()).toMatchObject({ status: 400 });
  });

  it('a job is started once for a key, and says how it ended', async () => {
    const start = (month: string) =>
      ask('/v1/invoice-jobs', 'all', { method: 'POST', idempotencyKey: 'job', body: { month } });
    const [first, second] = [await start('2020-01'), await start('2020-01')];
    expect([first.statusCode, second.statusCode, second.json().id]).toEqual([202, 202, first.json().id]);
    expect((await start('2020-03')).json()).toMatchObject({ code: 'TOLL_REQUEST_KEY_REUSED' });
    const after = first.json().id - 1;
    await expect
      .poll(async () => (await ask(`/v1/invoice-jobs?after=${after}&limit=1`, 'all')).json().jobs[0], {
        timeout: 60_000,
      })
      .toMatchObject({ id: first.json().id, status: 'done', issued: 0, refused: 2 });
  });
});

describe('a range', () => {
  it.each([
    `/v1/accounts/${MINE}/cdrs/2020-01?format=csv`,
    `/v1/accounts/${MINE}/cdrs/2020-01?format=xlsx`,
    `/v1/accounts/${MINE}/issued-invoices/INV-000001?format=pdf`,
    `/v1/accounts/${MINE}/credit-notes/CN-000001?format=ubl`,
  ])('of %s goes on where the whole was broken off', async (url) => {
    const whole = await ask(url, 'mine');
    const size = whole.rawPayload.length;
    const begun = await ask(url, 'mine', { range: 'bytes=0-99' });
    const rest = await ask(url, 'mine', { range: 'bytes=100-' });
    expect([begun.statusCode, begun.headers['content-range']]).toEqual([206, `bytes 0-99/${size}`]);
    expect(rest.headers['etag']).toBe(whole.headers['etag']);
    expect(Buffer.concat([begun.rawPayload, rest.rawPayload]).equals(whole.rawPayload)).toBe(true);
    const sha256 = createHash('sha256').update(whole.rawPayload).digest('base64');
    expect(rest.headers['repr-digest']).toBe(`sha-256=:${sha256}:`);
    const beyond = await ask(url, 'mine', { range: `bytes=${size}-` });
    expect([beyond.statusCode, beyond.headers['content-range']]).toEqual([416, `bytes */${size}`]);
    checked('Problem', beyond.json());
    const other = await api.inject({
      url,
      headers: { authorization: 'Bearer mine', range: 'bytes=100-', 'if-range': '"other"' },
    });
    expect([other.statusCode, other.rawPayload.length]).toEqual([200, size]);
  });
});

it('a range of a JSON document is answered with the whole: a part of one is none', async () => {
  const url = `/v1/accounts/${MINE}/issued-invoices/INV-000001?format=json`;
  const whole = await ask(url, 'mine');
  const asked = await ask(url, 'mine', { range: 'bytes=0-99' });
  expect([asked.statusCode, asked.headers['accept-ranges'], asked.body]).toEqual([200, 'none', whole.body]);
});

it('knows of nothing that was issued without a billing store', async () => {
  const bare = createBillingApi({ store, catalog: () => catalog, apiKey: 'k' });
  const response = await bare.inject({
    url: `/v1/accounts/${MINE}/issued-invoices`,
    headers: { authorization: 'Bearer k' },
  });
  expect(response.json()).toMatchObject({ status: 409, code: 'TOLL_BILLING_STORE_ABSENT' });
  await bare.close();
});

it('shows the document without a key', async () => {
  const response = await api.inject('/openapi.json');
  expect(response.json()).toEqual(document);
});
