import { openServiceCatalog } from '@tollstream/catalog-versions';
import { DirectorySchemaSource, RegistrySchemaSource } from '@tollstream/contracts';
import type { SchemaSource } from '@tollstream/contracts';
import { kafkaOptionsOf } from '@tollstream/event-log';
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
import { INGEST_CONFIG } from './config.ts';
import { startIngest } from './ingest.ts';
import { INGEST_LIMITS } from './limits.ts';

type Context = ServiceContext<(typeof INGEST_CONFIG)['settings']>;

/** @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  countBuffersWithHeap();
  return startService({ name: 'ingest', config: INGEST_CONFIG, argv, start });
}

/** Log → catalog → membership → later versions; stopped in reverse order. */
async function start(context: Context): Promise<void> {
  const { config, metrics } = context;
  const log = openKafkaEventLog({ clientId: 'tollstream-ingest', ...kafkaOptionsOf(config) });
  context.onStop('event log', async () => log.close());
  const source = await untilAnswered(context, 'kafka', () => openServiceCatalog(context, log));

  const { recordBytesMax, futureSkewMsMax, durationMsMax, blockRecordsMax } = config;
  const membership = await untilAnswered(context, 'kafka', () =>
    startIngest({
      log,
      catalog: source.catalog,
      metrics,
      group: groupName('ingest', config.groupPrefix),
      topics: { raw: config.topicRaw, accepted: config.topicAccepted, rejected: config.topicRejected },
      sources: config.sourceTopics,
      limits: { ...INGEST_LIMITS, recordBytesMax, futureSkewMsMax, durationMsMax, blockRecordsMax },
      ...(config.defaultCountry === ''
        ? {}
        : { defaultDialPlan: { country: config.defaultCountry, areaCode: '' } }),
      schemaSource: openSchemaSource(config),
      fetch: fetchLimits(config),
      onEvent: (event) => reportMembership(context, event, 'the batch is read again'),
    }),
  );
  context.onStop('membership', async () => membership.stop());
  context.watch('membership', membership.done);
  // Rating prices by no older version than the one that told a call's account.
  source.follow(({ catalog }) => membership.prepareCatalog(catalog), { letOthersFirst: true });
}

function openSchemaSource(config: Context['config']): SchemaSource | null {
  const { schemaRegistryUrl: url, schemaRegistryCredentials: credentials, schemaDir } = config;
  if (url !== '') return new RegistrySchemaSource({ url, ...(credentials === '' ? {} : { credentials }) });
  return schemaDir === '' ? null : new DirectorySchemaSource(schemaDir);
}
