import type { Catalog } from '@tollstream/catalog';
import { releaseMemory, runProcessor } from '@tollstream/event-log';
import type {
  EventLog,
  FetchLimits,
  Membership,
  MembershipEvent,
  Processor,
  RecordBatch,
  SnapshotStore,
} from '@tollstream/event-log';
import { compileRateTable } from '@tollstream/rating-engine';
import type { RateTable } from '@tollstream/rating-engine';
import type { Metrics } from '@tollstream/service-kit';
import type { DedupeLimits } from './dedupe-window.ts';
import { DEDUPE_DEFAULTS } from './limits.ts';
import { attributedBy, rateBatch } from './processor.ts';
import type { RatedBatch, RatingTopics } from './processor.ts';
import { ratingMetrics } from './rating-metrics.ts';
import { restoreState } from './restore.ts';
import type { RestoreProgress } from './restore.ts';
import { SNAPSHOT_LIMITS, SnapshotWriter } from './snapshot/snapshot-writer.ts';
import type { SnapshotEvent, SnapshotLimits } from './snapshot/snapshot-writer.ts';
import type { SpendAlert } from './spend-alerts.ts';
import type { RatingState } from './state.ts';

/** Consumer group of rating, and so the name under which its position and totals stand. */
export const RATING_GROUP = 'rating';

/** Where the state is kept beside the log, and how often. */
export interface RatingSnapshots {
  readonly store: SnapshotStore;
  readonly limits?: Partial<SnapshotLimits>;
}

export interface RatingProcessorOptions {
  readonly catalog: Catalog;
  readonly topics: RatingTopics;
  readonly limits?: DedupeLimits;
  readonly onRestore?: (progress: RestoreProgress) => void;
  /** Absent: a restart reads all of the output. */
  readonly snapshots?: RatingSnapshots | undefined;
  readonly onSnapshot?: (event: SnapshotEvent) => void;
  /**
   * Awaited before a batch whose calls were attributed by a later version than the one in use: an account that came with
   * that version is no unknown one.
   */
  readonly onNewerVersion?: (version: number) => Promise<void>;
}

/** Rating as a stage: what the runner moves and the simulator runs. */
export interface RatingProcessor extends Processor<RatingState> {
  process(state: RatingState, batch: RecordBatch): RatedBatch;
}

/** A stage whose catalog can be changed while it works. */
export interface SwappableRatingProcessor extends RatingProcessor {
  /** Compiles a version aside. @returns what makes it the one that later batches are priced by */
  prepareCatalog(catalog: Catalog): () => void;
}

export function createRatingProcessor(options: RatingProcessorOptions): SwappableRatingProcessor {
  const { catalog, topics, limits = DEDUPE_DEFAULTS, onRestore, onNewerVersion } = options;
  const { snapshots, onSnapshot } = options;
  // Read once a batch, which is processed in one step: no batch meets two versions.
  let table: RateTable = compileRateTable(catalog);
  return {
    prepareCatalog(next) {
      const compiled = compileRateTable(next);
      return () => {
        table = compiled;
      };
    },
    async prepare(batch) {
      if (onNewerVersion === undefined) return;
      const version = attributedBy(batch);
      if (version > table.catalog.version) await onNewerVersion(version);
    },
    restore: (claim, log) =>
      restoreState(claim, log, {
        topics,
        limits,
        catalog: table.catalog,
        ...(onRestore === undefined ? {} : { onProgress: onRestore }),
        snapshots: snapshots?.store,
        onSnapshot,
      }),
    process: (state, batch) => rateBatch(state, batch, { table, topics }),
    ...(snapshots === undefined
      ? {}
      : {
          follow: (state, claim, log) =>
            new SnapshotWriter({
              store: snapshots.store,
              log,
              claim,
              topics,
              limits,
              state,
              snapshotLimits: { ...SNAPSHOT_LIMITS, ...snapshots.limits },
              onEvent: (event) => onSnapshot?.(event),
            }),
        }),
  };
}

export interface StartRatingOptions extends RatingProcessorOptions {
  readonly log: EventLog;
  readonly metrics: Metrics;
  readonly group?: string;
  /** Limits of one fetch; see the event log. */
  readonly fetch?: FetchLimits;
  readonly onEvent?: (event: MembershipEvent) => void;
  /** Told of each alert of a spend limit once it is committed. */
  readonly onAlert?: (alert: SpendAlert) => void;
}

/** A member of the group, and the way to give it another version of the catalog. */
export type RatingMember = Membership & Pick<SwappableRatingProcessor, 'prepareCatalog'>;

/** Joins the group and rates what it is given, exactly once, until it is stopped. */
export async function startRating(options: StartRatingOptions): Promise<RatingMember> {
  const { log, catalog, topics, group = RATING_GROUP } = options;
  const observe = ratingMetrics(options.metrics);
  options.metrics.set('tollstream_catalog_version', {}, catalog.version);
  const processor = createRatingProcessor({
    ...options,
    onRestore(progress) {
      observe.restored(progress);
      options.onRestore?.(progress);
    },
    onSnapshot(event) {
      observe.snapshot(event);
      options.onSnapshot?.(event);
    },
  });
  const timed: Processor<RatingState> = {
    ...processor,
    restore: async (claim, from) => {
      const startedMs = performance.now();
      const state = await processor.restore(claim, from);
      observe.held(claim.partition, state, (performance.now() - startedMs) / 1_000);
      return state;
    },
    process: (state, batch) => {
      const startedMs = performance.now();
      const rated = processor.process(state, batch);
      observe.processed(batch, state, rated, performance.now() - startedMs);
      return rated;
    },
  };
  const membership = await runProcessor({
    ...options.fetch,
    log,
    processor: timed,
    group,
    topics: [topics.accepted],
    onCommitted: ({ batch, processed, elapsedMs }) => {
      observe.committed(batch, elapsedMs);
      for (const alert of (processed as RatedBatch).alerts) options.onAlert?.(alert);
      // The log has them, and nobody looks at them again.
      for (const { value } of processed.outputs) releaseMemory(value);
    },
    onEvent: (event) => {
      observe.event(event);
      options.onEvent?.(event);
    },
  });
  return withCatalog(membership, (next) => processor.prepareCatalog(next));
}

function withCatalog(membership: Membership, prepareCatalog: RatingMember['prepareCatalog']): RatingMember {
  return {
    done: membership.done,
    get joined() {
      return membership.joined;
    },
    stop: () => membership.stop(),
    prepareCatalog,
  };
}
