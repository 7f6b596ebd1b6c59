import type { Command } from 'commander';

export interface RerateOptions {
  readonly from: string;
  readonly to: string;
  readonly catalog: string;
  readonly account?: string;
  readonly defaultPlan?: string;
  readonly data?: string;
  readonly apply?: boolean;
  readonly abandon?: boolean;
  readonly json?: boolean;
}

export function addRerateCommand(program: Command): void {
  program
    .command('rerate')
    .description(
      'Price stored calls again with another catalog: show what changes, and write it with --apply.',
    )
    .requiredOption('--from <date>', 'first day, the 1st of a month: months are priced whole')
    .requiredOption('--to <date>', 'day after the last one, the 1st of a month')
    .requiredOption('--catalog <version|dir>', 'published catalog version, or a catalog directory')
    .option('--account <id>', 'this account only')
    .option('--default-plan <plan>', 'plan of accounts that the catalog does not know')
    .option('--data <dir>', 'data directory of an embedded run (default: ClickHouse by environment)')
    .option('--apply', 'write new revisions, and keep the old rows as adjustments')
    .option('--abandon', 'leave an interrupted run of another kind as it is')
    .option('--json', 'one JSON object with all differences')
    .addHelpText(
      'after',
      `
Examples:
  tollstream rerate --data own --from 2020-01-01 --to 2020-02-01 --catalog corrected
  tollstream rerate --data own --from 2020-01-01 --to 2020-02-01 --catalog corrected --apply
  TOLLSTREAM_CLICKHOUSE_URL=http://localhost:8123 tollstream rerate --from 2020-01 --to 2020-02 --catalog DIR --account A

Without --apply nothing is written. Included minutes come out as if the calls had been priced so from the start. Killed while it writes,
the same command goes on.`,
    )
    .action(async (options: RerateOptions) => {
      const { runRerate } = await import('../settlement/rerate.ts');
      await runRerate(options);
    });
}
