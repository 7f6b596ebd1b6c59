import type { Command } from 'commander';
import type { ChosenRejected } from '../workbench/filter.ts';
import { withStoreOptions } from './suspended.ts';
import type { WorkbenchOptions } from './suspended.ts';

export interface RejectsOptions extends ChosenRejected, WorkbenchOptions {
  readonly dryRun?: boolean;
  readonly because?: string;
  readonly by?: string;
  readonly catalog?: string;
  readonly defaultPlan?: string;
  readonly wait: string;
  readonly format?: string;
  readonly timeZone?: string;
  readonly csvHeader?: string;
  readonly switch?: string;
}

function withFilter(command: Command): Command {
  return withChoice(withStoreOptions(command)).option(
    '--all',
    'also records that were replayed or discarded since',
  );
}

function withChoice(command: Command): Command {
  return command
    .option('--reason <code>', 'such as unreadable or ends_before_start')
    .option('--position <prefix>', 'beginning of the position, such as the name of a file')
    .option('--from <instant>', 'records received at or after this, ISO 8601 with a zone')
    .option('--to <instant>', 'records received before this');
}

function withAction(command: Command): Command {
  return withChoice(command)
    .option(
      '--data <dir>',
      'data directory of an embedded run (default: Kafka and ClickHouse by environment)',
    )
    .option('--by <name>', 'who asks (default: user and machine)')
    .option('--dry-run', 'say what would be taken up, and do nothing')
    .option('--limit <records>', 'most records', '1000000')
    .option('--wait <seconds>', 'how long to wait for the services', '60')
    .option('--json', 'one JSON object');
}

export function addRejectedCommand(program: Command): void {
  const rejected = program
    .command('rejected')
    .description('Records that are no call: where they stand, what is wrong, and their bytes.');
  withFilter(rejected.command('summary'))
    .description('Count them by reason and format.')
    .addHelpText('after', '\nExample:\n  tollstream rejected summary --data .tollstream/sample')
    .action(async (options: WorkbenchOptions & ChosenRejected) => {
      const { runList } = await import('../workbench/command.ts');
      const { summariseRejected } = await import('../workbench/queries.ts');
      await runList(options, (store, limit) => summariseRejected(store, options, limit));
    });
  withFilter(rejected.command('list'))
    .description('List them in the order of the log.')
    .addHelpText(
      'after',
      '\nExample:\n  tollstream rejected list --reason time_invalid --position Master.csv',
    )
    .action(async (options: WorkbenchOptions & ChosenRejected) => {
      const { runList } = await import('../workbench/command.ts');
      const { listRejected } = await import('../workbench/queries.ts');
      await runList(options, (store, limit) => listRejected(store, options, limit));
    });
  withStoreOptions(rejected.command('show <position>'))
    .description('Show one with its bytes, by its position or its offset.')
    .addHelpText(
      'after',
      "\nExamples:\n  tollstream rejected show calls.jsonl:4711\n  tollstream rejected show 'calls.raw/0 offset 4710'",
    )
    .action(async (position: string, options: WorkbenchOptions) => {
      const { runShow } = await import('../workbench/command.ts');
      const { showRejected } = await import('../workbench/queries.ts');
      await runShow(options, (store) => showRejected(store, position));
    });
  withAction(rejected.command('replay'))
    .description('Read the kept bytes again, once what hindered it was mended. Nothing is replayed twice.')
    .option('--because <text>', 'why, for the record')
    .option('--format <format>', 'read them as this format')
    .option('--time-zone <zone>', 'read times without a zone in this one')
    .option('--csv-header <line>', 'read lines of CSV under this header')
    .option('--switch <id>', 'switch of records that name none')
    .option('--catalog <dir>', 'with --data: the catalog that attributes and prices')
    .option('--default-plan <plan>', 'with --data: rate accounts that the catalog does not know on this plan')
    .addHelpText(
      'after',
      `
Examples:
  tollstream rejected replay --reason schema_unknown --dry-run
  tollstream rejected replay --position Master.csv --time-zone Europe/Berlin --because 'imported without its zone'
  tollstream rejected replay --data .tollstream/data --reason unreadable --format asterisk-csv

Records that still cannot be read are rejected again. With --data, no run may hold the directory.`,
    )
    .action(async (options: RejectsOptions) => {
      const { runRejects } = await import('../rejects/command.ts');
      await runRejects('replay', options);
    });
  withAction(rejected.command('discard'))
    .description('Give open records up for good, with the reason and who said so on record.')
    .requiredOption('--because <text>', 'why')
    .addHelpText(
      'after',
      "\nExample:\n  tollstream rejected discard --reason unreadable --position probe --because 'health checks of the switch'",
    )
    .action(async (options: RejectsOptions) => {
      const { runRejects } = await import('../rejects/command.ts');
      await runRejects('discard', options);
    });
}
