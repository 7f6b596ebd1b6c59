import type { Command } from 'commander';

export interface CdrOptions {
  readonly account: string;
  readonly month: string;
  readonly format: string;
  readonly output: string;
  readonly data?: string;
  readonly catalog?: string;
}

export function addCdrCommand(program: Command): void {
  const cdr = program.command('cdr').description('Billed call details.');
  cdr
    .command('download')
    .description("Write an account's billed calls of a usage month.")
    .requiredOption('--account <id>', 'account')
    .requiredOption('--month <yyyy-mm>', 'usage month')
    .option('--format <format>', 'csv or jsonl', 'csv')
    .option('--output <file>', "file to write, '-' for standard output", '-')
    .option('--data <dir>', 'data directory of an embedded run (default: .tollstream/sample)')
    .option('--catalog <dir>', 'catalog (default: the one the run used)')
    .addHelpText(
      'after',
      '\nExample:\n  tollstream cdr download --account 10001 --month 2020-01 --output january.csv',
    )
    .action(async (options: CdrOptions) => {
      const { downloadCdr } = await import('../cdr.ts');
      await downloadCdr(options);
    });
}
