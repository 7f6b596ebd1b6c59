/** Which calls a file of call details holds, and in which order: always the same for the same calls. */
import { CALL_TYPES } from '@tollstream/contracts';
import type { CallType } from '@tollstream/contracts';
import type { QueryParameters } from '@tollstream/usage-store';
import { filterInvalid } from '../errors.ts';
import { monthNumber, parseMonth } from '../month.ts';
import { MONTH_OF_ACCOUNT } from '../usage-summary.ts';
import { billedCandidates, billedRows } from './billed.ts';
import type { BilledCalls } from './billed.ts';
import { START, WITHIN_SLICE, cdrColumns } from './columns.ts';
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

/** Calls that start within a time, and come one after the other in a file. */
export interface CdrSlice {
  /** Start of the calls, half-open: ms since epoch, UTC. */
  readonly fromMs: number;
  readonly toMs: number;
  /** None of them has an earlier `started_at`, ms since epoch: the table stands in its order. */
  readonly earliestMs: number;
}

export const NO_CALLS: CdrSlice = { fromMs: 0, toMs: 0, earliestMs: 0 };

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

/** Calls of a request that start within a time: where they stand and which they are, for behind FROM. */
export function callsOf(
  database: string,
  request: CdrRequest,
  slice: CdrSlice,
): { readonly rows: string; readonly parameters: QueryParameters } {
  const { sql, parameters } = conditionOf(request);
  const { billed } = request;
  const rows =
    billed === undefined
      ? `${database}.usage FINAL WHERE ${sql} AND ${WITHIN_SLICE}`
      : `(${billedRows(database, billed)}) WHERE ${sql}`;
  const { fromMs, toMs, earliestMs } = slice;
  return { rows, parameters: { ...parameters, from_ms: fromMs, to_ms: toMs, earliest_ms: earliestMs } };
}

/** The calls of a request whatever their time: where they stand, without what else is asked for. */
export function candidatesOf(
  database: string,
  request: CdrRequest,
): { readonly rows: string; readonly parameters: QueryParameters } {
  const { sql, parameters } = conditionOf(request);
  const { billed } = request;
  return billed === undefined
    ? { rows: `${database}.usage FINAL WHERE ${sql}`, parameters }
    : { rows: `(${billedCandidates(database, billed)})`, parameters };
}

/**
 * The query of a file's rows.
 * @param part.skippedRows rows of the slice's beginning that the caller has already
 */
export function cdrQuery(
  database: string,
  request: CdrRequest,
  { slice, skippedRows = 0 }: { readonly slice: CdrSlice; readonly skippedRows?: number },
): { sql: string; parameters: QueryParameters } {
  const { rows, parameters } = callsOf(database, request, slice);
  const columns = cdrColumns(request);
  const selected = columns.map(({ name, expression }) => `${expression} AS ${name}`);
  const order = `${START}, call_id, leg, switch_id${request.billed === undefined ? '' : ', reason, revision'}`;
  // The inner query keeps the table's columns apart from the output's, some of which have the same names.
  return {
    sql: `SELECT ${selected.join(', ')}
    FROM (SELECT * FROM ${rows}
          ORDER BY ${order} ${skippedRows > 0 ? `LIMIT 18446744073709551615 OFFSET ${skippedRows}` : ''})
    SETTINGS output_format_csv_crlf_end_of_line = 1, max_bytes_before_external_sort = ${SORT_BYTES_MAX}`,
    parameters,
  };
}
