import type { Catalog } from '@tollstream/catalog';
import type { Swap } from '@tollstream/catalog-versions';
import { parseTotals } from '@tollstream/contracts';
import { releaseMemory, topicMissing, withBacklogMark } from '@tollstream/event-log';
import type {
  EventLog,
  FetchLimits,
  Membership,
  MembershipEvent,
  PartitionClaim,
  PartitionTask,
  RecordBatch,
} from '@tollstream/event-log';
import type { Metrics } from '@tollstream/service-kit';
import type { OutputTopics } from './batch-blocks.ts';
import { ingestMetrics } from './ingest-metrics.ts';
import type { IngestObserver } from './ingest-metrics.ts';
import { createIngestProcessor } from './processor.ts';
import type { IngestedBatch, IngestProcessorOptions, IngestState } from './processor.ts';
import { EVENT_FORMAT } from './source.ts';
import { IngestWorker } from './worker/ingest-worker.ts';

/** Consumer group of ingest, and so the name under which its position and totals stand. */
export const INGEST_GROUP = 'ingest';

export interface StartIngestOptions extends Omit<IngestProcessorOptions, 'outputs'> {
  readonly log: EventLog;
  readonly metrics: Metrics;
  readonly topics: { readonly raw: string; readonly accepted: string; readonly rejected: string };
  readonly group?: string;
  /** Work in a thread of its own; otherwise in this one. */
  readonly inThread?: boolean;
  /** Limits of one fetch; see the event log. */
  readonly fetch?: FetchLimits;
  readonly onEvent?: (event: MembershipEvent) => void;
  /** Milliseconds since epoch. */
  readonly now?: () => number;
}

export type IngestMember = Membership & Pick<Ingester, 'prepareCatalog'>;

/**
 * Joins the group and ingests what it is given, exactly once, until it is stopped.
 * @throws EventLogError TOLL_LOG_TOPIC_MISSING when an output topic does not exist
 */
export async function startIngest(options: StartIngestOptions): Promise<IngestMember> {
  const { log, topics, group = INGEST_GROUP, now = Date.now } = options;
  const observe = ingestMetrics(options.metrics);
  const sources = [{ topic: topics.raw, format: EVENT_FORMAT }, ...(options.sources ?? [])];
  const outputs = await findOutputs(log, topics);
  const ingester = await createIngester({ ...options, sources, outputs });
  const membership = await log.join({
    ...options.fetch,
    group,
    topics: [...new Set(sources.map((source) => source.topic))],
    mode: 'transactional',
    open: (claim) => Promise.resolve(openTask({ claim, ingester, observe, now })),
    onEvent: (event) => {
      observe.event(event);
      options.onEvent?.(event);
    },
  });
  return {
    done: membership.done,
    get joined() {
      return membership.joined;
    },
    async stop() {
      await membership.stop();
      await ingester.stop();
    },
    prepareCatalog: (next) => ingester.prepareCatalog(next),
  };
}

/** The processor, in this thread or in one of its own. */
interface Ingester {
  ingest(state: IngestState, batch: RecordBatch): Promise<IngestedBatch>;
  /** Makes another version ready aside. @returns what makes it the one that attributes later batches */
  prepareCatalog(catalog: Catalog): Promise<Swap>;
  stop(): Promise<void>;
}

async function createIngester(options: StartIngestOptions & IngestProcessorOptions): Promise<Ingester> {
  const { inThread = false, outputs, catalog, sources, limits, defaultDialPlan } = options;
  if (inThread) {
    const setup = {
      outputs,
      ...(sources === undefined ? {} : { sources }),
      ...(limits === undefined ? {} : { limits }),
      ...(defaultDialPlan === undefined ? {} : { defaultDialPlan }),
    };
    return IngestWorker.start(setup, catalog);
  }
  const processor = createIngestProcessor(options);
  return {
    async ingest(state, batch) {
      await processor.prepare(batch);
      return processor.process(state, batch);
    },
    prepareCatalog: (next) => Promise.resolve(() => processor.useCatalog(next)),
    stop: () => Promise.resolve(),
  };
}

function openTask(parts: {
  claim: PartitionClaim;
  ingester: Ingester;
  observe: IngestObserver;
  now: () => number;
}): PartitionTask {
  const { claim, ingester, observe, now } = parts;
  const state: IngestState = { totals: parseTotals(claim.committed?.metadata ?? '') };
  return {
    // 1 the batch was read, committed records only.
    process: async (batch) => {
      const startedMs = performance.now();
      // 2 process: a function of the totals and the batch.
      const ingested = await ingester.ingest(state, batch);
      const processedMs = performance.now();
      // 3 begin → 4 send outputs → 5 send the position → 6 commit: one step of the claim.
      await claim.commit({
        outputs: withBacklogMark(ingested.outputs, batch, now()),
        metadata: ingested.metadata,
        nextOffset: batch.nextOffset,
      });
      // 7 keep the new state. Any failure before this line closes the task, and the state is restored from the position.
      const times = { processMs: processedMs - startedMs, commitMs: performance.now() - processedMs };
      observe.batch(batch, ingested, times);
      // The log has them, and nobody looks at them again.
      for (const { value } of ingested.outputs) releaseMemory(value);
    },
    close: () => Promise.resolve(),
  };
}

async function findOutputs(
  log: EventLog,
  { accepted, rejected }: { accepted: string; rejected: string },
): Promise<OutputTopics> {
  const infos = await log.describeTopics([accepted, rejected]);
  const partitionsOf = (topic: string): number => {
    const info = infos.find(({ name }) => name === topic);
    if (info !== undefined) return info.partitions;
    throw topicMissing([topic]);
  };
  return {
    accepted,
    rejected,
    acceptedPartitions: partitionsOf(accepted),
    rejectedPartitions: partitionsOf(rejected),
  };
}
