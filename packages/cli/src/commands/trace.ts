import type { Command } from 'commander';

export interface TraceCommandOptions {
  readonly data?: string;
  readonly rawTopic?: readonly string[];
  readonly json?: boolean;
}

export function addTraceCommand(program: Command): void {
  program
    .command('trace <call-id>')
    .description(
      'Tell the life of one call: where it came from, what each stage made of it, or where it waits.',
    )
    .option(
      '--data <dir>',
      'data directory of an embedded run (default: Kafka and ClickHouse by environment)',
    )
    .option('--raw-topic <name...>', 'further topics that ingest reads beside the raw topic')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  tollstream trace b7e17edf-781f-4c57-aa97-9d288be5f95b --data .tollstream/sample
  KAFKA_BROKERS=localhost:9092 tollstream trace 1580515200.4711

The last line says what became of it. The exit code is 1 when neither topics nor tables hold the id.`,
    )
    .action(async (callId: string, options: TraceCommandOptions) => {
      const { runTrace } = await import('../trace/command.ts');
      await runTrace(callId, options);
    });
}
