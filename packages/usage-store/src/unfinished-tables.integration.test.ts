import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openEmbeddedStore } from './embedded-store.ts';

test('the engine starts over a staging table of which only an empty definition was written', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-unfinished-'));
  try {
    const first = await openEmbeddedStore({ dataDirectory: directory });
    await first.migrate();
    await first.close();
    const names = await readdir(path.join(directory, 'store'), { recursive: true });
    const usage = names.find((name) => name.endsWith('/usage.sql'))!;
    const unfinished = path.join(directory, 'store', path.dirname(usage), 'replay_0ca97d6c587d44cc.sql');
    await writeFile(unfinished, '');

    const second = await openEmbeddedStore({ dataDirectory: directory });
    expect(await second.query('SELECT count() AS calls FROM tollstream.usage')).toEqual([{ calls: '0' }]);
    await second.close();
    await expect(readdir(path.dirname(unfinished))).resolves.not.toContain(path.basename(unfinished));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
