import type { Command } from 'commander';

export interface ExplainOptions {
  readonly data?: string;
  readonly json?: boolean;
}

export function addExplainCommand(program: Command): void {
  program
    .command('explain <call-id>')
    .description('Show how a rated call came to its price, from what its row stores, and work it out again.')
    .option('--data <dir>', 'data directory of an embedded run (default: ClickHouse by environment)')
    .option('--json', 'one JSON object a line, one for each leg and revision')
    .addHelpText(
      'after',
      `
Examples:
  tollstream explain b7e17edf-781f-4c57-aa97-9d288be5f95b --data .tollstream/sample
  TOLLSTREAM_CLICKHOUSE_URL=http://localhost:8123 tollstream explain 1580515200.4711

The exit code is 1 when no rated call has the id, or when a row does not give its amount again.`,
    )
    .action(async (callId: string, options: ExplainOptions) => {
      const { runExplain } = await import('../explain.ts');
      await runExplain(callId, options);
    });
}
