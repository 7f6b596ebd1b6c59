/** Suspended calls as the table holds them, made into calls again. */
import type { CallEvent, ReplayAction, SourcePosition } from '@tollstream/contracts';
import type { UsageStore } from '@tollstream/usage-store';
import { suspendedCondition } from '../workbench/filter.ts';
import type { ChosenSuspended } from '../workbench/filter.ts';
import type { SuspendedCall, SuspenseTable } from './take-up.ts';

/** Integers of 64 bits come as text. */
interface StoredCall {
  readonly call_id: string;
  readonly switch_id: string;
  readonly leg: number;
  readonly account_id: string;
  readonly direction: CallEvent['direction'];
  readonly disposition: CallEvent['disposition'];
  readonly started_ms: string;
  readonly answered_ms: string;
  readonly ended_ms: string;
  readonly origin_number: string;
  readonly origin_text: string;
  readonly destination_number: string;
  readonly destination_text: string;
  readonly extension: string;
  readonly device: string;
  readonly trunk: string;
  readonly charged_party: string;
  readonly original_destination: string;
  readonly routing_number: string;
  readonly parent_call_id: string;
  readonly partial_sequence: number;
  readonly source_topic: string;
  readonly source_partition: number;
  readonly source_offset: string;
}

const ms = (column: string): string => `toString(toUnixTimestamp64Milli(${column}_at)) AS ${column}_ms`;
const COLUMNS = [
  'call_id, switch_id, leg, account_id, toString(direction) AS direction, toString(disposition) AS disposition',
  ms('started'),
  ms('answered'),
  ms('ended'),
  'toString(origin_number) AS origin_number, origin_text, toString(destination_number) AS destination_number, destination_text',
  'extension, device, trunk, charged_party, original_destination, routing_number, parent_call_id, partial_sequence',
  'source_topic, source_partition, toString(source_offset) AS source_offset',
].join(', ');

/** Conflicting records are given up or left, never priced: the record that came first is. */
const PRICEABLE = "code != 'content_conflict'";

export function suspenseTable(
  store: UsageStore,
  chosen: ChosenSuspended,
  action: ReplayAction = 'replay',
): SuspenseTable {
  const { database } = store;
  const { sql, parameters } = suspendedCondition(chosen);
  return {
    async resolutions() {
      const [row] = await store.query<{ count: string }>(
        // Parts that were put together when the last one came have no run: nobody asked for them.
        `SELECT toString(count()) AS count FROM ${database}.usage_resolved WHERE call_id != '' AND run != ''`,
      );
      return Number(row?.count ?? 0);
    },
    async open(after, limit) {
      const isBehind =
        after === null
          ? '1'
          : '(source_topic, source_partition, source_offset) > ({topic:String}, {partition:UInt32}, {offset:UInt64})';
      const rows = await store.query<StoredCall>(
        `SELECT ${COLUMNS} FROM (
           SELECT * FROM ${database}.usage_suspense WHERE state = 'open' AND (${sql}) AND ${isBehind} AND ${action === 'replay' ? PRICEABLE : '1'}
           ORDER BY source_topic, source_partition, source_offset LIMIT {limit:UInt32}
         ) AS open ORDER BY open.source_topic, open.source_partition, open.source_offset`,
        { ...parameters, ...after, limit },
      );
      return rows.map(callOf);
    },
  };
}

function callOf(row: StoredCall): SuspendedCall {
  const isAnswered = row.disposition === 'answered';
  const call: CallEvent = {
    callId: row.call_id,
    switchId: row.switch_id,
    leg: row.leg,
    direction: row.direction,
    from: '',
    to: '',
    startedAt: Number(row.started_ms),
    answeredAt: isAnswered ? Number(row.answered_ms) : null,
    endedAt: Number(row.ended_ms),
    disposition: row.disposition,
    account: null,
    extension: row.extension,
    device: row.device,
    trunk: row.trunk,
    chargedParty: row.charged_party,
    originalTo: row.original_destination,
    routingNumber: row.routing_number,
    parentCallId: row.parent_call_id,
    partialSequence: row.partial_sequence,
    // What ingest made of it stands in the attribution.
    redirectingNumber: null,
  };
  const source: SourcePosition = {
    topic: row.source_topic,
    partition: row.source_partition,
    offset: Number(row.source_offset),
  };
  const attribution = {
    accountId: row.account_id,
    origin: { number: Number(row.origin_number), text: row.origin_text },
    destination: { number: Number(row.destination_number), text: row.destination_text },
    direction: row.direction,
    routingNumber: row.routing_number,
  };
  return { call, attribution, source };
}
