import type { Readable } from 'node:stream';

/** Tables the pipeline writes: see `tables.ts`. */
export type UsageTable = 'usage' | 'usage_suspended' | 'usage_resolved' | 'usage_rejected' | 'usage_alerts';

/** Tables of settlement, and of costs. Their rows name themselves by their sort keys: what is sent twice counts once. */
export type SettlementTable =
  | 'usage_adjustments'
  | 'settled_calls'
  | 'settlement_accounts'
  | 'settlement_runs'
  | 'billed_usage'
  | 'cost_rates'
  | 'cost_decks';

/** Rows for a table of settlement. */
export interface KeyedInsert {
  readonly table: SettlementTable;
  readonly columns: readonly string[];
  /** ClickHouse Native blocks, all with the same columns. */
  readonly natives: readonly Buffer[];
}

/** Rows of `usage` that come out of a query. */
export interface RevisionInsert {
  readonly columns: readonly string[];
  /** Has these columns in this order. */
  readonly select: string;
  readonly parameters: QueryParameters;
}

/** Rows of one contiguous piece of the log, to be in the table exactly once. */
export interface BlockInsert {
  readonly table: UsageTable;
  /** Columns to store, by name; further columns of the blocks are left out. */
  readonly columns: readonly string[];
  /** One ClickHouse Native block each, in log order, all with the same columns. */
  readonly natives: readonly Buffer[];
  /** Names these rows: rows that come again under the same token are dropped. */
  readonly token: string;
  /** Rows of all blocks together; checked against what the blocks say of themselves. */
  readonly rows: number;
}

export interface MigrationReport {
  readonly applied: readonly string[];
  /** Version of the store afterwards. */
  readonly version: number;
}

/** Values of `{name:Type}` placeholders. */
export type QueryParameters = Readonly<Record<string, string | number | bigint | boolean>>;

/**
 * Where rated usage lives: ClickHouse, as a server or as the engine inside this process. All errors are `StoreError`s;
 * `transient` ones go away by waiting.
 */
export interface UsageStore {
  readonly kind: 'server' | 'embedded';
  readonly database: string;
  /** Brings the tables to this program's version; safe to repeat and to run from several processes at once. */
  migrate(): Promise<MigrationReport>;
  /**
   * Stores the rows; resolves once they are durable. After a rejection it is not known which of them are stored: call
   * `replayBlocks` with the same argument.
   */
  insertBlocks(insert: BlockInsert): Promise<void>;
  /**
   * Stores those of the rows that are not stored yet. For rows that may have been sent before: after a failure, a timeout, or a
   * crash of this process or of the store. Slower than `insertBlocks`, since it compares keys instead of trusting the token alone.
   * @returns how many rows were missing
   */
  replayBlocks(insert: BlockInsert): Promise<number>;
  /** All rows of a result. 64-bit integers and decimals come as strings: nothing is rounded on the way. */
  query<Row>(sql: string, parameters?: QueryParameters): Promise<Row[]>;
  /** The bytes of a result of any size in a ClickHouse output format, in constant memory. Destroying the stream ends the query. */
  queryStream(sql: string, format: string, parameters?: QueryParameters): Promise<Readable>;
  /** Rejects when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The store as settlement and re-rating use it. */
export interface SettlementStore extends UsageStore {
  /**
   * Stores rows that name themselves, in one piece: all of them or none, where they are of one billing month. Resolves once they are
   * durable; may be repeated after any failure.
   */
  insertKeyed(insert: KeyedInsert): Promise<void>;
  /** Stores further revisions of rows of `usage`. May be repeated: a revision of a row is the same whenever it is written. */
  insertRevisions(insert: RevisionInsert): Promise<void>;
}
