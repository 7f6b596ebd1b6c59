import type { Command } from 'commander';

export interface InvoiceOptions {
  readonly account: string;
  readonly month: string;
  readonly data?: string;
  readonly catalog?: string;
  readonly json?: boolean;
}

export function addInvoiceCommand(program: Command): void {
  const invoice = program.command('invoice').description("Make an account's monthly invoice.");
  invoice
    .command('preview')
    .description('Show the invoice of a month: its recurring charges and the usage of the month before.')
    .requiredOption('--account <id>', 'account')
    .requiredOption('--month <yyyy-mm>', 'invoice month')
    .option('--data <dir>', 'data directory of an embedded run (default: .tollstream/sample)')
    .option('--catalog <dir>', 'catalog (default: the one the run used)')
    .option('--json', 'one JSON object, the same bytes every time')
    .addHelpText('after', '\nExample:\n  tollstream invoice preview --account 10001 --month 2020-02')
    .action(async (options: InvoiceOptions) => {
      const { previewInvoiceCommand } = await import('../invoice.ts');
      await previewInvoiceCommand(options);
    });
}
