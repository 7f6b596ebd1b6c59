import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Connection } from './connection.ts';
import { isConnectionLost, StoreError } from './errors.ts';
import type { MigrationReport } from './port.ts';
import { quoted, statementsOf } from './sql-text.ts';

export interface Migration {
  readonly version: number;
  /** File name. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, hex. */
  readonly checksum: string;
}

/** A server may close a connection at the moment in which it is used again; one that closes each new one is another matter. */
export const STATEMENT_ATTEMPTS_MAX = 3;

export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../../schemas/clickhouse/', import.meta.url));

/** The migrations of a directory, `NNNN_name.sql`, in order. */
export function readMigrations(directory: string): Migration[] {
  let names: string[];
  try {
    names = readdirSync(directory).filter((name) => name.endsWith('.sql'));
  } catch (cause) {
    throw unreadable(`The migrations in ${directory} cannot be read.`, cause);
  }
  const migrations = names.sort().map((name) => {
    const sql = readFileSync(`${directory}/${name}`, 'utf8');
    return {
      version: Number(name.slice(0, 4)),
      name,
      sql,
      checksum: createHash('sha256').update(sql).digest('hex'),
    };
  });
  const wrong = migrations.find(({ version }, i) => !(version > (migrations[i - 1]?.version ?? 0)));
  if (wrong !== undefined) throw unreadable(`Migration ${wrong.name} is out of sequence.`);
  if (migrations.length === 0) throw unreadable(`${directory} holds no migrations.`);
  return migrations;
}

/** Where the views for finance are: `finance` beside the usual database, a name of its own beside any other. */
export function financeDatabase(database: string): string {
  return database === 'tollstream' ? 'finance' : `${database}_finance`;
}

/**
 * Applies what is missing, in order; numbers may have gaps, and what fills one later is applied where it is missing. Every statement can be
 * repeated, so a crash in the middle, a connection that is lost, or two processes at once do no harm: a migration is recorded after its
 * last statement.
 */
export async function migrate(
  connection: Connection,
  database: string,
  migrations: readonly Migration[],
): Promise<MigrationReport> {
  const command = (sql: string): Promise<void> => repeated(() => connection.command(sql));
  await command(`CREATE DATABASE IF NOT EXISTS ${database}`);
  await command(
    `CREATE TABLE IF NOT EXISTS ${database}.schema_migrations (version UInt32, name String, checksum String, ` +
      `applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = ReplacingMergeTree ORDER BY version ` +
      `COMMENT 'Which schema files this store has seen'`,
  );
  const recorded = await repeated(() =>
    connection.rows<{ version: number; name: string; checksum: string }>(
      `SELECT version, any(name) AS name, any(checksum) AS checksum FROM ${database}.schema_migrations GROUP BY version ORDER BY version`,
      {},
    ),
  );
  refuseForeign(recorded, migrations, database);

  const applied: string[] = [];
  const known = new Set(recorded.map(({ version }) => version));
  for (const migration of migrations.filter(({ version }) => !known.has(version))) {
    for (const statement of statementsOf(migration.sql)) {
      await command(
        statement.replaceAll('{{database}}', database).replaceAll('{{finance}}', financeDatabase(database)),
      );
    }
    await command(
      `INSERT INTO ${database}.schema_migrations (version, name, checksum) SETTINGS async_insert = 0 ` +
        `SELECT ${migration.version}, ${quoted(migration.name)}, ${quoted(migration.checksum)}`,
    );
    applied.push(migration.name);
  }
  return { applied, version: migrations.at(-1)!.version };
}

/** Asks once more on another connection where one was lost. */
async function repeated<Result>(statement: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await statement();
    } catch (error) {
      if (!isConnectionLost(error) || attempt >= STATEMENT_ATTEMPTS_MAX) throw error;
    }
  }
}

function refuseForeign(
  recorded: readonly { version: number; name: string; checksum: string }[],
  migrations: readonly Migration[],
  database: string,
): void {
  for (const row of recorded) {
    const known = migrations.find(({ version }) => version === row.version);
    if (known === undefined) {
      throw new StoreError(
        'TOLL_STORE_NEWER',
        `Database ${database} has schema version ${recorded.at(-1)?.version}; this program knows up to ${migrations.at(-1)!.version}.`,
        'Use the newer program that wrote it, or another database or data directory.',
      );
    }
    if (known.checksum !== row.checksum) {
      throw new StoreError(
        'TOLL_STORE_MIGRATION_CHANGED',
        `Schema file ${known.name} is not the one that database ${database} was made with.`,
        'Restore the file; changes of a schema go into a new file with the next number.',
      );
    }
  }
}

function unreadable(message: string, cause?: unknown): StoreError {
  return new StoreError(
    'TOLL_STORE_MIGRATIONS_UNREADABLE',
    message,
    'Check the installation: files are NNNN_name.sql, each number once.',
    {
      cause,
    },
  );
}
