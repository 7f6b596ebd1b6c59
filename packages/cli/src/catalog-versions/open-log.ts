/** The log that holds the catalog's versions: Kafka by environment, or a data directory, also while a run is up on it. */
import path from 'node:path';
import { catalogTopic } from '@tollstream/catalog-versions';
import { EventLogError, openSqliteEventLog } from '@tollstream/event-log';
import type { EventLog } from '@tollstream/event-log';
import { CATALOG_SETTINGS, KAFKA_SETTINGS, defineConfig, loadConfig } from '@tollstream/service-kit';
import { openKafkaFromEnvironment } from '../kafka-options.ts';

export interface CatalogLog {
  readonly log: EventLog;
  readonly topic: string;
  readonly groupPrefix: string;
}

/** Does the work on the log and closes it. */
export async function withCatalogLog<T>(
  { data, access }: { readonly data: string | undefined; readonly access: 'read' | 'publish' },
  work: (opened: CatalogLog) => Promise<T>,
): Promise<T> {
  const opened = data === undefined ? await openKafka() : await openDirectory(data, access);
  try {
    return await work(opened);
  } finally {
    await opened.log.close();
  }
}

async function openKafka(): Promise<CatalogLog> {
  const { topicCatalog } = CATALOG_SETTINGS;
  const { groupPrefix } = KAFKA_SETTINGS;
  const { values } = loadConfig(defineConfig({ name: 'catalog', settings: { topicCatalog, groupPrefix } }), {
    env: process.env,
  });
  const log = await openKafkaFromEnvironment('tollstream-catalog');
  return { log, topic: values.topicCatalog, groupPrefix: values.groupPrefix };
}

async function openDirectory(data: string, access: 'read' | 'publish'): Promise<CatalogLog> {
  const directory = path.join(data, 'log');
  const { name: topic } = catalogTopic();
  if (access === 'read')
    return { log: openSqliteEventLog({ directory, access: 'reader' }), topic, groupPrefix: '' };
  const log = openForPublishing(directory);
  // A guest finds the topic there: the run that is up made it.
  if ((await log.describeTopics([topic])).length === 0) await log.createTopics([catalogTopic()]);
  return { log, topic, groupPrefix: '' };
}

function openForPublishing(directory: string): EventLog {
  try {
    return openSqliteEventLog({ directory });
  } catch (error) {
    if (error instanceof EventLogError && error.code === 'TOLL_DATA_IN_USE')
      return openSqliteEventLog({ directory, access: 'guest' });
    throw error;
  }
}
