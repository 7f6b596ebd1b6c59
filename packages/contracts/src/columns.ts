/**
 * The columns of the blocks on internal topics, in order: name → ClickHouse type. Blocks are ClickHouse Native, so a
 * block on `usage.rated` is byte for byte what the aggregator inserts. Enum members come from `call.ts`.
 *
 * Numbers: an E.164 number is a UInt64 of its digits (`+12125550100` → 12125550100) and its text column is empty; whatever is no
 * E.164 number (extensions, N11, anonymous, broken) has number 0 and its text. Times: ms since epoch UTC; 0 = absent.
 * Money: scaled integers, `CHARGE_SCALE` digits; rates `RATE_SCALE` digits per minute.
 */
import {
  ALERT_WINDOWS,
  CALL_TYPES,
  DIRECTIONS,
  DISPOSITIONS,
  JURISDICTIONS,
  RATE_TYPES,
  REJECT_CODES,
  REPLAY_ACTIONS,
  RESOLVED_OUTCOMES,
  SUSPEND_CODES,
} from './call.ts';

export const CHARGE_SCALE = 6;
export const RATE_SCALE = 8;
export const DURATION_ROUNDINGS = ['up', 'nearest'] as const;
export const CHARGE_ROUNDINGS = ['half_up', 'up', 'down', 'half_even'] as const;

/** ClickHouse Enum8 type text of a closed set, numbered from 1 in the order of the set. */
export function enum8(values: readonly string[]): `Enum8(${string})` {
  return `Enum8(${values.map((value, i) => `'${value}' = ${i + 1}`).join(', ')})`;
}

const TIME = "DateTime64(3, 'UTC')";
const NAME = 'LowCardinality(String)';

/** Columns of `calls.accepted`; rating passes them through to usage and suspense. */
export const CALL_COLUMNS = [
  ['call_id', 'String'],
  ['switch_id', NAME],
  ['leg', 'UInt8'],
  ['account_id', NAME], // '' when no account could be told
  ['direction', enum8(DIRECTIONS)],
  ['disposition', enum8(DISPOSITIONS)],
  ['started_at', TIME],
  ['answered_at', TIME],
  ['ended_at', TIME],
  ['origin_number', 'UInt64'],
  ['origin_text', 'String'],
  ['destination_number', 'UInt64'],
  ['destination_text', 'String'],
  ['extension', NAME],
  ['device', NAME],
  ['trunk', NAME],
  ['charged_party', 'String'],
  ['original_destination', 'String'],
  ['routing_number', 'String'],
  ['parent_call_id', 'String'],
  ['partial_sequence', 'UInt32'], // 0 = a whole call
  ['source_topic', NAME],
  ['source_partition', 'UInt32'],
  ['source_offset', 'UInt64'],
  ['call_hash', 'FixedString(16)'], // identity (switch, call id, leg), for the duplicate window
] as const;

/** Columns that rating adds: everything that proves the price. */
export const PRICE_COLUMNS = [
  ['billing_month', 'UInt32'], // yyyymm in the account's time zone, by answer time (start when unanswered)
  ['catalog_version', 'UInt32'],
  ['plan', NAME],
  ['plan_is_default', 'UInt8'], // 1: the account is not in the catalog; rated on the run's default plan
  ['call_type', enum8(CALL_TYPES)],
  ['rate_type', enum8(RATE_TYPES)],
  ['country', NAME], // ISO 3166 alpha-2 of the far end; '' when not applicable
  ['tariff', NAME],
  ['prefix', 'UInt64'], // matched prefix digits; 0 = none
  ['duration_ms', 'UInt64'],
  ['initial_seconds', 'UInt32'],
  ['step_seconds', 'UInt32'],
  ['duration_rounding', enum8(DURATION_ROUNDINGS)],
  ['charge_rounding', enum8(CHARGE_ROUNDINGS)],
  ['billable_seconds', 'UInt32'],
  ['included_seconds', 'UInt32'], // taken from an allowance pool
  ['charged_seconds', 'UInt32'],
  ['pool', NAME], // allowance pool id; '' = none
  ['rate_per_minute', `Decimal(18, ${RATE_SCALE})`],
  ['connect_fee', `Decimal(18, ${CHARGE_SCALE})`],
  ['charge', `Decimal(18, ${CHARGE_SCALE})`],
  ['currency', NAME],
  ['revision', 'UInt32'],
  ['price_detail', 'String'], // JSON of what a price has beyond these columns; '' for most calls
  ['jurisdiction', enum8(JURISDICTIONS)], // '' where it has no meaning; the base of universal-service contributions
] as const;

export const RATED_COLUMNS = [...CALL_COLUMNS, ...PRICE_COLUMNS] as const;

export const SUSPENDED_COLUMNS = [
  ...CALL_COLUMNS,
  ['code', enum8(SUSPEND_CODES)],
  ['detail', 'String'],
  ['catalog_version', 'UInt32'],
] as const;

export const REJECTED_COLUMNS = [
  ['code', enum8(REJECT_CODES)],
  ['detail', 'String'],
  ['format', NAME],
  ['position', 'String'], // file and line, or the record key
  ['raw', 'String'], // the bytes as they came
  ['received_at', TIME], // the log's timestamp
  ['source_topic', NAME],
  ['source_partition', 'UInt32'],
  ['source_offset', 'UInt64'],
] as const;

/** Who asked for a suspended call to be taken up again, when and why. */
const REQUEST_COLUMNS = [
  ['reason', 'String'],
  ['requested_by', NAME],
  ['requested_at', TIME],
  ['run', NAME], // the command that asked: what one published at once
] as const;

/** Suspended calls to be taken up again, on `calls.accepted`. */
export const REPLAY_COLUMNS = [
  ...CALL_COLUMNS,
  ['action', enum8(REPLAY_ACTIONS)],
  ...REQUEST_COLUMNS,
] as const;

/** Columns of a call that tell which suspended row a resolution is about; that row is known by its source. */
export const RESOLVED_CALL_COLUMNS = [
  ['call_id', 'String'],
  ['switch_id', NAME],
  ['leg', 'UInt8'],
  ['account_id', NAME], // who pays by now: it may have been unknown
  ['started_at', TIME],
  ['source_topic', NAME],
  ['source_partition', 'UInt32'],
  ['source_offset', 'UInt64'],
] as const;

/**
 * What became of suspended calls that were taken up again, on `usage.resolved`; and of rejected records, which are no call: of the
 * columns of one they have the source alone, and when they were received as `started_at`.
 */
export const RESOLVED_COLUMNS = [
  ...RESOLVED_CALL_COLUMNS,
  ...REQUEST_COLUMNS,
  ['outcome', enum8(RESOLVED_OUTCOMES)],
  ['code', NAME], // why it has no price still; '' when it has
  ['detail', 'String'],
  ['catalog_version', 'UInt32'],
] as const;

/**
 * Alerts of spend limits, on `usage.alerts`: one row for each threshold that the calls of an account reached in a window. The source
 * is that of the call which did.
 */
export const ALERT_COLUMNS = [
  ['alert_id', 'String'], // the same input gives the same id
  ['account_id', NAME],
  ['limit_id', NAME],
  ['window', enum8(ALERT_WINDOWS)],
  ['window_start', TIME], // half-open, by the clock of the account
  ['window_end', TIME],
  ['threshold_percent', 'UInt32'],
  ['limit_amount', `Decimal(18, ${CHARGE_SCALE})`], // as the catalog said it
  ['spent', `Decimal(18, ${CHARGE_SCALE})`], // in the window, this call included
  ['currency', NAME],
  ['call_id', 'String'],
  ['switch_id', NAME],
  ['leg', 'UInt8'],
  ['started_at', TIME],
  ['charge', `Decimal(18, ${CHARGE_SCALE})`], // of this call
  ['source_topic', NAME],
  ['source_partition', 'UInt32'],
  ['source_offset', 'UInt64'],
  ['counted_from', 'UInt64'], // offset of calls.accepted from which on calls count towards the limit in this form
  ['catalog_version', 'UInt32'],
] as const;
