/** How settlements and re-ratings are told. */
import { CHARGE_SCALE } from '@tollstream/contracts';
import { formatScaled } from '@tollstream/money';
import type { AppliedMonth, MonthPreview } from '@tollstream/service-billing';
import type { PriceDifference } from '@tollstream/settlement';
import { colours, count, table } from '../terminal.ts';

/** More are for programs. */
const GROUPS_SHOWN_MAX = 40;

export interface Sums {
  readonly currency: string;
  readonly before: bigint;
  readonly after: bigint;
}

/** Sums over all calls of some months, by currency. */
export function sumsOf(months: readonly MonthPreview[]): Sums[] {
  const sums = new Map<string, { before: bigint; after: bigint }>();
  const at = (currency: string): { before: bigint; after: bigint } => {
    const sum = sums.get(currency) ?? { before: 0n, after: 0n };
    sums.set(currency, sum);
    return sum;
  };
  for (const { report } of months) {
    for (const [currency, sum] of report.totals.before) at(currency).before += sum;
    for (const [currency, sum] of report.totals.after) at(currency).after += sum;
  }
  return [...sums]
    .map(([currency, sum]) => ({ currency, ...sum }))
    .toSorted((a, b) => (a.currency < b.currency ? -1 : 1));
}

/** Of all months together, the largest first. */
export function differencesOf(months: readonly MonthPreview[]): PriceDifference[] {
  const groups = new Map<string, PriceDifference>();
  for (const difference of months.flatMap(({ report }) => report.differences())) {
    const { accountId, callType, country, prefix, currency } = difference;
    const key = JSON.stringify([accountId, callType, country, prefix, currency]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ...difference });
    else {
      group.calls += difference.calls;
      group.before += difference.before;
      group.after += difference.after;
    }
  }
  const size = ({ before, after }: PriceDifference): bigint =>
    after < before ? before - after : after - before;
  return [...groups.values()].toSorted((a, b) => Number(size(b) - size(a)));
}

/** The groups must account for all that changes: a difference here is a defect, and nothing may be written on it. */
export function assertComplete(groups: readonly PriceDifference[], sums: readonly Sums[]): void {
  for (const { currency, before, after } of sums) {
    const told = groups.reduce(
      (sum, group) => (group.currency === currency ? sum + group.after - group.before : sum),
      0n,
    );
    if (told !== after - before)
      throw new Error(`the differences by destination add up to ${told}, the calls to ${after - before}`);
  }
}

export function differenceTable(groups: readonly PriceDifference[]): string[] {
  if (groups.length === 0) return [];
  const rows = groups
    .slice(0, GROUPS_SHOWN_MAX)
    .map((group) => [
      group.accountId,
      group.callType,
      destinationOf(group),
      count(group.calls),
      money(group.before),
      money(group.after),
      signed(group.after - group.before),
      group.currency,
    ]);
  const head = ['account', 'call type', 'destination', 'calls', 'before', 'after', 'difference', ''];
  const more = groups.length - rows.length;
  return [
    table(head, rows, [3, 4, 5, 6]),
    ...(more > 0 ? [colours.dim(`and ${count(more)} more; --json has them all`)] : []),
  ];
}

export function sumLines(months: readonly MonthPreview[], sums: readonly Sums[]): string[] {
  const calls = months.reduce((sum, { report }) => sum + report.totals.calls, 0);
  if (calls === 0) return ['no calls'];
  return [
    `${count(calls)} calls`,
    ...sums.map(
      ({ currency, before, after }) =>
        `${currency} ${money(before)} → ${money(after)}, difference ${signed(after - before)}`,
    ),
  ];
}

export function appliedLine(applied: AppliedMonth): string {
  const { run, totals, adjustments, late, difference, isResumed } = applied;
  const charged = [...totals.charge].map(([currency, sum]) => `${currency} ${money(sum)}`).join(', ');
  const changed = [...difference].map(([currency, sum]) => `${currency} ${signed(sum)}`).join(', ');
  return [
    `run ${run.id}${isResumed ? ' (resumed)' : ''}: ${count(totals.calls)} calls of ${count(totals.accounts)} accounts`,
    ...(charged === '' ? [] : [charged]),
    `${count(adjustments)} adjustments${late > 0 ? `, ${count(late)} of late calls` : ''}${changed === '' ? '' : ` (${changed})`}`,
  ].join(', ');
}

export function differenceJson(group: PriceDifference): Record<string, unknown> {
  return {
    account: group.accountId,
    call_type: group.callType,
    country: group.country,
    prefix: group.prefix === 0 ? '' : String(group.prefix),
    calls: group.calls,
    currency: group.currency,
    before: money(group.before),
    after: money(group.after),
    difference: money(group.after - group.before),
  };
}

export function appliedJson({
  run,
  totals,
  adjustments,
  late,
  difference,
}: AppliedMonth): Record<string, unknown> {
  return {
    run: run.id,
    month: run.id.slice(0, 7),
    accounts: totals.accounts,
    calls: totals.calls,
    charge: amounts(totals.charge),
    adjustments,
    late_calls: late,
    difference: amounts(difference),
  };
}

export function amounts(sums: ReadonlyMap<string, bigint>): Record<string, string> {
  return Object.fromEntries([...sums].map(([currency, sum]) => [currency, money(sum)]));
}

export function money(amount: bigint): string {
  return formatScaled(amount, CHARGE_SCALE);
}

export function signed(amount: bigint): string {
  return amount > 0n ? `+${money(amount)}` : money(amount);
}

export function destinationOf({ country, prefix }: Pick<PriceDifference, 'country' | 'prefix'>): string {
  return [country, prefix === 0 ? '' : String(prefix)].filter((part) => part !== '').join(' ');
}
