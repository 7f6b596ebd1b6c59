import type { Catalog } from '@tollstream/catalog';
import { accountPartition, addTotals, parseTotals, serialiseTotals } from '@tollstream/contracts';
import type { DecodedRecord, RejectCode, RunningTotals, SchemaSource } from '@tollstream/contracts';
import { recordCount } from '@tollstream/event-log';
import type { LogRecord, PackedRecords, Processed, Processor, RecordBatch } from '@tollstream/event-log';
import type { DialPlan } from '@tollstream/numbering';
import { Attributor, emptyAttribution } from './attribute.ts';
import { BatchBlocks } from './batch-blocks.ts';
import type { OutputTopics } from './batch-blocks.ts';
import { RecordDecoder, RecordFormats } from './decode.ts';
import type { RecordFormat } from './decode.ts';
import { INGEST_LIMITS } from './limits.ts';
import type { IngestLimits } from './limits.ts';
import { LocatedCalls } from './located-calls.ts';
import type { Encodings } from './located-calls.ts';
import { EVENT_FORMAT } from './source.ts';
import type { IngestSource } from './source.ts';
import { validateCall } from './validate.ts';

/** What ingest remembers of one input partition: what stands beside its committed offset. */
export interface IngestState {
  totals: RunningTotals;
}

export interface IngestedBatch extends Processed {
  readonly accepted: number;
  readonly rejectCodes: ReadonlyMap<RejectCode, number>;
}

export interface IngestProcessor extends Processor<IngestState> {
  /** Fetches the Avro schemas a batch needs; to be awaited before `process`. @throws ContractError when it cannot */
  prepare(batch: RecordBatch): Promise<void>;
  /** Attributes the calls of later batches by another version. */
  useCatalog(catalog: Catalog): void;
  /** Every record becomes one row, of an accepted or of a rejected block. */
  process(state: IngestState, batch: RecordBatch): IngestedBatch;
}

export interface IngestProcessorOptions {
  readonly catalog: Catalog;
  readonly outputs: OutputTopics;
  /** Formats of the topics that are read; a topic not named carries Tollstream events. */
  readonly sources?: readonly IngestSource[];
  readonly limits?: IngestLimits;
  /** How numbers are read while the account is not known. */
  readonly defaultDialPlan?: DialPlan;
  /** Writer schemas of registry-framed Avro. */
  readonly schemaSource?: SchemaSource | null;
  /** Sends every record the plain way; for the tests, which hold the short way against it. */
  readonly onlyPlainly?: boolean;
}

/** Account ids whose partition is remembered; beyond it all are forgotten at once. */
const REMEMBERED_ACCOUNTS_MAX = 1_000_000;

export function createIngestProcessor(options: IngestProcessorOptions): IngestProcessor {
  const { outputs, sources = [], limits = INGEST_LIMITS, schemaSource = null, onlyPlainly = false } = options;
  const decoder = new RecordDecoder({ recordBytesMax: limits.recordBytesMax, schemaSource });
  let { catalog } = options;
  let attributor = attributorOf(catalog);
  const attribution = emptyAttribution();
  const blocks = new BatchBlocks(outputs, limits);
  const formats = new Map(
    sources.map((source) => [source.topic, new RecordFormats(source, limits.recordBytesMax)]),
  );
  const partitions = new Map<string, number>();
  let located = locatedCallsOf(catalog);
  const place: { bytes: Buffer; start: number; end: number } = { bytes: Buffer.alloc(0), start: 0, end: 0 };

  function attributorOf(of: Catalog): Attributor {
    return new Attributor(of, defaultDialPlanOf(of));
  }

  function locatedCallsOf(of: Catalog): LocatedCalls {
    const defaultDialPlan = defaultDialPlanOf(of);
    return new LocatedCalls({ catalog: of, limits, defaultDialPlan, blocks, partitionOf });
  }

  function defaultDialPlanOf(of: Catalog): DialPlan {
    return options.defaultDialPlan ?? { country: of.defaultPlan?.country ?? 'US', areaCode: '' };
  }

  function formatsOf(topic: string): RecordFormats {
    let found = formats.get(topic);
    if (found === undefined) {
      found = new RecordFormats({ topic, format: EVENT_FORMAT }, limits.recordBytesMax);
      formats.set(topic, found);
    }
    return found;
  }

  function partitionOf(accountId: string): number {
    let partition = partitions.get(accountId);
    if (partition === undefined) {
      partition = accountPartition(accountId, outputs.acceptedPartitions);
      if (partitions.size >= REMEMBERED_ACCOUNTS_MAX) partitions.clear();
      partitions.set(accountId, partition);
    }
    return partition;
  }

  return {
    restore: (claim) => Promise.resolve({ totals: parseTotals(claim.committed?.metadata ?? '') }),
    prepare: (batch) => decoder.prepare(batch),
    useCatalog(next) {
      catalog = next;
      attributor = attributorOf(next);
      located = locatedCallsOf(next);
    },

    process(state, batch) {
      const { topic, partition } = batch;
      const recordFormats = formatsOf(topic);
      const rejectCodes = new Map<RejectCode, number>();
      let accepted = 0;
      const source = { topic, partition, offset: 0 };
      blocks.start(source, catalog.version);

      /** The plain way of a record: decode → validate → attribute → add, or reject. */
      function takePlainly(record: LogRecord): void {
        const format = recordFormats.of(record.headers);
        let outcome: DecodedRecord = decoder.decode(record, format);
        if (outcome.kind === 'call') {
          const refusal = validateCall(outcome.call, record.timestampMs, limits);
          if (refusal !== null) outcome = { kind: 'rejected', ...refusal };
        }
        switch (outcome.kind) {
          case 'call':
            attributor.attribute(outcome.call, attribution);
            blocks.addCall(partitionOf(attribution.accountId), outcome.call, attribution, source);
            accepted++;
            break;
          case 'rejected':
            blocks.addRejected(
              rejectedRecord(record, { ...outcome, format: format.format, topic, partition }, limits),
              source,
            );
            rejectCodes.set(outcome.code, (rejectCodes.get(outcome.code) ?? 0) + 1);
            break;
        }
      }

      function take(record: LogRecord): void {
        const { value, headers, timestampMs } = record;
        const encodings = encodingsOf(recordFormats.of(headers));
        if (value !== null && encodings !== null) {
          place.bytes = value;
          place.start = 0;
          place.end = value.length;
          if (located.take(place, encodings, timestampMs, source)) {
            accepted++;
            return;
          }
        }
        takePlainly(record);
      }

      function takePacked(packed: PackedRecords): void {
        let i = 0;
        for (const { headers, end } of packed.headerRuns) {
          const encodings = encodingsOf(recordFormats.of(headers));
          for (; i < end; i++) {
            source.offset = packed.offsets[i]!;
            place.bytes = packed.bytes;
            place.start = packed.valueStart(i);
            place.end = packed.valueEnd(i);
            const isTaken =
              encodings !== null &&
              place.start >= 0 &&
              located.take(place, encodings, packed.timestamps[i]!, source);
            if (isTaken) accepted++;
            else takePlainly(packed.record(i, headers));
          }
        }
      }

      if (onlyPlainly) {
        for (const record of batch.records) {
          source.offset = record.offset;
          takePlainly(record);
        }
      } else if (batch.packed === undefined) {
        for (const record of batch.records) {
          source.offset = record.offset;
          take(record);
        }
      } else {
        takePacked(batch.packed);
      }
      let rejected = 0;
      for (const count of rejectCodes.values()) rejected += count;
      const totals = addTotals(state.totals, { seen: recordCount(batch), accepted, rejected });
      // Holds that every record had an outcome, before anything is written.
      const metadata = serialiseTotals(totals);
      const firstOffset = batch.packed?.offsets[0] ?? batch.records[0]?.offset ?? batch.nextOffset;
      const produced = blocks.finish({ firstOffset, nextOffset: batch.nextOffset }, totals);
      state.totals = totals;
      return { outputs: produced, metadata, accepted, rejectCodes };
    },
  };
}

const ENCODINGS: ReadonlyMap<string, Encodings> = new Map([
  [EVENT_FORMAT, { avro: true, json: true }],
  ['avro', { avro: true, json: false }],
  ['json', { avro: false, json: true }],
]);

/** In which encodings a record may be an event in the current schema: its bytes tell. Null for the formats of switches. */
function encodingsOf({ format }: RecordFormat): Encodings | null {
  return ENCODINGS.get(format) ?? null;
}

function rejectedRecord(
  record: LogRecord,
  outcome: { code: RejectCode; detail: string; format: string; topic: string; partition: number },
  { rejectedRawBytesMax }: IngestLimits,
) {
  const raw = record.value ?? Buffer.alloc(0);
  const isCut = raw.length > rejectedRawBytesMax;
  return {
    code: outcome.code,
    detail: isCut ? `${outcome.detail} (${rejectedRawBytesMax} of ${raw.length} bytes kept)` : outcome.detail,
    format: outcome.format,
    position: record.key?.toString('utf8') || `${outcome.topic}/${outcome.partition}/${record.offset}`,
    raw: isCut ? raw.subarray(0, rejectedRawBytesMax) : raw,
    receivedAt: Math.max(record.timestampMs, 0),
  };
}
