import type { Command } from 'commander';

export interface QuoteOptions {
  readonly account?: string;
  readonly from?: string;
  readonly to?: string;
  readonly answered?: string;
  readonly duration?: string;
  readonly device?: string;
  readonly calls?: string;
  readonly format?: string;
  readonly csvHeader?: string;
  readonly timeZone?: string;
  readonly switch?: string;
  readonly direction?: string;
  readonly redirecting?: string;
  readonly catalog?: string;
  readonly defaultPlan?: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

export function addQuoteCommand(program: Command): void {
  program
    .command('quote')
    .description('Price one call, or a file of calls, without the pipeline.')
    .option('--account <id>', 'account that pays')
    .option('--from <number>', 'calling number')
    .option('--to <number>', 'called number, as dialled')
    .option('--answered <instant>', 'answer time, ISO 8601 with a zone')
    .option('--duration <time>', 'conversation time, such as 61s or 1m30s')
    .option('--direction <direction>', 'outbound, inbound or internal (default: told from the numbers)')
    .option('--redirecting <number>', 'who forwarded or transferred the call, and so owes this leg')
    .option('--device <id>', 'device of the account, for its rules and its allowance')
    .option(
      '--calls <file>',
      "price the calls of a file in its order, the allowance shared; '-' for standard input",
    )
    .option('--format <format>', 'format of the calls (default: detected)')
    .option('--csv-header <names>', 'column names of a CSV file without a header line')
    .option('--time-zone <zone>', 'IANA time zone of formats that write local times')
    .option('--switch <id>', 'switch id of records that do not name their switch')
    .option('--catalog <dir>', "catalog (default: the sample's)")
    .option('--default-plan <plan>', 'plan of an account that the catalog does not know')
    .option('--explain', 'show the rule chosen, those passed over, and the arithmetic')
    .option('--json', 'one JSON object; with --calls one a line')
    .addHelpText(
      'after',
      `
Examples:
  tollstream quote --calls calls.jsonl --json
  tollstream quote --account riverside-dental --from +12125550100 --to +5511987650123 --answered 2020-01-15T15:00:00Z --duration 31s --explain
  tollstream quote --account riverside-dental --from +13055550188 --redirecting +12125550100 --to +14155550199 --answered 2020-01-15T15:00:00Z --duration 61s --explain`,
    )
    .action(async (options: QuoteOptions) => {
      const { runQuote } = await import('../quote.ts');
      await runQuote(options);
    });
}
