import type { Command } from 'commander';
import type { ChosenSuspended } from '../workbench/filter.ts';

export interface WorkbenchOptions {
  readonly data?: string;
  readonly limit: string;
  readonly json?: boolean;
}

export interface SuspenseOptions extends ChosenSuspended, WorkbenchOptions {
  readonly dryRun?: boolean;
  /** Why, in the words of who asks: `--reason` chooses calls. */
  readonly because?: string;
  readonly by?: string;
  readonly catalog?: string;
  readonly defaultPlan?: string;
  readonly catalogVersion?: string;
  readonly wait: string;
}

/** Options that every subcommand of `suspended` and `rejected` has. */
export function withStoreOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'data directory of an embedded run (default: ClickHouse by environment)')
    .option('--limit <rows>', 'most rows', '100')
    .option('--json', 'one JSON object a line');
}

function withFilter(command: Command): Command {
  return withChoice(withStoreOptions(command)).option(
    '--all',
    'also calls that were rated or discarded since',
  );
}

function withChoice(command: Command): Command {
  return command
    .option('--reason <code>', 'such as rate_missing or account_unknown')
    .option('--account <id>', 'account')
    .option('--destination <digits>', 'leading digits of the called number')
    .option('--from <instant>', 'calls that started at or after this, ISO 8601 with a zone')
    .option('--to <instant>', 'calls that started before this');
}

function withAction(command: Command): Command {
  return withChoice(command)
    .option(
      '--data <dir>',
      'data directory of an embedded run (default: Kafka and ClickHouse by environment)',
    )
    .option('--by <name>', 'who asks (default: user and machine)')
    .option('--dry-run', 'say what would be taken up, and do nothing')
    .option('--limit <calls>', 'most calls', '1000000')
    .option('--wait <seconds>', 'how long to wait for the services', '60')
    .option('--json', 'one JSON object');
}

export function addSuspendedCommand(program: Command): void {
  const suspended = program
    .command('suspended')
    .description('Calls that could not be priced: what they are, why, and taking them up again.');
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
  withAction(suspended.command('replay'))
    .description('Price open calls again, once what they lacked was added. Nothing is replayed twice.')
    .option('--because <text>', 'why, for the record')
    .option('--catalog <dir>', 'the catalog that says whose numbers are whose, and with --data also prices')
    .option('--default-plan <plan>', 'with --data: rate accounts that the catalog does not know on this plan')
    .option('--catalog-version <number>', 'price only if this version of the catalog is in force')
    .addHelpText(
      'after',
      `
Examples:
  tollstream suspended replay --reason rate_missing --destination 5511 --dry-run
  tollstream suspended replay --account acme --because 'rates of May added'
  tollstream suspended replay --data .tollstream/data --catalog ./catalog

Calls that still have no price stay suspended. With --data, no run may hold the directory.`,
    )
    .action(async (options: SuspenseOptions) => {
      const { runSuspense } = await import('../suspense/command.ts');
      await runSuspense('replay', options);
    });
  withAction(suspended.command('discard'))
    .description('Give open calls up for good, with the reason and who said so on record.')
    .requiredOption('--because <text>', 'why')
    .addHelpText(
      'after',
      "\nExample:\n  tollstream suspended discard --reason number_invalid --to 2020-02-01T00:00:00Z --because 'test calls of January'",
    )
    .action(async (options: SuspenseOptions) => {
      const { runSuspense } = await import('../suspense/command.ts');
      await runSuspense('discard', options);
    });
}
