/** Credit notes: the only way in which an issued invoice becomes less. */
import type { Transaction } from 'kysely';
import { carryAdjustments } from './adjustments.ts';
import { amountText, minorOf, positiveAmount } from './amounts.ts';
import { writeAudit } from './audit.ts';
import { advanceSeries, documentNumber, hashOf, lockSeries } from './chain.ts';
import { BillingStoreError } from './errors.ts';
import type { CreditNoteRecord, CreditRequest } from './port.ts';
import { balanceOf, invoiceOf } from './reading.ts';
import type { BillingTables } from './tables.ts';

/** As with invoices, everything is decided behind the lock of the series. */
export async function issueCreditNote(
  transaction: Transaction<BillingTables>,
  request: CreditRequest,
  actor: string,
): Promise<CreditNoteRecord> {
  const { sequence: last, previousHash } = await lockSeries(transaction, 'credit_note');
  const known = await transaction
    .selectFrom('credit_notes')
    .selectAll()
    .where('request_key', '=', request.requestKey)
    .executeTakeFirst();
  if (known !== undefined) return sameRequest(known, request);

  const invoice = await invoiceOf(transaction, request.invoiceNumber);
  const amount = await creditable(transaction, request);
  const sequence = last + 1;
  const number = documentNumber(request.numberPrefix, sequence);
  const document = request.document({ number, amount, invoiceDocument: invoice.document });
  const hash = hashOf(previousHash, document);
  const credit = await transaction
    .insertInto('credit_notes')
    .values({
      number,
      sequence,
      invoice_number: invoice.number,
      account_id: invoice.account_id,
      kind: request.kind,
      reason: request.reason,
      issue_date: request.issueDate,
      currency: invoice.currency,
      amount,
      request_key: request.requestKey,
      document,
      previous_hash: previousHash,
      hash,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await advanceSeries(transaction, 'credit_note', { sequence, hash });
  await carryAdjustments(transaction, invoice.account_id, request.adjustments ?? [], {
    credit_note_number: number,
  });
  const details = `${request.kind} of ${invoice.number}, ${amount} ${invoice.currency}: ${request.reason}`;
  await writeAudit(transaction, [
    { actor, action: 'issue credit note', subject: number, details },
    { actor, action: request.kind === 'void' ? 'void' : 'credit', subject: invoice.number, details: number },
  ]);
  return credit;
}

function sameRequest(known: CreditNoteRecord, request: CreditRequest): CreditNoteRecord {
  const isSame =
    known.invoice_number === request.invoiceNumber &&
    known.kind === request.kind &&
    (request.amount === null ||
      minorOf(known.amount, known.currency) === minorOf(request.amount, known.currency));
  if (isSame) return known;
  const message = `The key ${JSON.stringify(request.requestKey)} already stands for credit note ${known.number}.`;
  throw new BillingStoreError('TOLL_REQUEST_KEY_REUSED', message);
}

async function creditable(transaction: Transaction<BillingTables>, request: CreditRequest): Promise<string> {
  const { number, currency, total, credited, paid, is_void } = await balanceOf(
    transaction,
    request.invoiceNumber,
  );
  if (is_void) throw new BillingStoreError('TOLL_INVOICE_VOID', `Invoice ${number} is void.`);
  if (request.kind === 'void' && minorOf(paid, currency) > 0n) {
    throw new BillingStoreError('TOLL_INVOICE_PAID', `${paid} ${currency} of invoice ${number} is paid.`);
  }
  const left = minorOf(total, currency) - minorOf(credited, currency);
  if (request.amount === null) return amountText(left, currency);
  const amount = positiveAmount(request.amount, currency);
  if (minorOf(amount, currency) > left) {
    const message = `Invoice ${number} has ${amountText(left, currency)} ${currency} left, which is less than ${amount}.`;
    throw new BillingStoreError('TOLL_CREDIT_TOO_LARGE', message);
  }
  return amount;
}
