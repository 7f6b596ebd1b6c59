import type { Readable } from 'node:stream';
import { followUsage } from './adjustment-columns.ts';
import type { Connection } from './connection.ts';
import { StoreError } from './errors.ts';
import { insertSettings, KEYED_SETTINGS } from './insert-settings.ts';
import { migrate, MIGRATIONS_DIRECTORY, readMigrations } from './migrations.ts';
import { nativeRowCount } from './native-block.ts';
import type {
  BlockInsert,
  KeyedInsert,
  MigrationReport,
  QueryParameters,
  RevisionInsert,
  SettlementStore,
} from './port.ts';
import { replayBlocks } from './replay.ts';
import { databaseName, identifier, settingList } from './sql-text.ts';

/** The store over any connection: what is to be said in SQL is said here, once. */
export class ClickHouseStore implements SettlementStore {
  readonly kind: 'server' | 'embedded';
  readonly database: string;
  readonly #connection: Connection;
  readonly #migrationsDirectory: string;

  constructor(
    connection: Connection,
    options: { database: string; migrationsDirectory?: string | undefined },
  ) {
    this.kind = connection.kind;
    this.database = databaseName(options.database);
    this.#connection = connection;
    this.#migrationsDirectory = options.migrationsDirectory ?? MIGRATIONS_DIRECTORY;
  }

  async migrate(): Promise<MigrationReport> {
    const report = await migrate(this.#connection, this.database, readMigrations(this.#migrationsDirectory));
    await followUsage(this.#connection, this.database);
    return report;
  }

  async insertBlocks(insert: BlockInsert): Promise<void> {
    assertWhole(insert);
    await this.#connection.insertNative({
      table: `${this.database}.${insert.table}`,
      columns: insert.columns,
      natives: insert.natives,
      settings: insertSettings(insert.token),
    });
  }

  async replayBlocks(insert: BlockInsert): Promise<number> {
    assertWhole(insert);
    return replayBlocks(this.#connection, this.database, insert);
  }

  async insertKeyed({ table, columns, natives }: KeyedInsert): Promise<void> {
    await this.#connection.insertNative({
      table: `${this.database}.${table}`,
      columns,
      natives,
      settings: KEYED_SETTINGS,
    });
  }

  async insertRevisions({ columns, select, parameters }: RevisionInsert): Promise<void> {
    const into = `${this.database}.usage (${columns.join(', ')})`;
    await this.#connection.command(
      `INSERT INTO ${into} SETTINGS ${settingList(KEYED_SETTINGS)} ${select}`,
      parameters,
    );
  }

  async query<Row>(sql: string, parameters: QueryParameters = {}): Promise<Row[]> {
    return this.#connection.rows<Row>(sql, parameters);
  }

  async queryStream(sql: string, format: string, parameters: QueryParameters = {}): Promise<Readable> {
    return this.#connection.stream(sql, identifier(format), parameters);
  }

  async ping(): Promise<void> {
    await this.#connection.ping();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

/** Header and block must agree before anything is written: a difference means that calls were lost or doubled on the way. */
function assertWhole(insert: BlockInsert): void {
  const rows = insert.natives.reduce((sum, native) => sum + nativeRowCount(native), 0);
  if (insert.token !== '' && rows === insert.rows && rows > 0) return;
  throw new StoreError(
    'TOLL_STORE_BLOCK_INVALID',
    `Blocks for ${insert.table} hold ${rows} rows, ${insert.rows} were announced (token '${insert.token}').`,
    'A block was damaged or its header is wrong: look at the messages of this range of the topic.',
  );
}
