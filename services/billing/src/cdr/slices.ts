/**
 * A file of call details in parts, each small enough to be sorted in memory: what a download holds does not grow with the file. Parts
 * are cut by the hour in which calls start, which comes first in the order of the file.
 */
import type { UsageStore } from '@tollstream/usage-store';
import { START } from './columns.ts';
import { callsOf } from './query.ts';
import type { CdrRequest, CdrSlice } from './query.ts';

/** Calls that are sorted at a time; an hour with more of them is a part of its own. */
const SLICE_CALLS = 200_000;
const HOUR_MS = 3_600_000;

/**
 * In the order of the file. Calls of an invoice are one part: which they are takes longer to find than they take to sort.
 * @param size.calls of the request, as `summariseCdrs` counted them
 * @returns null: the file is one part
 */
export async function cdrSlices(
  store: UsageStore,
  request: CdrRequest,
  {
    calls: all,
    sliceCalls = SLICE_CALLS,
  }: { readonly calls: number; readonly sliceCalls?: number | undefined },
): Promise<readonly CdrSlice[] | null> {
  if (request.billed !== undefined || all <= sliceCalls) return null;
  const { rows, parameters } = callsOf(store.database, request);
  const hours = await store.query<{ hour: string; calls: string; earliest: string }>(
    `SELECT toString(intDiv(toUnixTimestamp64Milli(${START}), ${HOUR_MS})) AS hour, toString(count()) AS calls,
            toString(min(toUnixTimestamp64Milli(started_at))) AS earliest
     FROM ${rows} GROUP BY hour ORDER BY toInt64(hour)`,
    parameters,
  );
  const slices: { -readonly [Key in keyof CdrSlice]: CdrSlice[Key] }[] = [];
  for (const { hour, calls, earliest } of hours) {
    const [fromMs, own, earliestMs] = [Number(hour) * HOUR_MS, Number(calls), Number(earliest)];
    const last = slices.at(-1);
    if (last !== undefined && last.calls + own <= sliceCalls) {
      last.calls += own;
      last.toMs = fromMs + HOUR_MS;
      last.earliestMs = Math.min(last.earliestMs, earliestMs);
    } else slices.push({ fromMs, toMs: fromMs + HOUR_MS, earliestMs, calls: own });
  }
  return slices.length > 1 ? slices : null;
}
