import type { Command } from 'commander';

export interface CatalogOptions {
  readonly catalog?: string;
  readonly json?: boolean;
}

export function addCatalogCommand(program: Command): void {
  const catalog = program.command('catalog').description('Check and show plans, tariffs and accounts.');
  catalog
    .command('check')
    .argument('[dir]', "catalog directory (default: the sample's)")
    .description('List every problem at once, with file, line, column and remedy.')
    .option('--json', 'one JSON object')
    .action(async (dir: string | undefined, options: CatalogOptions) => {
      const { checkCatalog } = await import('../catalog.ts');
      await checkCatalog(dir, options);
    });
  catalog
    .command('show')
    .description('Show accounts, plans and tariffs.')
    .option('--catalog <dir>', "catalog directory (default: the sample's)")
    .option('--json', 'one JSON object')
    .action(async (options: CatalogOptions) => {
      const { showCatalog } = await import('../catalog.ts');
      await showCatalog(options);
    });
}
