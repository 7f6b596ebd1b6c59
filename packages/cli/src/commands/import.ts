import type { Command } from 'commander';

export interface ImportOptions {
  readonly format?: string;
  readonly csvHeader?: string;
  readonly timeZone?: string;
  readonly switch?: string;
  readonly data?: string;
  readonly topic: string;
}

export function addImportCommand(program: Command): void {
  program
    .command('import')
    .argument(
      '<file...>',
      "call events to publish, '-' for standard input; several files where a call's rows are spread over them",
    )
    .description('Publish a file of call events or switch CDRs to the raw topic.')
    .option('--format <format>', 'format of the calls (default: detected)')
    .option('--csv-header <names>', 'column names of a CSV file without a header line')
    .option('--time-zone <zone>', 'IANA time zone of formats that write local times')
    .option('--switch <id>', 'switch id of records that do not name their switch')
    .option('--data <dir>', 'publish into this data directory instead of Kafka')
    .option('--topic <name>', 'raw topic', 'calls.raw')
    .addHelpText(
      'after',
      `
Examples:
  TOLLSTREAM_KAFKA_BROKERS=localhost:9092 tollstream import Master.csv --format asterisk-csv --time-zone America/Chicago
  tollstream import cdr.jsonl --data .tollstream/data
  tollstream import records/acc_*.log --data .tollstream/data          Kamailio's rows, joined into calls

An import that was cut off goes on where it stopped when it is started again.`,
    )
    .action(async (files: string[], options: ImportOptions) => {
      const { runImport } = await import('../import/command.ts');
      await runImport(files, options);
    });
}
