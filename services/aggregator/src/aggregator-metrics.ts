import type { MembershipEvent } from '@tollstream/event-log';
import { membershipMetrics } from '@tollstream/service-kit';
import type { Metrics } from '@tollstream/service-kit';
import type { AggregatorObserver } from './table-writer.ts';

/** What of the aggregator can be watched: blocks, the store, and the membership. */
export function aggregatorMetrics(metrics: Metrics): Required<AggregatorObserver> & {
  event(event: MembershipEvent): void;
} {
  return {
    stored(block) {
      metrics.set('tollstream_dependency_up', { dependency: 'clickhouse' }, 1);
      metrics.add('tollstream_records_read_total', { topic: block.topic }, block.messages);
      metrics.add('tollstream_calls_total', { outcome: 'stored', code: block.table }, block.rows);
      metrics.observe('tollstream_batch_records', {}, block.rows);
      metrics.observe('tollstream_batch_seconds', { step: 'insert' }, block.insertMs / 1000);
      metrics.observe('tollstream_batch_seconds', { step: 'commit' }, block.commitMs / 1000);
    },
    waiting() {
      metrics.set('tollstream_dependency_up', { dependency: 'clickhouse' }, 0);
      metrics.add('tollstream_retries_total', { dependency: 'clickhouse' }, 1);
    },
    event: membershipMetrics(metrics),
  };
}
