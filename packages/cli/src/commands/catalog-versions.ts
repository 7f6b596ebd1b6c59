/** Commands about numbered versions of the catalog. */
import type { Command } from 'commander';

export interface HistoryCommandOptions {
  readonly data?: string;
  readonly json?: boolean;
}

export interface PublishCommandOptions extends HistoryCommandOptions {
  readonly next?: boolean;
  readonly ifNone?: boolean;
  readonly message?: string;
  readonly by?: string;
  readonly effectiveAt?: string;
}

export interface CompileCommandOptions extends HistoryCommandOptions {
  readonly defaultPlan?: string;
}

export interface DiffCommandOptions extends HistoryCommandOptions {
  readonly all?: boolean;
  readonly usage?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly account?: string;
  readonly defaultPlan?: string;
}

const WHERE = 'data directory of an embedded run (default: Kafka, by environment)';

export function addCatalogVersionCommands(catalog: Command): void {
  addPublish(catalog);
  catalog
    .command('history')
    .description('List the published versions: who published what, when and why; the newest first.')
    .option('--data <dir>', WHERE)
    .option('--json', 'one JSON array, the oldest first')
    .addHelpText('after', '\nExample:\n  tollstream catalog history --data .tollstream/sample')
    .action(async (options: HistoryCommandOptions) => {
      const { runHistory } = await import('../catalog-versions/history.ts');
      await runHistory(options);
    });
  addDiff(catalog);
  addRollback(catalog);
  catalog
    .command('compile')
    .argument('[catalog]', "directory, or number of a published version (default: the sample's directory)")
    .description('Make the rate table of a catalog, and say its sizes and the time it took.')
    .option('--data <dir>', WHERE)
    .option('--default-plan <plan>', 'plan of accounts that the catalog does not know')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  tollstream catalog compile catalog\n  tollstream catalog compile 12 --data .tollstream/data',
    )
    .action(async (name: string | undefined, options: CompileCommandOptions) => {
      const { runCompile } = await import('../catalog-versions/compile.ts');
      await runCompile(name, options);
    });
}

function addPublish(catalog: Command): void {
  catalog
    .command('publish')
    .argument('<dir>', 'catalog directory')
    .description('Publish a catalog as a numbered version, which running services take into use.')
    .option('--next', 'number it after the newest version, whatever catalog.yaml says')
    .option('--if-none', 'only where no version is published yet (for set-up scripts, safe to repeat)')
    .option('--message <text>', 'why, for the history')
    .option('--by <name>', 'who, for the history (default: user@machine)')
    .option(
      '--effective-at <instant>',
      'services use it from then on, ISO 8601 with a zone (default: at once)',
    )
    .option('--data <dir>', WHERE)
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  tollstream catalog publish catalog --message "Brazil mobile up 4 %"
  tollstream catalog publish catalog --next --data .tollstream/data      also while a run is up on it

The catalog is checked first: what has a problem is refused, and the version in use stays. The same content again
publishes nothing. A number that is taken by other content, or lies below the newest, is refused.`,
    )
    .action(async (directory: string, options: PublishCommandOptions) => {
      const { runPublish } = await import('../catalog-versions/publish.ts');
      await runPublish(directory, options);
    });
}

function addDiff(catalog: Command): void {
  catalog
    .command('diff')
    .argument('<before>', "a directory, a published version's number, or newest")
    .argument('<after>', 'the same')
    .description('Say in terms of money what differs: rates by tariff, charges and allowances, accounts.')
    .option('--all', 'show every rate that differs, not the first 20 of a tariff')
    .option('--usage', 'what the difference comes to on the stored calls of some months, instead')
    .option('--from <date>', 'with --usage: first day, the 1st of a month')
    .option('--to <date>', 'with --usage: day after the last one, the 1st of a month')
    .option('--account <id>', 'with --usage: this account only')
    .option('--default-plan <plan>', 'plan of accounts that a catalog does not know')
    .option('--data <dir>', WHERE)
    .option('--json', 'one JSON object, with every rate')
    .addHelpText(
      'after',
      `
Examples:
  tollstream catalog diff 11 12 --data .tollstream/data
  tollstream catalog diff newest catalog          what publishing the directory would change
  tollstream catalog diff newest catalog --usage --from 2020-01-01 --to 2020-02-01 --data own      and what that comes to`,
    )
    .action(async (before: string, after: string, options: DiffCommandOptions) => {
      if (options.usage === true) {
        const { runUsageDiff } = await import('../settlement/usage-diff.ts');
        await runUsageDiff(before, after, options);
        return;
      }
      const { runDiff } = await import('../catalog-versions/diff.ts');
      await runDiff(before, after, options);
    });
}

function addRollback(catalog: Command): void {
  catalog
    .command('rollback')
    .argument('<version>', 'version whose content is wanted again')
    .description('Publish the content of an old version as a new one; versions never go back.')
    .option('--message <text>', 'why, for the history')
    .option('--by <name>', 'who, for the history (default: user@machine)')
    .option(
      '--effective-at <instant>',
      'services use it from then on, ISO 8601 with a zone (default: at once)',
    )
    .option('--data <dir>', WHERE)
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  tollstream catalog rollback 11 --message "Wrong deck in 12"')
    .action(async (version: string, options: PublishCommandOptions) => {
      const { runRollback } = await import('../catalog-versions/publish.ts');
      await runRollback(version, options);
    });
}
