import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openEmbeddedStore } from './embedded-store.ts';
import { USAGE_TABLES } from './tables.ts';
import { sampleBlock } from './testing/sample-rows.ts';

const root = mkdtempSync(join(tmpdir(), 'tollstream-embedded-'));
const dataDirectory = join(root, 'data');
const spool = mkdtempSync(join(root, 'spool-'));

afterAll(() => rmSync(root, { recursive: true, force: true }));

test('keeps what was stored over a restart, and still knows the tokens', async () => {
  const first = await openEmbeddedStore({ dataDirectory });
  await first.migrate();
  const insert = {
    table: 'usage',
    columns: USAGE_TABLES.usage.columns,
    natives: [await sampleBlock(first, 'usage', 0, 500)],
    token: 'before the restart',
    rows: 500,
  } as const;
  await first.insertBlocks(insert);
  await first.close();

  const second = await openEmbeddedStore({ dataDirectory });
  expect(await second.migrate()).toMatchObject({ applied: [] });
  await second.insertBlocks(insert);
  expect(await second.query('SELECT count() AS rows FROM tollstream.usage')).toEqual([{ rows: '500' }]);
  await second.close();
});

test('closing waits for what is under way', async () => {
  const store = await openEmbeddedStore({ dataDirectory });
  const [rows] = await Promise.all([store.query('SELECT sleep(0.3) AS slept'), store.close()]);
  expect(rows).toEqual([{ slept: 0 }]);
  await expect(store.ping()).rejects.toMatchObject({ code: 'TOLL_STORE_UNREACHABLE' });
});

test('leaves no files behind, and removes those of processes that were killed', async () => {
  writeFileSync(join(spool, 'tollstream-spool-999999999-0'), 'left over');
  writeFileSync(join(spool, 'somebody-elses-file'), '');
  const store = await openEmbeddedStore({ dataDirectory, spoolDirectory: spool });
  await store.insertBlocks({
    table: 'usage',
    columns: USAGE_TABLES.usage.columns,
    natives: [await sampleBlock(store, 'usage', 1000, 1010)],
    token: 'spooled',
    rows: 10,
  });
  await store.close();
  expect(await readdir(spool)).toEqual(['somebody-elses-file']);
});

test('a directory that another process uses is refused with its process id', async () => {
  const store = await openEmbeddedStore({ dataDirectory });
  const script = `
    const { openEmbeddedStore } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    await openEmbeddedStore({ dataDirectory: ${JSON.stringify(dataDirectory)} }).catch((error) => console.log(error.code, error.message));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  await store.close();
  expect(stdout).toBe(
    `TOLL_STORE_IN_USE The data directory ${dataDirectory} is in use by process ${process.pid}.\n`,
  );
});

test('a path that cannot be a data directory is refused', async () => {
  writeFileSync(join(root, 'file'), '');
  await expect(openEmbeddedStore({ dataDirectory: join(root, 'file') })).rejects.toMatchObject({
    code: 'TOLL_STORE_UNUSABLE',
  });
});

test('a name that is no database name is refused', async () => {
  const store = openEmbeddedStore({ dataDirectory, database: 'a; DROP DATABASE b' });
  await expect(store).rejects.toMatchObject({ code: 'TOLL_STORE_DATABASE_NAME' });
});
