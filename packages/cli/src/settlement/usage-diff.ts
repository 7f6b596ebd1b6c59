/** `tollstream catalog diff A B --usage`: what the difference of two catalogs comes to on stored calls. */
import { previewMonth, pricedBy } from '@tollstream/service-billing';
import type { MonthPreview } from '@tollstream/service-billing';
import type { PriceDifference } from '@tollstream/settlement';
import type { Catalog } from '@tollstream/catalog';
import { resolveCatalog } from '../catalog-versions/resolve.ts';
import type { DiffCommandOptions } from '../commands/catalog-versions.ts';
import { UsageError } from '../failure.ts';
import { colours, count, print, say, table } from '../terminal.ts';
import { ReadProgress } from '../verify/read-progress.ts';
import { monthsBetween, openUsage, parseMonthStart } from './open.ts';
import type { OpenedUsage } from './open.ts';
import { assertComplete, destinationOf, differencesOf, money, signed, sumsOf } from './report.ts';
import { refuseUnpriced } from './rerate.ts';

/** More are for programs. */
const GROUPS_SHOWN_MAX = 40;
const ATTEMPTS_MAX = 3;

/** `calls` is not counted, and `after` is all that changes. */
type Group = PriceDifference;

export async function runUsageDiff(
  before: string,
  after: string,
  options: DiffCommandOptions,
): Promise<void> {
  const { from, to } = options;
  if (from === undefined || to === undefined) {
    throw new UsageError({
      code: 'TOLL_USAGE_MONTH',
      message: '--usage prices the calls of whole months, and --from or --to is missing',
      remedy: 'For January 2020 write --from 2020-01-01 --to 2020-02-01.',
    });
  }
  const months = monthsBetween(parseMonthStart(from, '--from'), parseMonthStart(to, '--to'));
  const opened = await openUsage(options.data);
  try {
    const defaultPlan = options.defaultPlan ?? opened.settings?.defaultPlan ?? undefined;
    const place = { ...options, defaultPlan };
    const catalogs = [await resolveCatalog(before, place), await resolveCatalog(after, place)] as const;
    let old = await pricedMonths(opened, months, catalogs[0], options);
    let now = await pricedMonths(opened, months, catalogs[1], options);
    // Calls that come between the two would be told as a difference.
    for (let attempt = 1; callsOf(old) !== callsOf(now) && attempt < ATTEMPTS_MAX; attempt++) {
      old = await pricedMonths(opened, months, catalogs[0], options);
      now = await pricedMonths(opened, months, catalogs[1], options);
    }
    report(catalogs, [old, now], options.json === true);
  } finally {
    await opened.close();
  }
}

function callsOf(months: readonly MonthPreview[]): number {
  return months.reduce((sum, { report: { totals } }) => sum + totals.calls, 0);
}

async function pricedMonths(
  { store }: OpenedUsage,
  months: readonly number[],
  catalog: Catalog,
  { account = null }: { readonly account?: string | null },
): Promise<MonthPreview[]> {
  const progress = new ReadProgress('pricing');
  const previews: MonthPreview[] = [];
  try {
    for (const month of months) {
      const onProgress = (step: { month: number; calls: number; ofRows: number }): void =>
        progress.update({ topic: String(step.month), read: step.calls, of: step.ofRows });
      previews.push(await previewMonth(store, { account, catalogs: pricedBy(catalog), onProgress, month }));
    }
  } finally {
    progress.close();
  }
  // Without a price in one of the two there is no difference to tell.
  refuseUnpriced(previews);
  return previews;
}

/** Both catalogs differ from what is stored by so much: the second less the first is what one makes of the other. */
function groupsOf(old: readonly MonthPreview[], now: readonly MonthPreview[]): Group[] {
  const groups = new Map<string, Group>();
  for (const [previews, sign] of [
    [old, -1n],
    [now, 1n],
  ] as const) {
    for (const { before, after, ...each } of differencesOf(previews)) {
      const { accountId, callType, country, prefix, currency } = each;
      const key = JSON.stringify([accountId, callType, country, prefix, currency]);
      const group = groups.get(key) ?? { ...each, calls: 0, before: 0n, after: 0n };
      groups.set(key, group);
      group.after += sign * (after - before);
    }
  }
  const size = ({ after }: Group): bigint => (after < 0n ? -after : after);
  return [...groups.values()]
    .filter(({ after }) => after !== 0n)
    .toSorted((a, b) => Number(size(b) - size(a)));
}

function report(
  [before, after]: readonly [Catalog, Catalog],
  [old, now]: readonly [MonthPreview[], MonthPreview[]],
  json: boolean,
): void {
  const groups = groupsOf(old, now);
  const [oldSums, newSums] = [sumsOf(old), sumsOf(now)];
  const currencies = [...new Set([...oldSums, ...newSums].map(({ currency }) => currency))].toSorted();
  const sums = currencies.map((currency) => {
    const of = (all: typeof oldSums): bigint => all.find((each) => each.currency === currency)?.after ?? 0n;
    return { currency, before: of(oldSums), after: of(newSums) };
  });
  assertComplete(groups, sums);
  const calls = callsOf(now);
  if (json) {
    print(
      JSON.stringify({
        from: before.version,
        to: after.version,
        calls,
        before: Object.fromEntries(sums.map((sum) => [sum.currency, money(sum.before)])),
        after: Object.fromEntries(sums.map((sum) => [sum.currency, money(sum.after)])),
        difference: Object.fromEntries(sums.map((sum) => [sum.currency, money(sum.after - sum.before)])),
        differences: groups.map((group) => ({
          account: group.accountId,
          call_type: group.callType,
          country: group.country,
          prefix: group.prefix === 0 ? '' : String(group.prefix),
          currency: group.currency,
          difference: money(group.after),
        })),
      }),
    );
    return;
  }
  if (groups.length > 0) {
    const rows = groups
      .slice(0, GROUPS_SHOWN_MAX)
      .map((group) => [
        group.accountId,
        group.callType,
        destinationOf(group),
        signed(group.after),
        group.currency,
      ]);
    print(table(['account', 'call type', 'destination', 'difference', ''], rows, [3]));
    if (groups.length > rows.length)
      say(colours.dim(`and ${count(groups.length - rows.length)} more; --json has them all`));
  }
  print(`${count(calls)} calls`);
  for (const sum of sums)
    print(
      `${sum.currency} ${money(sum.before)} → ${money(sum.after)}, difference ${signed(sum.after - sum.before)}`,
    );
}
