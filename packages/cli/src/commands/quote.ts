import type { Command } from 'commander';

export interface QuoteOptions {
  readonly account: string;
  readonly from: string;
  readonly to: string;
  readonly answered: string;
  readonly duration: string;
  readonly direction?: string;
  readonly catalog?: string;
  readonly defaultPlan?: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

export function addQuoteCommand(program: Command): void {
  program
    .command('quote')
    .description('Price one call without the pipeline.')
    .requiredOption('--account <id>', 'account that pays')
    .requiredOption('--from <number>', 'calling number')
    .requiredOption('--to <number>', 'called number, as dialled')
    .requiredOption('--answered <instant>', 'answer time, ISO 8601 with a zone')
    .requiredOption('--duration <time>', 'conversation time, such as 61s or 1m30s')
    .option('--direction <direction>', 'outbound, inbound or internal (default: told from the numbers)')
    .option('--catalog <dir>', "catalog (default: the sample's)")
    .option('--default-plan <plan>', 'plan of an account that the catalog does not know')
    .option('--explain', 'show the rule chosen, those passed over, and the arithmetic')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
Example:
  tollstream quote --account 10001 --from +12125550100 --to +5511987650123 --answered 2020-01-15T15:00:00Z --duration 31s --explain`,
    )
    .action(async (options: QuoteOptions) => {
      const { runQuote } = await import('../quote.ts');
      await runQuote(options);
    });
}
