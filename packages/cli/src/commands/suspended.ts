import type { Command } from 'commander';
import type { ChosenSuspended } from '../workbench/filter.ts';

export interface WorkbenchOptions {
  readonly data?: string;
  readonly limit: string;
  readonly json?: boolean;
}

/** Options that every subcommand of `suspended` and `rejected` has. */
export function withStoreOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'data directory of an embedded run (default: ClickHouse by environment)')
    .option('--limit <rows>', 'most rows', '100')
    .option('--json', 'one JSON object a line');
}

function withFilter(command: Command): Command {
  return withStoreOptions(command)
    .option('--reason <code>', 'such as rate_missing or account_unknown')
    .option('--account <id>', 'account')
    .option('--destination <digits>', 'leading digits of the called number')
    .option('--from <instant>', 'calls that started at or after this, ISO 8601 with a zone')
    .option('--to <instant>', 'calls that started before this');
}

export function addSuspendedCommand(program: Command): void {
  const suspended = program
    .command('suspended')
    .description('Calls that could not be priced: what they are, and why.');
  withFilter(suspended.command('summary'))
    .description('Count them by what is to be mended.')
    .addHelpText('after', '\nExample:\n  tollstream suspended summary --data .tollstream/sample')
    .action(async (options: WorkbenchOptions & ChosenSuspended) => {
      const { runList } = await import('../workbench/command.ts');
      const { summariseSuspended } = await import('../workbench/queries.ts');
      await runList(options, (store, limit) => summariseSuspended(store, options, limit));
    });
  withFilter(suspended.command('list'))
    .description('List them in order of their start.')
    .addHelpText(
      'after',
      '\nExample:\n  tollstream suspended list --reason rate_missing --destination 5511 --from 2020-01-01T00:00:00Z',
    )
    .action(async (options: WorkbenchOptions & ChosenSuspended) => {
      const { runList } = await import('../workbench/command.ts');
      const { listSuspended } = await import('../workbench/queries.ts');
      await runList(options, (store, limit) => listSuspended(store, options, limit));
    });
  withStoreOptions(suspended.command('show <call-id>'))
    .description('Show all that is known of one.')
    .addHelpText('after', '\nExample:\n  tollstream suspended show 7e6d1fb6 --data .tollstream/sample')
    .action(async (callId: string, options: WorkbenchOptions) => {
      const { runShow } = await import('../workbench/command.ts');
      const { showSuspended } = await import('../workbench/queries.ts');
      await runShow(options, (store) => showSuspended(store, callId));
    });
}
