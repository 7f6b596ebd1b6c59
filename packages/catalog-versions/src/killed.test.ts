/** A publication whose process is killed at any step leaves the version that was there, and the next one is whole. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openSqliteEventLog } from '@tollstream/event-log';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { catalogHistory } from './history.ts';
import { publishCatalog } from './publish.ts';
import { readCatalogVersion } from './read.ts';
import { catalogFiles } from './testing/catalog-files.ts';
import { CONTENT, catalogTopic } from './topic.ts';

const SCRIPT = fileURLToPath(new URL('./testing/publish-until-killed.ts', import.meta.url));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollstream-killed-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** @returns the signal that ended the process */
async function publishInProcess(killAtStep: number): Promise<string | null> {
  return promisify(execFile)(process.execPath, [SCRIPT, directory, String(killAtStep)]).then(
    () => null,
    (error: { signal: string | null }) => error.signal,
  );
}

// Three commits of content, then the manifest.
it.each([1, 2, 3, 4])('killed before step %i', async (killAtStep) => {
  const before = openSqliteEventLog({ directory });
  await before.createTopics([catalogTopic()]);
  await publishCatalog(before, catalogFiles(1, '0.02'), { publishedBy: 'test' });
  const contentEnd = (await before.offsets('catalog'))[CONTENT]!.end;
  await before.close();

  expect(await publishInProcess(killAtStep)).toBe('SIGKILL');

  const after = openSqliteEventLog({ directory });
  expect((await after.offsets('catalog'))[CONTENT]!.end - contentEnd > 0).toBe(killAtStep > 1);
  expect((await catalogHistory(after)).map(({ version }) => version)).toEqual([1]);
  expect((await readCatalogVersion(after, 'newest')).version).toBe(1);
  await after.close();

  expect(await publishInProcess(0)).toBeNull();
  const last = openSqliteEventLog({ directory });
  expect((await readCatalogVersion(last, 'newest')).version).toBe(2);
  await last.close();
});
