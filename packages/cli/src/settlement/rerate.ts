import type { Catalog } from '@tollstream/catalog';
import { applyMonth, previewMonth, pricedBy } from '@tollstream/service-billing';
import type { AppliedMonth, MonthPreview } from '@tollstream/service-billing';
import type { RerateOptions } from '../commands/rerate.ts';
import { EXIT_FAILED, UsageError } from '../failure.ts';
import { colours, count, print, say } from '../terminal.ts';
import { ReadProgress } from '../verify/read-progress.ts';
import { monthsBetween, openUsage, parseMonthStart } from './open.ts';
import { pricingCatalog, ratedCatalogs } from './pricing-catalog.ts';
import type { CatalogPlace } from './pricing-catalog.ts';
import {
  amounts,
  appliedJson,
  appliedLine,
  assertComplete,
  differenceJson,
  differenceTable,
  differencesOf,
  money,
  sumLines,
  sumsOf,
} from './report.ts';

export async function runRerate(options: RerateOptions): Promise<void> {
  const months = monthsBetween(parseMonthStart(options.from, '--from'), parseMonthStart(options.to, '--to'));
  const progress = new ReadProgress('pricing');
  const onProgress = (step: { month: number; calls: number; ofRows: number }): void =>
    progress.update({ topic: String(step.month), read: step.calls, of: step.ofRows });
  const opened = await openUsage(options.data);
  try {
    const place = { ...options, settings: opened.settings };
    const catalog = await pricingCatalog(options.catalog, place);
    if (options.apply === true) await refuseReused(catalog, place);
    const request = { account: options.account ?? null, catalogs: pricedBy(catalog), onProgress };
    const previews: MonthPreview[] = [];
    for (const month of months) previews.push(await previewMonth(opened.store, { ...request, month }));
    progress.close();
    const sums = sumsOf(previews);
    const groups = differencesOf(previews);
    assertComplete(groups, sums);
    if (options.json !== true) {
      for (const line of [...differenceTable(groups), ...sumLines(previews, sums)]) print(line);
      sayUnpriced(previews);
    }
    const applied: AppliedMonth[] = [];
    if (options.apply === true) {
      refuseUnpriced(previews);
      for (const month of months) {
        applied.push(
          await applyMonth(opened.store, {
            ...request,
            month,
            kind: 'rerate',
            again: true,
            abandon: options.abandon === true,
            clock: () => Date.now(),
          }),
        );
        progress.close();
        if (options.json !== true) print(appliedLine(applied.at(-1)!));
      }
    } else if (options.json !== true) {
      say(colours.dim('Nothing was written: add --apply to write it.'));
    }
    if (options.json === true) {
      print(
        JSON.stringify({
          catalog_version: catalog.version,
          calls: previews.reduce((sum, { report }) => sum + report.totals.calls, 0),
          changed: previews.reduce((sum, { report }) => sum + report.totals.changed, 0),
          unpriced: previews.reduce((sum, { unpricedCount }) => sum + unpricedCount, 0),
          before: amounts(new Map(sums.map(({ currency, before }) => [currency, before]))),
          after: amounts(new Map(sums.map(({ currency, after }) => [currency, after]))),
          difference: Object.fromEntries(
            sums.map(({ currency, before, after }) => [currency, money(after - before)]),
          ),
          differences: groups.map(differenceJson),
          runs: applied.map(appliedJson),
        }),
      );
    }
    if (previews.some(({ unpricedCount }) => unpricedCount > 0)) process.exitCode = EXIT_FAILED;
  } finally {
    progress.close();
    await opened.close();
  }
}

function sayUnpriced(previews: readonly MonthPreview[]): void {
  const total = previews.reduce((sum, { unpricedCount }) => sum + unpricedCount, 0);
  if (total === 0) return;
  say(colours.red(`${count(total)} calls have no price in this catalog:`));
  for (const { accountId, callId, code, detail } of previews.flatMap(({ unpriced }) => unpriced).slice(0, 5))
    say(`  call ${callId} of ${accountId}, ${code}: ${detail}`);
}

export function refuseUnpriced(previews: readonly MonthPreview[]): void {
  const total = previews.reduce((sum, { unpricedCount }) => sum + unpricedCount, 0);
  const first = previews.flatMap(({ unpriced }) => unpriced)[0];
  if (first === undefined) return;
  throw new UsageError({
    code: 'TOLL_SETTLEMENT_UNPRICED',
    message: `${count(total)} calls cannot be priced again. The first is ${first.callId} of account ${first.accountId}, ${first.code}: ${first.detail}`,
    remedy:
      'Give a catalog in which each of these calls has a price in its month and currency. Nothing was written.',
  });
}

/** Rows name the version that priced them: two catalogs of one number could not be told apart afterwards. */
async function refuseReused(catalog: Catalog, place: CatalogPlace): Promise<void> {
  if (place.settings === null) return;
  const [used] = await ratedCatalogs([catalog.version], place);
  if (used === undefined || used.fingerprint === catalog.fingerprint) return;
  throw new UsageError({
    code: 'TOLL_SETTLEMENT_VERSION_REUSED',
    message: `Both this catalog and one that rated calls say they are version ${catalog.version}, and they differ`,
    remedy:
      'Give the changed catalog the next version in its catalog.yaml: every row names the version that priced it.',
  });
}
