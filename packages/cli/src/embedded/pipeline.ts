/**
 * Ingest, rating and aggregator in this process, over one event log and one store. They are the same services that run as
 * processes of their own: only what stands behind the ports differs.
 */
import { startAggregator } from '@tollstream/service-aggregator';
import { startIngest } from '@tollstream/service-ingest';
import { startRating } from '@tollstream/service-rating';
import type { Catalog } from '@tollstream/catalog';
import type { EventLog, Membership } from '@tollstream/event-log';
import { createMetrics } from '@tollstream/service-kit';
import type { Metrics } from '@tollstream/service-kit';
import type { UsageStore } from '@tollstream/usage-store';
import { EMBEDDED_TOPICS } from './status.ts';

/**
 * Rating runs beside the reading of files and the commits of all stages: with batches of 4 MiB it would hold them up for 80 ms at
 * a time, and the thread of ingest would wait for its next batch.
 */
const RATING_FETCH_BYTES_MAX = 1_048_576;

/** Larger than by default: between two batches the thread of ingest waits, so they are few. */
const INGEST_FETCH = { fetchBytesMax: 16_777_216, recordsMax: 50_000 };

export interface PipelineParts {
  readonly log: EventLog;
  readonly store: UsageStore;
  readonly catalog: Catalog;
  /** Where the catalog was read from: ingest has a thread of its own, which reads it too. */
  readonly catalogDirectory: string;
  readonly defaultPlan: string | null;
  /** One registry for all three: each stage's series carry its name. */
  readonly metrics: Metrics;
}

export interface Pipeline {
  /** Rejects when a stage cannot go on. */
  readonly done: Promise<void>;
  /** Front to back, so that each stage finishes what the one before it still gave. */
  stop(): Promise<void>;
}

export async function startPipeline(parts: PipelineParts): Promise<Pipeline> {
  const { log, store, catalog, catalogDirectory, defaultPlan, metrics } = parts;
  const topics = EMBEDDED_TOPICS;
  const of = (service: string): Metrics => createMetrics({ service, registry: metrics.registry });
  const stages: Membership[] = [
    await startIngest({
      log,
      catalog,
      topics,
      metrics: of('ingest'),
      worker: { catalogDirectory, defaultPlan },
      fetch: INGEST_FETCH,
    }),
    await startRating({
      log,
      catalog,
      topics,
      metrics: of('rating'),
      fetch: { fetchBytesMax: RATING_FETCH_BYTES_MAX },
    }),
    await startAggregator({ log, store, topics, metrics: of('aggregator') }),
  ];
  return {
    done: Promise.all(stages.map((stage) => stage.done)).then(() => undefined),
    async stop() {
      for (const stage of stages) await stage.stop();
    },
  };
}
