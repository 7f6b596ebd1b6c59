import { loadCatalog, renderProblems } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { kafkaOptionsOf, openKafkaEventLog } from '@tollstream/event-log';
import type { MembershipEvent } from '@tollstream/event-log';
import { groupName, startService, TollError } from '@tollstream/service-kit';
import type { ServiceContext } from '@tollstream/service-kit';
import { RATING_CONFIG } from './config.ts';
import { startRating } from './rating.ts';

type Context = ServiceContext<(typeof RATING_CONFIG)['settings']>;

/** @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  return startService({ name: 'rating', config: RATING_CONFIG, argv, start });
}

/** Catalog → log → membership; stopped in reverse order. */
async function start(context: Context): Promise<void> {
  const { config, metrics } = context;
  const catalog = await readCatalog(context);

  const log = openKafkaEventLog({ clientId: 'tollstream-rating', ...kafkaOptionsOf(config) });
  context.onStop('event log', async () => log.close());

  const membership = await startRating({
    log,
    catalog,
    metrics,
    group: groupName('rating', config.groupPrefix),
    topics: { accepted: config.topicAccepted, rated: config.topicRated, suspended: config.topicSuspended },
    limits: { windowCallsMax: config.dedupeWindowCallsMax, windowAgeMs: config.dedupeWindowAgeMs },
    fetch: { fetchBytesMax: config.fetchBytesMax },
    onEvent: (event) => report(context, event),
    onRestore: (progress) => context.log.info(progress, 'restoring the state of the partition'),
  });
  context.onStop('membership', async () => membership.stop());
  context.watch('membership', membership.done);
}

async function readCatalog({ config, log }: Context): Promise<Catalog> {
  const loaded = await loadCatalog(config.catalogDir, { defaultPlan: config.defaultPlan || undefined });
  if (!loaded.ok) {
    throw new TollError({
      code: 'TOLL_CATALOG_INVALID',
      message: `The catalog ${config.catalogDir} cannot be used:\n${renderProblems(loaded.problems)}\n`,
      remedy: 'Mend what is listed; `tollstream catalog check` shows it again.',
    });
  }
  const { catalog, warnings } = loaded;
  if (warnings.length > 0) log.warn(`The catalog is probably wrong in places:\n${renderProblems(warnings)}`);
  log.info({ version: catalog.version, accounts: catalog.accounts.size }, 'catalog loaded');
  return catalog;
}

function report({ health, log }: Context, event: MembershipEvent): void {
  switch (event.kind) {
    case 'assigned':
      log.info(event, 'partition assigned');
      return;
    case 'revoked':
      health.dependency(`${event.topic}/${event.partition}`, null);
      log.info(event, 'partition given up');
      return;
    case 'lag':
      health.dependency(`${event.topic}/${event.partition}`, null);
      return;
    case 'retry':
      health.dependency(`${event.topic}/${event.partition}`, event.error.message);
      log.warn(
        { ...event, err: event.error },
        'partition failed; its state is restored and the batch is rated again',
      );
      return;
    case 'fatal':
      log.error({ err: event.error }, event.error.message);
  }
}
