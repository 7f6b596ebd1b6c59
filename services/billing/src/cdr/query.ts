/** Which calls a file of call details holds, and in which order: always the same for the same calls. */
import { CALL_TYPES, CHARGE_SCALE } from '@tollstream/contracts';
import type { CallType } from '@tollstream/contracts';
import { parseDecimalBig } from '@tollstream/money';
import type { QueryParameters, UsageStore } from '@tollstream/usage-store';
import { filterInvalid } from '../errors.ts';
import { monthNumber, parseMonth } from '../month.ts';
import { MONTH_OF_ACCOUNT } from '../usage-summary.ts';
import { billedRows } from './billed.ts';
import type { BilledCalls } from './billed.ts';
import { START, cdrColumns } from './columns.ts';
import type { CdrFormat } from './columns.ts';

export interface CdrRequest {
  readonly accountId: string;
  /** Month of the calls: `2020-01`. */
  readonly month: string;
  readonly format: CdrFormat;
  /** Every pricing field besides the billed ones; default false. */
  readonly hasDetail?: boolean;
  readonly filters?: CdrFilters;
  /** Calls as an invoice bills them; without it those of the month as they stand. */
  readonly billed?: BilledCalls;
}

/** Calls for which all of them hold. */
export interface CdrFilters {
  readonly extension?: string;
  /** E.164 (`+12125550100`), or what the switch wrote, of either end. */
  readonly number?: string;
  readonly callType?: string;
  /** `2020-01-31`, UTC, of the start. */
  readonly day?: string;
}

/** The calls of a request as they stand now. */
export interface CdrSummary {
  readonly calls: number;
  /** Currency → exact sum, scaled by 10^CHARGE_SCALE. */
  readonly charge: ReadonlyMap<string, bigint>;
  /** Other calls, or other prices of them, have another one. */
  readonly fingerprint: string;
}

/** Calls of a request that start within a time, and come one after the other in its file. */
export interface CdrSlice {
  /** Start of the calls, half-open: ms since epoch, UTC. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The earliest `started_at` of them, ms since epoch: the table stands in its order. */
  readonly earliestMs: number;
  readonly calls: number;
}

/** The store sorts on disk beyond this. */
const SORT_BYTES_MAX = 256 * 1024 * 1024;

interface Condition {
  readonly sql: string;
  readonly parameters: QueryParameters;
}

/** @throws TollError TOLL_BILLING_MONTH_INVALID | TOLL_BILLING_FILTER_INVALID */
function conditionOf({ accountId, month, filters = {}, billed }: CdrRequest): Condition {
  const sql: string[] = [billed === undefined ? MONTH_OF_ACCOUNT : '1'];
  const parameters: Record<string, string | number | bigint> = {
    account: accountId,
    month: monthNumber(parseMonth(month)),
  };
  const { extension, number, callType, day } = filters;
  if (extension !== undefined) {
    sql.push('extension = {extension:String}');
    parameters['extension'] = extension;
  }
  if (number !== undefined) {
    if (/^\+[1-9]\d{1,14}$/.test(number)) {
      sql.push('(origin_number = {number:UInt64} OR destination_number = {number:UInt64})');
      parameters['number'] = BigInt(number.slice(1));
    } else {
      sql.push(
        '((origin_number = 0 AND origin_text = {number:String}) OR (destination_number = 0 AND destination_text = {number:String}))',
      );
      parameters['number'] = number;
    }
  }
  if (callType !== undefined) {
    if (!CALL_TYPES.includes(callType as CallType)) {
      throw filterInvalid(`'${callType}' is no call type.`, `Use one of ${CALL_TYPES.join(', ')}.`);
    }
    sql.push('call_type = {call_type:String}');
    parameters['call_type'] = callType;
  }
  if (day !== undefined) {
    const from = /^\d{4}-\d{2}-\d{2}$/.test(day) ? new Date(`${day}T00:00:00Z`) : null;
    if (from === null || Number.isNaN(from.getTime()) || !from.toISOString().startsWith(day)) {
      throw filterInvalid(`'${day}' is no day.`, 'Write it like 2020-01-31; days are those of UTC.');
    }
    sql.push(`toDate(${START}, 'UTC') = toDate({day:String})`);
    parameters['day'] = day;
  }
  return { sql: sql.join(' AND '), parameters };
}

/** The calls of a request: where they stand and which they are, for behind FROM. */
export function callsOf(
  database: string,
  request: CdrRequest,
): { readonly rows: string; readonly parameters: QueryParameters } {
  const { sql, parameters } = conditionOf(request);
  const { billed } = request;
  const from = billed === undefined ? `${database}.usage FINAL` : `(${billedRows(database, billed)})`;
  return { rows: `${from} WHERE ${sql}`, parameters };
}

/**
 * The query of a file's rows.
 * @param part.skippedRows rows of its beginning that the caller has already
 */
export function cdrQuery(
  database: string,
  request: CdrRequest,
  { slice = null, skippedRows = 0 }: { readonly slice?: CdrSlice | null; readonly skippedRows?: number } = {},
): { sql: string; parameters: QueryParameters } {
  const { rows, parameters } = callsOf(database, request);
  const columns = cdrColumns(request);
  const selected = columns.map(({ name, expression }) => `${expression} AS ${name}`);
  const order = `${START}, call_id, leg, switch_id${request.billed === undefined ? '' : ', reason, revision'}`;
  // The inner query keeps the table's columns apart from the output's, some of which have the same names.
  return {
    sql: `SELECT ${selected.join(', ')}
    FROM (SELECT * FROM ${rows} ${slice === null ? '' : WITHIN_SLICE}
          ORDER BY ${order} ${skippedRows > 0 ? `LIMIT 18446744073709551615 OFFSET ${skippedRows}` : ''})
    SETTINGS output_format_csv_crlf_end_of_line = 1, max_bytes_before_external_sort = ${SORT_BYTES_MAX}`,
    parameters:
      slice === null
        ? parameters
        : { ...parameters, from_ms: slice.fromMs, to_ms: slice.toMs, earliest_ms: slice.earliestMs },
  };
}

// By `started_at` as well, which the table is in the order of: nobody answers a call before it starts.
const WITHIN_SLICE = `AND toUnixTimestamp64Milli(${START}) >= {from_ms:Int64} AND toUnixTimestamp64Milli(${START}) < {to_ms:Int64}
          AND started_at >= fromUnixTimestamp64Milli({earliest_ms:Int64}) AND started_at < fromUnixTimestamp64Milli({to_ms:Int64})`;

export async function summariseCdrs(store: UsageStore, request: CdrRequest): Promise<CdrSummary> {
  const { rows: calls, parameters } = callsOf(store.database, request);
  const rows = await store.query<{ currency: string; calls: string; total: string; fingerprint: string }>(
    `SELECT currency, count() AS calls, sum(charge) AS total,
            toString(sum(cityHash64(switch_id, call_id, leg, revision, charge))) AS fingerprint
     FROM ${calls} GROUP BY currency ORDER BY currency`,
    parameters,
  );
  return {
    calls: rows.reduce((sum, row) => sum + Number(row.calls), 0),
    charge: new Map(
      rows
        .filter(({ currency }) => currency !== '')
        .map((row) => [row.currency, parseDecimalBig(row.total, CHARGE_SCALE)]),
    ),
    fingerprint: rows.map((row) => `${row.currency}:${row.calls}:${row.fingerprint}`).join(' '),
  };
}
