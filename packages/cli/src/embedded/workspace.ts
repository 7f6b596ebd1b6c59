/** A data directory in use by this process: the event log, the embedded ClickHouse engine, and what is remembered of the run. */
import path from 'node:path';
import { catalogTopic } from '@tollstream/catalog-versions';
import { openSnapshotDirectory, openSqliteEventLog } from '@tollstream/event-log';
import type { EventLog, SnapshotStore } from '@tollstream/event-log';
import { openEmbeddedStore } from '@tollstream/usage-store';
import type { EmbeddedStore } from '@tollstream/usage-store';
import { EMBEDDED_TOPICS } from './status.ts';

/** One partition of each topic: one process reads them all, and larger blocks cost less. */
const PARTITIONS = 1;

export interface Workspace {
  readonly directory: string;
  readonly log: EventLog;
  readonly store: EmbeddedStore;
  readonly snapshots: SnapshotStore;
  close(): Promise<void>;
}

/**
 * Opens (and on first use makes) a data directory. The event log comes first: it makes the directories, and its lock tells a
 * second run, in a sentence, that they are in use.
 */
export async function openWorkspace(directory: string): Promise<Workspace> {
  const log = openSqliteEventLog({ directory: path.join(directory, 'log') });
  try {
    await log.createTopics([
      ...Object.values(EMBEDDED_TOPICS).map((name: string) => ({ name, partitions: PARTITIONS })),
      catalogTopic(),
    ]);
    const store = await openEmbeddedStore({ dataDirectory: path.join(directory, 'clickhouse') });
    try {
      await store.migrate();
    } catch (error) {
      await store.close();
      throw error;
    }
    return {
      directory,
      log,
      store,
      snapshots: openSnapshotDirectory(path.join(directory, 'snapshots')),
      async close() {
        await store.close();
        await log.close();
      },
    };
  } catch (error) {
    await log.close();
    throw error;
  }
}
