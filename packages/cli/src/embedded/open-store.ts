/** The usage of a data directory, for commands that read: through the run that holds it, or by opening it. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import { EventLogError, lockDataDirectory } from '@tollstream/event-log';
import type { DataLock } from '@tollstream/event-log';
import { openEmbeddedStore, openServerStore } from '@tollstream/usage-store';
import type { SettlementStore } from '@tollstream/usage-store';
import { UsageError } from '../failure.ts';
import { readSettings } from './settings.ts';
import type { DataSettings } from './settings.ts';

export const SAMPLE_DATA = path.join('.tollstream', 'sample');
export const OWN_DATA = path.join('.tollstream', 'data');

export interface OpenedStore {
  readonly store: SettlementStore;
  readonly settings: DataSettings;
  close(): Promise<void>;
}

/** @throws {UsageError} TOLL_USAGE_DATA when the directory holds no run. */
export async function openStoreOf(directory: string): Promise<OpenedStore> {
  const settings = await readSettings(directory);
  if (settings === null || !(await exists(path.join(directory, 'clickhouse')))) {
    throw new UsageError({
      code: 'TOLL_USAGE_DATA',
      message: `${directory} holds no rated calls`,
      remedy: 'Run `tollstream run` first, or name its data directory with --data.',
    });
  }
  const lock = tryLock(path.join(directory, 'log'));
  if (lock === null && settings.clickhouseUrl !== null) {
    const store = openServerStore({ url: settings.clickhouseUrl });
    return { store, settings, close: () => store.close() };
  }
  // Not locked and without an endpoint: the error of the lock says who holds it.
  const held = lock ?? lockDataDirectory(path.join(directory, 'log'));
  const store = await openEmbeddedStore({ dataDirectory: path.join(directory, 'clickhouse') });
  return {
    store,
    settings,
    async close() {
      await store.close();
      held.release();
    },
  };
}

function tryLock(directory: string): DataLock | null {
  try {
    return lockDataDirectory(directory);
  } catch (error) {
    if (error instanceof EventLogError && error.code === 'TOLL_DATA_IN_USE') return null;
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
