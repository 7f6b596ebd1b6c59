/** A data directory from a backup file: made beside its place, held against the checksums, and put there as a whole. */
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, rmdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { createZstdDecompress } from 'node:zlib';
import { extract } from 'tar-stream';
import type { Header } from 'tar-stream';
import type { RestoreOptions } from '../commands/backup.ts';
import { UsageError } from '../failure.ts';
import { count, say } from '../terminal.ts';
import { ARCHIVE_FORMAT, CHECKSUMS_NAME, DATA_PREFIX, HEAD_NAME, parseChecksums } from './archive.ts';
import type { ArchiveHead } from './archive.ts';
import { byteProgress } from './byte-progress.ts';
import { hashingPass } from './hashing-pass.ts';
import { sync } from './sync.ts';

/** The file is no whole backup. */
class BackupDamagedError extends Error {
  override readonly name = 'BackupDamagedError';
  readonly code = 'TOLL_BACKUP_DAMAGED';
  readonly remedy = 'Take another copy of the backup; nothing was restored.';
}

export async function restore(file: string, options: RestoreOptions): Promise<void> {
  const target = path.resolve(options.data);
  await refuseUsedTarget(target);
  const making = `${target}.restoring-${process.pid}`;
  await mkdir(making, { recursive: true });
  try {
    const head = await unpack(file, making);
    // An empty directory that waits there gives way.
    await rmdir(target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(making, target);
    await sync(path.dirname(target));
    say(
      `${count(head.files)} files, ${count(head.bytes)} bytes, backed up ${head.created_at} → ${options.data}`,
    );
    say(`Check it with: tollstream verify --data ${options.data}`);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    throw error;
  }
}

async function refuseUsedTarget(target: string): Promise<void> {
  const stats = await lstat(target).catch(() => null);
  if (stats === null) return;
  if (stats.isDirectory() && (await readdir(target)).length === 0) return;
  throw new UsageError({
    code: 'TOLL_USAGE_RESTORE',
    message: `${target} is not empty`,
    remedy: 'Name a directory that does not exist; a restore never mixes with what is there.',
  });
}

/** @throws BackupDamagedError when a file differs from its checksum, or is missing, or the archive is none of ours */
async function unpack(file: string, directory: string): Promise<ArchiveHead> {
  const archive = extract();
  const reading = pipeline(createReadStream(file), createZstdDecompress(), archive);
  // Its error comes out of the loop below as well.
  reading.catch(() => undefined);
  const found = new Map<string, string>();
  let head: ArchiveHead | null = null;
  let wanted: Map<string, string> | null = null;
  let progress: ReturnType<typeof byteProgress> | null = null;
  try {
    for await (const entry of archive) {
      const { name } = entry.header;
      if (head === null) {
        if (name !== HEAD_NAME) throw new BackupDamagedError(`${file} does not begin as a backup.`);
        head = parseHead(await text(entry), file);
        progress = byteProgress('restoring', head.bytes);
      } else if (name === CHECKSUMS_NAME) {
        wanted = parseChecksums(await text(entry));
      } else {
        const relative = placeOf(entry.header, file);
        const sha256 = await write(entry.header, entry, {
          to: path.join(directory, relative),
          onBytes: (bytes) => progress?.add(bytes),
        });
        if (sha256 !== null) found.set(relative, sha256);
      }
    }
    await reading;
  } catch (error) {
    if (isUnreadable(error)) {
      throw new BackupDamagedError(`${file} cannot be read to its end: ${(error as Error).message}.`, {
        cause: error,
      });
    }
    throw error;
  } finally {
    progress?.end();
  }
  if (head === null || wanted === null) throw new BackupDamagedError(`${file} ends before its checksums.`);
  const wrong = [...wanted].find(([name, sha256]) => found.get(name) !== sha256);
  if (wrong !== undefined) {
    const what = found.has(wrong[0]) ? 'is not as it was backed up' : 'is missing';
    throw new BackupDamagedError(`${wrong[0]} in ${file} ${what}.`);
  }
  if (found.size !== wanted.size) throw new BackupDamagedError(`${file} has files without a checksum.`);
  return head;
}

function parseHead(json: string, file: string): ArchiveHead {
  const head = JSON.parse(json) as ArchiveHead;
  if (head.format !== ARCHIVE_FORMAT) {
    throw new UsageError({
      code: 'TOLL_USAGE_RESTORE',
      message: `${file} is a backup of format ${head.format}, and this program reads ${ARCHIVE_FORMAT}`,
      remedy: 'Restore it with the version that wrote it, or a newer one.',
    });
  }
  return head;
}

/** Where an entry goes: always below the directory, whatever the archive says. */
function placeOf({ name }: Header, file: string): string {
  const relative = name.startsWith(DATA_PREFIX) ? path.posix.normalize(name.slice(DATA_PREFIX.length)) : '';
  if (relative === '' || relative.startsWith('..') || path.posix.isAbsolute(relative)) {
    throw new BackupDamagedError(
      `${file} holds ${JSON.stringify(name)}, which belongs to no data directory.`,
    );
  }
  return relative.replace(/\/$/, '');
}

/** @returns the checksum of a file; null for what is none */
async function write(
  { type, linkname }: Header,
  contents: AsyncIterable<unknown> & { resume(): unknown },
  { to, onBytes }: { to: string; onBytes: (bytes: number) => void },
): Promise<string | null> {
  if (type === 'directory') {
    contents.resume();
    await mkdir(to, { recursive: true });
    return null;
  }
  if (type === 'symlink') {
    contents.resume();
    await symlink(linkname ?? '', to);
    return null;
  }
  const hashed = hashingPass(onBytes);
  // Flushed: what a restore said is restored outlives a loss of power.
  await pipeline(contents, hashed.stream, createWriteStream(to, { flush: true, flags: 'wx' }));
  return hashed.digest();
}

function isUnreadable(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (
    code?.startsWith('ZSTD_') === true ||
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    /unexpected end|invalid tar/i.test(message)
  );
}
