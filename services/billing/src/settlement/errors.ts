import { TollError } from '@tollstream/service-kit';
import type { Unpriced } from '@tollstream/settlement';
import { monthText } from '../month.ts';
import type { Run } from './runs.ts';

export function monthNotEnded(month: number, accountId: string, timeZone: string): TollError {
  return new TollError({
    code: 'TOLL_SETTLEMENT_MONTH_NOT_ENDED',
    message: `${textOf(month)} has not ended for account ${accountId} (${timeZone}).`,
    remedy: 'Settle it when it has ended everywhere, or name accounts for which it has.',
  });
}

export function settledAlready(run: Run): TollError {
  return new TollError({
    code: 'TOLL_SETTLEMENT_DONE_ALREADY',
    message: `${textOf(run.month)} was settled on ${new Date(run.changedAtMs).toISOString()} (run ${run.id}).`,
    remedy: 'Give --again to settle what came since; differences become adjustments.',
  });
}

export function runsAlready(run: Run): TollError {
  return new TollError({
    code: 'TOLL_SETTLEMENT_RUNNING',
    message: `Another process (${run.owner}) is at work on ${textOf(run.month)}: run ${run.id}.`,
    remedy: 'Wait until it is done. If that process is gone, try again in two minutes.',
  });
}

export function interrupted(run: Run): TollError {
  const what = run.kind === 'rerate' ? 're-rating' : 'settlement';
  const of = run.account === null ? '' : ` of account ${run.account}`;
  const by = run.catalogVersion === 0 ? '' : ` with catalog version ${run.catalogVersion}`;
  return new TollError({
    code: 'TOLL_SETTLEMENT_INTERRUPTED',
    message: `A ${what}${of} in ${textOf(run.month)}${by} (run ${run.id}) was interrupted and is not complete.`,
    remedy: 'Run the same command again: it goes on. To leave it as it is, give --abandon.',
  });
}

export function unpricedCalls(unpriced: readonly Unpriced[], count: number): TollError {
  const [first] = unpriced;
  return new TollError({
    code: 'TOLL_SETTLEMENT_UNPRICED',
    message: `${count} calls cannot be priced again. The first is ${first!.callId} of account ${first!.accountId}, ${first!.code}: ${first!.detail}`,
    remedy:
      'Give a catalog in which each of these calls has a price in its month and currency. Nothing of them was written.',
  });
}

export function catalogMissing(
  versions: readonly { version: number; calls: number }[],
  month: number,
): TollError {
  const list = versions.map(({ version, calls }) => `${version} (${calls} calls)`).join(', ');
  return new TollError({
    code: 'TOLL_SETTLEMENT_CATALOG_MISSING',
    message: `Calls of ${textOf(month)} were rated with catalog versions that are not at hand: ${list}.`,
    remedy: 'Give --catalog for each of them, or --all-by to price all calls with one catalog.',
  });
}

export function sumsDiffer(run: Run, detail: string): TollError {
  return new TollError({
    code: 'TOLL_SETTLEMENT_SUM_DIFFERS',
    message: `Run ${run.id} wrote other sums than it computed: ${detail}.`,
    remedy: 'Do not invoice the month. Run `tollstream verify`, and report this with what it says.',
  });
}

export function ownerLost(run: Run, owner: string): TollError {
  return new TollError({
    code: 'TOLL_SETTLEMENT_RUNNING',
    message: `Run ${run.id} was taken over by ${owner}.`,
    remedy: 'Let the other process finish.',
  });
}

export function rowsChanged(month: number, accountId: string): TollError {
  return new TollError({
    code: 'TOLL_SETTLEMENT_ROWS_CHANGED',
    message: `The calls of account ${accountId} in ${textOf(month)} do not add up to what was settled.`,
    remedy: 'Settle the month --again: what changed becomes adjustments.',
  });
}

export function textOf(month: number): string {
  return monthText({ year: Math.floor(month / 100), month: month % 100 });
}
