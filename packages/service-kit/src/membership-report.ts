import type { Health } from './health.ts';
import type { Logger } from './logger.ts';

/** What happens to a member of a consumer group; the event log's `MembershipEvent` in the parts that are reported. */
export type ReportedEvent =
  | { readonly kind: 'assigned' | 'revoked' | 'lag'; readonly topic: string; readonly partition: number }
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
      log.info(event, 'partition given up');
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
