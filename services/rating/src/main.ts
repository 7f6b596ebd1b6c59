import { openServiceCatalog } from '@tollstream/catalog-versions';
import { kafkaOptionsOf, openSnapshotDirectory } from '@tollstream/event-log';
import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import {
  countBuffersWithHeap,
  fetchLimits,
  groupName,
  reportMembership,
  startService,
  untilAnswered,
} from '@tollstream/service-kit';
import type { ServiceContext } from '@tollstream/service-kit';
import { RATING_CONFIG } from './config.ts';
import { startRating } from './rating.ts';
import type { SnapshotEvent } from './snapshot/snapshot-writer.ts';
import { alertFields } from './spend-alerts.ts';

const NO_SNAPSHOTS = 'none';

type Context = ServiceContext<(typeof RATING_CONFIG)['settings']>;

/** @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  countBuffersWithHeap();
  return startService({ name: 'rating', config: RATING_CONFIG, argv, start });
}

/** Log → catalog → membership → later versions; stopped in reverse order. */
async function start(context: Context): Promise<void> {
  const { config, metrics } = context;
  const log = openKafkaEventLog({ clientId: 'tollstream-rating', ...kafkaOptionsOf(config) });
  context.onStop('event log', async () => log.close());
  const source = await untilAnswered(context, 'kafka', () => openServiceCatalog(context, log));

  const membership = await startRating({
    log,
    catalog: source.catalog,
    onNewerVersion: () => source.look(),
    metrics,
    group: groupName('rating', config.groupPrefix),
    topics: {
      accepted: config.topicAccepted,
      rated: config.topicRated,
      suspended: config.topicSuspended,
      resolved: config.topicResolved,
      alerts: config.topicAlerts,
    },
    limits: { windowCallsMax: config.dedupeWindowCallsMax, windowAgeMs: config.dedupeWindowAgeMs },
    fetch: fetchLimits(config),
    onEvent: (event) =>
      reportMembership(context, event, 'its state is restored and the batch is rated again'),
    onAlert: (alert) => context.log.warn(alertFields(alert), 'a spend limit was reached'),
    onRestore: (progress) => context.log.info(progress, 'restoring the state of the partition'),
    snapshots:
      config.snapshotDir === NO_SNAPSHOTS
        ? undefined
        : {
            store: openSnapshotDirectory(config.snapshotDir),
            limits: { calls: config.snapshotCalls, intervalMs: config.snapshotIntervalMs },
          },
    onSnapshot: (event) => tellOfSnapshot(context, event),
  });
  context.onStop('membership', async () => membership.stop());
  context.watch('membership', membership.done);
  source.follow(({ catalog }) => membership.prepareCatalog(catalog));
}

function tellOfSnapshot({ log }: Context, event: SnapshotEvent): void {
  switch (event.kind) {
    case 'written':
      log.info(event, 'a snapshot of the state was written');
      break;
    case 'used':
      log.info(event, 'the state is restored from a snapshot and the output after it');
      break;
    case 'refused':
      log.warn(event, 'a snapshot cannot be used, and is passed over');
      break;
    case 'failed':
      log.warn(
        { partition: event.partition, err: event.error },
        'a snapshot could not be written: rating goes on, a restart would read more of the output',
      );
      break;
    case 'paused':
      break;
  }
}
