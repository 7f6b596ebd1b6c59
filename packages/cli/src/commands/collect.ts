/** Payments, disputes and cancellations: what happens to issued invoices and to accounts. */
import type { Command } from 'commander';
import { withBillingStore } from './invoice.ts';

interface DataOptions {
  readonly data?: string;
  readonly catalog?: string;
  readonly json?: boolean;
}

export interface PaymentOptions extends DataOptions {
  readonly amount: string;
  readonly key: string;
  readonly method: string;
  readonly reference: string;
  readonly failed?: boolean;
  readonly on?: string;
}

export interface AutopayOptions extends DataOptions {
  readonly on: string;
}

export interface OpenDisputeOptions extends DataOptions {
  readonly amount: string;
  readonly reason: string;
  readonly by: string;
  readonly on?: string;
}

export interface DecideOptions extends DataOptions {
  readonly decision: string;
  readonly credit?: string;
  readonly on?: string;
}

export interface CancelOptions extends DataOptions {
  readonly by: string;
  readonly role: string;
  readonly on?: string;
}

export function addCollectCommands(program: Command): void {
  addPayments(program);
  addDisputes(program);
  const account = program.command('account').description('What is agreed with an account.');
  withBillingStore(account.command('cancel <id>'))
    .description('Cancel an account at the end of a month, with what the rest of its contract costs.')
    .requiredOption('--by <name>', 'who asked')
    .requiredOption('--role <role>', 'role of who asked; only a super_admin may')
    .option('--on <day>', 'when it was asked (default: today)')
    .addHelpText(
      'after',
      '\nExample:\n  tollstream account cancel riverside-dental --by owner@example.com --role super_admin --on 2020-02-10',
    )
    .action(async (id: string, options: CancelOptions) => {
      const { cancelAccount } = await import('../billing/collect.ts');
      await cancelAccount(id, options);
    });
}

function addPayments(program: Command): void {
  const payment = program
    .command('payment')
    .description('Record what was paid, and list what autopay collects.');
  withBillingStore(payment.command('record <invoice>'))
    .description('Record a payment, or an attempt that failed.')
    .requiredOption('--amount <decimal>', 'in the currency of the invoice')
    .requiredOption('--key <text>', 'the same key again is the same payment')
    .option('--method <name>', 'such as card, transfer or check', 'transfer')
    .option('--reference <text>', 'of the bank or provider', '')
    .option('--failed', 'the attempt failed')
    .option('--on <day>', 'when (default: today)')
    .addHelpText(
      'after',
      '\nExample:\n  tollstream payment record INV-000001 --amount 120.50 --key bank-4711',
    )
    .action(async (number: string, options: PaymentOptions) => {
      const { recordPaymentCommand } = await import('../billing/collect.ts');
      await recordPaymentCommand(number, options);
    });
  withBillingStore(payment.command('autopay'))
    .description('List as CSV what autopay collects on the day; nothing is collected.')
    .requiredOption('--on <day>', 'the day of autopay')
    .addHelpText('after', '\nExample:\n  tollstream payment autopay --on 2020-02-10')
    .action(async (options: AutopayOptions) => {
      const { exportAutopay } = await import('../billing/collect.ts');
      await exportAutopay(options);
    });
  withBillingStore(payment.command('post <file>'))
    .description(
      'Record the results of autopay: its list with the columns outcome (paid, failed) and reference.',
    )
    .requiredOption('--on <day>', 'when it was collected')
    .addHelpText('after', '\nExample:\n  tollstream payment post results.csv --on 2020-02-10')
    .action(async (file: string, options: AutopayOptions) => {
      const { postAutopay } = await import('../billing/collect.ts');
      await postAutopay(file, options);
    });
}

function addDisputes(program: Command): void {
  const dispute = program.command('dispute').description('Disputes about issued invoices.');
  withBillingStore(dispute.command('open <invoice>'))
    .description('Open one, within the days after issue that the terms name.')
    .requiredOption('--amount <decimal>', 'what is disputed')
    .requiredOption('--reason <text>', 'why')
    .requiredOption('--by <name>', 'who disputes')
    .option('--on <day>', 'when (default: today)')
    .addHelpText(
      'after',
      "\nExample:\n  tollstream dispute open INV-000001 --amount 20.50 --reason 'not ours' --by owner@example.com",
    )
    .action(async (number: string, options: OpenDisputeOptions) => {
      const { openDisputeCommand } = await import('../billing/collect.ts');
      await openDisputeCommand(number, options);
    });
  withBillingStore(dispute.command('decide <id>'))
    .description('Credit an open dispute, or refuse it.')
    .requiredOption('--decision <text>', 'what is said to the customer')
    .option('--credit <decimal>', 'credit this much; without it the dispute is refused')
    .option('--on <day>', 'when (default: today)')
    .addHelpText('after', "\nExample:\n  tollstream dispute decide 1 --credit 20.50 --decision 'agreed'")
    .action(async (id: string, options: DecideOptions) => {
      const { decideDisputeCommand } = await import('../billing/collect.ts');
      await decideDisputeCommand(id, options);
    });
  withBillingStore(dispute.command('list'))
    .description('List disputes, one JSON object a line.')
    .addHelpText('after', '\nExample:\n  tollstream dispute list')
    .action(async (options: DataOptions) => {
      const { listDisputes } = await import('../billing/collect.ts');
      await listDisputes(options);
    });
}
