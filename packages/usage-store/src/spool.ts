import { constants } from 'node:fs';
import { access, open, readdir, rm, statfs } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'tollstream-spool-';
let sequence = 0;

/** A tmpfs with less room is left alone: containers have one of 64 MB, which two inserts fill. */
const TMPFS_BYTES_FREE_MIN = 512 * 1024 * 1024;

/** Where short-lived files cost no disk writes: tmpfs when there is room, else the directory for temporary files. */
export async function spoolDirectory(): Promise<string> {
  try {
    await access('/dev/shm', constants.W_OK);
    const { bavail, bsize } = await statfs('/dev/shm');
    return bavail * bsize >= TMPFS_BYTES_FREE_MIN ? '/dev/shm' : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** A path for a spool file that no other process or call uses. */
function spoolPath(directory: string): string {
  return join(directory, `${PREFIX}${process.pid}-${sequence++}`);
}

/** Writes the pieces to a spool file, lets `use` read it, and removes it. */
export async function withSpooled<Result>(
  directory: string,
  pieces: readonly Uint8Array[] | AsyncIterable<Uint8Array>,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  const path = spoolPath(directory);
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await writeAll(file, pieces);
    } finally {
      await file.close();
    }
    return await use(path);
  } finally {
    await rm(path, { force: true });
  }
}

/** A request comes in pieces of 64 KiB: a write of each costs more in handing it to a thread than in writing it. */
const WRITE_BYTES = 1024 * 1024;

async function writeAll(
  file: FileHandle,
  pieces: readonly Uint8Array[] | AsyncIterable<Uint8Array>,
): Promise<void> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const piece of pieces) {
    held.push(piece);
    heldBytes += piece.length;
    if (heldBytes < WRITE_BYTES) continue;
    await writeWhole(file, held, heldBytes);
    [held, heldBytes] = [[], 0];
  }
  await writeWhole(file, held, heldBytes);
}

/** A write may take less than it was given. */
async function writeWhole(file: FileHandle, pieces: readonly Uint8Array[], bytes: number): Promise<void> {
  if (bytes === 0) return;
  const { bytesWritten } = await file.writev(pieces);
  if (bytesWritten < bytes) await file.appendFile(Buffer.concat(pieces).subarray(bytesWritten));
}

/** Removes what processes left behind that were killed. */
export async function removeOrphans(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const match = /^tollstream-spool-(\d+)-\d+$/.exec(name);
    if (match !== null && !isRunning(Number(match[1]))) await rm(join(directory, name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process runs, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
