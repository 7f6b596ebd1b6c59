/** One run at a time works on a month: whoever begins says so in the store, and looks whether somebody else has. */
import { hostname } from 'node:os';
import type { SettlementStore } from '@tollstream/usage-store';
import { interrupted, ownerLost, runsAlready, textOf } from './errors.ts';
import { ownName, readRuns, writeRun } from './runs.ts';
import type { Run, RunKind } from './runs.ts';

/** A process of another machine that was not heard of for this long is gone. */
const SILENT_AFTER_MS = 120_000;
const HEARTBEAT_MS = 20_000;

export interface Wanted {
  readonly month: number;
  readonly kind: RunKind;
  readonly account: string | null;
  readonly catalogVersion: number;
}

export interface Claim {
  readonly run: Run;
  /** It was begun before, and interrupted. */
  readonly isResumed: boolean;
  /** Runs of the month before this one. */
  readonly earlier: readonly Run[];
}

/**
 * Begins a run, or goes on with the one that was interrupted, where it is the same.
 * @param abandons gives up a run of another kind that was interrupted; null = refuses
 * @throws TollError TOLL_SETTLEMENT_RUNNING | TOLL_SETTLEMENT_INTERRUPTED
 */
export async function claimRun(
  store: SettlementStore,
  wanted: Wanted,
  { nowMs, abandon }: { nowMs: number; abandon: ((run: Run) => Promise<void>) | null },
): Promise<Claim> {
  const runs = await readRuns(store, wanted.month);
  const open = runs.find(({ state }) => state === 'running') ?? null;
  if (open !== null && isAlive(open, nowMs)) throw runsAlready(open);
  let isResumed = false;
  if (open !== null) {
    isResumed = isSame(open, wanted);
    if (!isResumed && abandon === null) throw interrupted(open);
    if (!isResumed) {
      await abandon!(open);
      await writeRun(store, { ...open, state: 'abandoned', changedAtMs: nowMs });
    }
  }
  const number = isResumed ? open!.number : Math.max(0, ...runs.map((run) => run.number)) + 1;
  const run: Run = {
    ...wanted,
    number,
    id: `${textOf(wanted.month)}-${number}`,
    state: 'running',
    owner: ownName(),
    startedAtMs: isResumed ? open!.startedAtMs : nowMs,
    changedAtMs: nowMs,
  };
  await writeRun(store, run);
  await assertOwner(store, run);
  return { run, isResumed, earlier: runs.filter((each) => each.number < number) };
}

/** Says now and then that the run is at work, and stops it when another process has taken it over. */
export class Heartbeat {
  readonly #store: SettlementStore;
  readonly #run: Run;
  readonly #clock: () => number;
  #lastMs: number;

  constructor(store: SettlementStore, run: Run, clock: () => number) {
    this.#store = store;
    this.#run = run;
    this.#clock = clock;
    this.#lastMs = run.changedAtMs;
  }

  /** @throws TollError TOLL_SETTLEMENT_RUNNING */
  async beat(): Promise<void> {
    const nowMs = this.#clock();
    if (nowMs - this.#lastMs < HEARTBEAT_MS) return;
    this.#lastMs = nowMs;
    await assertOwner(this.#store, this.#run);
    await writeRun(this.#store, { ...this.#run, changedAtMs: nowMs });
  }
}

async function assertOwner(store: SettlementStore, run: Run): Promise<void> {
  const stored = (await readRuns(store, run.month)).find(({ number }) => number === run.number);
  if (stored?.owner !== run.owner) throw ownerLost(run, stored?.owner ?? 'nobody');
}

function isSame(run: Run, wanted: Wanted): boolean {
  return (
    run.kind === wanted.kind && run.account === wanted.account && run.catalogVersion === wanted.catalogVersion
  );
}

function isAlive(run: Run, nowMs: number): boolean {
  const at = run.owner.lastIndexOf(':');
  const [host, pid] = [run.owner.slice(0, at), Number(run.owner.slice(at + 1))];
  if (host !== hostname()) return nowMs - run.changedAtMs < SILENT_AFTER_MS;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
