import { type Command, Option } from 'commander';
import { addCatalogVersionCommands } from './catalog-versions.ts';

export interface CatalogOptions {
  readonly catalog?: string;
  readonly data?: string;
  readonly files?: string;
  readonly json?: boolean;
}

export interface ImportDeckOptions {
  readonly tariff: string;
  readonly catalog: string;
  readonly mapping?: string;
  readonly mode: 'replace' | 'delta';
  readonly asOf?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function addCatalogCommand(program: Command): void {
  const catalog = program
    .command('catalog')
    .description('Plans, tariffs and accounts: check, show, publish.');
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
    .argument('[version]', 'a published version, or newest')
    .description('Show accounts, plans and tariffs, of a directory or of a published version.')
    .option('--catalog <dir>', "catalog directory (default: the sample's)")
    .option('--data <dir>', 'data directory that holds the version (default: Kafka, by environment)')
    .option('--files <dir>', 'write the files of the version into this new directory')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  tollstream catalog show --catalog catalog
  tollstream catalog show 11 --data .tollstream/data --files catalog-11`,
    )
    .action(async (version: string | undefined, options: CatalogOptions) => {
      const { showCatalog } = await import('../catalog.ts');
      await showCatalog(version, options);
    });
  addCatalogVersionCommands(catalog);
  addImportDeckCommand(catalog);
}

function addImportDeckCommand(catalog: Command): void {
  catalog
    .command('import-deck')
    .argument('<file>', 'rate deck as the carrier sent it: Excel (.xlsx), CSV or TSV')
    .description('Bring a tariff up to a rate deck. Writes nothing when anything of the deck is in doubt.')
    .requiredOption('--tariff <id>', 'tariff that takes the rates; a new one is made when there is none')
    .requiredOption('--catalog <dir>', 'catalog directory')
    .option('--mapping <file>', 'what the deck does not say of itself (YAML; docs/rate-decks.md)')
    .addOption(
      new Option('--mode <mode>', 'replace: the deck is the whole tariff; delta: only what changes')
        .choices(['replace', 'delta'])
        .default('replace'),
    )
    .option('--as-of <date>', "when 'ASAP' is, and from when rows without a date hold")
    .option('--dry-run', 'say what would change, and write nothing')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  tollstream catalog import-deck rates.xlsx --tariff wholesale-usd --catalog catalog --dry-run
  tollstream catalog import-deck changes.csv --tariff wholesale-usd --catalog catalog --mode delta --as-of 2020-02-01

A column that cannot be told is listed with a guess; a mapping file says what it is:
  columns: { code: Zielrufnummer, rate: Tarif }`,
    )
    .action(async (file: string, options: ImportDeckOptions) => {
      const { runImportDeck } = await import('../deck.ts');
      await runImportDeck(file, options);
    });
}
