import type { Command } from 'commander';
import { UsageError } from '../failure.ts';

export interface RunOptions {
  readonly calls?: readonly string[];
  readonly format?: string;
  readonly csvHeader?: string;
  readonly timeZone?: string;
  readonly switch?: string;
  readonly catalog?: string;
  readonly data?: string;
  readonly defaultPlan?: string;
  readonly exitWhenDone?: boolean;
  readonly json?: boolean;
  readonly clickhousePort?: number;
  readonly metricsPort?: number;
}

export const DEFAULT_CLICKHOUSE_PORT = 8123;
export const DEFAULT_METRICS_PORT = 9464;

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description('Rate calls on this machine: from a file to ClickHouse, an invoice and a CDR file.')
    .option('--calls <file...>', "call events to read, '-' for standard input (default: the sample's calls)")
    .option('--format <format>', 'format of the calls (default: detected)')
    .option('--csv-header <names>', 'column names of a CSV file without a header line')
    .option(
      '--time-zone <zone>',
      'IANA time zone of formats that write local times, such as America/New_York',
    )
    .option('--switch <id>', 'switch id of records that do not name their switch')
    .option('--catalog <dir>', "plans, tariffs and accounts (default: the sample's)")
    .option('--data <dir>', 'data directory (default: .tollstream/sample or .tollstream/data)')
    .option('--default-plan <plan>', 'rate accounts that the catalog does not know on this plan')
    .option('--exit-when-done', 'end when all calls are rated and stored')
    .option('--json', 'end standard output with one JSON object of totals')
    .option(
      '--clickhouse-port <port>',
      `port of the ClickHouse HTTP endpoint (default ${DEFAULT_CLICKHOUSE_PORT})`,
      parsePort,
    )
    .option('--metrics-port <port>', `port of the metrics page (default ${DEFAULT_METRICS_PORT})`, parsePort)
    .addHelpText(
      'after',
      `
Examples:
  tollstream run                                                  the sample, then stays up
  tollstream run --calls cdr.jsonl --default-plan standard        a switch's calls on the sample's plan
  zcat Master.csv.gz | tollstream run --calls - --format asterisk-csv --time-zone America/Chicago --default-plan standard
  tollstream run --calls calls.avro --exit-when-done --json       totals for a script

Starting again on the same data directory resumes; nothing is billed twice.`,
    )
    .action(async (options: RunOptions) => {
      const { runEmbedded } = await import('../embedded/run.ts');
      await runEmbedded(options);
    });
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UsageError({
      code: 'TOLL_USAGE_PORT',
      message: `'${text}' is not a port`,
      remedy: 'Give a number from 1 to 65535, or 0 for any free port.',
    });
  }
  return port;
}
