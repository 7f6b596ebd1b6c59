import { recordCount } from '@tollstream/event-log';
import type { MembershipEvent, RecordBatch } from '@tollstream/event-log';
import { membershipMetrics } from '@tollstream/service-kit';
import type { Metrics } from '@tollstream/service-kit';
import type { IngestedBatch } from './processor.ts';

/** What of ingest can be watched. */
export interface IngestObserver {
  /** A batch was committed; `processMs` of pure work, `commitMs` until it was durable. */
  batch(batch: RecordBatch, ingested: IngestedBatch, times: { processMs: number; commitMs: number }): void;
  event(event: MembershipEvent): void;
}

/** Outcomes are counted once they are committed: what was aborted is counted when it is done again. */
export function ingestMetrics(metrics: Metrics): IngestObserver {
  return {
    batch(batch, { accepted, rejectCodes }, { processMs, commitMs }) {
      const records = recordCount(batch);
      metrics.add('tollstream_records_read_total', { topic: batch.topic }, records);
      metrics.add('tollstream_calls_total', { outcome: 'accepted', code: '' }, accepted);
      for (const [code, count] of rejectCodes) {
        metrics.add('tollstream_calls_total', { outcome: 'rejected', code }, count);
      }
      metrics.observe('tollstream_batch_records', {}, records);
      metrics.observe('tollstream_batch_seconds', { step: 'process' }, processMs / 1000);
      metrics.observe('tollstream_batch_seconds', { step: 'commit' }, commitMs / 1000);
    },
    event: membershipMetrics(metrics),
  };
}
