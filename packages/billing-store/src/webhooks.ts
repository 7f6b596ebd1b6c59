/** What the webhook still has to be told: every issued invoice, at least once, by one teller at a time. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { WebhookTask } from './port.ts';
import type { BillingTables } from './tables.ts';

type Database = Kysely<BillingTables>;

/**
 * Takes invoices that are due, and puts them off until the lease ends: whoever dies with them leaves them to the next.
 * Numbers are given in the order of commits, so that what lies behind the last row is all that is new. Due is what is so by the clock: a
 * transaction that waited for another one's rows would take none of them by the time of its own start.
 */
export async function takeWebhookTasks(
  database: Database,
  { limit, leaseSeconds }: { limit: number; leaseSeconds: number },
): Promise<WebhookTask[]> {
  return database.transaction().execute(async (transaction) => {
    await sql`INSERT INTO webhook_deliveries (number, sequence)
      SELECT number, sequence FROM invoices
      WHERE sequence > (SELECT coalesce(max(sequence), 0) FROM webhook_deliveries)
      ORDER BY sequence ON CONFLICT DO NOTHING`.execute(transaction);
    const { rows } = await sql<WebhookTask>`UPDATE webhook_deliveries d
      SET attempts = d.attempts + 1, next_at = now() + make_interval(secs => ${leaseSeconds})
      FROM invoices i
      WHERE i.number = d.number AND d.number IN (
        SELECT number FROM webhook_deliveries WHERE delivered_at IS NULL AND next_at <= clock_timestamp()
        ORDER BY sequence LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      RETURNING i.number, i.account_id AS "accountId", i.month, i.issue_date AS "issueDate", i.due_date AS "dueDate",
        i.currency, i.total, d.attempts`.execute(transaction);
    return rows.toSorted((a, b) => (a.number < b.number ? -1 : 1));
  });
}

/** @param retrySeconds null: it was delivered */
export async function endWebhookTask(
  database: Database,
  number: string,
  { problem, retrySeconds }: { problem: string; retrySeconds: number | null },
): Promise<void> {
  await (
    retrySeconds === null
      ? sql`UPDATE webhook_deliveries SET delivered_at = now(), last_problem = '' WHERE number = ${number}`
      : sql`UPDATE webhook_deliveries SET next_at = now() + make_interval(secs => ${retrySeconds}), last_problem = ${problem}
            WHERE number = ${number} AND delivered_at IS NULL`
  ).execute(database);
}
