import {
  applyMonth,
  closingRun,
  pricedAsRated,
  pricedBy,
  ratedVersions,
  readLateCalls,
  readRuns,
  totalsOfRun,
} from '@tollstream/service-billing';
import type { PricingCatalogs } from '@tollstream/service-billing';
import type { SettleOptions } from '../commands/settle.ts';
import { parseMonth } from '../duration.ts';
import { isTollError } from '@tollstream/service-kit';
import { count, print, say } from '../terminal.ts';
import { ReadProgress } from '../verify/read-progress.ts';
import { catalogAt, openUsage, parseMonthStart } from './open.ts';
import type { OpenedUsage } from './open.ts';
import { pricingCatalog, ratedCatalogs } from './pricing-catalog.ts';
import { appliedJson, appliedLine, differenceJson, differenceTable, differencesOf, money } from './report.ts';

export async function runSettle(options: SettleOptions): Promise<void> {
  const month = parseMonthStart(parseMonth(options.month, '--month'), '--month');
  const account = options.account ?? null;
  const progress = new ReadProgress('settling');
  const opened = await openUsage(options.data);
  try {
    const applied = await applyMonth(opened.store, {
      month,
      account,
      kind: 'settlement',
      catalogs: await catalogsOf(options, opened, { month, account }),
      again: options.again === true,
      abandon: options.abandon === true,
      clock: () => Date.now(),
      onProgress: ({ calls, ofRows }) => progress.update({ topic: options.month, read: calls, of: ofRows }),
    });
    progress.close();
    const groups = differencesOf([applied]);
    if (options.json === true) {
      print(JSON.stringify({ ...appliedJson(applied), differences: groups.map(differenceJson) }));
      return;
    }
    for (const line of differenceTable(groups)) print(line);
    if (applied.settledBefore > 0)
      say(`${count(applied.settledBefore)} accounts were settled before and are left as they are.`);
    print(`settled ${options.month}: ${appliedLine(applied)}`);
  } catch (error) {
    progress.close();
    if (isTollError(error) && error.code === 'TOLL_SETTLEMENT_DONE_ALREADY')
      await printSettled(opened, month, account);
    throw error;
  } finally {
    progress.close();
    await opened.close();
  }
}

/** Of the directories that are named, and of the versions that calls name beside them. */
async function catalogsOf(
  options: SettleOptions,
  { store, settings }: OpenedUsage,
  of: { month: number; account: string | null },
): Promise<PricingCatalogs> {
  const place = { defaultPlan: options.defaultPlan, data: options.data, settings };
  if (options.allBy !== undefined) return pricedBy(await pricingCatalog(options.allBy, place));
  // Services that read a directory publish nothing: it is theirs by environment.
  const known = settings === null ? (process.env['TOLLSTREAM_CATALOG_DIR'] ?? '') : '';
  const directories = options.catalog ?? (known === '' ? [] : [known]);
  const catalogs = await Promise.all(directories.map((directory) => catalogAt(directory, place)));
  const named = new Set(catalogs.map(({ version }) => version));
  const versions = (await ratedVersions(store, of)).map(({ version }) => version);
  const others = await ratedCatalogs(
    versions.filter((version) => !named.has(version)),
    place,
  );
  return pricedAsRated([...catalogs, ...others]);
}

/** What a settled month holds, for one who would settle it again. */
async function printSettled({ store }: OpenedUsage, month: number, account: string | null): Promise<void> {
  const runs = await readRuns(store, month);
  const run =
    account === null
      ? runs.find((each) => each.kind === 'settlement' && each.state === 'done' && each.account === null)
      : closingRun(runs, account);
  if (run === undefined || run === null) return;
  const totals = await totalsOfRun(store, run, account);
  const charged = [...totals.charge].map(([currency, sum]) => `${currency} ${money(sum)}`).join(', ');
  print(`run ${run.id}: ${count(totals.calls)} calls of ${count(totals.accounts)} accounts, ${charged}`);
  const late = (await readLateCalls(store, month)).filter(
    ({ accountId }) => account === null || accountId === account,
  );
  const calls = late.reduce((sum, each) => sum + each.calls, 0);
  if (calls > 0) print(`${count(calls)} calls of ${count(late.length)} accounts came later`);
}
