import type { Command } from 'commander';
import type { ChosenRejected } from '../workbench/filter.ts';
import { withStoreOptions } from './suspended.ts';
import type { WorkbenchOptions } from './suspended.ts';

function withFilter(command: Command): Command {
  return withStoreOptions(command)
    .option('--reason <code>', 'such as unreadable or ends_before_start')
    .option('--position <prefix>', 'beginning of the position, such as the name of a file')
    .option('--from <instant>', 'records received at or after this, ISO 8601 with a zone')
    .option('--to <instant>', 'records received before this');
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
}
