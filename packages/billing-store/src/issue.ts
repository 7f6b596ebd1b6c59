/** Issuing invoices: numbered without gaps, chained, once per account and month. */
import type { Transaction } from 'kysely';
import { carryAdjustments } from './adjustments.ts';
import { writeAudit } from './audit.ts';
import { advanceSeries, documentNumber, hashOf, lockSeries } from './chain.ts';
import { BillingStoreError } from './errors.ts';
import type { IssueRequest, Issued } from './port.ts';
import type { BillingTables } from './tables.ts';

/**
 * One transaction; a crash before its commit leaves nothing, one after it leaves all.
 * 1. Lock the series: whoever issues waits here. 2. See what the months have. 3. Write invoices with the next numbers.
 * 4. Write what they carry. 5. Move the series on. 6. Commit.
 */
export async function issueInvoices(
  transaction: Transaction<BillingTables>,
  requests: readonly IssueRequest[],
  actor: string,
): Promise<Issued[]> {
  let { sequence, previousHash } = await lockSeries(transaction, 'invoice');
  const first = sequence;
  const results: Issued[] = [];
  for (const request of requests) {
    const { attempts, inForce } = await monthOf(transaction, request.accountId, request.month);
    if (inForce !== undefined) {
      results.push({ kind: 'present', accountId: request.accountId, ...inForce });
      continue;
    }
    sequence += 1;
    const number = documentNumber(request.numberPrefix, sequence);
    const document = request.document(number);
    const hash = hashOf(previousHash, document);
    await transaction
      .insertInto('invoices')
      .values({
        number,
        sequence,
        account_id: request.accountId,
        month: request.month,
        attempt: attempts + 1,
        issue_date: request.issueDate,
        due_date: request.dueDate,
        currency: request.currency,
        total: request.total,
        catalog_version: request.catalogVersion,
        document,
        previous_hash: previousHash,
        hash,
      })
      .execute();
    await writeContent(transaction, number, request);
    await carryAdjustments(transaction, request.accountId, request.adjustments ?? [], { number });
    await writeAudit(transaction, [
      { actor, action: 'issue invoice', subject: number, details: request.accountId },
    ]);
    results.push({ kind: 'issued', accountId: request.accountId, number, document });
    previousHash = hash;
  }
  if (sequence > first) await advanceSeries(transaction, 'invoice', { sequence, hash: previousHash });
  return results;
}

async function monthOf(
  transaction: Transaction<BillingTables>,
  accountId: string,
  month: string,
): Promise<{ attempts: number; inForce: { number: string; document: string } | undefined }> {
  const rows = await transaction
    .selectFrom('invoices')
    .leftJoin('credit_notes', (join) =>
      join.onRef('credit_notes.invoice_number', '=', 'invoices.number').on('credit_notes.kind', '=', 'void'),
    )
    .select(['invoices.number', 'invoices.document', 'invoices.attempt', 'credit_notes.number as void_by'])
    .where('invoices.account_id', '=', accountId)
    .where('invoices.month', '=', month)
    .execute();
  const inForce = rows.find(({ void_by }) => void_by === null);
  return {
    attempts: Math.max(0, ...rows.map(({ attempt }) => attempt)),
    inForce: inForce === undefined ? undefined : { number: inForce.number, document: inForce.document },
  };
}

async function writeContent(
  transaction: Transaction<BillingTables>,
  number: string,
  { lines, eventIds, accountId }: IssueRequest,
): Promise<void> {
  if (lines.length > 0) {
    await transaction
      .insertInto('invoice_lines')
      .values(
        lines.map((line, position) => ({
          number,
          position,
          section: line.section,
          billing_group: line.billingGroup,
          description: line.description,
          amount: line.amount,
          exact_amount: line.exactAmount,
        })),
      )
      .execute();
  }
  if (eventIds.length === 0) return;
  // Another month's invoice may have taken an event since it was read.
  const taken = await transaction
    .selectFrom('invoice_events')
    .innerJoin('invoice_balances', 'invoice_balances.number', 'invoice_events.number')
    .select('event_id')
    .where('event_id', 'in', eventIds)
    .where('is_void', '=', false)
    .execute();
  if (taken.length > 0) {
    const message = `Another invoice of account ${accountId} took the event ${taken[0]?.event_id} meanwhile.`;
    throw new BillingStoreError('TOLL_INVOICE_STALE', message, { transient: true });
  }
  await transaction
    .insertInto('invoice_events')
    .values(eventIds.map((event_id) => ({ event_id, number })))
    .execute();
}
