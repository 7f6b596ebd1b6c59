import type { Transaction } from 'kysely';
import { amountText, minorOf } from './amounts.ts';
import { writeAudit } from './audit.ts';
import { BillingStoreError } from './errors.ts';
import type { AccountEvent, Cancellation } from './port.ts';
import { cancellations } from './reading.ts';
import type { BillingTables } from './tables.ts';

export async function recordEvent(
  transaction: Transaction<BillingTables>,
  event: AccountEvent,
  actor: string,
): Promise<void> {
  const amount = amountText(minorOf(event.amount, event.currency), event.currency);
  const inserted = await transaction
    .insertInto('account_events')
    .values({
      id: event.id,
      account_id: event.accountId,
      kind: event.kind,
      happened_on: event.happenedOn,
      description: event.description,
      billing_group: event.billingGroup,
      currency: event.currency,
      amount,
      recorded_by: actor,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (inserted !== undefined) {
    const details = `${event.id}: ${amount} ${event.currency} ${event.description}`;
    return writeAudit(transaction, [
      { actor, action: `record ${event.kind}`, subject: event.accountId, details },
    ]);
  }
  const known = await transaction
    .selectFrom('account_events')
    .selectAll()
    .where('id', '=', event.id)
    .executeTakeFirstOrThrow();
  const isSame =
    known.account_id === event.accountId &&
    known.kind === event.kind &&
    minorOf(known.amount, known.currency) === minorOf(amount, event.currency);
  if (isSame) return;
  const message = `The id ${JSON.stringify(event.id)} already stands for ${known.amount} ${known.currency} of account ${known.account_id}.`;
  throw new BillingStoreError('TOLL_REQUEST_KEY_REUSED', message);
}

/** The cancellation, and what it costs as an event of the day after the last day of service. */
export async function recordCancellation(
  transaction: Transaction<BillingTables>,
  cancellation: Cancellation,
  actor: string,
): Promise<Cancellation> {
  const inserted = await transaction
    .insertInto('cancellations')
    .values({
      account_id: cancellation.accountId,
      requested_on: cancellation.requestedOn,
      requested_by: cancellation.requestedBy,
      effective_on: cancellation.effectiveOn,
      currency: cancellation.currency,
      buy_out: cancellation.buyOut,
    })
    .onConflict((conflict) => conflict.column('account_id').doNothing())
    .returning('account_id')
    .executeTakeFirst();
  if (inserted === undefined) {
    const known = (await cancellations(transaction, [cancellation.accountId])).get(cancellation.accountId)!;
    if (known.requestedOn === cancellation.requestedOn && known.requestedBy === cancellation.requestedBy)
      return known;
    const message = `Account ${known.accountId} was cancelled on ${known.requestedOn}, with ${known.effectiveOn} as its last day.`;
    throw new BillingStoreError('TOLL_CANCELLATION_PRESENT', message);
  }
  const { accountId, currency, buyOut, effectiveOn } = cancellation;
  const details = `last day ${effectiveOn}, buy-out ${buyOut} ${currency}`;
  await writeAudit(transaction, [{ actor, action: 'cancel', subject: accountId, details }]);
  if (minorOf(buyOut, currency) > 0n) {
    await recordEvent(
      transaction,
      {
        id: `buy-out ${accountId}`,
        accountId,
        kind: 'buy_out',
        happenedOn: effectiveOn,
        description: '',
        billingGroup: '',
        currency,
        amount: buyOut,
      },
      actor,
    );
  }
  return cancellation;
}
