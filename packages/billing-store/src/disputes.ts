/** Disputes: opened within the days that the terms name, then credited or refused. */
import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import { minorOf, positiveAmount } from './amounts.ts';
import { writeAudit } from './audit.ts';
import { issueCreditNote } from './corrections.ts';
import { BillingStoreError } from './errors.ts';
import type { DisputeDecision, DisputeRecord, DisputeRequest } from './port.ts';
import { balanceOf } from './reading.ts';
import type { BillingTables } from './tables.ts';

const DAY_MS = 86_400_000;

export async function openDispute(
  transaction: Transaction<BillingTables>,
  request: DisputeRequest,
  actor: string,
): Promise<DisputeRecord> {
  const known = await sameDispute(transaction, request);
  if (known !== undefined) return known;
  const balance = await balanceOf(transaction, request.invoiceNumber);
  const { number, account_id, currency, issue_date, is_void } = balance;
  if (is_void) throw new BillingStoreError('TOLL_INVOICE_VOID', `Invoice ${number} is void.`);
  const last = new Date(Date.parse(issue_date) + request.disputeDays * DAY_MS).toISOString().slice(0, 10);
  if (request.openedOn > last) {
    const message = `Invoice ${number} was issued on ${issue_date}: disputes were taken until ${last}.`;
    throw new BillingStoreError('TOLL_DISPUTE_LATE', message);
  }
  const amount = positiveAmount(request.amount, currency);
  const left =
    minorOf(balance.total, currency) -
    minorOf(balance.credited, currency) -
    minorOf(balance.disputed, currency);
  if (minorOf(amount, currency) > left) {
    const message = `Invoice ${number} has less than ${amount} ${currency} that is not credited or disputed yet.`;
    throw new BillingStoreError('TOLL_CREDIT_TOO_LARGE', message);
  }
  const dispute = await transaction
    .insertInto('disputes')
    .values({
      invoice_number: number,
      account_id,
      opened_on: request.openedOn,
      opened_by: request.openedBy,
      amount,
      reason: request.reason,
      request_key: request.requestKey ?? null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await writeAudit(transaction, [
    { actor, action: 'open dispute', subject: number, details: `${dispute.id}: ${amount} ${currency}` },
  ]);
  return dispute;
}

/** @throws BillingStoreError TOLL_REQUEST_KEY_REUSED */
async function sameDispute(
  transaction: Transaction<BillingTables>,
  request: DisputeRequest,
): Promise<DisputeRecord | undefined> {
  if (request.requestKey === undefined) return undefined;
  // Two at once wait here for each other: the second finds what the first has written.
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${request.requestKey}, 0))`.execute(transaction);
  const known = await transaction
    .selectFrom('disputes')
    .selectAll()
    .where('request_key', '=', request.requestKey)
    .executeTakeFirst();
  if (known === undefined) return undefined;
  const { currency } = await balanceOf(transaction, known.invoice_number);
  const isSame =
    known.invoice_number === request.invoiceNumber &&
    known.reason === request.reason &&
    minorOf(known.amount, currency) === minorOf(positiveAmount(request.amount, currency), currency);
  if (isSame) return known;
  const message = `The key already stands for dispute ${known.id} of ${known.invoice_number}.`;
  throw new BillingStoreError('TOLL_REQUEST_KEY_REUSED', message);
}

export async function decideDispute(
  transaction: Transaction<BillingTables>,
  decision: DisputeDecision,
  actor: string,
): Promise<DisputeRecord> {
  const dispute = await transaction
    .selectFrom('disputes')
    .selectAll()
    .where('id', '=', decision.id)
    .forUpdate()
    .executeTakeFirst();
  if (dispute === undefined)
    throw new BillingStoreError('TOLL_DISPUTE_UNKNOWN', `There is no dispute ${decision.id}.`);
  if (dispute.status !== 'open') {
    const message = `Dispute ${dispute.id} was ${dispute.status} on ${dispute.decided_on}.`;
    throw new BillingStoreError('TOLL_DISPUTE_DECIDED', message);
  }
  const { credit } = decision;
  let creditNote: string | null = null;
  if (credit !== null) {
    const { currency } = await balanceOf(transaction, dispute.invoice_number);
    const amount = credit.amount ?? dispute.amount;
    if (minorOf(amount, currency) > minorOf(dispute.amount, currency)) {
      const message = `Dispute ${dispute.id} is about ${dispute.amount} ${currency}, which is less than ${amount}.`;
      throw new BillingStoreError('TOLL_CREDIT_TOO_LARGE', message);
    }
    const issued = await issueCreditNote(
      transaction,
      {
        ...credit,
        amount,
        invoiceNumber: dispute.invoice_number,
        kind: 'dispute',
        issueDate: decision.decidedOn,
        requestKey: `dispute ${dispute.id}`,
      },
      actor,
    );
    creditNote = issued.number;
  }
  const status = creditNote === null ? 'refused' : 'credited';
  await writeAudit(transaction, [
    {
      actor,
      action: `dispute ${status}`,
      subject: dispute.invoice_number,
      details: `${dispute.id}: ${decision.decision}`,
    },
  ]);
  return transaction
    .updateTable('disputes')
    .set({
      status,
      decided_on: decision.decidedOn,
      decided_by: decision.decidedBy,
      decision: decision.decision,
      credit_note_number: creditNote,
    })
    .where('id', '=', dispute.id)
    .returningAll()
    .executeTakeFirstOrThrow();
}
