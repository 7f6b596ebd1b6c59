/** What the exactly-once design takes for granted about the engine. When an upgrade breaks one of these, the design is to be looked at again. */
import { mkdtempSync, readdirSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedStore } from './embedded-store.ts';
import type { EmbeddedStore } from './embedded-store.ts';
import { insertSettings } from './insert-settings.ts';
import { settingList } from './sql-text.ts';

const directory = mkdtempSync(join(tmpdir(), 'tollstream-facts-'));
let store: EmbeddedStore;

beforeAll(async () => {
  store = await openEmbeddedStore({ dataDirectory: directory });
});
afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

async function table(name: string, window: number): Promise<void> {
  await store.query(
    `CREATE TABLE ${name} (month UInt32, id UInt64) ENGINE = MergeTree PARTITION BY month ORDER BY id ` +
      `SETTINGS non_replicated_deduplication_window = ${window}`,
  );
}
/** Inserts ids `from` ≤ id < `to`, in as many source blocks as asked. */
async function insert(
  name: string,
  token: string,
  [from, to]: [number, number],
  blockRows = 1_000,
): Promise<void> {
  await store.query(
    `INSERT INTO ${name} SETTINGS ${settingList(insertSettings(token))}, max_block_size = ${blockRows} ` +
      `SELECT number % 2 AS month, number AS id FROM numbers(${from}, ${to - from}) ORDER BY ALL`,
  );
}
async function count(name: string): Promise<number> {
  const [row] = await store.query<{ rows: string }>(`SELECT count() AS rows FROM ${name}`);
  return Number(row?.rows);
}

test('knows every setting that inserts pin', async () => {
  const names = Object.keys(insertSettings('x'));
  const known = await store.query<{ name: string }>(
    'SELECT name FROM system.settings WHERE has({names:Array(String)}, name)',
    {
      names: `['${names.join("','")}']`,
    },
  );
  expect(known.map((row) => row.name).sort()).toEqual(names.sort());
});

test('a token does nothing on a table without a window', async () => {
  await table('without_window', 0);
  await insert('without_window', 'a', [0, 10]);
  await insert('without_window', 'a', [0, 10]);
  expect(await count('without_window')).toBe(20);
});

test('the same token with other rows drops them: a token must name its rows', async () => {
  await table('other_rows', 100);
  await insert('other_rows', 'a', [0, 10]);
  await insert('other_rows', 'a', [100, 130]);
  expect(await count('other_rows')).toBe(10);
});

test('a token is kept for each partition of the table', async () => {
  await table('each_partition', 100);
  await insert('each_partition', 'a', [0, 10]);
  await store.query('ALTER TABLE each_partition DROP PARTITION 1');
  await insert('each_partition', 'a', [0, 10]);
  expect(await count('each_partition')).toBe(10);
});

test('rows in another number of blocks are another insert, whatever the token', async () => {
  await table('other_blocks', 100);
  await insert('other_blocks', 'a', [0, 200], 1_000);
  await insert('other_blocks', 'a', [0, 200], 1_000);
  expect(await count('other_blocks')).toBe(200);
  await insert('other_blocks', 'a', [0, 200], 100);
  expect(await count('other_blocks')).toBe(400);
});

test.skipIf(process.platform !== 'linux')('a token is noted before its part gets its name', async () => {
  await table('order_of_writes', 100);
  await insert('order_of_writes', 'first', [0, 2]);
  const [row] = await store.query<{ path: string }>(
    "SELECT data_paths[1] AS path FROM system.tables WHERE name = 'order_of_writes'",
  );
  const path = row?.path ?? '';
  const before = readdirSync(path);
  const events: string[] = [];
  const watchers = [
    watch(path, (_, name) => {
      if (name !== null && /^\d+_\d+_\d+_0$/.test(name) && !before.includes(name)) events.push('named');
    }),
    watch(join(path, 'deduplication_logs'), () => events.push('noted')),
  ];
  await insert('order_of_writes', 'second', [2, 4]);
  const deadline = performance.now() + 5_000;
  while (!events.includes('named') && performance.now() < deadline) await delay(5);
  for (const watcher of watchers) watcher.close();
  expect(events.slice(0, 2)).toEqual(['noted', 'named']);
});
