/** A trace as lines that a person can follow; the last one says what became of the call. */
import { colours, count } from '../terminal.ts';
import type {
  IngestStep,
  Place,
  RatingStep,
  Trace,
  TracedAdjustment,
  TracedRecord,
  TracedRow,
  Waiting,
} from './trace.ts';

export function traceLines({ callId, records, rows, adjustments }: Trace): string[] {
  return [
    colours.bold(`call ${callId}`),
    ...records.flatMap(recordLines),
    ...(rows.length === 0 ? [] : ['ClickHouse', ...rows.map(rowLine)]),
    ...adjustments.map(adjustmentLine),
    traceVerdict(records, rows),
  ];
}

/** Where the call stands, in a sentence: the first of its records that came furthest. */
export function traceVerdict(records: readonly TracedRecord[], rows: readonly TracedRow[] = []): string {
  const last =
    records.find(({ rating }) => rating?.outcome === 'rated') ??
    records.find(({ rating }) => rating?.outcome === 'suspended') ??
    records[0];
  if (last === undefined) return 'unknown: no record on the raw topic holds this id';
  const { ingest, rating, aggregator } = last;
  const waits = (stage: string): string => `stuck: it waits for ${stage}`;
  switch (ingest.outcome) {
    case 'waiting':
      return waits('ingest');
    case 'lost':
      return 'lost: ingest has passed it, and it has no outcome; see `tollstream verify`';
    case 'rejected':
      return `rejected: ${ingest.code}, ${ingest.detail}`;
    case 'accepted':
      break;
  }
  if (rating === null || rating.outcome === 'waiting') return waits('rating');
  if (aggregator?.outcome === 'waiting') return waits('the aggregator');
  switch (rating.outcome) {
    case 'rated':
      return `rated: ${rating.currency} ${rating.charge}, in table usage`;
    case 'suspended': {
      const end = rows.find(({ table, amount }) => table === 'usage_resolved' && !amount.startsWith('kept'));
      if (end !== undefined) return `suspended at first, then ${end.amount}`;
      return `suspended: ${rating.code}, ${rating.detail}`;
    }
    case 'duplicate':
      return 'duplicate: of a record that the topics no longer hold';
  }
}

function recordLines(record: TracedRecord): string[] {
  const { source, position, publishedAtMs, ingest, rating, aggregator } = record;
  const from = position === '' ? '' : ` (${position})`;
  const step = (stage: string, text: string): string => `  ${stage.padEnd(11)} ${text}`;
  return [
    `${at(source)}${from}, published ${new Date(publishedAtMs).toISOString()}`,
    step('ingest', ingestText(ingest, source)),
    ...(rating === null || ingest.outcome !== 'accepted'
      ? []
      : [step('rating', ratingText(rating, ingest.place))]),
    ...(aggregator === null
      ? []
      : [step('aggregator', aggregator.outcome === 'stored' ? 'stored' : waiting(aggregator))]),
  ];
}

function ingestText(ingest: IngestStep, source: Place): string {
  switch (ingest.outcome) {
    case 'accepted':
      return `accepted for account '${ingest.account}' → ${at(ingest.place)}`;
    case 'rejected':
      return `rejected, ${ingest.code}: ${ingest.detail} → ${at(ingest.place)}`;
    case 'lost':
      return colours.red('passed without an outcome');
    case 'waiting':
      return waiting(ingest, source);
  }
}

function ratingText(rating: RatingStep, accepted: Place): string {
  switch (rating.outcome) {
    case 'rated': {
      const by = rating.tariff === '' ? '' : `, tariff ${rating.tariff} prefix ${rating.prefix}`;
      const price = `${rating.currency} ${rating.charge}`;
      return `rated, ${rating.callType}, ${rating.rateType}${by}, catalog ${rating.catalogVersion}: ${price} → ${at(rating.place)}`;
    }
    case 'suspended':
      return `suspended, ${rating.code}, catalog ${rating.catalogVersion}: ${rating.detail} → ${at(rating.place)}`;
    case 'duplicate':
      return `dropped as a duplicate${rating.of === null ? '' : ` of ${at(rating.of)}`}`;
    case 'waiting':
      return waiting(rating, accepted);
  }
}

function rowLine({ table, source, revision, account, billingMonth, amount }: TracedRow): string {
  const month = billingMonth === null ? '' : `, billing month ${billingMonth}, revision ${revision}`;
  return `  ${table}: ${amount}, account '${account}'${month} (${source})`;
}

function adjustmentLine(adjustment: TracedAdjustment): string {
  const { revision, newRevision, reason, currency, charge, newCharge, run } = adjustment;
  const steps = revision === newRevision ? `revision ${revision}` : `revision ${revision} → ${newRevision}`;
  const catalogs = `catalog ${adjustment.catalogVersion} → ${adjustment.newCatalogVersion}`;
  return `  usage_adjustments: ${steps}, ${reason}, ${currency} ${charge} → ${newCharge} (${catalogs}, run ${run})`;
}

function waiting({ at: position }: Waiting, place?: Place): string {
  const distance = place === undefined ? '' : `, ${count(place.offset - position)} before it`;
  return `waiting: the stage stands at offset ${count(position)}${distance}`;
}

function at({ topic, partition, offset }: Place): string {
  return `${topic}/${partition} offset ${offset}`;
}
