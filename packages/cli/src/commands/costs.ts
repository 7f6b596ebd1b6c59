import { type Command, Option } from 'commander';

export interface CostOptions {
  readonly data?: string;
  readonly json?: boolean;
}

export interface RemoveCostOptions extends CostOptions {
  readonly direction: 'outbound' | 'toll-free';
  readonly trunk?: string;
}

export interface LoadCostOptions extends RemoveCostOptions {
  readonly tariff: string;
  readonly catalog: string;
  readonly from?: string;
}

export function addCostsCommand(program: Command): void {
  const costs = program
    .command('costs')
    .description('What carriers charge, by prefix: with it ClickHouse has the view finance.margin.');
  withSubject(costs.command('load'))
    .description('Put a tariff in force as what a carrier charges; it takes the place of the one before.')
    .requiredOption('--tariff <id>', 'tariff, as `tollstream catalog import-deck` writes it')
    .requiredOption('--catalog <dir>', 'catalog directory that holds it; it needs no plans')
    .option(
      '--from <date>',
      'until then the deck loaded before stays in force (default: all of it is replaced)',
    )
    .addHelpText(
      'after',
      `
Examples:
  tollstream costs load --tariff acme --catalog costs --data .tollstream/data
  tollstream costs load --tariff acme --catalog costs --trunk acme-1 --from 2020-03-01
  tollstream costs load --tariff acme-toll-free --catalog costs --direction toll-free`,
    )
    .action(async (options: LoadCostOptions) => {
      const { loadCosts } = await import('../costs/command.ts');
      await loadCosts(options);
    });
  withStoreOptions(costs.command('list'))
    .description('List the decks in force.')
    .addHelpText('after', '\nExample:\n  tollstream costs list --data .tollstream/data')
    .action(async (options: CostOptions) => {
      const { listCosts } = await import('../costs/command.ts');
      await listCosts(options);
    });
  withSubject(costs.command('remove'))
    .description('Take a deck away: the cost of its calls is then unknown.')
    .addHelpText('after', '\nExample:\n  tollstream costs remove --trunk acme-1')
    .action(async (options: RemoveCostOptions) => {
      const { removeCosts } = await import('../costs/command.ts');
      await removeCosts(options);
    });
}

function withSubject(command: Command): Command {
  return withStoreOptions(command)
    .addOption(
      new Option(
        '--direction <direction>',
        'calls that leave over the carrier, or calls to your toll-free numbers',
      )
        .choices(['outbound', 'toll-free'])
        .default('outbound'),
    )
    .option('--trunk <name>', 'only calls over this trunk (default: all trunks without a deck of their own)');
}

function withStoreOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'data directory of an embedded run (default: ClickHouse by environment)')
    .option('--json', 'one JSON object');
}
