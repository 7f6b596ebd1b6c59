import { loadCatalog, renderProblems } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { DirectorySchemaSource, RegistrySchemaSource } from '@tollstream/contracts';
import type { SchemaSource } from '@tollstream/contracts';
import { kafkaOptionsOf, openKafkaEventLog } from '@tollstream/event-log';
import type { MembershipEvent } from '@tollstream/event-log';
import { groupName, startService, TollError } from '@tollstream/service-kit';
import type { ServiceContext } from '@tollstream/service-kit';
import { INGEST_CONFIG } from './config.ts';
import { startIngest } from './ingest.ts';
import { INGEST_LIMITS } from './limits.ts';

type Context = ServiceContext<(typeof INGEST_CONFIG)['settings']>;

/** @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  return startService({ name: 'ingest', config: INGEST_CONFIG, argv, start });
}

/** Catalog → log → membership; stopped in reverse order. */
async function start(context: Context): Promise<void> {
  const { config, metrics } = context;
  const catalog = await readCatalog(context);
  metrics.set('tollstream_catalog_version', {}, catalog.version);

  const log = openKafkaEventLog({ clientId: 'tollstream-ingest', ...kafkaOptionsOf(config) });
  context.onStop('event log', async () => log.close());

  const { recordBytesMax, futureSkewMsMax, durationMsMax, blockRecordsMax } = config;
  const membership = await startIngest({
    log,
    catalog,
    metrics,
    group: groupName('ingest', config.groupPrefix),
    topics: { raw: config.topicRaw, accepted: config.topicAccepted, rejected: config.topicRejected },
    sources: config.sourceTopics,
    limits: { ...INGEST_LIMITS, recordBytesMax, futureSkewMsMax, durationMsMax, blockRecordsMax },
    ...(config.defaultCountry === ''
      ? {}
      : { defaultDialPlan: { country: config.defaultCountry, areaCode: '' } }),
    schemaSource: openSchemaSource(config),
    fetch: { fetchBytesMax: config.fetchBytesMax },
    onEvent: (event) => report(context, event),
  });
  context.onStop('membership', async () => membership.stop());
  context.watch('membership', membership.done);
}

function openSchemaSource(config: Context['config']): SchemaSource | null {
  const { schemaRegistryUrl: url, schemaRegistryCredentials: credentials, schemaDir } = config;
  if (url !== '') return new RegistrySchemaSource({ url, ...(credentials === '' ? {} : { credentials }) });
  return schemaDir === '' ? null : new DirectorySchemaSource(schemaDir);
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
      log.warn({ ...event, err: event.error }, 'partition failed; the batch is read again');
      return;
    case 'fatal':
      log.error({ err: event.error }, event.error.message);
  }
}
