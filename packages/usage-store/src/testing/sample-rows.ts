import {
  ALERT_COLUMNS,
  RATED_COLUMNS,
  REJECTED_COLUMNS,
  RESOLVED_COLUMNS,
  SUSPENDED_COLUMNS,
} from '@tollstream/contracts';
import type { UsageStore, UsageTable } from '../port.ts';

/** Expressions over `n` (0, 1, …) that look like what rating writes: some accounts, two months, few plans, many numbers. */
const EXPRESSIONS: Readonly<Record<string, string>> = {
  alert_id: 'lower(hex(sipHash128(n)))',
  limit_id: "concat('limit-', toString(n % 3))",
  window: '1 + n % 3',
  window_start:
    "toDateTime64('2020-01-20 00:00:00.000', 3, 'UTC') + toIntervalMillisecond(n * 1234567 % 2000000000)",
  window_end: 'window_start + toIntervalHour(1)',
  threshold_percent: '50 + n % 3 * 25',
  limit_amount: "toDecimal64('50.5', 6)",
  spent: 'toDecimal64(n, 6) * 1000003',
  counted_from: 'n * 3',
  reason: "if(n % 2 = 0, 'rates added', '')",
  requested_by: "'finance'",
  requested_at: "toDateTime64('2020-02-03 00:00:00.000', 3, 'UTC') + toIntervalMillisecond(n)",
  run: "concat('run-', toString(n % 5))",
  outcome: '1 + n % 3',
  call_id: "concat('call-', toString(n), '-', lower(hex(sipHash64(n))))",
  switch_id: "if(n % 3 = 0, 'asterisk-2', 'asterisk-1')",
  leg: 'n % 2',
  account_id: "concat('account-', toString(n % 20))",
  direction: '1 + n % 3',
  disposition: 'if(n % 10 = 0, 3, 1)',
  started_at:
    "toDateTime64('2020-01-20 00:00:00.000', 3, 'UTC') + toIntervalMillisecond(n * 1234567 % 2000000000)",
  answered_at: "if(n % 10 = 0, toDateTime64(0, 3, 'UTC'), started_at + toIntervalMillisecond(4321))",
  ended_at: 'started_at + toIntervalMillisecond(4321 + n * 997 % 600000)',
  origin_number: '12125550000 + n % 1000',
  origin_text: "if(n % 50 = 0, 'anonymous', '')",
  destination_number: 'if(n % 7 = 0, 0, 442070000000 + n * 7919 % 10000000)',
  destination_text: "if(n % 7 = 0, '911', '')",
  extension: 'toString(100 + n % 40)',
  device: "concat('device-', toString(n % 40))",
  trunk: "if(n % 2 = 0, 'trunk-a', 'trunk-b')",
  original_destination: "if(n % 11 = 0, '+15550001111', '')",
  source_topic: "'calls.raw'",
  source_partition: 'n % 4',
  source_offset: 'intDiv(n, 4)',
  call_hash: 'sipHash128(n)',
  billing_month: 'toYYYYMM(started_at)',
  catalog_version: '3',
  plan: "'standard'",
  call_type: '1 + n % 10',
  rate_type: '1 + n % 7',
  country: "if(n % 7 = 0, '', 'GB')",
  tariff: "'international'",
  prefix: '4420',
  duration_ms: 'n * 997 % 600000',
  initial_seconds: '30',
  step_seconds: '6',
  duration_rounding: '1',
  charge_rounding: '1',
  billable_seconds: 'intDiv(n * 997 % 600000, 1000)',
  charged_seconds: 'intDiv(n * 997 % 600000, 1000)',
  rate_per_minute: "toDecimal64('0.01230045', 8)",
  connect_fee: "toDecimal64('0.05', 6)",
  charge: 'toDecimal64(n % 100000, 6) / 1000',
  currency: "'USD'",
  code: '1 + n % 6',
  detail: "concat('detail ', toString(n))",
  format: "'json'",
  position: "concat('calls.jsonl:', toString(n))",
  raw: "concat(unhex('00ff0a27'), toString(n))",
  received_at: "toDateTime64('2020-02-01 00:00:00.000', 3, 'UTC') + toIntervalMillisecond(n)",
};

const COLUMNS: Readonly<Record<UsageTable, readonly (readonly [string, string])[]>> = {
  usage: RATED_COLUMNS,
  usage_suspended: SUSPENDED_COLUMNS,
  usage_resolved: RESOLVED_COLUMNS,
  usage_alerts: ALERT_COLUMNS,
  usage_rejected: REJECTED_COLUMNS,
};

/** Query for rows `from` ≤ n < `to` with the columns of the table's topic, `call_hash` included. */
export function sampleSql(table: UsageTable, from: number, to: number): string {
  const base = COLUMNS[table].map(([name, type]) => {
    const expression = EXPRESSIONS[name] ?? (/Int/.test(type) ? '0' : "''");
    return `CAST(${expression} AS ${type.replace('LowCardinality(String)', 'String')}) AS ${name}`;
  });
  const typed = COLUMNS[table].map(([name, type]) => `CAST(${name} AS ${type}) AS ${name}`);
  return (
    `SELECT ${typed.join(', ')} FROM (SELECT ${base.join(', ')} FROM (SELECT toInt64(number) AS n ` +
    `FROM numbers(${from}, ${to - from}))) SETTINGS allow_suspicious_low_cardinality_types = 1`
  );
}

/** One Native block of sample rows; at most 50,000, since larger results come as several blocks. */
export async function sampleBlock(
  store: UsageStore,
  table: UsageTable,
  from: number,
  to: number,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await store.queryStream(sampleSql(table, from, to), 'Native'))
    pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
