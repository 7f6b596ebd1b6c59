/** Totals of a data directory, from what each stage committed with its offsets. */
import { CHARGE_SCALE, parseTotals } from '@tollstream/contracts';
import type { RunningTotals } from '@tollstream/contracts';
import type { EventLog } from '@tollstream/event-log';
import { formatScaled } from '@tollstream/money';
import { groupName } from '@tollstream/service-kit';
import type { ProgressSnapshot } from './progress.ts';

export interface StageTopics {
  readonly raw: string;
  readonly accepted: string;
  readonly rejected: string;
  readonly rated: string;
  readonly suspended: string;
  readonly resolved: string;
  readonly alerts: string;
}

export const EMBEDDED_TOPICS: StageTopics = {
  raw: 'calls.raw',
  accepted: 'calls.accepted',
  rejected: 'calls.rejected',
  rated: 'usage.rated',
  suspended: 'usage.suspended',
  resolved: 'usage.resolved',
  alerts: 'usage.alerts',
};

export interface PipelineTotals {
  readonly seen: number;
  readonly rated: number;
  readonly rejected: number;
  readonly suspended: number;
  readonly duplicate: number;
  /** Currency → decimal text, in alphabetical order. */
  readonly charge: Readonly<Record<string, string>>;
}

export async function pipelineTotals(
  log: EventLog,
  topics: StageTopics,
  groupPrefix = '',
): Promise<PipelineTotals> {
  const ingest = await stageTotals(log, groupName('ingest', groupPrefix), topics.raw);
  const rating = await stageTotals(log, groupName('rating', groupPrefix), topics.accepted);
  const sum = (all: readonly RunningTotals[], pick: (totals: RunningTotals) => number): number =>
    all.reduce((total, each) => total + pick(each), 0);
  return {
    seen: sum(ingest, (totals) => totals.seen),
    rated: sum(rating, (totals) => totals.rated),
    rejected: sum(ingest, (totals) => totals.rejected),
    suspended: sum(rating, (totals) => totals.suspended),
    duplicate: sum(rating, (totals) => totals.duplicate),
    charge: chargeOf(rating),
  };
}

async function stageTotals(log: EventLog, group: string, topic: string): Promise<RunningTotals[]> {
  const totals: RunningTotals[] = [];
  for (const { partition } of await log.offsets(topic)) {
    const committed = await log.committed(group, topic, partition);
    if (committed !== null && committed.metadata !== '') totals.push(parseTotals(committed.metadata));
  }
  return totals;
}

function chargeOf(all: readonly RunningTotals[]): Record<string, string> {
  const sums = new Map<string, bigint>();
  for (const totals of all) {
    for (const [currency, amount] of Object.entries(totals.charge)) {
      sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(amount));
    }
  }
  const currencies = [...sums.keys()].sort();
  return Object.fromEntries(
    currencies.map((currency) => [currency, formatScaled(sums.get(currency) ?? 0n, CHARGE_SCALE)]),
  );
}

/** Records between the end of each stage's input and its committed position. */
export async function pipelineLag(
  log: EventLog,
  topics: StageTopics,
  groupPrefix = '',
): Promise<{ ingest: number; rating: number; aggregator: number }> {
  return {
    ingest: await groupLag(log, groupName('ingest', groupPrefix), [topics.raw]),
    rating: await groupLag(log, groupName('rating', groupPrefix), [topics.accepted]),
    aggregator: await groupLag(log, groupName('aggregator', groupPrefix), [
      topics.rated,
      topics.suspended,
      topics.resolved,
      topics.alerts,
      topics.rejected,
    ]),
  };
}

async function groupLag(log: EventLog, group: string, topics: readonly string[]): Promise<number> {
  let lag = 0;
  for (const topic of topics) {
    for (const { partition, begin, end } of await log.offsets(topic)) {
      const committed = await log.committed(group, topic, partition);
      lag += end - (committed?.offset ?? begin);
    }
  }
  return lag;
}

export function progressSnapshot(totals: PipelineTotals, publishedRecords: number): ProgressSnapshot {
  const done = totals.rated + totals.rejected + totals.suspended + totals.duplicate;
  return { ...totals, lag: Math.max(0, publishedRecords - done) };
}
