import { Option } from 'commander';
import type { Command } from 'commander';

interface DataOptions {
  readonly data?: string;
  readonly catalog?: string;
  readonly json?: boolean;
}

export interface DocumentOptions extends DataOptions {
  readonly pdf?: string;
  readonly html?: string;
  readonly ubl?: string;
  readonly language?: 'en' | 'es' | 'pt' | 'fr';
}

export interface InvoiceOptions extends DocumentOptions {
  readonly account: string;
  readonly month: string;
}

export interface CreateInvoiceOptions extends DataOptions {
  readonly account?: string;
  readonly all?: boolean;
  readonly month: string;
}

export interface ListInvoiceOptions extends DataOptions {
  readonly account?: string;
  readonly month?: string;
  readonly unpaid?: boolean;
  readonly overdueOn?: string;
}

export interface ListCreditNoteOptions extends DataOptions {
  readonly account?: string;
  readonly invoice?: string;
}

export interface CreditInvoiceOptions extends DataOptions {
  readonly reason: string;
  readonly amount?: string;
  readonly on?: string;
  readonly key?: string;
}

export function withBillingStore(command: Command): Command {
  return command
    .option(
      '--data <dir>',
      'data directory of an embedded run (default: TOLLSTREAM_POSTGRES_URL, or else .tollstream/sample)',
    )
    .option('--catalog <version|dir>', 'catalog (default: the published version in force)')
    .option('--json', 'JSON, the same bytes every time');
}

function withDocuments(command: Command): Command {
  return command
    .option('--pdf <file>', 'write it as PDF')
    .option('--html <file>', 'write it as one HTML page that needs nothing else')
    .option('--ubl <file>', 'write it as UBL 2.1 XML')
    .addOption(
      new Option('--language <code>', "language (default: the account's)").choices(['en', 'es', 'pt', 'fr']),
    );
}

export function addInvoiceCommand(program: Command): void {
  const invoice = program
    .command('invoice')
    .description("Make, issue and correct accounts' monthly invoices.");
  withDocuments(withBillingStore(invoice.command('preview')))
    .description('Show the invoice of a month: its recurring charges and the usage of the month before.')
    .requiredOption('--account <id>', 'account')
    .requiredOption('--month <yyyy-mm>', 'invoice month')
    .addHelpText(
      'after',
      '\nExamples:\n  tollstream invoice preview --account riverside-dental --month 2020-02\n  tollstream invoice preview --account riverside-dental --month 2020-02 --pdf preview.pdf --language es',
    )
    .action(async (options: InvoiceOptions) => {
      const { previewInvoiceCommand } = await import('../billing/invoice.ts');
      await previewInvoiceCommand(options);
    });
  withBillingStore(invoice.command('create'))
    .description('Issue the invoices of a month. Run again it goes on; what has an invoice keeps it.')
    .option('--account <id>', 'one account')
    .option('--all', 'all accounts of the catalog')
    .requiredOption('--month <yyyy-mm>', 'invoice month')
    .addHelpText('after', '\nExample:\n  tollstream invoice create --all --month 2020-02')
    .action(async (options: CreateInvoiceOptions) => {
      const { createInvoices } = await import('../billing/invoice.ts');
      await createInvoices(options);
    });
  withBillingStore(invoice.command('list'))
    .description('List issued invoices with what is paid and open.')
    .option('--account <id>', 'account')
    .option('--month <yyyy-mm>', 'invoice month')
    .option('--unpaid', 'only those with something left to pay')
    .option('--overdue-on <day>', 'only those due before this day; with --unpaid the overdue ones')
    .addHelpText('after', '\nExample:\n  tollstream invoice list --unpaid --overdue-on 2020-03-01')
    .action(async (options: ListInvoiceOptions) => {
      const { listInvoices } = await import('../billing/invoice.ts');
      await listInvoices(options);
    });
  withDocuments(withBillingStore(invoice.command('show <number>')))
    .description('Show an issued invoice; with --json byte for byte as it was issued.')
    .addHelpText(
      'after',
      '\nExamples:\n  tollstream invoice show INV-000001\n  tollstream invoice show INV-000001 --pdf INV-000001.pdf --ubl INV-000001.xml',
    )
    .action(async (number: string, options: DocumentOptions) => {
      const { showInvoice } = await import('../billing/invoice.ts');
      await showInvoice(number, options);
    });
  withBillingStore(invoice.command('void <number>'))
    .description('Make an invoice void by a credit note of all of it; the month can then be issued again.')
    .requiredOption('--reason <text>', 'why')
    .option('--on <day>', 'date of the credit note (default: today)')
    .addHelpText('after', "\nExample:\n  tollstream invoice void INV-000001 --reason 'wrong plan'")
    .action(async (number: string, options: CreditInvoiceOptions) => {
      const { creditInvoice } = await import('../billing/invoice.ts');
      await creditInvoice(number, 'void', options);
    });
  withBillingStore(invoice.command('credit <number>'))
    .description('Correct an invoice by a credit note of a part of it.')
    .requiredOption('--amount <decimal>', 'taxes included')
    .requiredOption('--reason <text>', 'why')
    .option('--on <day>', 'date of the credit note (default: today)')
    .option('--key <text>', 'the same key again is the same credit note (default: invoice and amount)')
    .addHelpText(
      'after',
      "\nExample:\n  tollstream invoice credit INV-000001 --amount 20.50 --reason 'a wrong rate'",
    )
    .action(async (number: string, options: CreditInvoiceOptions) => {
      const { creditInvoice } = await import('../billing/invoice.ts');
      await creditInvoice(number, 'correction', options);
    });
  withBillingStore(invoice.command('verify'))
    .description('Prove that every issued document is as it was issued and that no number is missing.')
    .addHelpText('after', '\nExample:\n  tollstream invoice verify')
    .action(async (options: DataOptions) => {
      const { verifyInvoices } = await import('../billing/invoice.ts');
      await verifyInvoices(options);
    });
}

export function addCreditNoteCommand(program: Command): void {
  const note = program.command('credit-note').description('Show what was taken off issued invoices.');
  withBillingStore(note.command('list'))
    .description('List credit notes.')
    .option('--account <id>', 'account')
    .option('--invoice <number>', 'only those of this invoice')
    .addHelpText('after', '\nExample:\n  tollstream credit-note list --invoice INV-000001')
    .action(async (options: ListCreditNoteOptions) => {
      const { listCreditNotes } = await import('../billing/invoice.ts');
      await listCreditNotes(options);
    });
  withDocuments(withBillingStore(note.command('show <number>')))
    .description('Show a credit note; with --json byte for byte as it was issued.')
    .addHelpText(
      'after',
      '\nExamples:\n  tollstream credit-note show CN-000001\n  tollstream credit-note show CN-000001 --pdf CN-000001.pdf --ubl CN-000001.xml',
    )
    .action(async (number: string, options: DocumentOptions) => {
      const { showCreditNote } = await import('../billing/invoice.ts');
      await showCreditNote(number, options);
    });
}
