/** The stores and the catalog that billing commands need: of a data directory, or of servers by environment. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { openEmbeddedBillingStore, openServerBillingStore } from '@tollstream/billing-store';
import type { BillingStore } from '@tollstream/billing-store';
import type { Catalog } from '@tollstream/catalog';
import { lockDataDirectory } from '@tollstream/event-log';
import { CATALOG_SETTINGS, defineConfig, loadConfig } from '@tollstream/service-kit';
import type { SettlementStore, UsageStore } from '@tollstream/usage-store';
import { catalogOf } from '../catalog-option.ts';
import { catalogOfData } from '../catalog-versions/of-data.ts';
import { resolveCatalog } from '../catalog-versions/resolve.ts';
import { SAMPLE_DATA, openStoreOf } from '../embedded/open-store.ts';
import { readSettings } from '../embedded/settings.ts';
import { openServerStoreFromEnvironment } from '../kafka-options.ts';

export interface BillingOptions {
  readonly data?: string;
  readonly catalog?: string;
  readonly json?: boolean;
}

interface Opened {
  close(): Promise<void>;
}

/** `TOLLSTREAM_POSTGRES_URL` says that servers are meant, unless a data directory is named. */
function serverUrl(options: BillingOptions): string | undefined {
  const url = process.env['TOLLSTREAM_POSTGRES_URL'];
  return options.data === undefined && url !== undefined && url !== '' ? url : undefined;
}

/** The billing store alone: what was issued can be seen and paid while ClickHouse is away. */
export async function openBillingStore(
  options: BillingOptions,
): Promise<Opened & { readonly billing: BillingStore }> {
  const url = serverUrl(options);
  if (url !== undefined) {
    const billing = await openServerBillingStore(url);
    await migrated(billing);
    return { billing, close: () => billing.close() };
  }
  const directory = path.join(options.data ?? SAMPLE_DATA, 'billing');
  await mkdir(directory, { recursive: true });
  // The embedded engine must be open in one process only.
  const lock = lockDataDirectory(directory);
  try {
    const billing = await openEmbeddedBillingStore(path.join(directory, 'postgres'));
    await migrated(billing);
    return {
      billing,
      async close() {
        await billing.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** With the billing store, where anything was ever issued or recorded: a preview makes none. */
export async function usingBillingIfAny<Answer>(
  options: BillingOptions,
  use: (billing: BillingStore | undefined) => Promise<Answer>,
): Promise<Answer> {
  const isThere =
    serverUrl(options) !== undefined || existsSync(path.join(options.data ?? SAMPLE_DATA, 'billing'));
  return isThere ? using(openBillingStore(options), ({ billing }) => use(billing)) : use(undefined);
}

async function migrated(billing: BillingStore): Promise<void> {
  try {
    await billing.migrate();
  } catch (error) {
    await billing.close();
    throw error;
  }
}

/** Calls alone, without a catalog. */
export async function openStore(options: BillingOptions): Promise<Opened & { readonly store: UsageStore }> {
  if (serverUrl(options) === undefined) return openStoreOf(options.data ?? SAMPLE_DATA);
  const store = openServerStoreFromEnvironment();
  return { store, close: () => store.close() };
}

export async function openUsage(
  options: BillingOptions,
): Promise<Opened & { readonly store: SettlementStore; readonly catalog: Catalog }> {
  if (serverUrl(options) !== undefined) {
    const store = openServerStoreFromEnvironment();
    return { store, catalog: await catalogByOptions(options), close: () => store.close() };
  }
  const data = options.data ?? SAMPLE_DATA;
  const opened = await openStoreOf(data);
  try {
    const catalog = await catalogOfData(data, opened.settings, options.catalog);
    return { store: opened.store, catalog, close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** The catalog that is named, the one in force of the data directory, or the one of the environment. */
export async function catalogByOptions(options: BillingOptions): Promise<Catalog> {
  if (serverUrl(options) === undefined) {
    const data = options.data ?? SAMPLE_DATA;
    const settings = await readSettings(data);
    return settings === null ? catalogOf(options) : catalogOfData(data, settings, options.catalog);
  }
  if (options.catalog !== undefined) return resolveCatalog(options.catalog, {});
  const config = defineConfig({ name: 'billing', settings: CATALOG_SETTINGS });
  const { values } = loadConfig(config, { env: process.env });
  return catalogOf({ catalog: values.catalogDir, defaultPlan: values.defaultPlan || undefined });
}

/** Who asked, for the audit. */
export function actor(): string {
  return process.env['TOLLSTREAM_ACTOR'] ?? process.env['USER'] ?? 'command line';
}

/** Calls with what was opened, and closes it whatever happens. */
export async function using<Resource extends Opened, Answer>(
  opening: Promise<Resource>,
  use: (resource: Resource) => Promise<Answer>,
): Promise<Answer> {
  const resource = await opening;
  try {
    return await use(resource);
  } finally {
    await resource.close();
  }
}

export function today(): string {
  return new Date().toISOString().slice(0, 10);
}
