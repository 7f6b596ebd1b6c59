import { openServiceCatalog } from '@tollstream/catalog-versions';
import { kafkaOptionsOf, openKafkaEventLog } from '@tollstream/event-log';
import { groupName, reportMembership, startService, untilAnswered } from '@tollstream/service-kit';
import type { ServiceContext } from '@tollstream/service-kit';
import { RATING_CONFIG } from './config.ts';
import { startRating } from './rating.ts';
import { alertFields } from './spend-alerts.ts';

type Context = ServiceContext<(typeof RATING_CONFIG)['settings']>;

/** @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
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
    fetch: { fetchBytesMax: config.fetchBytesMax },
    onEvent: (event) =>
      reportMembership(context, event, 'its state is restored and the batch is rated again'),
    onAlert: (alert) => context.log.warn(alertFields(alert), 'a spend limit was reached'),
    onRestore: (progress) => context.log.info(progress, 'restoring the state of the partition'),
  });
  context.onStop('membership', async () => membership.stop());
  context.watch('membership', membership.done);
  source.follow(({ catalog }) => membership.prepareCatalog(catalog));
}
