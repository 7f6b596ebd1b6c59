/** What a data directory remembers of its run, so that later commands need not be told again. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../failure.ts';

export interface DataSettings {
  readonly catalog: string;
  readonly defaultPlan: string | null;
  /** Where the ClickHouse endpoint of the run that holds the directory answers; null while none does. */
  readonly clickhouseUrl: string | null;
}

const FILE = 'settings.json';

/**
 * @returns null where no run left any
 * @throws {UsageError} TOLL_DATA_SETTINGS when the file is there and cannot be read
 */
export async function readSettings(dataDir: string): Promise<DataSettings | null> {
  const file = path.join(dataDir, FILE);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as DataSettings;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new UsageError({
      code: 'TOLL_DATA_SETTINGS',
      message: `${file} cannot be read: ${message}`,
      remedy: 'Start `tollstream run` on the data directory once: it writes the file anew.',
    });
  }
}

/** Replaced in one step: a kill leaves the old file or the new one, never half of one. */
export async function writeSettings(dataDir: string, settings: DataSettings): Promise<void> {
  const file = path.join(dataDir, FILE);
  await writeFile(`${file}.new`, `${JSON.stringify(settings, null, 2)}\n`);
  await rename(`${file}.new`, file);
}
