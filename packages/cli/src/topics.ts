import { pipelineTopics } from '@tollstream/event-log';
import { TOPIC_SETTINGS, defineConfig, loadConfig } from '@tollstream/service-kit';
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
  const { values } = loadConfig(defineConfig({ name: 'topics', settings: TOPIC_SETTINGS }), {
    env: process.env,
  });
  const log = await openKafkaFromEnvironment('tollstream-topics');
  try {
    const { created, existing } = await log.createTopics(pipelineTopics(Object.values(values), partitions));
    for (const name of created) print(`created ${name} (${partitions} partitions)`);
    for (const name of existing) print(`exists  ${name}`);
  } finally {
    await log.close();
  }
}
