import { startAggregator } from '@tollstream/service-aggregator';
import type { Catalog } from '@tollstream/catalog';
import { runProcessor } from '@tollstream/event-log';
import type { EventLog, Membership, SnapshotStore } from '@tollstream/event-log';
import { INGEST_LIMITS, startIngest } from '@tollstream/service-ingest';
import { createRatingProcessor } from '@tollstream/service-rating';
import type { RatingProcessor, SnapshotEvent } from '@tollstream/service-rating';
import { createMetrics } from '@tollstream/service-kit';
import type { UsageStore } from '@tollstream/usage-store';
import type { TakeUpOptions } from '../../../packages/cli/src/suspense/take-up.ts';

export const SERVICES = ['ingest', 'rating', 'aggregator'] as const;
export type Service = (typeof SERVICES)[number];

export const TOPICS = {
  raw: 'calls.raw',
  accepted: 'calls.accepted',
  rejected: 'calls.rejected',
  rated: 'usage.rated',
  suspended: 'usage.suspended',
  resolved: 'usage.resolved',
  alerts: 'usage.alerts',
} as const;

const DAY_MS = 86_400_000;
/** So often that most restores begin with one, and each copy takes several batches. */
const SNAPSHOT_LIMITS = { calls: 6, slotsPerTurn: 2_048 };
const DEDUPE = { windowCallsMax: 100_000, windowAgeMs: 5 * DAY_MS };

/** Where a broken variant reaches in: wrappers around what the services are given. The right pipeline has none. */
export interface Seams {
  log?(log: EventLog, service: Service): EventLog;
  store?(store: UsageStore, log: EventLog): UsageStore;
  rating?(processor: RatingProcessor, catalog: Catalog): RatingProcessor;
  suspense?(options: TakeUpOptions): TakeUpOptions;
  readonly dedupe?: { windowCallsMax: number; windowAgeMs: number };
}

export interface ServiceParts {
  readonly log: EventLog;
  readonly store: UsageStore;
  readonly catalog: Catalog;
  readonly snapshots: SnapshotStore;
  readonly onSnapshot: (event: SnapshotEvent) => void;
  readonly signal: AbortSignal;
  readonly seams: Seams;
}

const metrics = createMetrics({ service: 'simulation' });

/** Starts the service itself, with batches and blocks so small that few calls make many of them. */
export async function startService(service: Service, parts: ServiceParts): Promise<Membership> {
  const { catalog, signal, seams } = parts;
  const log = seams.log?.(parts.log, service) ?? parts.log;
  switch (service) {
    case 'ingest':
      return startIngest({
        log,
        catalog,
        metrics,
        topics: TOPICS,
        fetch: { recordsMax: 20 },
        limits: { ...INGEST_LIMITS, blockRecordsMax: 6 },
      });
    case 'rating': {
      const right = createRatingProcessor({
        catalog,
        topics: TOPICS,
        limits: seams.dedupe ?? DEDUPE,
        snapshots: { store: parts.snapshots, limits: SNAPSHOT_LIMITS },
        onSnapshot: parts.onSnapshot,
      });
      const processor = seams.rating?.(right, catalog) ?? right;
      return runProcessor({ log, processor, group: 'rating', topics: [TOPICS.accepted], recordsMax: 8 });
    }
    case 'aggregator':
      return startAggregator({
        log,
        store: seams.store?.(parts.store, log) ?? parts.store,
        metrics,
        topics: TOPICS,
        limits: { rowsMax: 25, bytesMax: 1_000_000, ageMsMax: 1_000 },
        retry: { waitMsInitial: 50, waitMsMax: 1_000, tryForMs: 4_000 },
        signal,
      });
  }
}
