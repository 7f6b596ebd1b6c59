import type { Command } from 'commander';

export interface TopicsOptions {
  readonly partitions: string;
}

export function addTopicsCommand(program: Command): void {
  const topics = program.command('topics').description('Kafka topics.');
  topics
    .command('create')
    .description('Create the topics that are missing; safe to repeat.')
    .option('--partitions <n>', 'partitions of each topic', '4')
    .addHelpText(
      'after',
      '\nExample:\n  TOLLSTREAM_KAFKA_BROKERS=localhost:9092 tollstream topics create --partitions 8',
    )
    .action(async (options: TopicsOptions) => {
      const { createTopics } = await import('../topics.ts');
      await createTopics(options);
    });
}
