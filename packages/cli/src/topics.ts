import { catalogTopic } from '@tollstream/catalog-versions';
import { pipelineTopics } from '@tollstream/event-log';
import { CATALOG_SETTINGS, TOPIC_SETTINGS, defineConfig, loadConfig } from '@tollstream/service-kit';
import type { TopicsOptions } from './commands/topics.ts';
import { UsageError } from './failure.ts';
import { openKafkaFromEnvironment } from './kafka-options.ts';
import { print } from './terminal.ts';

const PARTITIONS_MAX = 10_000;

export async function createTopics(options: TopicsOptions): Promise<void> {
  const partitions = Number(options.partitions);
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > PARTITIONS_MAX) {
    throw new UsageError({
      code: 'TOLL_USAGE_NUMBER',
      message: `--partitions: '${options.partitions}' is not a number of partitions`,
      remedy: `Use a whole number from 1 to ${PARTITIONS_MAX}.`,
    });
  }
  const settings = { ...TOPIC_SETTINGS, topicCatalog: CATALOG_SETTINGS.topicCatalog };
  const { values } = loadConfig(defineConfig({ name: 'topics', settings }), { env: process.env });
  const { topicCatalog, ...topics } = values;
  const log = await openKafkaFromEnvironment('tollstream-topics');
  try {
    const catalog = catalogTopic(topicCatalog);
    const specs = [...pipelineTopics(Object.values(topics), partitions), catalog];
    const { created, existing } = await log.createTopics(specs);
    for (const name of created) {
      const spec = specs.find((each) => each.name === name);
      print(`created ${name} (${spec?.partitions} partitions)`);
    }
    for (const name of existing) print(`exists  ${name}`);
  } finally {
    await log.close();
  }
}
