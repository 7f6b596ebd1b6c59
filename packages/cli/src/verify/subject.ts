/** What there is to verify: a data directory, or Kafka and ClickHouse as the services know them. */
import path from 'node:path';
import { openSqliteEventLog } from '@tollstream/event-log';
import { KAFKA_SETTINGS, TOPIC_SETTINGS, defineConfig, loadConfig } from '@tollstream/service-kit';
import { openStoreOf } from '../embedded/open-store.ts';
import { EMBEDDED_TOPICS } from '../embedded/status.ts';
import { openKafkaFromEnvironment, openServerStoreFromEnvironment } from '../kafka-options.ts';
import type { VerifySubject } from './verify.ts';

export interface OpenedSubject extends VerifySubject {
  close(): Promise<void>;
}

/** A directory that a run holds is read beside it: its log for reading only, its tables through the run's endpoint. */
export async function openDataDirectory(directory: string): Promise<OpenedSubject> {
  const opened = await openStoreOf(directory);
  try {
    const log = openSqliteEventLog({ directory: path.join(directory, 'log'), access: 'reader' });
    return {
      log,
      store: opened.store,
      topics: { ...EMBEDDED_TOPICS, raw: [EMBEDDED_TOPICS.raw] },
      groupPrefix: '',
      async close() {
        await log.close();
        await opened.close();
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

export async function openFromEnvironment(furtherRawTopics: readonly string[]): Promise<OpenedSubject> {
  const { groupPrefix } = KAFKA_SETTINGS;
  const { values } = loadConfig(
    defineConfig({ name: 'verify', settings: { ...TOPIC_SETTINGS, groupPrefix } }),
    {
      env: process.env,
    },
  );
  const log = await openKafkaFromEnvironment('tollstream-verify');
  const store = openServerStoreFromEnvironment();
  return {
    log,
    store,
    topics: {
      raw: [values.topicRaw, ...furtherRawTopics],
      accepted: values.topicAccepted,
      rejected: values.topicRejected,
      rated: values.topicRated,
      suspended: values.topicSuspended,
      resolved: values.topicResolved,
      alerts: values.topicAlerts,
    },
    groupPrefix: values.groupPrefix,
    async close() {
      await log.close();
      await store.close();
    },
  };
}
