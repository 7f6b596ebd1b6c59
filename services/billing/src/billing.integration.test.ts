/** Over the real engine: what the API and the files say of stored calls. */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '@tollstream/catalog';
import { formatScaled, parseDecimalBig } from '@tollstream/money';
import { openEmbeddedStore } from '@tollstream/usage-store';
import type { UsageStore } from '@tollstream/usage-store';
import { createBillingApi } from './api.ts';
import { cdrColumns } from './cdr/columns.ts';
import { writeCdrFile } from './cdr/download.ts';
import { previewInvoice } from './preview.ts';
import { accountOn } from './testing/samples.ts';
import { storeCalls } from './testing/stored-calls.ts';

const ID = 'riverside-dental';
const CALLS = 20_000;

const catalog = {
  version: 3,
  accounts: new Map([
    [ID, accountOn({})],
    ['quiet', accountOn({ id: 'quiet' })],
  ]),
  defaultPlan: null,
} as unknown as Catalog;

let directory: string;
let store: UsageStore;
let api: FastifyInstance;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tollstream-billing-'));
  store = await openEmbeddedStore({ dataDirectory: path.join(directory, 'engine') });
  await store.migrate();
  await storeCalls(store, CALLS, {
    token: 'calls',
    started_at:
      "toDateTime64('2020-01-01 05:00:00.000', 3, 'UTC') + toIntervalMillisecond(n * 7919 % 2000000000)",
    duration_ms: 'n * 997 % 600000',
    billable_seconds: 'intDiv(duration_ms, 6000) * 6',
    charged_seconds: 'billable_seconds',
    charge: 'toDecimal64(n * 104729 % 3000017, 6) / 1000000',
    call_type: "if(n % 3 = 0, 'international', 'local')",
    rate_type: "if(n % 3 = 0, 'metered', 'overage')",
  });
  // Ten of the same calls, priced anew: only the higher revision counts.
  await storeCalls(store, 10, {
    token: 'revised',
    started_at:
      "toDateTime64('2020-01-01 05:00:00.000', 3, 'UTC') + toIntervalMillisecond(n * 7919 % 2000000000)",
    duration_ms: '60000',
    charge: "toDecimal64('0.5', 6)",
    revision: '1',
  });
  await storeCalls(store, 4, {
    token: 'hostile',
    account_id: "'hostile'",
    call_id: "concat('x', toString(n))",
    origin_number: '0',
    origin_text: "arrayElement(['=1+1', '@SUM(A1)', '-2\\n3', 'a \"b\", c'], n + 1)",
    disposition: "if(n = 3, 'busy', 'answered')",
    answered_at: "if(n = 3, toDateTime64(0, 3, 'UTC'), started_at + toIntervalMillisecond(4321))",
    ended_at: 'started_at + toIntervalMillisecond(70000)',
    charge: 'toDecimal64(0, 6)',
  });
  api = createBillingApi({ store, catalog: () => catalog, apiKey: '' });
}, 120_000);

afterAll(async () => {
  await api.close();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const get = (url: string, headers: Record<string, string> = { host: 'localhost' }) =>
  api.inject({ url, headers });

describe('call details', () => {
  it('add up to the invoice to the last digit, each call once, in order', async () => {
    const output = path.join(directory, 'calls.csv');
    const { calls } = await writeCdrFile(store, { accountId: ID, month: '2020-01', format: 'csv', output });
    const text = await readFile(output, 'utf8');
    expect(text.split('\r\n', 1)[0]).toBe(
      cdrColumns({ format: 'csv' })
        .map(({ name }) => name)
        .join(','),
    );
    const rows = parse<Record<string, string>>(text, { columns: true, record_delimiter: '\r\n' });
    expect([calls, rows.length]).toEqual([CALLS, CALLS]);
    const sum = rows.reduce((total, row) => total + parseDecimalBig(row['total_cost']!, 6), 0n);
    const invoice = await previewInvoice(store, catalog, ID, '2020-02');
    expect(formatScaled(sum, 6)).toBe(invoice.totals.exact_usage);
    expect(invoice.totals.calls).toBe(CALLS);
    const starts = rows.map((row) => row['start_utc']!);
    expect(starts).toEqual([...starts].sort());
    const row = rows[1]!;
    const lasted =
      Date.parse(`${row['end_utc']!.replace(' ', 'T')}Z`) -
      Date.parse(`${row['start_utc']!.replace(' ', 'T')}Z`);
    expect(Number(row['duration_seconds']) * 1000).toBeCloseTo(lasted, 6);
    expect(await readdir(directory)).not.toContain('calls.csv.partial');
  });

  it('are the same in JSON lines', async () => {
    const output = path.join(directory, 'calls.jsonl');
    const { calls } = await writeCdrFile(store, { accountId: ID, month: '2020-01', format: 'jsonl', output });
    const rows = (await readFile(output, 'utf8')).trim().split('\n');
    expect([calls, rows.length]).toEqual([CALLS, CALLS]);
    expect(JSON.parse(rows[0]!)).toMatchInlineSnapshot(`
      {
        "billable_minutes": "1.1",
        "call_id": "call-00000000",
        "call_type": "local",
        "currency": "USD",
        "destination": "+12125550199",
        "duration_seconds": "60",
        "end_utc": "2020-01-01T05:01:04.321Z",
        "origin": "+12125550100",
        "rate_type": "overage",
        "start_utc": "2020-01-01T05:00:04.321Z",
        "total_cost": "0.5",
      }
    `);
  });

  it('hold nothing that a spreadsheet would run', async () => {
    const output = path.join(directory, 'hostile.csv');
    const { calls } = await writeCdrFile(store, {
      accountId: 'hostile',
      month: '2020-01',
      format: 'csv',
      output,
    });
    const rows = parse<Record<string, string>>(await readFile(output, 'utf8'), { columns: true });
    expect(calls).toBe(4);
    expect(rows.map((row) => row['origin'])).toEqual(['a "b", c', "'=1+1", "'@SUM(A1)", "'-2\n3"]);
    expect(rows[0]!['destination']).toBe("'+12125550199");
    // Attempted first and never answered: its start is the attempt.
    expect(rows[0]).toMatchObject({
      start_utc: '2020-01-15 10:00:03.027',
      end_utc: '2020-01-15 10:01:13.027',
    });
  });

  it('say which file could not be written', async () => {
    const output = path.join(directory, 'missing', 'calls.csv');
    await expect(
      writeCdrFile(store, { accountId: ID, month: '2020-01', format: 'csv', output }),
    ).rejects.toMatchObject({
      code: 'TOLL_BILLING_FILE_UNWRITABLE',
    });
    await expect(
      writeCdrFile(store, { accountId: ID, month: '2020-13', format: 'csv', output }),
    ).rejects.toMatchObject({ code: 'TOLL_BILLING_MONTH_INVALID' });
  });
});

describe('an invoice', () => {
  it('is byte for byte the same when made again', async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(() => previewInvoice(store, catalog, ID, '2020-02')),
    );
    expect(JSON.stringify(first)).toBe(JSON.stringify(second));
  });

  it('is refused for an account nobody knows', async () => {
    await expect(previewInvoice(store, catalog, 'nobody', '2020-02')).rejects.toMatchObject({
      code: 'TOLL_BILLING_ACCOUNT_UNKNOWN',
    });
  });
});

describe('the API', () => {
  it('lists accounts page by page', async () => {
    const first = await get('/v1/accounts?limit=1');
    expect(first.json()).toMatchObject({
      accounts: [{ id: 'quiet', plan: 'standard' }],
      next_after: 'quiet',
    });
    expect((await get('/v1/accounts?after=quiet')).json()).toMatchObject({
      accounts: [{ id: ID }],
      next_after: null,
    });
  });

  it('previews invoices and sums usage', async () => {
    const invoice = await get(`/v1/accounts/${ID}/invoices/2020-02`);
    expect(invoice.body).toBe(JSON.stringify(await previewInvoice(store, catalog, ID, '2020-02')));
    const usage = await get(`/v1/accounts/${ID}/usage/2020-01`);
    expect(usage.json().rows.map((row: Record<string, string>) => row['call_type'])).toEqual([
      'local',
      'international',
    ]);
    expect((await get('/v1/accounts/quiet/usage/2020-01')).json()).toMatchObject({ rows: [] });
  });

  it('streams call details', async () => {
    const csv = await get(`/v1/accounts/${ID}/cdrs/2020-01`);
    expect(csv.headers['content-type']).toMatch(/^text\/csv/);
    expect(csv.headers['content-disposition']).toBe(`attachment; filename="${ID}-2020-01.csv"`);
    expect(csv.body.trimEnd().split('\r\n')).toHaveLength(CALLS + 1);
    expect(
      (await get(`/v1/accounts/${ID}/cdrs/2020-01?format=jsonl`)).body.trimEnd().split('\n'),
    ).toHaveLength(CALLS);
  });

  it.each([
    ['/v1/accounts/nobody/invoices/2020-02', 404, 'TOLL_BILLING_ACCOUNT_UNKNOWN'],
    ['/v1/accounts/nobody/cdrs/2020-01', 404, 'TOLL_BILLING_ACCOUNT_UNKNOWN'],
    [`/v1/accounts/${ID}/invoices/2020-2`, 400, 'TOLL_BILLING_MONTH_INVALID'],
    [`/v1/accounts/${ID}/cdrs/2020-01?format=pdf`, 400, 'TOLL_BILLING_FORMAT_UNKNOWN'],
    ['/v1/nothing', 404, 'TOLL_BILLING_ROUTE_UNKNOWN'],
    ['/v1/accounts/%zz/invoices/2020-02', 400, 'TOLL_BILLING_REQUEST_INVALID'],
    [`/v1/accounts/${'x'.repeat(2_000)}/invoices/2020-02`, 400, 'TOLL_BILLING_REQUEST_INVALID'],
    [`/v1/accounts/%27%20OR%201=1/cdrs/2020-01`, 404, 'TOLL_BILLING_ACCOUNT_UNKNOWN'],
    [`/v1/accounts/${ID}/cdrs/2020-01?format=csv&format=jsonl`, 400, 'TOLL_BILLING_FORMAT_UNKNOWN'],
    [`/v1/accounts/${ID}/cdrs/2020-01?call_typ=local`, 400, 'TOLL_BILLING_REQUEST_INVALID'],
    [`/v1/accounts/${ID}/cdrs/2020-01?day=2020-02-30`, 400, 'TOLL_BILLING_REQUEST_INVALID'],
    [`/v1/accounts/${ID}/invoices/0000-01`, 400, 'TOLL_BILLING_MONTH_INVALID'],
    ['/v1/accounts?limit=0', 400, 'TOLL_BILLING_REQUEST_INVALID'],
  ])('answers %s with a problem', async (url, status, code) => {
    const response = await get(url);
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(response.json()).toMatchObject({ status, code, remedy: expect.any(String) });
  });

  it('without a key answers only those who name this machine', async () => {
    expect((await get('/v1/accounts', { host: 'rebound.example' })).statusCode).toBe(401);
    expect((await get('/v1/accounts', { host: '127.0.0.1:8080' })).statusCode).toBe(200);
    expect((await get('/v1/accounts', { host: '[::1]:8080' })).statusCode).toBe(200);
  });

  it('with a key wants it', async () => {
    const guarded = createBillingApi({ store, catalog: () => catalog, apiKey: 'secret-key' });
    const ask = (authorization?: string) =>
      guarded.inject({
        url: '/v1/accounts',
        ...(authorization === undefined ? {} : { headers: { authorization } }),
      });
    expect((await ask()).statusCode).toBe(401);
    expect((await ask('Bearer secret-kez')).statusCode).toBe(401);
    expect((await ask('Bearer secret-key')).statusCode).toBe(200);
    await guarded.close();
  });

  it('says 503 while the store is away, and nothing of where it is', async () => {
    const away = Object.assign(new Error('ClickHouse at http://10.0.0.7:8123 does not answer.'), {
      code: 'TOLL_STORE_UNREACHABLE',
      remedy: 'Start it.',
      transient: true,
    });
    const failing = {
      ...store,
      database: 'tollstream',
      query: () => Promise.reject(away),
    } as unknown as UsageStore;
    const errors: Error[] = [];
    const broken = createBillingApi({
      store: failing,
      catalog: () => catalog,
      apiKey: '',
      onError: (error) => errors.push(error),
    });
    const response = await broken.inject({
      url: `/v1/accounts/${ID}/usage/2020-01`,
      headers: { host: 'localhost' },
    });
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '5']);
    expect(response.body).not.toContain('10.0.0.7');
    expect(errors).toEqual([away]);
    await broken.close();
  });
});
