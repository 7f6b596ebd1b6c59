import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { openEmbeddedStore } from './embedded-store.ts';
import type { EmbeddedStore } from './embedded-store.ts';
import { serveClickHouseHttp } from './http-front.ts';
import type { HttpFront } from './http-front.ts';
import { financeDatabase } from './migrations.ts';
import type { UsageStore } from './port.ts';
import { openServerStore } from './server-store.ts';
import { storeContract } from './testing/store-contract.ts';

const directory = mkdtempSync(join(tmpdir(), 'tollstream-store-'));
let embedded: EmbeddedStore;
let front: HttpFront;
let served: UsageStore;

beforeAll(async () => {
  embedded = await openEmbeddedStore({ dataDirectory: directory, database: 'contract_embedded' });
  front = await serveClickHouseHttp({ engine: embedded.engine, port: 0 });
  served = openServerStore({ url: front.url, database: 'contract_served' });
});

afterAll(async () => {
  await served.close();
  await front.close();
  await embedded.close();
  rmSync(directory, { recursive: true });
});

describe('the embedded engine', () => {
  storeContract(() => embedded);
});

describe('the server adapter over the HTTP front', () => {
  storeContract(() => served);
});

const serverUrl = process.env['CLICKHOUSE_URL'];
describe.skipIf(serverUrl === undefined)('a ClickHouse server', () => {
  const store = openServerStore({
    url: serverUrl ?? 'http://127.0.0.1:8123',
    username: process.env['CLICKHOUSE_USER'] ?? 'default',
    password: process.env['CLICKHOUSE_PASSWORD'] ?? '',
    database: `contract_${process.pid}`,
  });
  afterAll(async () => {
    for (const name of [store.database, financeDatabase(store.database)])
      await store.query(`DROP DATABASE IF EXISTS ${name}`);
    await store.close();
  });
  storeContract(() => store);
});
