import { RATED_COLUMNS, assembleNativeBlock } from '@tollstream/contracts';
import type { NativeBlock } from '@tollstream/contracts';
import { USAGE_TABLES } from '@tollstream/usage-store';
import type { UsageStore } from '@tollstream/usage-store';

/** SQL expression of a column, over `n` = 0, 1, …; what is not named is zero or empty. */
export type Expressions = Readonly<Record<string, string>>;

const PLAIN: Expressions = {
  call_id: "concat('call-', leftPad(toString(n), 8, '0'))",
  switch_id: "'switch'",
  account_id: "'riverside-dental'",
  direction: "'outbound'",
  disposition: "'answered'",
  started_at: "toDateTime64('2020-01-15 10:00:00.000', 3, 'UTC') + toIntervalMillisecond(n * 1009)",
  answered_at: 'started_at + toIntervalMillisecond(4321)',
  ended_at: 'answered_at + toIntervalMillisecond(duration_ms)',
  origin_number: '12125550100',
  destination_number: '12125550199',
  call_hash: 'sipHash128(n)',
  billing_month: '202001',
  plan: "'standard'",
  call_type: "'local'",
  rate_type: "'overage'",
  duration_ms: '61234',
  duration_rounding: "'up'",
  charge_rounding: "'half_up'",
  billable_seconds: '66',
  charged_seconds: '66',
  charge: "toDecimal64('0.022', 6)",
  currency: "'USD'",
};

/** Stores `count` rated calls. */
export async function storeCalls(
  store: UsageStore,
  count: number,
  { token, ...changes }: Expressions & { token: string },
): Promise<void> {
  const expressions = { ...PLAIN, ...changes };
  const columns = RATED_COLUMNS.map(([name, type]) => {
    const expression = expressions[name] ?? (/Int|Decimal|DateTime/.test(type) ? '0' : "''");
    return `CAST(${expression} AS ${type}) AS ${name}`;
  });
  const sql = `SELECT ${columns.join(', ')} FROM (SELECT toInt64(number) AS n FROM numbers(${count}))
    SETTINGS allow_suspicious_low_cardinality_types = 1, max_block_size = ${count}`;
  const pieces: Buffer[] = [];
  for await (const piece of await store.queryStream(sql, 'Native')) pieces.push(piece as Buffer);
  await store.insertBlocks({
    table: 'usage',
    columns: USAGE_TABLES.usage.columns,
    natives: [Buffer.concat(pieces)],
    token,
    rows: count,
  });
}

/** Stores a block of rated calls, as the aggregator would. */
export async function storeRated(store: UsageStore, block: NativeBlock, token: string): Promise<void> {
  const native = assembleNativeBlock({
    columnCount: block.columns.length,
    rowCount: block.rows,
    columnParts: block.columns.map((column) => column.encoded()),
  });
  await store.insertBlocks({
    table: 'usage',
    columns: USAGE_TABLES.usage.columns,
    natives: [Buffer.concat(native)],
    token,
    rows: block.rows,
  });
}
