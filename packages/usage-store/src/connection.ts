import type { Readable } from 'node:stream';
import type { QueryParameters } from './port.ts';
import type { Settings } from './sql-text.ts';

/** What the store needs of ClickHouse, whichever way it is reached. Failures are `StoreError`s. */
export interface Connection {
  readonly kind: 'server' | 'embedded';
  /** Runs a statement without a result. */
  command(sql: string, parameters?: QueryParameters): Promise<void>;
  /** Result of a query as rows. */
  rows<Row>(sql: string, parameters: QueryParameters): Promise<Row[]>;
  stream(sql: string, format: string, parameters: QueryParameters): Promise<Readable>;
  /** Inserts Native blocks into `table` (qualified). Resolves once the rows are stored. */
  insertNative(insert: {
    table: string;
    columns: readonly string[];
    natives: readonly Buffer[];
    settings: Settings;
  }): Promise<void>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** 64-bit integers and decimals as strings: JSON numbers would lose digits of both. */
export const EXACT_JSON: Settings = {
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_decimals: 1,
};

/** Columns of the blocks that the table does not store are passed over. */
export const PASS_OVER: Settings = { input_format_skip_unknown_fields: 1 };
