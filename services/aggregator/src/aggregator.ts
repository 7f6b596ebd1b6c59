import { decodeBlock } from '@tollstream/contracts';
import type { BlockHeader } from '@tollstream/contracts';
import type { EventLog, FetchLimits, JoinOptions, Membership } from '@tollstream/event-log';
import { BACKLOG_AGE_MS, topicMissing } from '@tollstream/event-log';
import type { Metrics } from '@tollstream/service-kit';
import { Limiter } from '@tollstream/usage-store';
import type { UsageStore, UsageTable } from '@tollstream/usage-store';
import { aggregatorMetrics } from './aggregator-metrics.ts';
import { AggregatorTask, messageReader } from './partition-task.ts';
import type { TaskOptions } from './partition-task.ts';
import type { BlockLimits } from './processor.ts';
import { Replays } from './replay.ts';
import type { RetryLimits, Waiting } from './store-writer.ts';
import { TableWriter } from './table-writer.ts';
import type { AggregatorObserver, SharedPlace } from './table-writer.ts';

export interface AggregatorTopics {
  readonly rated: string;
  readonly suspended: string;
  readonly resolved: string;
  readonly alerts: string;
  readonly rejected: string;
}

export interface StartAggregatorOptions {
  readonly log: EventLog;
  readonly store: UsageStore;
  readonly topics: AggregatorTopics;
  readonly metrics: Metrics;
  readonly group?: string;
  readonly limits?: Partial<BlockLimits>;
  readonly retry?: Partial<RetryLimits>;
  readonly shared?: Partial<SharedLimits>;
  readonly fetch?: FetchLimits;
  readonly observer?: AggregatorObserver;
  readonly onEvent?: JoinOptions['onEvent'];
  /** Aborted before the membership is stopped: ends waiting for a store that is down. */
  readonly signal?: AbortSignal;
  readonly now?: () => number;
}

/** Of all partitions of a process together. */
export interface SharedLimits {
  /** Inserts under way at a time. */
  readonly insertsMax: number;
  /** Bytes of blocks collected or being written; above it a partition reads on only when its own block is stored. */
  readonly heldBytesMax: number;
}

/** Consumer group of the aggregator, and so the name under which its positions stand. */
export const AGGREGATOR_GROUP = 'aggregator';

export const BLOCK_LIMITS: BlockLimits = {
  rowsMax: 500_000,
  bytesMax: 64 * 1024 * 1024,
  ageMsMax: 500,
  ageGrowingMsMax: 5_000,
  ageBehindMsMax: BACKLOG_AGE_MS,
};
export const SHARED_LIMITS: SharedLimits = { insertsMax: 4, heldBytesMax: 256 * 1024 * 1024 };
export const RETRY_LIMITS: RetryLimits = { waitMsInitial: 100, waitMsMax: 5_000, tryForMs: 20_000 };

/** What the partitions of one topic that a process has share. */
type TableTarget = Pick<TaskOptions, 'table' | 'readMessage' | 'writer' | 'replays'>;

/** Moves rated usage, suspended calls, alerts and rejected records into their tables, until the membership is stopped. */
export async function startAggregator(options: StartAggregatorOptions): Promise<Membership> {
  const { log, store, topics } = options;
  const limits = { ...BLOCK_LIMITS, ...options.limits };
  // What is looked for within a second, or comes so seldom that waiting would bring nothing to it.
  const atOnce = { ...limits, ageGrowingMsMax: limits.ageMsMax };
  const { insertsMax, heldBytesMax } = { ...SHARED_LIMITS, ...options.shared };
  const shared: SharedPlace = { heldBytes: 0, heldBytesMax };
  const inserts = new Limiter(insertsMax);
  const turns = [inserts];
  // Of suspended and rejected rows one insert at a time, so that rated calls need not wait for them.
  const exceptions = { limits, turns: [new Limiter(1), inserts] };
  const observed = aggregatorMetrics(options.metrics);
  const observer: AggregatorObserver = {
    stored(block) {
      observed.stored(block);
      options.observer?.stored?.(block);
    },
    waiting(waiting) {
      observed.waiting(waiting);
      options.observer?.waiting?.(waiting);
    },
  };
  const now = options.now ?? Date.now;
  const common = {
    log,
    store,
    shared,
    now,
    observer,
    retry: { ...RETRY_LIMITS, ...options.retry },
    signal: options.signal ?? new AbortController().signal,
    onWaiting: (waiting: Waiting): void => observer.waiting?.(waiting),
  };
  const into = (
    topic: string,
    table: UsageTable,
    schemas: readonly BlockHeader['schema'][],
    own: { readonly limits: BlockLimits; readonly turns: readonly Limiter[] },
  ): readonly [string, TableTarget] => {
    const readMessage = messageReader({ topic, table, schemas, decode: decodeBlock });
    const writer = new TableWriter({ ...common, ...own, topic, table });
    const replays = new Replays({ ...common, ...own, table, readMessage });
    return [topic, { table, readMessage, writer, replays }];
  };
  const targets = new Map([
    into(topics.rated, 'usage', ['rated'], { limits: atOnce, turns }),
    into(topics.suspended, 'usage_suspended', ['suspended'], exceptions),
    into(topics.resolved, 'usage_resolved', ['resolved', 'reject_resolved'], { limits: atOnce, turns }),
    // Who must know at once reads the topic.
    into(topics.alerts, 'usage_alerts', ['alerts'], exceptions),
    into(topics.rejected, 'usage_rejected', ['rejected'], exceptions),
  ]);

  return log.join({
    group: options.group ?? AGGREGATOR_GROUP,
    topics: [...targets.keys()],
    mode: 'offsets',
    // A block is at most a tenth older than its limit says.
    tickMs: Math.max(10, Math.ceil(limits.ageMsMax / 10)),
    ...options.fetch,
    onEvent: (event) => {
      observed.event(event);
      options.onEvent?.(event);
    },
    open: async (claim) => {
      const target = targets.get(claim.topic);
      const [topic] = await log.describeTopics([claim.topic]);
      if (target === undefined || topic === undefined) throw topicMissing([claim.topic], { retriable: true });
      const { ageBehindMsMax } = limits;
      return new AggregatorTask(claim, {
        ...target,
        shared,
        topicId: topic.id,
        ageBehindMsMax,
        now,
        observer,
      });
    },
  });
}
