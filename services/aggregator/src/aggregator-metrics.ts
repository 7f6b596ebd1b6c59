import type { MembershipEvent } from '@tollstream/event-log';
import type { Metrics } from '@tollstream/service-kit';
import type { AggregatorObserver } from './partition-task.ts';

/** What of the aggregator can be watched: blocks, the store, and the membership. */
export function aggregatorMetrics(metrics: Metrics): Required<AggregatorObserver> & {
  event(event: MembershipEvent): void;
} {
  const assigned = new Map<string, number>();

  function assign(topic: string, change: number): void {
    const count = (assigned.get(topic) ?? 0) + change;
    assigned.set(topic, count);
    metrics.set('tollstream_partitions_assigned', { topic }, count);
  }

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
    event(event) {
      switch (event.kind) {
        case 'assigned':
          assign(event.topic, 1);
          break;
        case 'revoked':
          assign(event.topic, -1);
          metrics.unset('tollstream_lag_records', { topic: event.topic, partition: String(event.partition) });
          break;
        case 'lag': {
          const { topic, partition, lag } = event;
          metrics.set('tollstream_lag_records', { topic, partition: String(partition) }, lag);
          break;
        }
        case 'retry':
          metrics.add('tollstream_retries_total', { dependency: 'event-log' }, 1);
          break;
        case 'fatal':
          break;
      }
    },
  };
}
