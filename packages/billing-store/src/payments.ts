import type { Transaction } from 'kysely';
import { minorOf, positiveAmount } from './amounts.ts';
import { writeAudit } from './audit.ts';
import { BillingStoreError } from './errors.ts';
import type { PaymentRecord, PaymentRequest } from './port.ts';
import { balanceOf } from './reading.ts';
import type { BillingTables } from './tables.ts';

/** A payment may be more than what is open: the balance then is the customer's. Nothing is paid on a void invoice. */
export async function recordPayment(
  transaction: Transaction<BillingTables>,
  request: PaymentRequest,
  actor: string,
): Promise<PaymentRecord> {
  const { account_id, currency, is_void } = await balanceOf(transaction, request.invoiceNumber);
  const amount = positiveAmount(request.amount, currency);
  const inserted = await transaction
    .insertInto('payments')
    .values({
      request_key: request.requestKey,
      invoice_number: request.invoiceNumber,
      account_id,
      outcome: request.outcome,
      paid_on: request.paidOn,
      currency,
      amount,
      method: request.method,
      reference: request.reference,
      recorded_by: actor,
    })
    .onConflict((conflict) => conflict.column('request_key').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (inserted === undefined) return samePayment(transaction, { ...request, amount });
  if (is_void) throw new BillingStoreError('TOLL_INVOICE_VOID', `Invoice ${request.invoiceNumber} is void.`);
  const action = request.outcome === 'paid' ? 'record payment' : 'record failed payment';
  const details = `${amount} ${currency} ${request.method} ${request.reference}`.trim();
  await writeAudit(transaction, [{ actor, action, subject: request.invoiceNumber, details }]);
  return inserted;
}

async function samePayment(
  transaction: Transaction<BillingTables>,
  request: PaymentRequest,
): Promise<PaymentRecord> {
  const known = await transaction
    .selectFrom('payments')
    .selectAll()
    .where('request_key', '=', request.requestKey)
    .executeTakeFirstOrThrow();
  const isSame =
    known.invoice_number === request.invoiceNumber &&
    known.outcome === request.outcome &&
    minorOf(known.amount, known.currency) === minorOf(request.amount, known.currency);
  if (isSame) return known;
  const message = `The key ${JSON.stringify(request.requestKey)} already stands for a payment of ${known.amount} ${known.currency} on ${known.invoice_number}.`;
  throw new BillingStoreError('TOLL_REQUEST_KEY_REUSED', message);
}
