import type { Command } from 'commander';
import type { ChosenConflicts } from '../workbench/conflicts.ts';
import { withStoreOptions } from './suspended.ts';
import type { WorkbenchOptions } from './suspended.ts';

export function addConflictsCommand(program: Command): void {
  const conflicts = program
    .command('conflicts')
    .description(
      'Records of one call that say different things, and calls that two accounts were charged for.',
    );
  withStoreOptions(conflicts.command('list'))
    .description('List them with both records and what differs.')
    .option('--from <instant>', 'calls that started at or after this, ISO 8601 with a zone')
    .option('--to <instant>', 'calls that started before this')
    .addHelpText(
      'after',
      '\nExample:\n  tollstream conflicts list --data .tollstream/data --from 2020-01-01T00:00:00Z --to 2020-02-01T00:00:00Z',
    )
    .action(async (options: WorkbenchOptions & ChosenConflicts) => {
      const { runList } = await import('../workbench/command.ts');
      const { listConflicts } = await import('../workbench/conflicts.ts');
      await runList(options, (store, limit) => listConflicts(store, options, limit));
    });
}
