import type { Kysely } from 'kysely';
import { BillingStoreError } from './errors.ts';
import type { AccountEvent, Cancellation, InvoiceFilter, InvoiceRecord } from './port.ts';
import type { BillingTables, InvoiceBalance } from './tables.ts';

type Database = Kysely<BillingTables>;

export async function invoiceOf(database: Database, number: string): Promise<InvoiceRecord> {
  const row = await database
    .selectFrom('invoices')
    .selectAll()
    .where('number', '=', number)
    .executeTakeFirst();
  if (row === undefined) throw unknownInvoice(number);
  return row;
}

export async function balanceOf(database: Database, number: string): Promise<InvoiceBalance> {
  const row = await database
    .selectFrom('invoice_balances')
    .selectAll()
    .where('number', '=', number)
    .executeTakeFirst();
  if (row === undefined) throw unknownInvoice(number);
  return row;
}

function unknownInvoice(number: string): BillingStoreError {
  const message = `There is no invoice ${JSON.stringify(number.slice(0, 80))}.`;
  return new BillingStoreError('TOLL_INVOICE_UNKNOWN', message);
}

export async function balances(database: Database, filter: InvoiceFilter): Promise<InvoiceBalance[]> {
  if (filter.accountIds?.length === 0) return [];
  let query = database
    .selectFrom('invoice_balances')
    .innerJoin('invoices', 'invoices.number', 'invoice_balances.number')
    .selectAll('invoice_balances')
    .orderBy('invoices.sequence');
  if (filter.accountId !== undefined)
    query = query.where('invoice_balances.account_id', '=', filter.accountId);
  if (filter.accountIds !== undefined)
    query = query.where('invoice_balances.account_id', 'in', filter.accountIds);
  if (filter.number !== undefined) query = query.where('invoice_balances.number', '=', filter.number);
  if (filter.month !== undefined) query = query.where('invoice_balances.month', '=', filter.month);
  if (filter.unpaid === true) query = query.where('balance', '>', '0').where('is_void', '=', false);
  if (filter.dueBefore !== undefined) query = query.where('invoice_balances.due_date', '<', filter.dueBefore);
  if (filter.issuedUntil !== undefined)
    query = query.where('invoice_balances.issue_date', '<=', filter.issuedUntil);
  return query.execute();
}

export async function accountsInvoiced(database: Database, month: string): Promise<Set<string>> {
  const rows = await database
    .selectFrom('invoice_balances')
    .select('account_id')
    .where('month', '=', month)
    .where('is_void', '=', false)
    .execute();
  return new Set(rows.map(({ account_id }) => account_id));
}

export async function unbilledEvents(
  database: Database,
  accountIds: readonly string[],
  before: string,
): Promise<Map<string, AccountEvent[]>> {
  const events = new Map<string, AccountEvent[]>();
  if (accountIds.length === 0) return events;
  const rows = await database
    .selectFrom('account_events')
    .selectAll('account_events')
    .where('account_id', 'in', accountIds)
    .where('happened_on', '<', before)
    .where((expression) =>
      expression.not(
        expression.exists(
          expression
            .selectFrom('invoice_events')
            .innerJoin('invoice_balances', 'invoice_balances.number', 'invoice_events.number')
            .select('event_id')
            .whereRef('event_id', '=', 'account_events.id')
            .where('is_void', '=', false),
        ),
      ),
    )
    .orderBy('happened_on')
    .orderBy('id')
    .execute();
  for (const row of rows) {
    const own = events.get(row.account_id) ?? [];
    events.set(row.account_id, own);
    own.push({
      id: row.id,
      accountId: row.account_id,
      kind: row.kind,
      happenedOn: row.happened_on,
      description: row.description,
      billingGroup: row.billing_group,
      currency: row.currency,
      amount: row.amount,
    });
  }
  return events;
}

export async function cancellations(
  database: Database,
  accountIds: readonly string[],
): Promise<Map<string, Cancellation>> {
  if (accountIds.length === 0) return new Map();
  const rows = await database
    .selectFrom('cancellations')
    .selectAll()
    .where('account_id', 'in', accountIds)
    .execute();
  return new Map(
    rows.map((row) => [
      row.account_id,
      {
        accountId: row.account_id,
        requestedOn: row.requested_on,
        requestedBy: row.requested_by,
        effectiveOn: row.effective_on,
        currency: row.currency,
        buyOut: row.buy_out,
      },
    ]),
  );
}
