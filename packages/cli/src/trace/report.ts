/** A trace as lines that a person can follow; the last one says what became of the call. */
import { colours, count } from '../terminal.ts';
import { placeText } from './trace.ts';
import type {
  IngestStep,
  Place,
  RatingStep,
  Trace,
  TracedAdjustment,
  TracedBill,
  TracedRecord,
  TracedRow,
  Waiting,
} from './trace.ts';

export function traceLines(trace: Trace): string[] {
  const { callId, records, rows, adjustments, bills } = trace;
  return [
    colours.bold(`call ${callId}`),
    ...records.flatMap(recordLines),
    ...(rows.length === 0 ? [] : ['ClickHouse', ...rows.map(rowLine)]),
    ...adjustments.map(adjustmentLine),
    ...bills.map(billLine),
    traceVerdict(trace),
  ];
}

/** Where the call stands, in a sentence: the first of its records that came furthest. */
export function traceVerdict({ records, rows, bills }: Pick<Trace, 'records' | 'rows' | 'bills'>): string {
  const last =
    records.find(({ rating }) => rating?.outcome === 'rated') ??
    records.find(({ rating }) => rating?.outcome === 'suspended') ??
    // A rejected record that was published once more is another one by now.
    records.find(({ ingest }) => ingest.outcome !== 'rejected') ??
    records.at(-1);
  if (last === undefined) return verdictOfRows(rows);
  const { ingest, rating, aggregator } = last;
  const waits = (stage: string): string => `stuck: it waits for ${stage}`;
  switch (ingest.outcome) {
    case 'waiting':
      return waits('ingest');
    case 'lost':
      return 'lost: ingest has passed it, and it has no outcome; see `tollstream verify`';
    case 'rejected': {
      const end = rows.find(
        ({ table, source }) => table === 'usage_resolved' && source === placeText(last.source),
      );
      return `rejected: ${ingest.code}, ${ingest.detail}${end === undefined ? '' : `; then ${end.amount}`}`;
    }
    case 'accepted':
      break;
  }
  if (rating === null || rating.outcome === 'waiting') return waits('rating');
  if (aggregator?.outcome === 'waiting') return waits('the aggregator');
  switch (rating.outcome) {
    case 'rated':
      return `rated: ${rating.currency} ${rating.charge}, in table usage${billedText(bills)}`;
    case 'suspended': {
      const end = rows.find(({ table, amount }) => table === 'usage_resolved' && !amount.startsWith('kept'));
      if (end !== undefined) return `suspended at first, then ${end.amount}${billedText(bills)}`;
      return `suspended: ${rating.code}, ${rating.detail}`;
    }
    case 'duplicate':
      return 'duplicate: of a record that the topics no longer hold';
  }
}

/** The topics forget records, the tables do not. */
function verdictOfRows(rows: readonly TracedRow[]): string {
  const row = rows.find(({ table }) => table === 'usage') ?? rows[0];
  if (row === undefined) return 'unknown: no record on the raw topic holds this id';
  return `in table ${row.table}: ${row.amount}; the topics no longer hold its record`;
}

function billedText(bills: readonly TracedBill[]): string {
  const numbers = bills.filter(({ series, isSettled }) => series === 'invoice' && isSettled);
  return numbers.length === 0 ? '' : `, billed by ${numbers.map(({ number }) => number).join(', ')}`;
}

function billLine({ series, number, account, billingMonth, isSettled }: TracedBill): string {
  const document = series === 'invoice' ? 'invoice' : 'credit note';
  const late = isSettled ? '' : '; this call came after the month was settled';
  return `  ${document} ${number}: usage of ${billingMonth} of account '${account}'${late}`;
}

function recordLines(record: TracedRecord): string[] {
  const { source, position, publishedAtMs, ingest, rating, aggregator } = record;
  const from = position === '' ? '' : ` (${position})`;
  const step = (stage: string, text: string): string => `  ${stage.padEnd(11)} ${text}`;
  return [
    `${placeText(source)}${from}, ${publishedAtMs === null ? 'not found on the raw topic' : `published ${new Date(publishedAtMs).toISOString()}`}`,
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
      return `accepted for account '${ingest.account}' → ${placeText(ingest.place)}`;
    case 'rejected':
      return `rejected, ${ingest.code}: ${ingest.detail} → ${placeText(ingest.place)}`;
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
      return `rated, ${rating.callType}, ${rating.rateType}${by}, catalog ${rating.catalogVersion}: ${price} → ${placeText(rating.place)}`;
    }
    case 'suspended':
      return `suspended, ${rating.code}, catalog ${rating.catalogVersion}: ${rating.detail} → ${placeText(rating.place)}`;
    case 'duplicate':
      return `dropped as a duplicate${rating.of === null ? '' : ` of ${placeText(rating.of)}`}`;
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
