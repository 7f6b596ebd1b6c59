import type { Settings } from './sql-text.ts';

/** Beyond any insert: no threshold may cut one insert into several blocks. */
const NO_LIMIT_ROWS = 1_000_000_000;

/**
 * Settings of every insert, pinned since the token's promise hangs on them and profiles differ: the rows of one insert form one part per
 * partition of the table. The engine remembers each part by the token and the number of Native blocks it was made of (measured), so an
 * insert is the same only when it comes again in the same blocks.
 */
export function insertSettings(token: string): Settings {
  return {
    insert_deduplication_token: token,
    insert_deduplicate: 1,
    deduplicate_insert: 'enable',
    // `INSERT … SELECT` keeps the token's promise only when forced; otherwise it depends on what the engine thinks of the query.
    deduplicate_insert_select: 'force_enable',
    deduplicate_blocks_in_dependent_materialized_views: 1,
    async_insert: 0,
    // Collapsing rows of equal keys is left to merges and FINAL: it would double the cost of an insert.
    optimize_on_insert: 0,
    max_insert_threads: 1,
    max_insert_block_size: NO_LIMIT_ROWS,
    min_insert_block_size_rows: NO_LIMIT_ROWS,
    min_insert_block_size_bytes: 0,
    use_strict_insert_block_limits: 0,
    // An import of many years makes many parts at once; refusing it would stop the partition for ever.
    max_partitions_per_insert_block: 0,
  };
}

/**
 * Settings of inserts whose rows name themselves. Without a token: it could only lie, after a crash, about rows that are not there, and
 * then the repeated insert would be dropped.
 */
export const KEYED_SETTINGS: Settings = {
  insert_deduplicate: 0,
  async_insert: 0,
  optimize_on_insert: 0,
  max_insert_threads: 1,
  max_insert_block_size: NO_LIMIT_ROWS,
  min_insert_block_size_rows: NO_LIMIT_ROWS,
  min_insert_block_size_bytes: 0,
  use_strict_insert_block_limits: 0,
  max_partitions_per_insert_block: 0,
};

/** Settings of an insert into a staging table, which nobody but its maker reads. */
export const STAGING_SETTINGS: Settings = {
  async_insert: 0,
  max_insert_threads: 1,
  max_partitions_per_insert_block: 0,
};
