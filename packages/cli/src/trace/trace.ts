/** Follows one call through topics and tables: what became of it at each stage, or where it waits. Reads only. */
import { CHARGE_SCALE, decodeBlock, readNativeBlock } from '@tollstream/contracts';
import type { BlockHeader, NativeBlock } from '@tollstream/contracts';
import type { EventLog, Offset } from '@tollstream/event-log';
import { formatScaled } from '@tollstream/money';
import { groupName } from '@tollstream/service-kit';
import type { UsageStore } from '@tollstream/usage-store';
import { hasAdjustments } from '../verify/store-audit.ts';
import type { VerifySubject } from '../verify/verify.ts';

/** A message of a topic. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: Offset;
}

/** The stage has not come this far: it stands at `at`. */
export interface Waiting {
  readonly outcome: 'waiting';
  readonly at: Offset;
}

export type IngestStep =
  | { readonly outcome: 'accepted'; readonly place: Place; readonly account: string }
  | { readonly outcome: 'rejected'; readonly place: Place; readonly code: string; readonly detail: string }
  /** Ingest has passed it, and no block holds it: `tollstream verify` says what is wrong. */
  | { readonly outcome: 'lost' }
  | Waiting;

export type RatingStep =
  | {
      readonly outcome: 'rated';
      readonly place: Place;
      readonly charge: string;
      readonly currency: string;
      readonly callType: string;
      readonly rateType: string;
      readonly tariff: string;
      readonly prefix: string;
      readonly catalogVersion: number;
    }
  | {
      readonly outcome: 'suspended';
      readonly place: Place;
      readonly code: string;
      readonly detail: string;
      readonly catalogVersion: number;
    }
  /** `of`: the record of the same call that was rated or suspended. */
  | { readonly outcome: 'duplicate'; readonly of: Place | null }
  | Waiting;

/** One record of the call on the raw topic. */
export interface TracedRecord {
  readonly source: Place;
  /** File and line, or whatever key the record has. */
  readonly position: string;
  /** Null: the raw topic no longer holds the record. */
  readonly publishedAtMs: number | null;
  readonly ingest: IngestStep;
  readonly rating: RatingStep | null;
  readonly aggregator: { readonly outcome: 'stored' } | Waiting | null;
}

export interface TracedRow {
  readonly table: 'usage' | 'usage_suspended' | 'usage_resolved';
  readonly source: string;
  readonly revision: number;
  readonly account: string;
  readonly billingMonth: number | null;
  readonly amount: string;
}

/** A document that bills usage of an account and a month in which the call has a row. */
export interface TracedBill {
  readonly series: 'invoice' | 'credit_note';
  readonly number: string;
  readonly account: string;
  readonly billingMonth: number;
  /** Whether the call was there when the month was settled; otherwise it came late, and adjustments bill it. */
  readonly isSettled: boolean;
}

/** What settlement or re-rating made of a row. */
export interface TracedAdjustment {
  readonly account: string;
  readonly revision: number;
  /** The same, where the call came late and its price stays. */
  readonly newRevision: number;
  readonly reason: string;
  readonly currency: string;
  readonly charge: string;
  readonly newCharge: string;
  readonly catalogVersion: number;
  readonly newCatalogVersion: number;
  readonly run: string;
}

export interface Trace {
  readonly callId: string;
  readonly records: readonly TracedRecord[];
  readonly rows: readonly TracedRow[];
  readonly adjustments: readonly TracedAdjustment[];
  readonly bills: readonly TracedBill[];
}

export interface TraceOptions {
  readonly onProgress?: ((progress: { topic: string; read: number; of: number }) => void) | undefined;
}

export async function traceCall(
  subject: VerifySubject,
  callId: string,
  options: TraceOptions = {},
): Promise<Trace> {
  const { log, store, topics } = subject;
  const positions = await Positions.take(subject);
  const held = await findRaw(subject, callId, options);
  const accepted = await findAccepted(log, topics.accepted, { candidates: held, callId });
  const candidates = [...held, ...withoutRaw(held, accepted, callId)].toSorted((a, b) =>
    bySource(a.source, b.source),
  );
  const rejected = await findRejected(log, topics.rejected, held);
  const rated = await findRated(subject, accepted);

  const records: TracedRecord[] = [];
  for (const candidate of candidates) {
    const key = keyOf(candidate.source);
    const call = accepted.get(key);
    const refusal = rejected.get(key);
    const isPassed = candidate.source.offset < positions.of('ingest', candidate.source);
    // Its bytes hold the text of the id, as the id of another call that it names.
    if (call !== undefined && call.callId !== callId) continue;
    const ingest: IngestStep =
      call !== undefined
        ? { outcome: 'accepted', place: call.place, account: call.account }
        : (refusal ??
          (isPassed
            ? { outcome: 'lost' }
            : { outcome: 'waiting', at: positions.of('ingest', candidate.source) }));
    const rating = call === undefined ? null : ratingStep(call, rated, accepted, positions);
    const output =
      rating !== null && 'place' in rating
        ? rating.place
        : ingest.outcome === 'rejected'
          ? ingest.place
          : null;
    records.push({
      ...candidate,
      ingest,
      rating,
      aggregator: output === null ? null : storedStep(output, positions),
    });
  }
  const rejectedOnes = records.filter(({ ingest }) => ingest.outcome === 'rejected');
  return {
    callId,
    records,
    rows: [...(await findRows(store, callId)), ...(await findRejectRows(store, rejectedOnes))],
    adjustments: await findAdjustments(store, callId),
    bills: await findBills(store, callId),
  };
}

type Candidate = Pick<TracedRecord, 'source' | 'position' | 'publishedAtMs'>;

/** Records of the call that ingest read, and that the raw topic no longer holds or holds in other letters. */
function withoutRaw(
  held: readonly Candidate[],
  accepted: ReadonlyMap<string, AcceptedCall>,
  callId: string,
): Candidate[] {
  const known = new Set(held.map(({ source }) => keyOf(source)));
  return [...accepted.values()]
    .filter((call) => call.callId === callId && !known.has(keyOf(call.source)))
    .map(({ source }) => ({ source, position: '', publishedAtMs: null }));
}

function bySource(a: Place, b: Place): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || a.offset - b.offset;
}

interface AcceptedCall {
  readonly place: Place;
  readonly source: Place;
  readonly callId: string;
  readonly account: string;
  /** Call id, switch and leg. */
  readonly identity: string;
}

type RatedCall = Extract<RatingStep, { outcome: 'rated' | 'suspended' }>;

type Stage = 'ingest' | 'rating' | 'aggregator';

/**
 * The committed positions of the stages, taken before anything is read: what a stage does meanwhile is found in its output, and is never
 * taken for lost.
 */
class Positions {
  readonly #known: ReadonlyMap<string, Offset>;

  private constructor(known: ReadonlyMap<string, Offset>) {
    this.#known = known;
  }

  static async take({ log, topics, groupPrefix }: VerifySubject): Promise<Positions> {
    const known = new Map<string, Offset>();
    const inputs: readonly (readonly [Stage, readonly string[]])[] = [
      ['aggregator', [topics.rejected, topics.rated, topics.suspended]],
      ['rating', [topics.accepted]],
      ['ingest', topics.raw],
    ];
    for (const [stage, names] of inputs) {
      for (const topic of names) {
        for (const { partition, begin } of await log.offsets(topic)) {
          const committed = await log.committed(groupName(stage, groupPrefix), topic, partition);
          known.set(`${stage} ${topic}/${partition}`, committed?.offset ?? begin);
        }
      }
    }
    return new Positions(known);
  }

  of(stage: Stage, { topic, partition }: Place): Offset {
    return this.#known.get(`${stage} ${topic}/${partition}`) ?? 0;
  }
}

/** How records may write an id: as it is, or as JSON lets its writers escape it. */
function spellingsOf(callId: string): Buffer[] {
  const json = JSON.stringify(callId).slice(1, -1);
  const ascii = json.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const spellings = [callId, json, ascii, json.replaceAll('/', '\\/'), ascii.replaceAll('/', '\\/')];
  return [...new Set(spellings)].map((spelling) => Buffer.from(spelling));
}

/** Records whose bytes hold the id: the raw topic has no index, and its records many formats. */
async function findRaw(
  { log, topics }: VerifySubject,
  callId: string,
  { onProgress }: TraceOptions,
): Promise<Candidate[]> {
  const wanted = spellingsOf(callId);
  const found: Candidate[] = [];
  for (const topic of topics.raw) {
    for (const { partition, begin, end } of await log.offsets(topic)) {
      for await (const batch of log.read({ topic, partition, from: begin, to: end })) {
        for (const { offset, key, value, timestampMs } of batch.records) {
          if (value === null || !wanted.some((spelling) => value.includes(spelling))) continue;
          const position = key?.toString('utf8') ?? '';
          found.push({ source: { topic, partition, offset }, position, publishedAtMs: timestampMs });
        }
        onProgress?.({ topic, read: batch.nextOffset - begin, of: end - begin });
      }
    }
  }
  return found;
}

/** By source: calls of the candidates, and calls of that id. */
async function findAccepted(
  log: EventLog,
  topic: string,
  { candidates, callId }: { readonly candidates: readonly Candidate[]; readonly callId: string },
): Promise<Map<string, AcceptedCall>> {
  const found = new Map<string, AcceptedCall>();
  const wanted = Buffer.from(callId);
  for await (const { place, block, row, source } of rowsOf(log, topic, candidates, {
    mayHold: (native) => native.includes(wanted),
    isWanted: (native, at) => native.column('call_id').string(at) === callId,
  })) {
    const text = (name: string): string => block.column(name).string(row);
    const identity = `${text('call_id')}\0${text('switch_id')}\0${block.column('leg').number(row)}`;
    found.set(keyOf(source), {
      place,
      source,
      callId: text('call_id'),
      account: text('account_id'),
      identity,
    });
  }
  return found;
}

async function findRejected(
  log: EventLog,
  topic: string,
  candidates: readonly Candidate[],
): Promise<Map<string, Extract<IngestStep, { outcome: 'rejected' }>>> {
  const found = new Map<string, Extract<IngestStep, { outcome: 'rejected' }>>();
  for await (const { place, block, row, source } of rowsOf(log, topic, candidates)) {
    const detail = block.column('detail').string(row);
    found.set(keyOf(source), { outcome: 'rejected', place, code: memberOf(block, 'code', row), detail });
  }
  return found;
}

interface FurtherRows {
  /** Whether a block can hold such a row. */
  readonly mayHold: (native: Buffer) => boolean;
  readonly isWanted: (block: NativeBlock, row: number) => boolean;
}

/** Rows of blocks that ingest made of the candidates, and further ones. */
async function* rowsOf(
  log: EventLog,
  topic: string,
  candidates: readonly Candidate[],
  further?: FurtherRows,
): AsyncGenerator<{ place: Place; block: NativeBlock; row: number; source: Place }> {
  const offsetsOf = new Map<string, Set<Offset>>();
  for (const { source } of candidates) {
    const key = `${source.topic}/${source.partition}`;
    const offsets = offsetsOf.get(key) ?? new Set();
    offsetsOf.set(key, offsets.add(source.offset));
  }
  const ascending = new Map(
    [...offsetsOf].map(([key, offsets]) => [key, Float64Array.from(offsets).toSorted()] as const),
  );
  const holds = (header: BlockHeader, native: Buffer): boolean => {
    if (header.schema === 'replay') return false;
    const { firstOffset, nextOffset } = header;
    const offsets = ascending.get(`${header.sourceTopic}/${header.sourcePartition}`);
    return hasBetween(offsets, firstOffset, nextOffset) || further?.mayHold(native) === true;
  };
  for await (const { place, header, block } of blocksOf(log, topic, holds)) {
    const { sourceTopic, sourcePartition } = header;
    const wanted = offsetsOf.get(`${sourceTopic}/${sourcePartition}`);
    for (const [row, offset] of block.column('source_offset').integers().entries()) {
      if (wanted?.has(offset) === true || further?.isWanted(block, row) === true)
        yield { place, block, row, source: { topic: sourceTopic, partition: sourcePartition, offset } };
    }
  }
}

/** @param offsets ascending; `to` is outside */
function hasBetween(offsets: Float64Array | undefined, from: Offset, to: Offset): boolean {
  if (offsets === undefined) return false;
  let [low, high] = [0, offsets.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (offsets[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return low < offsets.length && offsets[low]! < to;
}

/** By source: what rating made of the accepted calls. */
async function findRated(
  { log, topics }: VerifySubject,
  accepted: ReadonlyMap<string, AcceptedCall>,
): Promise<Map<string, RatedCall>> {
  const found = new Map<string, RatedCall>();
  const calls = [...accepted.values()];
  const isOf = (header: BlockHeader, { place }: AcceptedCall): boolean =>
    place.partition === header.sourcePartition && place.offset === header.firstOffset;
  for (const topic of [topics.rated, topics.suspended]) {
    for await (const { place, header, block } of blocksOf(log, topic, (each) =>
      calls.some((call) => isOf(each, call)),
    )) {
      const offsets = block.column('source_offset').integers();
      for (const { source } of calls.filter((call) => isOf(header, call))) {
        const row = offsets.indexOf(source.offset);
        if (row >= 0)
          found.set(
            keyOf(source),
            header.schema === 'rated' ? ratedCall(place, block, row) : suspendedCall(place, block, row),
          );
      }
    }
  }
  return found;
}

function ratedCall(place: Place, block: NativeBlock, row: number): RatedCall {
  return {
    outcome: 'rated',
    place,
    charge: formatScaled(block.column('charge').integer(row), CHARGE_SCALE),
    currency: block.column('currency').string(row),
    callType: memberOf(block, 'call_type', row),
    rateType: memberOf(block, 'rate_type', row),
    tariff: block.column('tariff').string(row),
    prefix: String(block.column('prefix').number(row)),
    catalogVersion: block.column('catalog_version').number(row),
  };
}

function suspendedCall(place: Place, block: NativeBlock, row: number): RatedCall {
  return {
    outcome: 'suspended',
    place,
    code: memberOf(block, 'code', row),
    detail: block.column('detail').string(row),
    catalogVersion: block.column('catalog_version').number(row),
  };
}

function ratingStep(
  call: AcceptedCall,
  rated: ReadonlyMap<string, RatedCall>,
  accepted: ReadonlyMap<string, AcceptedCall>,
  positions: Positions,
): RatingStep {
  const outcome = rated.get(keyOf(call.source));
  if (outcome !== undefined) return outcome;
  const at = positions.of('rating', call.place);
  if (call.place.offset >= at) return { outcome: 'waiting', at };
  const first = [...accepted.values()].find(
    (each) => each.identity === call.identity && rated.has(keyOf(each.source)),
  );
  return { outcome: 'duplicate', of: first?.source ?? null };
}

function storedStep(place: Place, positions: Positions): TracedRecord['aggregator'] {
  const at = positions.of('aggregator', place);
  return place.offset < at ? { outcome: 'stored' } : { outcome: 'waiting', at };
}

/** As `placeText` writes it. */
const SOURCE = "concat(source_topic, '/', toString(source_partition), ' offset ', toString(source_offset))";
/** Records of an id whose later fate is looked up. */
const REJECTS_MAX = 500;

export function placeText({ topic, partition, offset }: Place): string {
  return `${topic}/${partition} offset ${offset}`;
}

async function findRows(store: UsageStore, callId: string): Promise<TracedRow[]> {
  const rows = await store.query<{
    table: TracedRow['table'];
    source: string;
    revision: number;
    account: string;
    month: number;
    amount: string;
  }>(
    `SELECT * FROM (
     SELECT 'usage' AS table, ${SOURCE} AS source, revision, account_id AS account, billing_month AS month,
            concat(currency, ' ', toDecimalString(charge, ${CHARGE_SCALE})) AS amount
     FROM ${store.database}.usage WHERE call_id = {callId:String}
     UNION ALL
     SELECT 'usage_suspended' AS table, ${SOURCE} AS source, 0 AS revision, account_id AS account, 0 AS month,
            toString(code) AS amount
     FROM ${store.database}.usage_suspended WHERE call_id = {callId:String}
     UNION ALL
     SELECT 'usage_resolved' AS table, ${SOURCE} AS source, 0 AS revision, account_id AS account, 0 AS month,
            concat(toString(outcome), if(code = '', '', concat(', ', code)), ', asked for by ', requested_by,
                   if(reason = '', '', concat(': ', reason))) AS amount
     FROM ${store.database}.usage_resolved WHERE call_id = {callId:String}
     ) ORDER BY table, source, revision`,
    { callId },
  );
  return rows.map(({ month, ...row }) => ({ ...row, billingMonth: month === 0 ? null : month }));
}

/** What became of rejected records since. */
async function findRejectRows(store: UsageStore, records: readonly TracedRecord[]): Promise<TracedRow[]> {
  if (records.length === 0) return [];
  const rows = await store.query<{ source: string; amount: string }>(
    `SELECT ${SOURCE} AS source, concat(toString(outcome), ', asked for by ', requested_by, if(reason = '', '', concat(': ', reason))) AS amount
     FROM ${store.database}.usage_resolved
     WHERE call_id = '' AND source IN (SELECT arrayJoin(JSONExtract({sources:String}, 'Array(String)'))) ORDER BY source`,
    { sources: JSON.stringify(records.slice(0, REJECTS_MAX).map(({ source }) => placeText(source))) },
  );
  return rows.map((row) => ({
    ...row,
    table: 'usage_resolved',
    revision: 0,
    account: '',
    billingMonth: null,
  }));
}

async function findBills(store: UsageStore, callId: string): Promise<TracedBill[]> {
  const { database } = store;
  const [made] = await store.query<{ tables: string }>(
    "SELECT count() AS tables FROM system.tables WHERE database = {database:String} AND name IN ('billed_usage', 'settled_calls')",
    { database },
  );
  if (Number(made?.tables) < 2) return [];
  const rows = await store.query<{
    series: TracedBill['series'];
    number: string;
    account: string;
    month: number;
    settled: number;
  }>(
    `SELECT toString(series) AS series, number, account_id AS account, billing_month AS month,
            (account_id, billing_month) IN (
              SELECT account_id, billing_month FROM ${database}.settled_calls
              WHERE (account_id, billing_month, call_key) IN (
                SELECT account_id, billing_month, sipHash64(started_at, call_id, leg, switch_id)
                FROM ${database}.usage WHERE call_id = {callId:String})) AS settled
     FROM ${database}.billed_usage FINAL
     WHERE (account_id, billing_month) IN (SELECT account_id, billing_month FROM ${database}.usage WHERE call_id = {callId:String})
     ORDER BY billed_usage.series, sequence`,
    { callId },
  );
  return rows.map(({ month, settled, ...row }) => ({
    ...row,
    billingMonth: month,
    isSettled: settled === 1,
  }));
}

async function findAdjustments(store: UsageStore, callId: string): Promise<TracedAdjustment[]> {
  if (!(await hasAdjustments(store))) return [];
  return store.query<TracedAdjustment>(
    `SELECT account_id AS account, revision, new_revision AS newRevision, toString(reason) AS reason, new_currency AS currency,
            toDecimalString(charge, ${CHARGE_SCALE}) AS charge, toDecimalString(new_charge, ${CHARGE_SCALE}) AS newCharge,
            catalog_version AS catalogVersion, new_catalog_version AS newCatalogVersion, run_id AS run
     FROM ${store.database}.usage_adjustments FINAL WHERE call_id = {callId:String}
     ORDER BY account_id, new_revision, reason`,
    { callId },
  );
}

/** The blocks of a topic whose header is wanted; the others are not taken apart. */
async function* blocksOf(
  log: EventLog,
  topic: string,
  isWanted: (header: BlockHeader, native: Buffer) => boolean,
): AsyncGenerator<{ place: Place; header: BlockHeader; block: NativeBlock }> {
  for (const { partition, begin, end } of await log.offsets(topic)) {
    for await (const batch of log.read({ topic, partition, from: begin, to: end })) {
      for (const { offset, value } of batch.records) {
        if (value === null) continue;
        const { header, native } = decodeBlock(value);
        if (isWanted(header, native))
          yield { place: { topic, partition, offset }, header, block: readNativeBlock(native) };
      }
    }
  }
}

/** The member of an Enum8 column, by the names that the block's own type gives. */
function memberOf(block: NativeBlock, name: string, row: number): string {
  const column = block.column(name);
  const number = column.number(row);
  for (const [, member = '', value] of column.type.matchAll(/'([^']*)' = (\d+)/g)) {
    if (Number(value) === number) return member;
  }
  return String(number);
}

function keyOf({ topic, partition, offset }: Place): string {
  return `${topic}/${partition}/${offset}`;
}
