/** A data directory to one file. Log and tables belong together, so nobody may write meanwhile: the directory is held. */
import { createReadStream, createWriteStream } from 'node:fs';
import { access, lstat, readdir, readlink, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { lockDataDirectory } from '@tollstream/event-log';
import { pack } from 'tar-stream';
import type { Pack } from 'tar-stream';
import type { BackupOptions } from '../commands/backup.ts';
import { OWN_DATA } from '../embedded/open-store.ts';
import { UsageError } from '../failure.ts';
import { count, say } from '../terminal.ts';
import {
  ARCHIVE_FORMAT,
  CHECKSUMS_NAME,
  DATA_PREFIX,
  HEAD_NAME,
  checksumLines,
  isLeftOut,
} from './archive.ts';
import type { ArchiveHead } from './archive.ts';
import { byteProgress } from './byte-progress.ts';
import { hashingPass } from './hashing-pass.ts';
import { sync } from './sync.ts';

type Entry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

export async function backUp(options: BackupOptions): Promise<void> {
  const directory = path.resolve(options.data ?? OWN_DATA);
  const output = path.resolve(options.output);
  await refuseWrongPaths(directory, output);
  const lock = lockDataDirectory(path.join(directory, 'log'));
  const partial = `${output}.partial`;
  try {
    const entries = await listEntries(directory);
    const bytes = entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.bytes : 0), 0);
    const files = entries.filter(({ kind }) => kind === 'file').length;
    const head: ArchiveHead = { format: ARCHIVE_FORMAT, created_at: new Date().toISOString(), files, bytes };
    const archive = pack();
    const progress = byteProgress('backing up', bytes);
    // Both ends at once: the archive is written as it is filled, and an error of either ends the other.
    await Promise.all([
      fill(archive, directory, { head, entries, onBytes: progress.add }).catch((error: unknown) => {
        archive.destroy(error as Error);
        throw error;
      }),
      pipeline(archive, createZstdCompress(), createWriteStream(partial)),
    ]);
    progress.end();
    await sync(partial);
    await rename(partial, output);
    await sync(path.dirname(output));
    say(`${count(files)} files, ${count(bytes)} bytes → ${options.output}`);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    lock.release();
  }
}

async function refuseWrongPaths(directory: string, output: string): Promise<void> {
  const isThere = (file: string): Promise<boolean> =>
    access(file).then(
      () => true,
      () => false,
    );
  if (!(await isThere(path.join(directory, 'log')))) {
    throw new UsageError({
      code: 'TOLL_USAGE_DATA',
      message: `${directory} is no data directory`,
      remedy: 'Name the data directory of a `tollstream run` with --data.',
    });
  }
  if (await isThere(output)) {
    throw new UsageError({
      code: 'TOLL_USAGE_BACKUP',
      message: `${output} exists already`,
      remedy: 'Name a new file: a backup never replaces another one.',
    });
  }
  if (output.startsWith(`${directory}${path.sep}`)) {
    throw new UsageError({
      code: 'TOLL_USAGE_BACKUP',
      message: `${output} is inside the directory that is backed up`,
      remedy: 'Name a file outside of it.',
    });
  }
}

/** Parents before children, in the order of names: the same directory gives the same archive. */
async function listEntries(directory: string, below = ''): Promise<Entry[]> {
  const entries: Entry[] = [];
  const names = (await readdir(path.join(directory, below))).sort();
  for (const name of names) {
    const relative = below === '' ? name : `${below}/${name}`;
    if (isLeftOut(relative)) continue;
    const full = path.join(directory, relative);
    const stats = await lstat(full);
    if (stats.isDirectory()) {
      entries.push({ kind: 'directory', path: relative }, ...(await listEntries(directory, relative)));
    } else if (stats.isSymbolicLink()) {
      entries.push({ kind: 'link', path: relative, target: await readlink(full) });
    } else if (stats.isFile()) {
      entries.push({ kind: 'file', path: relative, bytes: stats.size });
    }
  }
  return entries;
}

async function fill(
  archive: Pack,
  directory: string,
  contents: { head: ArchiveHead; entries: readonly Entry[]; onBytes: (bytes: number) => void },
): Promise<void> {
  const checksums = new Map<string, string>();
  archive.entry({ name: HEAD_NAME }, `${JSON.stringify(contents.head)}\n`);
  for (const entry of contents.entries) {
    const name = DATA_PREFIX + entry.path;
    switch (entry.kind) {
      case 'directory':
        archive.entry({ name: `${name}/`, type: 'directory' });
        break;
      case 'link':
        archive.entry({ name, type: 'symlink', linkname: entry.target });
        break;
      case 'file': {
        const hashed = hashingPass(contents.onBytes);
        await pipeline(
          createReadStream(path.join(directory, entry.path)),
          hashed.stream,
          archive.entry({ name, size: entry.bytes }),
        );
        checksums.set(entry.path, hashed.digest());
        break;
      }
    }
  }
  archive.entry({ name: CHECKSUMS_NAME }, checksumLines(checksums));
  archive.finalize();
}
