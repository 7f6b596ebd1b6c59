import { open } from 'node:fs/promises';

/** Brings a file, or the names in a directory, to the disk. */
export async function sync(fileOrDirectory: string): Promise<void> {
  const handle = await open(fileOrDirectory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
