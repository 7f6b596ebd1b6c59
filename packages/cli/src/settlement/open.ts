/** What settlement and re-rating work on: the store of a data directory, or ClickHouse by environment, and catalogs. */
import type { Catalog } from '@tollstream/catalog';
import type { SettlementStore } from '@tollstream/usage-store';
import { catalogOf } from '../catalog-option.ts';
import { openStoreOf } from '../embedded/open-store.ts';
import type { DataSettings } from '../embedded/settings.ts';
import { UsageError } from '../failure.ts';
import { openServerStoreFromEnvironment } from '../kafka-options.ts';

export interface OpenedUsage {
  readonly store: SettlementStore;
  /** Of the run whose data directory it is; null on a server. */
  readonly settings: DataSettings | null;
  close(): Promise<void>;
}

export async function openUsage(data: string | undefined): Promise<OpenedUsage> {
  const opened: OpenedUsage =
    data === undefined ? serverUsage(openServerStoreFromEnvironment()) : await openStoreOf(data);
  try {
    // A store of before there was settlement lacks its tables.
    await opened.store.migrate();
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

function serverUsage(store: SettlementStore): OpenedUsage {
  return { store, settings: null, close: () => store.close() };
}

/** A catalog directory, on the default plan of the command or of the run. */
export function catalogAt(
  directory: string,
  options: { defaultPlan?: string | undefined; settings: DataSettings | null },
): Promise<Catalog> {
  return catalogOf({
    catalog: directory,
    defaultPlan: options.defaultPlan ?? options.settings?.defaultPlan ?? undefined,
  });
}

/** '2020-01' or '2020-01-01' → 202001. Included minutes belong to months, so only whole ones can be priced again. */
export function parseMonthStart(text: string, option: string): number {
  const match = /^(\d{4})-(0[1-9]|1[0-2])(?:-01)?$/.exec(text);
  if (match !== null) return Number(match[1]) * 100 + Number(match[2]);
  throw new UsageError({
    code: 'TOLL_USAGE_MONTH',
    message: `${option}: '${text}' is not the first day of a month`,
    remedy: 'Months are priced whole, since their calls share included minutes: write such as 2020-01-01.',
  });
}

/** Months from one up to, and without, another. */
export function monthsBetween(from: number, to: number): number[] {
  const months: number[] = [];
  for (let month = from; month < to; month = month % 100 === 12 ? month + 89 : month + 1) months.push(month);
  if (months.length > 0) return months;
  throw new UsageError({
    code: 'TOLL_USAGE_MONTH',
    message: `--to ${to} is not after --from ${from}`,
    remedy:
      'The day of --to is the first that is left out: for January 2020 write --from 2020-01-01 --to 2020-02-01.',
  });
}
