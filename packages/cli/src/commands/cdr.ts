import type { Command } from 'commander';

export interface CdrOptions {
  readonly account?: string;
  readonly month?: string;
  readonly invoice?: string;
  readonly format?: string;
  readonly output: string;
  readonly detail?: boolean;
  readonly compress?: string;
  readonly resume?: boolean;
  readonly extension?: string;
  readonly number?: string;
  readonly callType?: string;
  readonly day?: string;
  readonly json?: boolean;
  readonly data?: string;
}

export function addCdrCommand(program: Command): void {
  const cdr = program.command('cdr').description('Billed call details.');
  cdr
    .command('download')
    .description(
      "Write an account's calls of a usage month as they stand, or the calls of an issued invoice.",
    )
    .option('--account <id>', 'account')
    .option('--month <yyyy-mm>', 'usage month')
    .option(
      '--invoice <number>',
      'calls as an issued invoice or credit note bills them, instead of account and month',
    )
    .option('--format <format>', 'csv, jsonl, parquet or xlsx (default: by the ending of the file, else csv)')
    .option('--output <file>', "file to write, '-' for standard output", '-')
    .option('--detail', 'every pricing field besides')
    .option('--compress <how>', 'none, gzip or zstd (default: by the ending of the file)')
    .option('--resume', 'go on where a download of the same calls was broken off')
    .option('--extension <extension>', 'only calls of an extension')
    .option('--number <number>', 'only calls from or to a number, such as +12125550100')
    .option('--call-type <type>', 'only calls of a type, such as international')
    .option('--day <yyyy-mm-dd>', 'only calls that began on a day (UTC)')
    .option('--json', 'one JSON object about the file on standard output')
    .option(
      '--data <dir>',
      'data directory of an embedded run (default: servers where TOLLSTREAM_POSTGRES_URL is set, or else .tollstream/sample)',
    )
    .addHelpText(
      'after',
      `
Examples:
  tollstream cdr download --account 10001 --month 2020-01 --output january.csv
  tollstream cdr download --account 10001 --month 2020-01 --output january.xlsx --call-type international
  tollstream cdr download --account 10001 --month 2020-01 --output january.jsonl.zst --detail
  tollstream cdr download --invoice INV-000001 --output INV-000001.csv

Rows are in the order of their start, then call id; their costs add up to the invoice's usage to the last digit.`,
    )
    .action(async (options: CdrOptions) => {
      const { downloadCdr } = await import('../cdr.ts');
      await downloadCdr(options);
    });
}
