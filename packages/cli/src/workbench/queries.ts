/** What the tables of suspended calls and rejected records answer. */
import type { UsageStore } from '@tollstream/usage-store';
import { DESTINATION, rejectedCondition, suspendedCondition } from './filter.ts';
import type { ChosenRejected, ChosenSuspended } from './filter.ts';

/** A row as the store gives it: 64-bit integers as text. */
export type Row = Readonly<Record<string, string | number>>;

const ORIGIN = "if(origin_number > 0, concat('+', toString(origin_number)), origin_text)";
export const SOURCE =
  "concat(source_topic, '/', toString(source_partition), ' offset ', toString(source_offset))";
/** An instant as it is written in files: a time without its zone would be a guess. */
export const instant = (column: string): string => `concat(replaceOne(toString(${column}), ' ', 'T'), 'Z')`;
/** A hundred thousand characters of a record are no help on a terminal. */
const RAW_CHARACTERS_MAX = 4_000;

export async function listSuspended(
  store: UsageStore,
  chosen: ChosenSuspended,
  limit: number,
): Promise<Row[]> {
  const { sql, parameters } = suspendedCondition(chosen);
  return store.query<Row>(
    `SELECT call_id, account_id AS account, ${instant('started_at')} AS started, ${DESTINATION} AS destination,
            code AS reason, detail, tries, state
     FROM ${store.database}.usage_suspense WHERE ${sql}${openOnly(chosen)}
     ORDER BY started_at, call_id, leg LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
}

/** By reason and detail: what is to be mended, the most calls first. */
export async function summariseSuspended(
  store: UsageStore,
  chosen: ChosenSuspended,
  limit: number,
): Promise<Row[]> {
  const { sql, parameters } = suspendedCondition(chosen);
  return store.query<Row>(
    `SELECT code AS reason, detail, count() AS calls, uniqExact(account_id) AS accounts,
            ${instant('min(started_at)')} AS first, ${instant('max(started_at)')} AS last
     FROM ${store.database}.usage_suspense WHERE ${sql}${openOnly(chosen)}
     GROUP BY reason, detail ORDER BY calls DESC, reason, detail LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
}

/** Of what was taken up again since, only who asks for all hears. */
function openOnly({ all }: { readonly all?: boolean }): string {
  return all === true ? '' : " AND state = 'open'";
}

export async function showSuspended(store: UsageStore, callId: string): Promise<Row[]> {
  return store.query<Row>(
    `SELECT call_id, switch_id, leg, account_id AS account, state, code AS reason, detail, catalog_version, tries,
            toString(direction) AS direction, toString(disposition) AS disposition, ${ORIGIN} AS origin,
            ${DESTINATION} AS destination, original_destination, ${instant('started_at')} AS started,
            ${instant('answered_at')} AS answered, ${instant('ended_at')} AS ended, extension, device, trunk,
            partial_sequence, resolved_by, resolution_reason, ${SOURCE} AS source
     FROM ${store.database}.usage_suspense WHERE call_id = {callId:String}
     ORDER BY started_at, switch_id, leg, partial_sequence`,
    { callId },
  );
}

export async function listRejected(store: UsageStore, chosen: ChosenRejected, limit: number): Promise<Row[]> {
  const { sql, parameters } = rejectedCondition(chosen);
  return store.query<Row>(
    `SELECT ${SOURCE} AS source, position, ${instant('received_at')} AS received, toString(code) AS reason, detail, state
     FROM ${store.database}.usage_rejects WHERE ${sql}${openOnly(chosen)}
     ORDER BY source_topic, source_partition, source_offset LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
}

export async function summariseRejected(
  store: UsageStore,
  chosen: ChosenRejected,
  limit: number,
): Promise<Row[]> {
  const { sql, parameters } = rejectedCondition(chosen);
  return store.query<Row>(
    `SELECT toString(code) AS reason, format, count() AS records, ${instant('min(received_at)')} AS first,
            ${instant('max(received_at)')} AS last, any(detail) AS example
     FROM ${store.database}.usage_rejects WHERE ${sql}${openOnly(chosen)}
     GROUP BY reason, format ORDER BY records DESC, reason, format LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
}

export async function showRejected(store: UsageStore, position: string): Promise<Row[]> {
  return store.query<Row>(
    `SELECT position, state, toString(code) AS reason, detail, format, ${instant('received_at')} AS received, ${SOURCE} AS source,
            length(stored.raw) AS bytes, substring(toValidUTF8(stored.raw), 1, ${RAW_CHARACTERS_MAX}) AS raw,
            resolved_by, resolution_reason
     FROM ${store.database}.usage_rejects AS stored WHERE position = {position:String} OR ${SOURCE} = {position:String}
     ORDER BY source_topic, source_partition, source_offset`,
    { position },
  );
}
