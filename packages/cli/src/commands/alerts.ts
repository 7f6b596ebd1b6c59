import type { Command } from 'commander';
import type { ChosenAlerts } from '../workbench/alerts.ts';
import { withStoreOptions } from './suspended.ts';
import type { WorkbenchOptions } from './suspended.ts';

export function addAlertsCommand(program: Command): void {
  const alerts = program
    .command('alerts')
    .description('Alerts of spend limits: which account spent how much in an hour, a day or a month.');
  withStoreOptions(alerts.command('list'))
    .description('List them in the order in which the calls began that caused them.')
    .option('--account <id>', 'account')
    .option('--limit-id <id>', 'spend limit of the catalog')
    .option('--from <instant>', 'of calls that started at or after this, ISO 8601 with a zone')
    .option('--to <instant>', 'of calls that started before this')
    .addHelpText(
      'after',
      `
Examples:
  tollstream alerts list --account riverside-dental --from 2020-01-01T00:00:00Z
  tollstream alerts list --data .tollstream/sample --limit-id toll-fraud --json`,
    )
    .action(async (options: WorkbenchOptions & ChosenAlerts) => {
      const { runList } = await import('../workbench/command.ts');
      const { listAlerts } = await import('../workbench/alerts.ts');
      await runList(options, (store, limit) => listAlerts(store, options, limit));
    });
  withStoreOptions(alerts.command('show <alert>'))
    .description('Show all that is known of one, by its id or the beginning of it.')
    .addHelpText('after', '\nExample:\n  tollstream alerts show 4b4ade05 --data .tollstream/sample')
    .action(async (alertId: string, options: WorkbenchOptions) => {
      const { runShow } = await import('../workbench/command.ts');
      const { showAlert } = await import('../workbench/alerts.ts');
      await runShow(options, (store) => showAlert(store, alertId));
    });
}
