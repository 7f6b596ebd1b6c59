/** Kafka and ClickHouse as commands reach them: the same environment variables as the services read. */
import { CLICKHOUSE_SETTINGS, KAFKA_SETTINGS, defineConfig, loadConfig } from '@tollstream/service-kit';
import { kafkaOptionsOf } from '@tollstream/event-log';
import type { EventLog } from '@tollstream/event-log';
import { openServerStore } from '@tollstream/usage-store';
import type { SettlementStore } from '@tollstream/usage-store';

export async function openKafkaFromEnvironment(clientId: string): Promise<EventLog> {
  const { values } = loadConfig(defineConfig({ name: 'kafka', settings: KAFKA_SETTINGS }), {
    env: process.env,
  });
  const { openKafkaEventLog } = await import('@tollstream/event-log/kafka');
  return openKafkaEventLog({ clientId, ...kafkaOptionsOf(values) });
}

export function openServerStoreFromEnvironment(): SettlementStore {
  const { values } = loadConfig(defineConfig({ name: 'clickhouse', settings: CLICKHOUSE_SETTINGS }), {
    env: process.env,
  });
  return openServerStore({
    url: values.clickhouseUrl,
    username: values.clickhouseUser,
    password: values.clickhousePassword,
    database: values.clickhouseDatabase,
  });
}
