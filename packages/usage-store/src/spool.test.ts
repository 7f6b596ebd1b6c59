import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { withSpooled } from './spool.ts';

const directory = mkdtempSync(join(tmpdir(), 'tollstream-spool-test-'));
/** Pieces of 300 kB, of which several make a write, and no two alike. */
const PIECES = Array.from({ length: 9 }, (_, i) => Buffer.alloc(300_000, `piece ${i} `));

afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(directory, { recursive: true }));

async function writev(): Promise<FileHandle> {
  const handle = await open(join(directory, 'handle'), 'w');
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}

async function* oneByOne(): AsyncGenerator<Buffer> {
  for (const piece of PIECES) yield await Promise.resolve(piece);
}

test('a write that takes less than it was given is completed', async () => {
  let writes = 0;
  vi.spyOn(await writev(), 'writev').mockImplementation(async function short(
    this: FileHandle,
    pieces: readonly NodeJS.ArrayBufferView[],
  ) {
    writes++;
    const some = Buffer.concat(pieces as Uint8Array[]).subarray(0, 333_333);
    await this.write(some);
    return { bytesWritten: some.length, buffers: pieces };
  });
  for (const pieces of [PIECES, oneByOne()]) {
    const written = await withSpooled(directory, pieces, async (path) => readFile(path));
    expect(written.equals(Buffer.concat(PIECES))).toBe(true);
  }
  expect(writes).toBeGreaterThan(2);
});

test('a file that cannot be written whole is never read, and goes', async () => {
  vi.spyOn(await writev(), 'writev').mockImplementation(async () => {
    throw Object.assign(new Error('ENOSPC: no space left on device, writev'), { code: 'ENOSPC' });
  });
  const use = vi.fn(async () => Promise.resolve());
  await expect(withSpooled(directory, PIECES, use)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(use).not.toHaveBeenCalled();
  expect(readdirSync(directory)).toEqual(['handle']);
});
