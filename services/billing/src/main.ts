import type { Server } from 'node:http';
import { openServerBillingStore } from '@tollstream/billing-store';
import type { BillingStore } from '@tollstream/billing-store';
import { catalogHistory, openServiceCatalog } from '@tollstream/catalog-versions';
import { kafkaOptionsOf } from '@tollstream/event-log';
import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import type { EventLog } from '@tollstream/event-log';
import { listen, startService, untilAnswered, variableName } from '@tollstream/service-kit';
import type { ServiceContext } from '@tollstream/service-kit';
import { openServerStore } from '@tollstream/usage-store';
import type { SettlementStore, UsageStore } from '@tollstream/usage-store';
import { createBillingApi } from './api.ts';
import { readKeys } from './api/keys.ts';
import { BILLING_CONFIG } from './config.ts';
import { tellBilledUsage } from './issue/billed-usage.ts';
import { deliverDue } from './webhook/deliver.ts';

type Context = ServiceContext<(typeof BILLING_CONFIG)['settings']>;

const PING_EVERY_MS = 5_000;
const TELL_EVERY_MS = 60_000;
const WEBHOOK_EVERY_MS = 2_000;

/** @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  return startService({ name: 'billing', config: BILLING_CONFIG, argv, start });
}

/** Keys → catalog → stores → API → later versions of the catalog; stopped in reverse order. */
async function start(context: Context): Promise<void> {
  const { config, log } = context;
  const keys = config.apiKeysFile === '' ? [] : readKeys(config.apiKeysFile);
  const eventLog = openEventLog(context);
  const source = await untilAnswered(context, 'kafka', () => openServiceCatalog(context, eventLog));
  let { catalog } = source;
  const store = openServerStore({
    url: config.clickhouseUrl,
    username: config.clickhouseUser,
    password: config.clickhousePassword,
    database: config.clickhouseDatabase,
  });
  context.onStop('ClickHouse', async () => store.close());
  await watchStore(context, store);
  const billing = await openBilling(context);

  if (billing !== undefined) {
    tellFinance(context, { billing, store });
    tellWebhook(context, billing);
  }

  const api = createBillingApi({
    store,
    billing,
    catalog: () => catalog,
    ...(eventLog === null
      ? {}
      : { versions: () => catalogHistory(eventLog, { topic: config.topicCatalog }) }),
    apiKey: config.apiKey,
    keys,
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
  source.follow(({ catalog: next }) => () => {
    catalog = next;
  });
}

/** PostgreSQL, with its schema; waits for it where it does not answer yet. */
async function openBilling(context: Context): Promise<BillingStore | undefined> {
  const { postgresUrl } = context.config;
  if (postgresUrl === '') return undefined;
  const billing = await openServerBillingStore(postgresUrl);
  context.onStop('PostgreSQL', async () => billing.close());
  await untilAnswered(context, 'postgres', () =>
    billing.migrate().catch((error: Error & { transient?: boolean }) => {
      throw Object.assign(error, { retriable: error.transient === true });
    }),
  );
  return billing;
}

/** `finance.unbilled` follows what is issued, whoever issues it. */
function tellFinance(
  context: Context,
  stores: { readonly billing: BillingStore; readonly store: SettlementStore },
): void {
  again(context, { name: 'telling finance', everyMs: TELL_EVERY_MS }, () => tellBilledUsage(stores));
}

function tellWebhook(context: Context, billing: BillingStore): void {
  const { webhookUrl: url, webhookSecret: secret } = context.config;
  if (url === '') return;
  again(context, { name: 'telling the webhook', everyMs: WEBHOOK_EVERY_MS }, async () => {
    const { delivered, failed } = await deliverDue({ billing, target: { url, secret }, clock: Date.now });
    if (failed > 0) context.log.warn({ delivered, failed }, 'the webhook did not take every invoice');
  });
}

/** One at a time; what fails now is done with the next. */
function again(
  { log, onStop }: Context,
  { name, everyMs }: { name: string; everyMs: number },
  work: () => Promise<unknown>,
): void {
  let working: Promise<void> | null = null;
  const timer = setInterval(() => {
    working ??= work()
      .then(
        () => undefined,
        (error: unknown) => log.warn({ err: error }, `${name} failed`),
      )
      .finally(() => (working = null));
  }, everyMs);
  onStop(name, async () => {
    clearInterval(timer);
    await working;
  });
}

function openEventLog({ config, onStop }: Context): EventLog | null {
  if (config.catalogSource === 'directory') return null;
  const log = openKafkaEventLog({ clientId: 'tollstream-billing', ...kafkaOptionsOf(config) });
  onStop('event log', async () => log.close());
  return log;
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
