import type { Server } from 'node:http';
import { requireCatalog } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { listen, startService, variableName } from '@tollstream/service-kit';
import type { ServiceContext } from '@tollstream/service-kit';
import { openServerStore } from '@tollstream/usage-store';
import type { UsageStore } from '@tollstream/usage-store';
import { createBillingApi } from './api.ts';
import { BILLING_CONFIG } from './config.ts';

type Context = ServiceContext<(typeof BILLING_CONFIG)['settings']>;

const PING_EVERY_MS = 5_000;

/** @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  return startService({ name: 'billing', config: BILLING_CONFIG, argv, start });
}

/** Catalog → store → API; stopped in reverse order. */
async function start(context: Context): Promise<void> {
  const { config, log } = context;
  const catalog = await readCatalog(context);
  const store = openServerStore({
    url: config.clickhouseUrl,
    username: config.clickhouseUser,
    password: config.clickhousePassword,
    database: config.clickhouseDatabase,
  });
  context.onStop('ClickHouse', async () => store.close());
  await watchStore(context, store);

  const api = createBillingApi({
    store,
    catalog,
    apiKey: config.apiKey,
    onError: (error) => log.error({ err: error }, 'a request failed'),
  });
  await api.ready();
  await listen(api.server, {
    host: config.apiHost,
    port: config.apiPort,
    portSetting: variableName('apiPort'),
  });
  context.onStop('HTTP API', async () => {
    await closeServer(api.server);
    await api.close();
  });
  log.info({ address: api.server.address() }, 'the API is served');
}

async function readCatalog({ config, log, metrics }: Context): Promise<Catalog> {
  const catalog = await requireCatalog(
    config.catalogDir,
    { defaultPlan: config.defaultPlan || undefined },
    (warnings) => log.warn(`The catalog is probably wrong in places:\n${warnings}`),
  );
  log.info({ version: catalog.version, accounts: catalog.accounts.size }, 'catalog loaded');
  metrics.set('tollstream_catalog_version', {}, catalog.version);
  return catalog;
}

/** The API stays up without the store and answers 503; only readiness says that it is away. */
async function watchStore({ health, metrics, onStop }: Context, store: UsageStore): Promise<void> {
  const ping = async (): Promise<void> => {
    const problem = await store.ping().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    health.dependency('clickhouse', problem);
    metrics.set('tollstream_dependency_up', { dependency: 'clickhouse' }, problem === null ? 1 : 0);
  };
  await ping();
  const timer = setInterval(() => void ping(), PING_EVERY_MS);
  onStop('watching ClickHouse', () => clearInterval(timer));
}

/** Downloads in hand are finished; idle connections are closed at once. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
