import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findVersion, readCatalogFiles } from '@tollstream/catalog-versions';
import { parseVersion } from '../duration.ts';
import { print } from '../terminal.ts';
import { withCatalogLog } from './open-log.ts';

/** Writes the files of a version as they were published. The directory must not be there: nothing is overwritten. */
export async function writeVersionFiles(
  version: string,
  directory: string,
  data: string | undefined,
): Promise<void> {
  const number = version === 'newest' ? version : parseVersion(version);
  await withCatalogLog({ data, access: 'read' }, async ({ log, topic }) => {
    const found = await findVersion(log, number, { topic });
    const files = await readCatalogFiles(log, found, { topic });
    await mkdir(directory);
    for (const [name, bytes] of files) {
      const file = path.join(directory, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, bytes, { flag: 'wx' });
    }
    print(`${files.size} files of version ${found.version} are in ${directory}.`);
  });
}
