import type { MembershipEvent, RecordBatch } from '@tollstream/event-log';
import { membershipMetrics } from '@tollstream/service-kit';
import type { Metrics } from '@tollstream/service-kit';
import type { RatedBatch } from './processor.ts';
import type { RestoreProgress } from './restore.ts';
import type { SnapshotEvent } from './snapshot/snapshot-writer.ts';
import type { RatingState } from './state.ts';

/** What of rating can be watched. */
export interface RatingObserver {
  restored(progress: RestoreProgress): void;
  /** The state of a partition was restored. */
  held(partition: number, state: RatingState, seconds: number): void;
  snapshot(event: SnapshotEvent): void;
  /** A batch was rated and is not committed yet. */
  processed(batch: RecordBatch, state: RatingState, rated: RatedBatch, elapsedMs: number): void;
  /** @param elapsedMs from the batch in hand to the durable commit */
  committed(batch: RecordBatch, elapsedMs: number): void;
  event(event: MembershipEvent): void;
}

/** Outcomes are counted once they are committed: what was aborted is counted when it is done again. */
export function ratingMetrics(metrics: Metrics): RatingObserver {
  const uncommitted = new Map<number, { rated: RatedBatch; state: RatingState; elapsedMs: number }>();
  const membership = membershipMetrics(metrics);

  function showWindow(partition: number, { window }: RatingState): void {
    metrics.set('tollstream_dedupe_entries', { partition: String(partition) }, window.size);
    metrics.set('tollstream_dedupe_window_seconds', { partition: String(partition) }, window.spanMs / 1000);
  }

  return {
    restored({ topic, partition, records, nextOffset, endOffset }) {
      metrics.add('tollstream_restore_records_total', { topic }, records);
      const series = { topic, partition: String(partition) };
      metrics.set('tollstream_restore_left_records', series, Math.max(0, endOffset - nextOffset));
    },
    held(partition, state, seconds) {
      metrics.observe('tollstream_restore_seconds', {}, seconds);
      showWindow(partition, state);
    },
    snapshot(event) {
      const partition = String(event.partition);
      if (event.kind === 'paused') {
        metrics.observe('tollstream_snapshot_pause_seconds', {}, event.seconds);
        return;
      }
      if (event.kind === 'written') {
        metrics.set('tollstream_snapshot_timestamp_seconds', { partition }, Date.now() / 1_000);
        metrics.set('tollstream_snapshot_bytes', { partition }, event.bytes);
        metrics.observe('tollstream_snapshot_seconds', {}, event.seconds);
      }
      metrics.add('tollstream_snapshots_total', { outcome: event.kind }, 1);
    },
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
      membership(event);
      if (event.kind !== 'revoked') return;
      const partition = String(event.partition);
      metrics.unset('tollstream_dedupe_entries', { partition });
      metrics.unset('tollstream_dedupe_window_seconds', { partition });
      metrics.unset('tollstream_snapshot_timestamp_seconds', { partition });
      metrics.unset('tollstream_snapshot_bytes', { partition });
    },
  };
}
