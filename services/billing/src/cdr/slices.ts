/**
 * A file of call details in slices, each small enough to be sorted in memory: what a download holds does not grow with the file. They are
 * cut by the hour in which calls start, which comes first in the order of the file.
 */
import { CHARGE_SCALE } from '@tollstream/contracts';
import { parseDecimalBig } from '@tollstream/money';
import type { UsageStore } from '@tollstream/usage-store';
import { START } from './columns.ts';
import { callsOf, candidatesOf } from './query.ts';
import type { CdrRequest, CdrSlice } from './query.ts';

/** Calls that are sorted at a time; an hour with more of them is a slice of its own. */
const SLICE_CALLS = 200_000;
const HOUR_MS = 3_600_000;

/** The calls of a request as they stand now. */
export interface CdrSummary {
  readonly calls: number;
  /** Currency → exact sum, scaled by 10^CHARGE_SCALE. */
  readonly charge: ReadonlyMap<string, bigint>;
  /** Other calls, or other prices of them, have another one. */
  readonly fingerprint: string;
  /** In the order of the file. */
  readonly slices: readonly CountedSlice[];
}

export interface CountedSlice extends CdrSlice {
  readonly calls: number;
}

/** Counts, sums and slices the calls of a request. */
export async function summariseCdrs(
  store: UsageStore,
  request: CdrRequest,
  sliceCalls = SLICE_CALLS,
): Promise<CdrSummary> {
  const sums = new Map<string, { calls: number; charge: bigint; fingerprint: bigint }>();
  const slices: CountedSlice[] = [];
  for (const slice of await sliced(store, request, sliceCalls)) {
    const { rows, parameters } = callsOf(store.database, request, slice);
    const ofSlice = await store.query<{
      currency: string;
      calls: string;
      total: string;
      fingerprint: string;
    }>(
      `SELECT currency, count() AS calls, sum(charge) AS total,
              toString(sum(cityHash64(switch_id, call_id, leg, revision, charge))) AS fingerprint
       FROM ${rows} GROUP BY currency`,
      parameters,
    );
    let calls = 0;
    for (const row of ofSlice) {
      const sum = sums.get(row.currency) ?? { calls: 0, charge: 0n, fingerprint: 0n };
      sums.set(row.currency, {
        calls: sum.calls + Number(row.calls),
        charge: sum.charge + parseDecimalBig(row.total, CHARGE_SCALE),
        fingerprint: BigInt.asUintN(64, sum.fingerprint + BigInt(row.fingerprint)),
      });
      calls += Number(row.calls);
    }
    if (calls > 0) slices.push({ ...slice, calls });
  }
  const ordered = [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    calls: slices.reduce((sum, { calls }) => sum + calls, 0),
    charge: new Map(
      ordered.filter(([currency]) => currency !== '').map(([currency, { charge }]) => [currency, charge]),
    ),
    fingerprint: ordered
      .map(([currency, { calls, fingerprint }]) => `${currency}:${calls}:${fingerprint}`)
      .join(' '),
    slices,
  };
}

/** Slices that hold all calls of a request; there may be fewer in them than `sliceCalls`, or none. */
async function sliced(store: UsageStore, request: CdrRequest, sliceCalls: number): Promise<CdrSlice[]> {
  const { rows, parameters } = candidatesOf(store.database, request);
  const hours = await store.query<{ hour: string; calls: string; earliest: string }>(
    `SELECT toString(intDiv(toUnixTimestamp64Milli(${START}), ${HOUR_MS})) AS hour, toString(count()) AS calls,
            toString(min(toUnixTimestamp64Milli(started_at))) AS earliest
     FROM ${rows} GROUP BY hour ORDER BY toInt64(hour)`,
    parameters,
  );
  const slices: { fromMs: number; toMs: number; earliestMs: number; calls: number }[] = [];
  for (const { hour, calls, earliest } of hours) {
    const [fromMs, own, earliestMs] = [Number(hour) * HOUR_MS, Number(calls), Number(earliest)];
    const last = slices.at(-1);
    if (last !== undefined && last.calls + own <= sliceCalls) {
      last.calls += own;
      last.toMs = fromMs + HOUR_MS;
      last.earliestMs = Math.min(last.earliestMs, earliestMs);
    } else slices.push({ fromMs, toMs: fromMs + HOUR_MS, earliestMs, calls: own });
  }
  return slices;
}
