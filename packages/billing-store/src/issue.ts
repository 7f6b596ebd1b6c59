/** Issuing invoices: numbered without gaps, chained, once per account and month. */
import type { Insertable, Transaction } from 'kysely';
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
  const months = await monthsOf(transaction, requests);
  const results: Issued[] = [];
  const invoices: Insertable<BillingTables['invoices']>[] = [];
  const issued: { number: string; request: IssueRequest }[] = [];
  for (const request of requests) {
    const key = keyOf(request.accountId, request.month);
    const { attempts, inForce } = months.get(key) ?? { attempts: 0, inForce: undefined };
    if (inForce !== undefined) {
      results.push({ kind: 'present', accountId: request.accountId, ...inForce });
      continue;
    }
    sequence += 1;
    const number = documentNumber(request.numberPrefix, sequence);
    const document = request.document(number);
    const hash = hashOf(previousHash, document);
    invoices.push({
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
    });
    issued.push({ number, request });
    months.set(key, { attempts: attempts + 1, inForce: { number, document } });
    results.push({ kind: 'issued', accountId: request.accountId, number, document });
    previousHash = hash;
  }
  if (issued.length === 0) return results;
  // Few statements of many rows: each has its price, most of all on the embedded engine.
  for (const rows of inPieces(invoices)) await transaction.insertInto('invoices').values(rows).execute();
  const lines = issued.flatMap(({ number, request }) => linesOf(number, request));
  for (const rows of inPieces(lines)) await transaction.insertInto('invoice_lines').values(rows).execute();
  for (const { number, request } of issued) {
    await carryEvents(transaction, number, request);
    await carryAdjustments(transaction, request.accountId, request.adjustments ?? [], { number });
  }
  await writeAudit(
    transaction,
    issued.map(({ number, request }) => ({
      actor,
      action: 'issue invoice',
      subject: number,
      details: request.accountId,
    })),
  );
  await advanceSeries(transaction, 'invoice', { sequence, hash: previousHash });
  return results;
}

interface MonthState {
  readonly attempts: number;
  readonly inForce: { readonly number: string; readonly document: string } | undefined;
}

/** What the months of the requests have, by account and month. */
async function monthsOf(
  transaction: Transaction<BillingTables>,
  requests: readonly IssueRequest[],
): Promise<Map<string, MonthState>> {
  const found = new Map<string, MonthState>();
  if (requests.length === 0) return found;
  const rows = await transaction
    .selectFrom('invoices')
    .leftJoin('credit_notes', (join) =>
      join.onRef('credit_notes.invoice_number', '=', 'invoices.number').on('credit_notes.kind', '=', 'void'),
    )
    .select([
      'invoices.account_id',
      'invoices.month',
      'invoices.number',
      'invoices.document',
      'invoices.attempt',
      'credit_notes.number as void_by',
    ])
    .where(
      'invoices.account_id',
      'in',
      requests.map(({ accountId }) => accountId),
    )
    .where('invoices.month', 'in', [...new Set(requests.map(({ month }) => month))])
    .execute();
  for (const { account_id, month, number, document, attempt, void_by } of rows) {
    const key = keyOf(account_id, month);
    const { attempts = 0, inForce } = found.get(key) ?? {};
    found.set(key, {
      attempts: Math.max(attempts, attempt),
      inForce: void_by === null ? { number, document } : inForce,
    });
  }
  return found;
}

function keyOf(accountId: string, month: string): string {
  return `${month} ${accountId}`;
}

/** Values of a statement: PostgreSQL takes 65,535 parameters. */
const PARAMETERS_MAX = 20_000;

function inPieces<Row extends object>(rows: readonly Row[]): Row[][] {
  const columns = Object.keys(rows[0] ?? {}).length;
  const size = Math.max(1, Math.floor(PARAMETERS_MAX / Math.max(1, columns)));
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) =>
    rows.slice(i * size, (i + 1) * size),
  );
}

function linesOf(number: string, { lines }: IssueRequest): Insertable<BillingTables['invoice_lines']>[] {
  return lines.map((line, position) => ({
    number,
    position,
    section: line.section,
    billing_group: line.billingGroup,
    description: line.description,
    amount: line.amount,
    exact_amount: line.exactAmount,
  }));
}

async function carryEvents(
  transaction: Transaction<BillingTables>,
  number: string,
  { eventIds, accountId }: IssueRequest,
): Promise<void> {
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
