import type { MembershipEvent, RecordBatch } from '@tollstream/event-log';
import type { Metrics } from '@tollstream/service-kit';
import type { RatedBatch, RatingTopics } from './processor.ts';
import type { RestoreProgress } from './restore.ts';
import type { RatingState } from './state.ts';

/** What of rating can be watched. */
export interface RatingObserver {
  restored(progress: RestoreProgress): void;
  /** The state of a partition was restored. */
  held(partition: number, state: RatingState): void;
  /** A batch was rated and is not committed yet. */
  processed(batch: RecordBatch, state: RatingState, rated: RatedBatch, elapsedMs: number): void;
  /** @param elapsedMs from the batch in hand to the durable commit */
  committed(batch: RecordBatch, elapsedMs: number): void;
  event(event: MembershipEvent): void;
}

/** Outcomes are counted once they are committed: what was aborted is counted when it is done again. */
export function ratingMetrics(metrics: Metrics, { topics }: { topics: RatingTopics }): RatingObserver {
  const uncommitted = new Map<number, { rated: RatedBatch; state: RatingState; elapsedMs: number }>();
  let assigned = 0;

  function showWindow(partition: number, { window }: RatingState): void {
    metrics.set('tollstream_dedupe_entries', { partition: String(partition) }, window.size);
    metrics.set('tollstream_dedupe_window_seconds', { partition: String(partition) }, window.spanMs / 1000);
  }

  return {
    restored({ topic, records }) {
      metrics.add('tollstream_restore_records_total', { topic }, records);
    },
    held: showWindow,
    processed(batch, state, rated, elapsedMs) {
      uncommitted.set(batch.partition, { rated, state, elapsedMs });
    },
    committed(batch, elapsedMs) {
      const { rated, state, elapsedMs: processMs } = uncommitted.get(batch.partition)!;
      uncommitted.delete(batch.partition);
      metrics.add('tollstream_records_read_total', { topic: batch.topic }, batch.records.length);
      metrics.add('tollstream_calls_total', { outcome: 'rated', code: '' }, rated.outcomes.rated);
      metrics.add('tollstream_calls_total', { outcome: 'duplicate', code: '' }, rated.outcomes.duplicate);
      metrics.add('tollstream_calls_total', { outcome: 'discarded', code: '' }, rated.outcomes.discarded);
      metrics.add('tollstream_calls_total', { outcome: 'kept', code: '' }, rated.outcomes.kept);
      metrics.add('tollstream_calls_total', { outcome: 'assembled', code: '' }, rated.outcomes.assembled);
      for (const { limit, thresholdPercent } of rated.alerts) {
        metrics.add('tollstream_alerts_total', { limit, threshold: String(thresholdPercent) }, 1);
      }
      for (const [code, count] of rated.suspendCodes) {
        metrics.add('tollstream_calls_total', { outcome: 'suspended', code }, count);
      }
      for (const [currency, sum] of Object.entries(rated.outcomes.charge)) {
        metrics.add('tollstream_charge_micros_total', { currency }, Number(sum));
      }
      metrics.observe('tollstream_batch_records', {}, rated.outcomes.seen);
      metrics.observe('tollstream_batch_seconds', { step: 'process' }, processMs / 1000);
      metrics.observe('tollstream_batch_seconds', { step: 'commit' }, (elapsedMs - processMs) / 1000);
      showWindow(batch.partition, state);
    },
    event(event) {
      switch (event.kind) {
        case 'assigned':
        case 'revoked': {
          assigned += event.kind === 'assigned' ? 1 : -1;
          metrics.set('tollstream_partitions_assigned', { topic: topics.accepted }, assigned);
          if (event.kind === 'assigned') break;
          const partition = String(event.partition);
          metrics.unset('tollstream_dedupe_entries', { partition });
          metrics.unset('tollstream_dedupe_window_seconds', { partition });
          metrics.unset('tollstream_lag_records', { topic: event.topic, partition });
          break;
        }
        case 'lag':
          metrics.set(
            'tollstream_lag_records',
            { topic: event.topic, partition: String(event.partition) },
            event.lag,
          );
          break;
        case 'retry':
          metrics.add('tollstream_retries_total', { dependency: 'event-log' }, 1);
          break;
        case 'fatal':
          break;
      }
    },
  };
}
