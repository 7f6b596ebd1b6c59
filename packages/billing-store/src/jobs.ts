import type { Kysely, Transaction } from 'kysely';
import { writeAudit } from './audit.ts';
import { BillingStoreError } from './errors.ts';
import type { JobEnd, JobRecord, Refusal } from './port.ts';
import type { BillingTables } from './tables.ts';

type Database = Kysely<BillingTables>;

export async function startJob(
  database: Database,
  month: string,
  accounts: number,
  actor: string,
): Promise<number> {
  return database.transaction().execute(async (transaction) => {
    const { id } = await transaction
      .insertInto('jobs')
      .values({ month, accounts })
      .returning('id')
      .executeTakeFirstOrThrow();
    await writeAudit(transaction, [
      { actor, action: 'start invoice job', subject: month, details: String(id) },
    ]);
    return id;
  });
}

export async function startJobOnce(
  transaction: Transaction<BillingTables>,
  { month, accounts, requestKey }: { month: string; accounts: number; requestKey: string },
  actor: string,
): Promise<{ job: JobRecord; isNew: boolean }> {
  const inserted = await transaction
    .insertInto('jobs')
    .values({ month, accounts, request_key: requestKey })
    .onConflict((conflict) => conflict.column('request_key').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (inserted !== undefined) {
    await writeAudit(transaction, [
      { actor, action: 'start invoice job', subject: month, details: String(inserted.id) },
    ]);
    return { job: inserted, isNew: true };
  }
  const known = await transaction
    .selectFrom('jobs')
    .selectAll()
    .where('request_key', '=', requestKey)
    .executeTakeFirstOrThrow();
  if (known.month === month) return { job: known, isNew: false };
  const message = `The key already stands for the job of ${known.month}.`;
  throw new BillingStoreError('TOLL_REQUEST_KEY_REUSED', message);
}

export async function recordRefusal(database: Database, jobId: number, refusal: Refusal): Promise<void> {
  const { accountId, code, message, remedy } = refusal;
  await database
    .insertInto('job_refusals')
    .values({ job_id: jobId, account_id: accountId, code, message, remedy })
    .execute();
}

export async function endJob(database: Database, jobId: number, end: JobEnd): Promise<void> {
  await database
    .updateTable('jobs')
    .set(({ fn }) => ({ ...end, finished_at: fn<string>('now') }))
    .where('id', '=', jobId)
    .execute();
}

export async function jobs(database: Database): Promise<(JobRecord & { refusals: Refusal[] })[]> {
  const rows = await database.selectFrom('jobs').selectAll().orderBy('id').execute();
  const refusals = await database.selectFrom('job_refusals').selectAll().orderBy('account_id').execute();
  return rows.map((job) => ({
    ...job,
    refusals: refusals
      .filter(({ job_id }) => job_id === job.id)
      .map(({ account_id, code, message, remedy }) => ({ accountId: account_id, code, message, remedy })),
  }));
}
