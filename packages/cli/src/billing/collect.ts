import { readFile } from 'node:fs/promises';
import { autopayList, cancellationOf, creditNoteDocument } from '@tollstream/service-billing';
import type {
  AutopayOptions,
  CancelOptions,
  DecideOptions,
  OpenDisputeOptions,
  PaymentOptions,
} from '../commands/collect.ts';
import { UsageError } from '../failure.ts';
import { print, say } from '../terminal.ts';
import { actor, catalogByOptions, openBillingStore, today, using } from './open-billing.ts';
import type { BillingOptions } from './open-billing.ts';

const COLUMNS = 'key,invoice,account,currency,amount';

export async function recordPaymentCommand(number: string, options: PaymentOptions): Promise<void> {
  const payment = await using(openBillingStore(options), ({ billing }) =>
    billing.recordPayment(
      {
        requestKey: options.key,
        invoiceNumber: number,
        outcome: options.failed === true ? 'failed' : 'paid',
        paidOn: options.on ?? today(),
        amount: options.amount,
        method: options.method,
        reference: options.reference,
      },
      actor(),
    ),
  );
  print(
    options.json === true
      ? JSON.stringify(payment)
      : `${payment.outcome} ${payment.amount} ${payment.currency} on ${number}`,
  );
}

/** The list as CSV: what a payment provider is sent. Nothing is collected here. */
export async function exportAutopay(options: AutopayOptions): Promise<void> {
  const catalog = await catalogByOptions(options);
  const list = await using(openBillingStore(options), ({ billing }) =>
    autopayList(billing, catalog, options.on),
  );
  if (options.json === true) {
    for (const entry of list) print(JSON.stringify(entry));
    return;
  }
  print(COLUMNS);
  for (const { key, invoice, account, currency, amount } of list) {
    print([key, invoice, account, currency, amount].join(','));
  }
}

/** Lines of the exported list with `paid` or `failed` and a reference added: each is recorded once, however often it is posted. */
export async function postAutopay(file: string, options: AutopayOptions): Promise<void> {
  const [head, ...lines] = (await readFile(file, 'utf8')).trim().split(/\r?\n/);
  if (head !== `${COLUMNS},outcome,reference`) {
    throw new UsageError({
      code: 'TOLL_USAGE_AUTOPAY_FILE',
      message: `${file} does not begin with ${COLUMNS},outcome,reference`,
      remedy: 'Add the two columns to the list that `payment autopay` wrote.',
    });
  }
  const posted = await using(openBillingStore(options), async ({ billing }) => {
    for (const line of lines) {
      const [requestKey = '', invoiceNumber = '', , , amount = '', outcome = '', reference = ''] =
        line.split(',');
      await billing.recordPayment(
        {
          requestKey,
          invoiceNumber,
          outcome: outcome === 'paid' ? 'paid' : 'failed',
          paidOn: options.on,
          amount,
          method: 'autopay',
          reference,
        },
        actor(),
      );
    }
    return lines.length;
  });
  say(`${posted} results recorded.`);
}

export async function openDisputeCommand(number: string, options: OpenDisputeOptions): Promise<void> {
  const catalog = await catalogByOptions(options);
  const dispute = await using(openBillingStore(options), ({ billing }) =>
    billing.openDispute(
      {
        invoiceNumber: number,
        openedOn: options.on ?? today(),
        openedBy: options.by,
        amount: options.amount,
        reason: options.reason,
        disputeDays: catalog.billing?.disputeDays ?? 15,
      },
      actor(),
    ),
  );
  print(options.json === true ? JSON.stringify(dispute) : `dispute ${dispute.id}`);
}

export async function decideDisputeCommand(id: string, options: DecideOptions): Promise<void> {
  const catalog = await catalogByOptions(options);
  const decidedOn = options.on ?? today();
  const about = { kind: 'dispute' as const, reason: options.decision, issueDate: decidedOn };
  const dispute = await using(openBillingStore(options), ({ billing }) =>
    billing.decideDispute(
      {
        id: Number(id),
        decidedOn,
        decidedBy: actor(),
        decision: options.decision,
        credit:
          options.credit === undefined
            ? null
            : {
                amount: options.credit,
                reason: options.decision,
                numberPrefix: catalog.billing?.creditNotePrefix ?? 'CN-',
                document: (given) => creditNoteDocument(about, given),
              },
      },
      actor(),
    ),
  );
  print(
    options.json === true
      ? JSON.stringify(dispute)
      : `dispute ${dispute.id} ${dispute.status}${dispute.credit_note_number === null ? '' : ` by ${dispute.credit_note_number}`}`,
  );
}

export async function listDisputes(options: BillingOptions): Promise<void> {
  const found = await using(openBillingStore(options), ({ billing }) => billing.disputes({}));
  for (const dispute of found) print(JSON.stringify(dispute));
}

export async function cancelAccount(accountId: string, options: CancelOptions): Promise<void> {
  const catalog = await catalogByOptions(options);
  const account = catalog.accounts.get(accountId);
  if (account === undefined) {
    throw new UsageError({
      code: 'TOLL_USAGE_ACCOUNT',
      message: `The catalog has no account '${accountId}'`,
      remedy: 'Name one of the catalog.',
    });
  }
  const { by: requestedBy, role } = options;
  const cancellation = await using(openBillingStore(options), ({ billing }) =>
    billing.recordCancellation(
      cancellationOf({ account, catalog, requestedOn: options.on ?? today(), requestedBy, role }),
      actor(),
    ),
  );
  const { effectiveOn, buyOut, currency } = cancellation;
  print(
    options.json === true
      ? JSON.stringify(cancellation)
      : `${accountId}: last day ${effectiveOn}, buy-out ${buyOut} ${currency}`,
  );
}
