import { EventLogError } from '@tollstream/event-log';
import type {
  EventLog,
  JoinOptions,
  Membership,
  MembershipEvent,
  PartitionClaim,
  PartitionTask,
} from '@tollstream/event-log';
import type { Metrics } from '@tollstream/service-kit';
import type { OutputTopics } from './batch-blocks.ts';
import { ingestMetrics } from './ingest-metrics.ts';
import type { IngestObserver } from './ingest-metrics.ts';
import { createIngestProcessor } from './processor.ts';
import type { IngestProcessor, IngestProcessorOptions } from './processor.ts';
import { EVENT_FORMAT } from './source.ts';

/** Consumer group of ingest, and so the name under which its position and totals stand. */
export const INGEST_GROUP = 'ingest';

export interface StartIngestOptions extends Omit<IngestProcessorOptions, 'outputs'> {
  readonly log: EventLog;
  readonly metrics: Metrics;
  readonly topics: { readonly raw: string; readonly accepted: string; readonly rejected: string };
  readonly group?: string;
  /** Limits of one fetch; see the event log. */
  readonly fetch?: Pick<JoinOptions, 'fetchBytesMax' | 'recordsMax'>;
  readonly onEvent?: (event: MembershipEvent) => void;
}

/**
 * Joins the group and ingests what it is given, exactly once, until it is stopped.
 * @throws EventLogError TOLL_LOG_TOPIC_MISSING when an output topic does not exist
 */
export async function startIngest(options: StartIngestOptions): Promise<Membership> {
  const { log, topics, group = INGEST_GROUP } = options;
  const observe = ingestMetrics(options.metrics);
  const sources = [{ topic: topics.raw, format: EVENT_FORMAT }, ...(options.sources ?? [])];
  const outputs = await findOutputs(log, topics);
  const processor = createIngestProcessor({ ...options, sources, outputs });
  return log.join({
    ...options.fetch,
    group,
    topics: [...new Set(sources.map((source) => source.topic))],
    mode: 'transactional',
    open: (claim) => openTask({ claim, log, processor, observe }),
    onEvent: (event) => {
      observe.event(event);
      options.onEvent?.(event);
    },
  });
}

async function openTask(parts: {
  claim: PartitionClaim;
  log: EventLog;
  processor: IngestProcessor;
  observe: IngestObserver;
}): Promise<PartitionTask> {
  const { claim, log, processor, observe } = parts;
  const state = await processor.restore(claim, log);
  return {
    // 1 the batch was read, committed records only.
    process: async (batch) => {
      await processor.prepare(batch);
      const startedMs = performance.now();
      // 2 process, pure.
      const ingested = processor.process(state, batch);
      const processedMs = performance.now();
      // 3 begin → 4 send outputs → 5 send the position → 6 commit: one step of the claim.
      await claim.commit({
        outputs: ingested.outputs,
        metadata: ingested.metadata,
        nextOffset: batch.nextOffset,
      });
      // 7 keep the new state. Any failure before this line closes the task, and the state is restored from the position.
      const times = { processMs: processedMs - startedMs, commitMs: performance.now() - processedMs };
      observe.batch(batch, ingested, times);
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
    throw new EventLogError({
      code: 'TOLL_LOG_TOPIC_MISSING',
      message: `The event log has no topic "${topic}".`,
      remedy: 'Run `tollstream topics create`, or correct the name in the configuration.',
    });
  };
  return {
    accepted,
    rejected,
    acceptedPartitions: partitionsOf(accepted),
    rejectedPartitions: partitionsOf(rejected),
  };
}
