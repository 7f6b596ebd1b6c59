import type { Command } from 'commander';

export interface SettleOptions {
  readonly month: string;
  readonly account?: string;
  readonly catalog?: readonly string[];
  readonly allBy?: string;
  readonly defaultPlan?: string;
  readonly data?: string;
  readonly again?: boolean;
  readonly abandon?: boolean;
  readonly json?: boolean;
}

export function addSettleCommand(program: Command): void {
  program
    .command('settle')
    .description(
      'Close a month: price its calls in canonical order, so that the order of arrival does not matter.',
    )
    .requiredOption('--month <yyyy-mm>', 'billing month; it must have ended in the zone of each account')
    .option('--account <id>', 'this account only')
    .option(
      '--catalog <dir...>',
      'catalogs that the calls were rated with (default: the published versions that they name)',
    )
    .option('--all-by <version|dir>', 'price all calls with this catalog, whatever rated them')
    .option('--default-plan <plan>', 'plan of accounts that the catalog does not know')
    .option('--data <dir>', 'data directory of an embedded run (default: ClickHouse by environment)')
    .option('--again', 'settle a settled month once more: what came or changed since becomes adjustments')
    .option('--abandon', 'leave an interrupted run of another kind as it is')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  tollstream settle --data own --month 2020-01
  tollstream settle --data own --month 2020-01 --again
  TOLLSTREAM_CLICKHOUSE_URL=http://localhost:8123 tollstream settle --month 2020-01 --catalog DIR --account A

May run while calls are rated; what comes after the month is closed waits for --again. Killed at any moment, the same command goes on.`,
    )
    .action(async (options: SettleOptions) => {
      const { runSettle } = await import('../settlement/settle.ts');
      await runSettle(options);
    });
}
