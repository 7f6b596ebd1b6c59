/** The catalog of a service, from where its configuration says: a directory, or the published versions. */
import { setTimeout as sleep } from 'node:timers/promises';
import { requireCatalog } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import type { EventLog } from '@tollstream/event-log';
import { describeError } from '@tollstream/service-kit';
import type { Health, Logger, Metrics } from '@tollstream/service-kit';
import { noVersion } from './errors.ts';
import { followCatalog } from './follow.ts';
import type { FollowOptions, Follower } from './follow.ts';
import { catalogHistory, versionInForce } from './history.ts';
import { compileVersion, readCatalogFiles } from './read.ts';

export interface CatalogSettings {
  readonly catalogSource: 'directory' | 'topic';
  readonly catalogDir: string;
  readonly topicCatalog: string;
  readonly catalogPollMs: number;
  readonly defaultPlan: string;
}

/** What of a service's context is used. */
export interface CatalogContext {
  readonly config: CatalogSettings;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly onStop: (what: string, stop: () => Promise<void>) => void;
}

export interface ServiceCatalog {
  /** In use at the start. */
  readonly catalog: Catalog;
  /** Brings later versions into use, where they are published; to be called once the service works. */
  follow(prepare: FollowOptions['prepare'], options?: Pick<FollowOptions, 'letOthersFirst'>): void;
  /** Looks for a later version now, and resolves when it is in use or cannot be used. */
  look(): Promise<void>;
}

/**
 * @throws {CatalogInvalidError} when the directory holds no catalog that can be used, or a version lacks the default plan
 * @param eventLog null where the source is a directory and nothing else needs one
 */
export async function openServiceCatalog(
  context: CatalogContext,
  eventLog: EventLog | null,
): Promise<ServiceCatalog> {
  const { config, log, metrics } = context;
  const published = config.catalogSource === 'topic' ? eventLog : null;
  const catalog = published === null ? await readDirectory(context) : await readPublished(context, published);
  let follower: Follower | undefined;
  log.info({ version: catalog.version, accounts: catalog.accounts.size }, 'catalog loaded');
  metrics.set('tollstream_catalog_version', {}, catalog.version);
  return {
    catalog,
    follow(prepare, { letOthersFirst = false } = {}) {
      if (published === null) return;
      follower = follow(context, published, { inUse: catalog.version, prepare, letOthersFirst });
    },
    look: async () => follower?.look(),
  };
}

async function readDirectory({ config, log }: CatalogContext): Promise<Catalog> {
  const options = { defaultPlan: config.defaultPlan || undefined };
  return requireCatalog(config.catalogDir, options, (warnings) =>
    log.warn(`The catalog is probably wrong in places:\n${warnings}`),
  );
}

/** Waits for the first version, and says so: services start in any order. */
async function readPublished({ config, log, health }: CatalogContext, eventLog: EventLog): Promise<Catalog> {
  const { topicCatalog: topic, catalogPollMs, defaultPlan } = config;
  for (let isTold = false; ; isTold = true) {
    const version = versionInForce(await catalogHistory(eventLog, { topic }), Date.now());
    if (version !== undefined) {
      health.dependency('catalog', null);
      const files = await readCatalogFiles(eventLog, version, { topic });
      return compileVersion(version, files, { defaultPlan: defaultPlan || undefined });
    }
    const missing = describeError(noVersion(topic));
    health.dependency('catalog', missing);
    if (!isTold) log.warn(missing);
    await sleep(catalogPollMs);
  }
}

function follow(
  { config, log, metrics, health, onStop }: CatalogContext,
  eventLog: EventLog,
  own: Pick<FollowOptions, 'inUse' | 'prepare' | 'letOthersFirst'>,
): Follower {
  const follower = followCatalog({
    log: eventLog,
    topic: config.topicCatalog,
    defaultPlan: config.defaultPlan || undefined,
    pollMs: config.catalogPollMs,
    ...own,
    onSwapped({ catalog, loadMs, swapMs }) {
      metrics.set('tollstream_catalog_version', {}, catalog.version);
      metrics.add('tollstream_catalog_swaps_total', {}, 1);
      metrics.observe('tollstream_catalog_load_seconds', {}, loadMs / 1000);
      metrics.observe('tollstream_catalog_swap_seconds', {}, swapMs / 1000);
      health.warning('catalog', null);
      log.info({ version: catalog.version, loadMs, swapMs }, 'catalog swapped');
    },
    onFailure({ error, version }) {
      const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
      metrics.add('tollstream_catalog_failures_total', { code }, 1);
      const what =
        version === null ? 'New versions cannot be looked for' : `Version ${version} cannot be used`;
      health.warning('catalog', `${what}; the version in use stays: ${error.message}`);
      log.error({ err: error, version }, `${what}; the version in use stays. ${describeError(error)}`);
    },
  });
  onStop('following the catalog', () => follower.stop());
  return follower;
}
