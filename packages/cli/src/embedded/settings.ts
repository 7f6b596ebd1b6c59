/** What a data directory remembers of its run, so that later commands need not be told again. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface DataSettings {
  readonly catalog: string;
  readonly defaultPlan: string | null;
  /** Where the ClickHouse endpoint of the run that holds the directory answers; null while none does. */
  readonly clickhouseUrl: string | null;
}

const FILE = 'settings.json';

export async function readSettings(dataDir: string): Promise<DataSettings | null> {
  try {
    return JSON.parse(await readFile(path.join(dataDir, FILE), 'utf8')) as DataSettings;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Replaced in one step: a kill leaves the old file or the new one, never half of one. */
export async function writeSettings(dataDir: string, settings: DataSettings): Promise<void> {
  const file = path.join(dataDir, FILE);
  await writeFile(`${file}.new`, `${JSON.stringify(settings, null, 2)}\n`);
  await rename(`${file}.new`, file);
}
