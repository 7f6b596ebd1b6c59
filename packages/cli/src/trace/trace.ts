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
  readonly publishedAtMs: number;
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
  const candidates = await findRaw(subject, callId, options);
  const accepted = await findAccepted(log, topics.accepted, candidates);
  const rejected = await findRejected(log, topics.rejected, candidates);
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
  return {
    callId,
    records,
    rows: await findRows(store, callId),
    adjustments: await findAdjustments(store, callId),
  };
}

interface Candidate {
  readonly source: Place;
  readonly position: string;
  readonly publishedAtMs: number;
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

/** Records whose bytes hold the id: the raw topic has no index, and its records many formats. */
async function findRaw(
  { log, topics }: VerifySubject,
  callId: string,
  { onProgress }: TraceOptions,
): Promise<Candidate[]> {
  const wanted = Buffer.from(callId);
  const found: Candidate[] = [];
  for (const topic of topics.raw) {
    for (const { partition, begin, end } of await log.offsets(topic)) {
      for await (const batch of log.read({ topic, partition, from: begin, to: end })) {
        for (const { offset, key, value, timestampMs } of batch.records) {
          if (value === null || !value.includes(wanted)) continue;
          const position = key?.toString('utf8') ?? '';
          found.push({ source: { topic, partition, offset }, position, publishedAtMs: timestampMs });
        }
        onProgress?.({ topic, read: batch.nextOffset - begin, of: end - begin });
      }
    }
  }
  return found;
}

/** By source. */
async function findAccepted(
  log: EventLog,
  topic: string,
  candidates: readonly Candidate[],
): Promise<Map<string, AcceptedCall>> {
  const found = new Map<string, AcceptedCall>();
  for await (const { place, block, row, source } of rowsOf(log, topic, candidates)) {
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

/** Rows of blocks that ingest made of the candidates. */
async function* rowsOf(
  log: EventLog,
  topic: string,
  candidates: readonly Candidate[],
): AsyncGenerator<{ place: Place; block: NativeBlock; row: number; source: Place }> {
  const holds = (header: BlockHeader): boolean =>
    candidates.some(
      ({ source }) =>
        source.topic === header.sourceTopic &&
        source.partition === header.sourcePartition &&
        header.firstOffset <= source.offset &&
        source.offset < header.nextOffset,
    );
  for await (const { place, header, block } of blocksOf(log, topic, holds)) {
    const offsets = block.column('source_offset').integers();
    for (const { source } of candidates) {
      if (source.topic !== header.sourceTopic || source.partition !== header.sourcePartition) continue;
      const row = offsets.indexOf(source.offset);
      if (row >= 0) yield { place, block, row, source };
    }
  }
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

async function findRows(store: UsageStore, callId: string): Promise<TracedRow[]> {
  const source = "concat(source_topic, '/', toString(source_partition), ' offset ', toString(source_offset))";
  const rows = await store.query<{
    table: TracedRow['table'];
    source: string;
    revision: number;
    account: string;
    month: number;
    amount: string;
  }>(
    `SELECT * FROM (
     SELECT 'usage' AS table, ${source} AS source, revision, account_id AS account, billing_month AS month,
            concat(currency, ' ', toDecimalString(charge, ${CHARGE_SCALE})) AS amount
     FROM ${store.database}.usage WHERE call_id = {callId:String}
     UNION ALL
     SELECT 'usage_suspended' AS table, ${source} AS source, 0 AS revision, account_id AS account, 0 AS month,
            toString(code) AS amount
     FROM ${store.database}.usage_suspended WHERE call_id = {callId:String}
     UNION ALL
     SELECT 'usage_resolved' AS table, ${source} AS source, 0 AS revision, account_id AS account, 0 AS month,
            concat(toString(outcome), if(code = '', '', concat(', ', code)), ', asked for by ', requested_by,
                   if(reason = '', '', concat(': ', reason))) AS amount
     FROM ${store.database}.usage_resolved WHERE call_id = {callId:String}
     ) ORDER BY table, source, revision`,
    { callId },
  );
  return rows.map(({ month, ...row }) => ({ ...row, billingMonth: month === 0 ? null : month }));
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
  isWanted: (header: BlockHeader) => boolean,
): AsyncGenerator<{ place: Place; header: BlockHeader; block: NativeBlock }> {
  for (const { partition, begin, end } of await log.offsets(topic)) {
    for await (const batch of log.read({ topic, partition, from: begin, to: end })) {
      for (const { offset, value } of batch.records) {
        if (value === null) continue;
        const { header, native } = decodeBlock(value);
        if (isWanted(header))
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
