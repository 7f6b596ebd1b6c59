/** The `tollstream` command. Each subcommand lives in its own file and loads what it needs when it is called. */
import { Command, CommanderError } from 'commander';
import { addAlertsCommand } from './commands/alerts.ts';
import { addBackupCommands } from './commands/backup.ts';
import { addCatalogCommand } from './commands/catalog.ts';
import { addCollectCommands } from './commands/collect.ts';
import { addCdrCommand } from './commands/cdr.ts';
import { addClickHouseCommand } from './commands/clickhouse.ts';
import { addExplainCommand } from './commands/explain.ts';
import { addGenerateCommand } from './commands/generate.ts';
import { addImportCommand } from './commands/import.ts';
import { addCreditNoteCommand, addInvoiceCommand } from './commands/invoice.ts';
import { addMigrateCommand } from './commands/migrate.ts';
import { addQuoteCommand } from './commands/quote.ts';
import { addCostsCommand } from './commands/costs.ts';
import { addConflictsCommand } from './commands/conflicts.ts';
import { addRejectedCommand } from './commands/rejected.ts';
import { addRerateCommand } from './commands/rerate.ts';
import { addRunCommand } from './commands/run.ts';
import { addServiceCommands } from './commands/services.ts';
import { addSettleCommand } from './commands/settle.ts';
import { addSuspendedCommand } from './commands/suspended.ts';
import { addTopicsCommand } from './commands/topics.ts';
import { addTraceCommand } from './commands/trace.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { EXIT_DONE, EXIT_USAGE, reportFailure } from './failure.ts';
import { flushOutput } from './terminal.ts';

const program = new Command('tollstream')
  .description(
    'Prices telephone calls exactly once: call events in, rated usage in ClickHouse, invoices out.',
  )
  .version('0.1.0')
  .showHelpAfterError('(see --help)')
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  tollstream run                                     the sample month, from calls to an invoice
  tollstream run --calls calls.jsonl --catalog DIR   your calls on your plans
  tollstream quote --account A --from +12125550100 --to +5511987650123 --answered 2020-01-15T15:00:00Z --duration 61s

Exit codes: 0 done, 1 failed, 2 wrong use or configuration, 130 stopped before the work was done.`,
  );

addRunCommand(program);
addImportCommand(program);
addGenerateCommand(program);
addQuoteCommand(program);
addExplainCommand(program);
addCatalogCommand(program);
addSettleCommand(program);
addRerateCommand(program);
addInvoiceCommand(program);
addCreditNoteCommand(program);
addCollectCommands(program);
addCostsCommand(program);
addCdrCommand(program);
addVerifyCommand(program);
addTraceCommand(program);
addSuspendedCommand(program);
addRejectedCommand(program);
addConflictsCommand(program);
addAlertsCommand(program);
addBackupCommands(program);
addTopicsCommand(program);
addMigrateCommand(program);
addClickHouseCommand(program);
addServiceCommands(program);

// A closed pipe (`| head`) is the reader's way to say it has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT_DONE : 1);
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode =
    error instanceof CommanderError ? (error.exitCode === 0 ? EXIT_DONE : EXIT_USAGE) : reportFailure(error);
}
await flushOutput();
// Native handles (the embedded engine's threads) must not keep a finished command alive.
process.exit(process.exitCode ?? EXIT_DONE);
