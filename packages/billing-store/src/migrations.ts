/** The schema files of the billing store, each applied once, in one transaction, by one process at a time. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { BillingStoreError } from './errors.ts';
import type { BillingTables } from './tables.ts';

export interface BillingMigration {
  /** File name, `NNNN_name.sql`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, hex. */
  readonly checksum: string;
}

const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../../schemas/postgres/', import.meta.url));
/** Any number that no other program takes for its lock: the letters TOLL. */
const LOCK = 0x544f4c4c;

export function readMigrations(directory: string = MIGRATIONS_DIRECTORY): BillingMigration[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^\d{4}_\w+\.sql$/.test(name))
      .sort()
      .map((name) => {
        const text = readFileSync(`${directory}/${name}`, 'utf8');
        return { name, sql: text, checksum: createHash('sha256').update(text).digest('hex') };
      });
  } catch (cause) {
    const message = `The schema files in ${directory} cannot be read.`;
    throw new BillingStoreError('TOLL_BILLING_STORE_MIGRATIONS_UNREADABLE', message, { cause });
  }
}

/** @returns the names of the files applied now */
export async function migrate(
  database: Kysely<BillingTables>,
  migrations: readonly BillingMigration[],
): Promise<string[]> {
  return database.transaction().execute(async (transaction) => {
    // Released with the transaction: two processes at once apply each file once.
    await sql`SELECT pg_advisory_xact_lock(${LOCK})`.execute(transaction);
    await sql`CREATE TABLE IF NOT EXISTS schema_migrations (
      name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`.execute(
      transaction,
    );
    const { rows } = await sql<{
      name: string;
      checksum: string;
    }>`SELECT name, checksum FROM schema_migrations ORDER BY name`.execute(transaction);
    const recorded = new Map(rows.map(({ name, checksum }) => [name, checksum]));
    refuseForeign(recorded, migrations);
    const missing = migrations.filter(({ name }) => !recorded.has(name));
    for (const migration of missing) {
      for (const statement of statementsOf(migration.sql)) await sql.raw(statement).execute(transaction);
      await sql`INSERT INTO schema_migrations (name, checksum) VALUES (${migration.name}, ${migration.checksum})`.execute(
        transaction,
      );
    }
    return missing.map(({ name }) => name);
  });
}

function refuseForeign(recorded: ReadonlyMap<string, string>, migrations: readonly BillingMigration[]): void {
  for (const [name, checksum] of recorded) {
    const known = migrations.find((migration) => migration.name === name);
    if (known === undefined) {
      const message = `The billing store has the schema ${name}, which this program does not know.`;
      throw new BillingStoreError('TOLL_BILLING_STORE_NEWER', message);
    }
    if (known.checksum !== checksum) {
      const message = `Schema file ${name} is not the one that the billing store was made with.`;
      throw new BillingStoreError('TOLL_BILLING_STORE_MIGRATION_CHANGED', message);
    }
  }
}

/** Statements of a file, separated by `;` at the end of a line outside of `$$`. The embedded engine takes one at a time. */
function statementsOf(text: string): string[] {
  const statements: string[] = [];
  let statement = '';
  for (const line of text.split('\n')) {
    statement += `${line}\n`;
    const isOpen = statement.split('$$').length % 2 === 0;
    if (isOpen || !/;\s*$/.test(line)) continue;
    statements.push(statement);
    statement = '';
  }
  if (statement.replaceAll(/^\s*--.*$/gm, '').trim() !== '') statements.push(statement);
  return statements;
}
