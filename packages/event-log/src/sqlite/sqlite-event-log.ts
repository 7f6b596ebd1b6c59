import { LocalEventLog } from '../local/local-event-log.ts';
import type { Backoff } from '../limits.ts';
import type { EventLog } from '../port.ts';
import { lockDataDirectory, type DataLock } from './data-lock.ts';
import { SqliteStore, type DataAccess } from './sqlite-store.ts';

export interface SqliteEventLogOptions {
  /** Holds `log.sqlite`; created when missing. */
  readonly directory: string;
  /** Default owner. */
  readonly access?: DataAccess;
  readonly now?: () => number;
  readonly backoff?: Backoff;
}

/**
 * Opens the event log of a data directory.
 * @throws {EventLogError} TOLL_DATA_IN_USE, TOLL_DATA_NEWER, TOLL_DATA_MISSING, TOLL_DATA_FOREIGN, TOLL_DATA_CORRUPT, TOLL_DATA_IO
 */
export function openSqliteEventLog(options: SqliteEventLogOptions): EventLog {
  const { directory, access = 'owner' } = options;
  const lock = access === 'owner' ? lockDataDirectory(directory) : undefined;
  const store = openStore(directory, access, lock);
  return new LocalEventLog({
    kind: 'sqlite',
    store,
    // The lock outlives the store: nobody else may open the file while it is being closed.
    onClosed: () => lock?.release(),
    ...(options.now ? { now: options.now } : {}),
    ...(options.backoff ? { backoff: options.backoff } : {}),
  });
}

function openStore(directory: string, access: DataAccess, lock: DataLock | undefined): SqliteStore {
  try {
    return new SqliteStore(directory, access);
  } catch (error) {
    lock?.release();
    throw error;
  }
}
