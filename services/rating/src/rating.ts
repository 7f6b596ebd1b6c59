import type { Catalog } from '@tollstream/catalog';
import { runProcessor } from '@tollstream/event-log';
import type {
  EventLog,
  JoinOptions,
  Membership,
  MembershipEvent,
  Processor,
  RecordBatch,
} from '@tollstream/event-log';
import { compileRateTable } from '@tollstream/rating-engine';
import type { Metrics } from '@tollstream/service-kit';
import type { DedupeLimits } from './dedupe-window.ts';
import { DEDUPE_DEFAULTS } from './limits.ts';
import { rateBatch } from './processor.ts';
import type { RatedBatch, RatingTopics } from './processor.ts';
import { ratingMetrics } from './rating-metrics.ts';
import { restoreState } from './restore.ts';
import type { RestoreProgress } from './restore.ts';
import type { RatingState } from './state.ts';

/** Consumer group of rating, and so the name under which its position and totals stand. */
export const RATING_GROUP = 'rating';

export interface RatingProcessorOptions {
  readonly catalog: Catalog;
  readonly topics: RatingTopics;
  readonly limits?: DedupeLimits;
  readonly onRestore?: (progress: RestoreProgress) => void;
}

/** Rating as a stage: what the runner moves and the simulator runs. */
export interface RatingProcessor extends Processor<RatingState> {
  process(state: RatingState, batch: RecordBatch): RatedBatch;
}

export function createRatingProcessor(options: RatingProcessorOptions): RatingProcessor {
  const { catalog, topics, limits = DEDUPE_DEFAULTS, onRestore } = options;
  const table = compileRateTable(catalog);
  return {
    restore: (claim, log) =>
      restoreState(claim, log, {
        topics,
        limits,
        ...(onRestore === undefined ? {} : { onProgress: onRestore }),
      }),
    process: (state, batch) => rateBatch(state, batch, { table, topics }),
  };
}

export interface StartRatingOptions extends RatingProcessorOptions {
  readonly log: EventLog;
  readonly metrics: Metrics;
  readonly group?: string;
  /** Limits of one fetch; see the event log. */
  readonly fetch?: Pick<JoinOptions, 'fetchBytesMax' | 'recordsMax'>;
  readonly onEvent?: (event: MembershipEvent) => void;
}

/** Joins the group and rates what it is given, exactly once, until it is stopped. */
export async function startRating(options: StartRatingOptions): Promise<Membership> {
  const { log, catalog, topics, group = RATING_GROUP } = options;
  const observe = ratingMetrics(options.metrics, { topics, catalogVersion: catalog.version });
  const processor = createRatingProcessor({
    ...options,
    onRestore(progress) {
      observe.restored(progress);
      options.onRestore?.(progress);
    },
  });
  const timed: Processor<RatingState> = {
    restore: async (claim, from) => {
      const state = await processor.restore(claim, from);
      observe.held(claim.partition, state);
      return state;
    },
    process: (state, batch) => {
      const startedMs = performance.now();
      const rated = processor.process(state, batch);
      observe.processed(batch, state, rated, performance.now() - startedMs);
      return rated;
    },
  };
  return runProcessor({
    ...options.fetch,
    log,
    processor: timed,
    group,
    topics: [topics.accepted],
    onCommitted: ({ batch, elapsedMs }) => observe.committed(batch, elapsedMs),
    onEvent: (event) => {
      observe.event(event);
      options.onEvent?.(event);
    },
  });
}
