import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedStore } from './embedded-store.ts';
import type { EmbeddedStore } from './embedded-store.ts';
import { serveClickHouseHttp } from './http-front.ts';
import type { HttpFront } from './http-front.ts';

const directory = mkdtempSync(join(tmpdir(), 'tollstream-front-'));
let store: EmbeddedStore;
let front: HttpFront;

beforeAll(async () => {
  store = await openEmbeddedStore({ dataDirectory: directory });
  await store.migrate();
  front = await serveClickHouseHttp({ engine: store.engine, port: 0, database: 'tollstream' });
  await post('CREATE TABLE things (id UInt64, name String) ENGINE = MergeTree ORDER BY id');
});

afterAll(async () => {
  await front.close();
  await store.close();
  rmSync(directory, { recursive: true });
});

async function get(parameters: Record<string, string>, init: RequestInit = {}): Promise<Response> {
  return fetch(`${front.url}/?${new URLSearchParams(parameters).toString()}`, init);
}
async function post(
  body: string | Uint8Array<ArrayBuffer>,
  parameters: Record<string, string> = {},
  headers = {},
): Promise<Response> {
  return get(parameters, { method: 'POST', body, headers });
}
const things = async (where: string): Promise<string> =>
  (await get({ query: `SELECT id, name FROM things WHERE ${where} ORDER BY id` })).text();

test('answers pings and the root as the server does', async () => {
  expect(await (await fetch(`${front.url}/ping`)).text()).toBe('Ok.\n');
  expect(await (await fetch(front.url)).text()).toBe('Ok.\n');
  expect((await fetch(`${front.url}/nothing`)).status).toBe(404);
  expect((await fetch(front.url, { method: 'DELETE' })).status).toBe(405);
});

test('takes the query from the URL, the body, or both', async () => {
  expect(await (await get({ query: 'SELECT 1, 2' })).text()).toBe('1\t2\n');
  expect(await (await post('SELECT 3')).text()).toBe('3\n');
  expect(await (await post('+ 4', { query: 'SELECT 3' })).text()).toBe('7\n');
});

test('names format, query and type of content', async () => {
  const response = await get({ query: 'SELECT 1 AS one', default_format: 'JSONEachRow', query_id: 'mine' });
  expect(await response.text()).toBe('{"one":1}\n');
  expect(response.headers.get('x-clickhouse-format')).toBe('JSONEachRow');
  expect(response.headers.get('x-clickhouse-query-id')).toBe('mine');
  expect(response.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
  const named = await get({ query: 'SELECT 1 AS one FORMAT CSVWithNames' });
  expect(await named.text()).toBe('"one"\n1\n');
  expect(named.headers.get('x-clickhouse-format')).toBe('CSVWithNames');
  const byHeader = await get(
    { query: 'SELECT 1 AS one' },
    { headers: { 'X-ClickHouse-Format': 'JSONCompactEachRow' } },
  );
  expect(await byHeader.text()).toBe('[1]\n');
});

test('binds parameters and applies settings to one request only', async () => {
  const text = await (
    await get({ query: 'SELECT {a:String}, {b:UInt8}', param_a: "it's\\ta", param_b: '7' })
  ).text();
  expect(text).toBe("it\\'s\\ta\t7\n");
  expect(
    await (await get({ query: "SELECT getSetting('max_block_size')", max_block_size: '77' })).text(),
  ).toBe('77\n');
  expect(await (await get({ query: "SELECT getSetting('max_block_size')" })).text()).not.toBe('77\n');
  expect((await get({ query: 'SELECT {a:String}' })).status).toBe(400);
});

test('looks names up in the database of the request', async () => {
  expect(await (await get({ query: 'SELECT currentDatabase()' })).text()).toBe('tollstream\n');
  expect(await (await get({ query: 'SELECT currentDatabase()', database: 'system' })).text()).toBe(
    'system\n',
  );
  expect((await get({ query: 'SELECT 1', database: 'nothing' })).status).toBe(404);
});

test('takes data of an INSERT from the body, in any format', async () => {
  await post('1,"one"\n2,"two, or so"\n', { query: 'INSERT INTO things FORMAT CSV' });
  await post('INSERT INTO things FORMAT JSONEachRow\n{"id":3,"name":"three"}\n{"id":4,"name":"FORMAT CSV"}');
  await post("INSERT INTO things (name, id) VALUES ('five', 5), ('it\\'s; six', 6)");
  await post("(7, 'seven')", { query: 'INSERT INTO things VALUES' });
  await post("INSERT INTO things SELECT 8, 'eight'");
  const summary = await post('9\tnine\n', {
    query: 'INSERT INTO things SETTINGS async_insert = 0 FORMAT TSV',
  });
  expect(JSON.parse(summary.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ written_rows: '1' });
  expect(await things('id < 10')).toBe(
    "1\tone\n2\ttwo, or so\n3\tthree\n4\tFORMAT CSV\n5\tfive\n6\tit\\'s; six\n7\tseven\n8\teight\n9\tnine\n",
  );
});

test('takes binary data with zero bytes, compressed bodies, and large ones', async () => {
  const rows = await get({
    query: "SELECT toUInt64(20) AS id, unhex('00ff00') AS name FORMAT Native",
  });
  const native = new Uint8Array(await rows.arrayBuffer());
  await post(native, { query: 'INSERT INTO things FORMAT Native' });
  expect(await (await get({ query: 'SELECT hex(name) FROM things WHERE id = 20' })).text()).toBe('00FF00\n');
  await post(
    gzipSync('21\tzipped\n'),
    { query: 'INSERT INTO things FORMAT TSV' },
    { 'Content-Encoding': 'gzip' },
  );
  expect(await things('id = 21')).toBe('21\tzipped\n');
  const lines = Array.from({ length: 200_000 }, (_, i) => `${1000 + i}\t${'x'.repeat(50)}\n`).join('');
  await post(`INSERT INTO things FORMAT TSV\n${lines}`);
  expect(await (await get({ query: 'SELECT count() FROM things WHERE id >= 1000' })).text()).toBe('200000\n');
});

test('says what is wrong as the server does', async () => {
  const wrong = await get({ query: 'SELEC 1' });
  expect(wrong.status).toBe(400);
  expect(wrong.headers.get('x-clickhouse-exception-code')).toBe('62');
  expect(await wrong.text()).toMatch(
    /^Code: 62\. DB::Exception: Syntax error.*\(SYNTAX_ERROR\) \(version \d+\.\d+[^)]*\)\n$/s,
  );
  expect((await get({ query: 'SELECT * FROM nothing' })).status).toBe(404);
  expect((await post('')).status).toBe(400);
  expect((await post('not a number\tx\n', { query: 'INSERT INTO things FORMAT TSV' })).status).toBe(400);
  expect((await get({ query: 'SELECT 1', no_such_setting: '1' })).status).toBe(404);
  expect((await get({ query: 'SELECT 1', session_id: 'x' })).status).toBe(400);
  expect((await get({ query: 'SELECT throwIf(number = 3) FROM numbers(5)' })).status).toBe(500);
});

test('a GET changes nothing', async () => {
  const refused = await get({ query: "INSERT INTO things VALUES (99, 'x')" });
  expect(refused.status).toBe(403);
  expect((await get({ query: 'DROP TABLE things' })).status).toBe(403);
  expect(await things('id = 99')).toBe('');
});

test('pages of other origins are refused', async () => {
  expect((await get({ query: 'SELECT 1' }, { headers: { Origin: 'https://example.com' } })).status).toBe(403);
  expect((await get({ query: 'SELECT 1' }, { headers: { Origin: front.url } })).status).toBe(200);
});

test('answers compressed when asked to', async () => {
  const response = await get(
    { query: 'SELECT number FROM numbers(100000)', enable_http_compression: '1' },
    { headers: { 'Accept-Encoding': 'gzip' } },
  );
  expect(response.headers.get('content-encoding')).toBe('gzip');
  expect((await response.text()).split('\n')).toHaveLength(100_001);
});

test('streams large results in constant memory, and ends when the client leaves', async () => {
  const before = process.memoryUsage.rss();
  const response = await get({
    query: "SELECT number, repeat('x', 200) FROM numbers(3000000) FORMAT RowBinary",
  });
  let bytes = 0;
  let most = 0;
  for await (const piece of response.body!) {
    bytes += piece.length;
    most = Math.max(most, process.memoryUsage.rss());
  }
  expect(bytes).toBe(3_000_000 * (8 + 2 + 200));
  expect(most - before).toBeLessThan(300 * 1024 * 1024);

  const leaving = new AbortController();
  const endless = await get(
    { query: 'SELECT number FROM numbers(1000000000000)' },
    { signal: leaving.signal },
  );
  await endless.body!.getReader().read();
  leaving.abort();
  // All places would be taken if the query went on.
  for (let i = 0; i < 4; i++) expect(await (await get({ query: 'SELECT 1' })).text()).toBe('1\n');
});

test('a failure in the middle of a result cuts the connection', async () => {
  const response = await get({
    query: 'SELECT throwIf(number = 5000000) FROM numbers(10000000) FORMAT RowBinary',
    max_threads: '1',
  });
  expect(response.status).toBe(200);
  await expect(response.bytes()).rejects.toThrow();
});

test('serves the usual client', async () => {
  const client = createClient({
    url: front.url,
    database: 'tollstream',
    compression: { response: true, request: true },
  });
  await client.insert({ table: 'things', values: [{ id: 30, name: 'thirty' }], format: 'JSONEachRow' });
  const result = await client.query({
    query: 'SELECT name FROM things WHERE id = {id:UInt64}',
    query_params: { id: 30 },
    format: 'JSONEachRow',
  });
  expect(await result.json()).toEqual([{ name: 'thirty' }]);
  await expect(client.query({ query: 'SELECT nothing' })).rejects.toMatchObject({ code: '47' });
  await client.close();
});

test('rows of a client are refused while this process reads standard input, where the engine would look for more', async () => {
  let isRead = true;
  const careful = await serveClickHouseHttp({
    engine: store.engine,
    port: 0,
    readsStandardInput: () => isRead,
  });
  const ask = async (body: string): Promise<Response> => fetch(careful.url, { method: 'POST', body });
  const refused = await ask('INSERT INTO tollstream.things FORMAT CSV\n77,never\n');
  expect(refused.status).toBe(400);
  expect(await refused.text()).toContain('Insert them when these have ended');
  isRead = false;
  expect((await ask('INSERT INTO tollstream.things FORMAT CSV\n79,ended\n')).status).toBe(200);
  isRead = true;
  expect((await ask("INSERT INTO tollstream.things SELECT 78, 'selected'")).status).toBe(200);
  expect(await things('id IN (77, 78, 79)')).toBe('78\tselected\n79\tended\n');
  await careful.close();
});

test('a port in use is refused with a remedy, or the next one is taken when asked', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await expect(serveClickHouseHttp({ engine: store.engine, port })).rejects.toMatchObject({
    code: 'TOLL_PORT_IN_USE',
    remedy: expect.stringContaining('another port'),
  });
  const next = await serveClickHouseHttp({ engine: store.engine, port, portsMore: 20 });
  expect(next.port).toBeGreaterThan(port);
  await next.close();
  taken.close();
});

test('senders that go silent in the midst of their inserts do not hold up others for good', async () => {
  const { engine } = store;
  const impatient = await serveClickHouseHttp({
    engine,
    port: 0,
    database: 'tollstream',
    requestsMax: 1,
    bodyPauseMsMax: 100,
  });
  const query = new URLSearchParams({ query: 'INSERT INTO things FORMAT TSV' }).toString();
  const silent = connect(impatient.port, '127.0.0.1', () => {
    silent.write(
      `POST /?${query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n98765432\thalf of`,
    );
  });
  silent.on('error', () => undefined);
  const gone = once(silent, 'close');
  try {
    await gone;
    const answer = await fetch(`${impatient.url}/?query=SELECT+7`);
    expect(await answer.text()).toBe('7\n');
    expect(await things('id = 98765432')).toBe('');
  } finally {
    silent.destroy();
    await impatient.close();
  }
});
