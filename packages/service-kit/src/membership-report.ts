import type { Health } from './health.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** What happens to a member of a consumer group; the event log's `MembershipEvent` in the parts that are reported. */
export type ReportedEvent =
  | { readonly kind: 'assigned'; readonly topic: string; readonly partition: number }
  | {
      readonly kind: 'revoked';
      readonly topic: string;
      readonly partition: number;
      readonly error?: Error;
    }
  | { readonly kind: 'lag'; readonly topic: string; readonly partition: number; readonly lag: number }
  | { readonly kind: 'retry'; readonly topic: string; readonly partition: number; readonly error: Error }
  | { readonly kind: 'fatal'; readonly error: Error };

/**
 * Says in log and health what happens to a member: a partition that has to be opened anew makes the service unready until it
 * moves again.
 * @param onRetry what is done about a failed partition, for the log
 */
export function reportMembership(
  { health, log }: { readonly health: Health; readonly log: Logger },
  event: ReportedEvent,
  onRetry: string,
): void {
  switch (event.kind) {
    case 'assigned':
      log.info(event, 'partition assigned');
      return;
    case 'revoked':
      health.dependency(placeOf(event), null);
      log.info({ ...event, error: event.error?.message }, 'partition given up');
      return;
    case 'lag':
      health.dependency(placeOf(event), null);
      return;
    case 'retry':
      health.dependency(placeOf(event), event.error.message);
      log.warn({ ...event, err: event.error }, `partition failed; ${onRetry}`);
      return;
    case 'fatal':
      log.error({ err: event.error }, event.error.message);
  }
}

function placeOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}

/** Counts the partitions that a member has, shows their lag while it has them, and counts what is opened anew. */
export function membershipMetrics(metrics: Metrics): (event: ReportedEvent) => void {
  const assigned = new Map<string, number>();
  return (event) => {
    switch (event.kind) {
      case 'assigned':
      case 'revoked': {
        const { topic } = event;
        const count = (assigned.get(topic) ?? 0) + (event.kind === 'assigned' ? 1 : -1);
        assigned.set(topic, count);
        metrics.set('tollstream_partitions_assigned', { topic }, count);
        if (event.kind === 'revoked') metrics.unset('tollstream_lag_records', labelsOf(event));
        return;
      }
      case 'lag':
        metrics.set('tollstream_lag_records', labelsOf(event), event.lag);
        return;
      case 'retry':
        metrics.add('tollstream_retries_total', { dependency: 'event-log' }, 1);
        return;
      case 'fatal':
    }
  };
}

function labelsOf({ topic, partition }: { readonly topic: string; readonly partition: number }): {
  topic: string;
  partition: string;
} {
  return { topic, partition: String(partition) };
}
