import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedStore } from './embedded-store.ts';
import { removeUnfinishedTables } from './unfinished-tables.ts';

const STAGING = 'replay_0ca97d6c587d44cc';
let directory: string;
/** The definition of a staging table as the engine writes it, and where. */
let file: string;
let definition: Buffer;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tollstream-unfinished-'));
  const store = await openEmbeddedStore({ dataDirectory: directory });
  await store.migrate();
  await store.engine.run(
    `CREATE TABLE tollstream.${STAGING} AS tollstream.usage ENGINE = MergeTree ORDER BY tuple()`,
    { format: 'Null' },
  );
  await store.close();
  const names = await readdir(path.join(directory, 'store'), { recursive: true });
  file = path.join(
    directory,
    'store',
    names.find((name) => name.endsWith(`/${STAGING}.sql`))!,
  );
  definition = await readFile(file);
});

afterAll(async () => rm(directory, { recursive: true, force: true }));

test('a whole definition stays', async () => {
  expect(definition.length).toBeGreaterThan(4096);
  expect(removeUnfinishedTables(directory)).toBe(0);
  await expect(readFile(file)).resolves.toEqual(definition);
});

/** Without its comment a definition is whole, too. */
const isHarmless = (bytes: Buffer): boolean => /\nSETTINGS index_granularity = \d+\n$/.test(bytes.toString());

test('a definition that was cut anywhere goes', async () => {
  for (let bytes = 0; bytes < definition.length; bytes += 1) {
    const cut = definition.subarray(0, bytes);
    await writeFile(file, cut);
    expect(removeUnfinishedTables(directory), `${bytes} bytes`).toBe(isHarmless(cut) ? 0 : 1);
  }
});

test.each([0, 4096])('the engine starts over a definition of which %d bytes were written', async (bytes) => {
  await writeFile(file, definition.subarray(0, bytes));
  const store = await openEmbeddedStore({ dataDirectory: directory });
  expect(await store.query('SELECT count() AS calls FROM tollstream.usage')).toEqual([{ calls: '0' }]);
  await store.close();
  await expect(readdir(path.dirname(file))).resolves.not.toContain(path.basename(file));
});
