import {
  creditNoteDocument,
  inLanguage,
  issueMonth,
  previewInvoice,
  renderCreditNoteText,
  renderInvoiceText,
  tellBilledUsage,
  usageAsSettled,
  writeDocuments,
} from '@tollstream/service-billing';
import type { CreditNote, Invoice, IssuedMonth } from '@tollstream/service-billing';
import type { InvoiceBalance } from '@tollstream/billing-store';
import type {
  CreateInvoiceOptions,
  CreditInvoiceOptions,
  DocumentOptions,
  InvoiceOptions,
  ListCreditNoteOptions,
  ListInvoiceOptions,
} from '../commands/invoice.ts';
import { parseMonth } from '../duration.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, UsageError } from '../failure.ts';
import { count, print, say, table } from '../terminal.ts';
import {
  actor,
  catalogByOptions,
  openBillingStore,
  openUsage,
  today,
  using,
  usingBillingIfAny,
} from './open-billing.ts';
import type { BillingOptions } from './open-billing.ts';

export async function previewInvoiceCommand(options: InvoiceOptions): Promise<void> {
  const month = parseMonth(options.month, '--month');
  const invoice = await using(openUsage(options), ({ store, catalog }) =>
    usingBillingIfAny(options, (billing) => previewInvoice(store, catalog, options.account, month, billing)),
  );
  await present(invoice, options, { json: JSON.stringify, text: renderInvoiceText });
}

/** Into the files that are asked for, or else as text or JSON. */
async function present<Document extends Invoice | CreditNote>(
  document: Document,
  options: DocumentOptions,
  forms: { readonly json: (document: Document) => string; readonly text: (document: Document) => string },
): Promise<void> {
  const wanted = options.language === undefined ? document : inLanguage(document, options.language);
  const files = await writeDocuments(wanted, options);
  for (const file of files) say(`Wrote ${file}.`);
  if (options.json === true) print(forms.json(wanted));
  else if (files.length === 0) print(forms.text(wanted));
}

export async function createInvoices(options: CreateInvoiceOptions): Promise<void> {
  const month = parseMonth(options.month, '--month');
  if ((options.account === undefined) === (options.all !== true)) {
    throw new UsageError({
      code: 'TOLL_USAGE_ACCOUNT',
      message: 'Say for whom: --account ID or --all',
      remedy: 'Name one account, or ask for all of the catalog.',
    });
  }
  const stop = new AbortController();
  // What is being issued is finished; the same command goes on from there.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const issued = await using(openBillingStore(options), ({ billing }) =>
    using(openUsage(options), async ({ store, catalog }) => {
      const answer = await issueMonth({
        billing,
        usage: usageAsSettled(store),
        catalog,
        month: { year: Number(month.slice(0, 4)), month: Number(month.slice(5)) },
        accountIds: options.account === undefined ? undefined : [options.account],
        nowMs: Date.now(),
        actor: actor(),
        signal: stop.signal,
        onProgress: (progress) =>
          say(
            `${count(progress.issued + progress.present + progress.empty + progress.refused)} of ${count(progress.accounts)} accounts, ${count(progress.issued)} issued`,
          ),
      });
      // What an earlier command issued before it was killed is told with it.
      await tellBilledUsage({ billing, store });
      return answer;
    }),
  );
  report(issued, options);
  if (issued.status === 'stopped') process.exitCode = EXIT_INTERRUPTED;
  else if (issued.refused > 0) process.exitCode = EXIT_FAILED;
}

function report(issued: IssuedMonth, { json, month }: CreateInvoiceOptions): void {
  if (json === true) {
    print(JSON.stringify(issued));
    return;
  }
  for (const number of issued.numbers) print(number);
  for (const number of issued.creditNotes) print(number);
  for (const { accountId, message, code, remedy } of issued.refusals) {
    say(`${accountId}: ${message} [${code}]\n  ${remedy}`);
  }
  say(
    `${month}: ${count(issued.issued)} issued, ${count(issued.present)} had theirs, ${count(issued.empty)} with nothing to bill, ${count(issued.refused)} refused${issued.status === 'stopped' ? '; stopped, the same command goes on' : ''}.`,
  );
}

export async function listInvoices(options: ListInvoiceOptions): Promise<void> {
  const month = options.month === undefined ? undefined : parseMonth(options.month, '--month');
  const found = await using(openBillingStore(options), ({ billing }) =>
    billing.balances({
      accountId: options.account,
      month,
      unpaid: options.unpaid,
      dueBefore: options.overdueOn,
    }),
  );
  printBalances(found, options);
}

function printBalances(found: readonly InvoiceBalance[], { json }: BillingOptions): void {
  if (json === true) {
    for (const balance of found) print(JSON.stringify(balance));
    return;
  }
  const head = ['number', 'account', 'month', 'issued', 'due', 'total', 'credited', 'paid', 'balance', ''];
  const rows = found.map((balance) => [
    balance.number,
    balance.account_id,
    balance.month,
    balance.issue_date,
    balance.due_date,
    `${balance.total} ${balance.currency}`,
    balance.credited,
    balance.paid,
    balance.balance,
    balance.is_void ? 'void' : '',
  ]);
  print(table(head, rows, [5, 6, 7, 8]));
}

export async function showInvoice(number: string, options: DocumentOptions): Promise<void> {
  const { document } = await using(openBillingStore(options), ({ billing }) => billing.invoice(number));
  // JSON is what was issued, byte for byte, in whatever language documents are asked for.
  await present(JSON.parse(document) as Invoice, options, {
    json: () => document,
    text: renderInvoiceText,
  });
}

export async function creditInvoice(
  number: string,
  kind: 'void' | 'correction',
  options: CreditInvoiceOptions,
): Promise<void> {
  const issueDate = options.on ?? today();
  const catalog = await catalogByOptions(options);
  const note = await using(openBillingStore(options), ({ billing }) =>
    billing.issueCreditNote(
      {
        invoiceNumber: number,
        kind,
        reason: options.reason,
        issueDate,
        amount: kind === 'void' ? null : (options.amount ?? ''),
        requestKey: options.key ?? `${kind} ${number} ${options.amount ?? ''}`.trim(),
        numberPrefix: catalog.billing?.creditNotePrefix ?? 'CN-',
        document: (given) => creditNoteDocument({ kind, reason: options.reason, issueDate }, given),
      },
      actor(),
    ),
  );
  print(options.json === true ? note.document : `${note.number}  ${note.amount} ${note.currency}`);
}

export async function showCreditNote(number: string, options: DocumentOptions): Promise<void> {
  const { document } = await using(openBillingStore(options), ({ billing }) => billing.creditNote(number));
  await present(JSON.parse(document) as CreditNote, options, {
    json: () => document,
    text: renderCreditNoteText,
  });
}

export async function listCreditNotes(options: ListCreditNoteOptions): Promise<void> {
  const { account, invoice } = options;
  const notes = await using(openBillingStore(options), ({ billing }) =>
    account === undefined ? billing.creditNotes(invoice) : billing.creditNotesOf(account),
  );
  const found = notes.filter((note) => invoice === undefined || note.invoice_number === invoice);
  if (options.json === true) {
    for (const note of found) {
      const { number, invoice_number, account_id, kind, reason, issue_date, currency, amount } = note;
      print(
        JSON.stringify({ number, invoice_number, account_id, kind, reason, issue_date, currency, amount }),
      );
    }
    return;
  }
  const rows = found.map((note) => [
    note.number,
    note.account_id,
    note.invoice_number,
    note.issue_date,
    note.kind,
    `${note.amount} ${note.currency}`,
    note.reason,
  ]);
  print(table(['number', 'account', 'invoice', 'issued', 'kind', 'amount', 'reason'], rows, [5]));
}

export async function verifyInvoices(options: BillingOptions): Promise<void> {
  const { invoices, creditNotes } = await using(openBillingStore(options), ({ billing }) =>
    billing.verifyChain(),
  );
  if (options.json === true) print(JSON.stringify({ invoices, credit_notes: creditNotes }));
  else
    print(
      `${count(invoices)} invoices and ${count(creditNotes)} credit notes are as they were issued, without a gap.`,
    );
}
