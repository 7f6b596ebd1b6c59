import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import {
  SNAPSHOTS_KEPT,
  type SnapshotDraft,
  type SnapshotPlace,
  type SnapshotStore,
  type StoredSnapshot,
} from './port.ts';
import { nextName, snapshotNames } from './snapshot-names.ts';

const PARTIAL = '.partial';

/** Snapshots as files: `<directory>/<group>/<topic>-<partition>/<number>.snapshot`. Several processes may share the directory. */
export function openSnapshotDirectory(directory: string): SnapshotStore {
  const folderOf = ({ group, topic, partition }: SnapshotPlace): string =>
    path.join(directory, encodeURIComponent(group), `${encodeURIComponent(topic)}-${partition}`);
  return {
    list: async (place) => snapshotNames(await namesIn(folderOf(place))),
    open: async (place, name) => openSnapshot(path.join(folderOf(place), name), name),
    create: async (place) => {
      const folder = folderOf(place);
      await mkdir(folder, { recursive: true });
      // Left by a process that was killed. One that still writes loses its snapshot, and nothing else.
      for (const name of await namesIn(folder))
        if (name.endsWith(PARTIAL)) await rm(path.join(folder, name), { force: true });
      const name = nextName(snapshotNames(await namesIn(folder)));
      const partial = path.join(folder, `${name}${PARTIAL}`);
      return new FileDraft(folder, name, await open(partial, 'wx'));
    },
  };
}

class FileDraft implements SnapshotDraft {
  readonly #folder: string;
  readonly #name: string;
  readonly #handle: FileHandle;
  readonly #partial: string;

  constructor(folder: string, name: string, handle: FileHandle) {
    this.#folder = folder;
    this.#name = name;
    this.#handle = handle;
    this.#partial = path.join(folder, `${name}${PARTIAL}`);
  }

  async append(bytes: readonly Buffer[]): Promise<void> {
    for (const each of bytes) await this.#handle.writeFile(each);
  }

  /** 1 the bytes to the disk → 2 the name in one step → 3 the name to the disk → 4 older ones go. */
  async complete(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
    await rename(this.#partial, path.join(this.#folder, this.#name));
    const folder = await open(this.#folder, 'r');
    await folder.sync();
    await folder.close();
    for (const name of snapshotNames(await namesIn(this.#folder)).slice(SNAPSHOTS_KEPT))
      await rm(path.join(this.#folder, name), { force: true });
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#partial, { force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function openSnapshot(file: string, name: string): Promise<StoredSnapshot> {
  const handle = await open(file, 'r');
  const { size } = await handle.stat();
  return {
    name,
    bytes: size,
    async read(position, length) {
      const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, size - position)));
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    },
    close: async () => handle.close(),
  };
}
