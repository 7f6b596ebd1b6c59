/**
 * Settlement and re-rating: one machinery. The calls of a month are priced again in canonical order, and what differs is written.
 *
 *   1 claim the month → 2 complete what an interrupted run wrote ahead
 *   for each range of accounts, some at the same time:
 *     3 read and price → 4 write ahead what changes, as adjustments → 5 make it true in `usage`
 *     6 note the calls that are settled now → 7 note the accounts
 *   8 hold the sums against the store → 9 note that the run is done
 *
 * A kill at any point loses nothing: before 4 nothing has happened; after 4 the next run completes 5; after 5 the calls come out as they
 * stand, and 6 and 7 write rows that take the place of their twins.
 */
import { CHARGE_SCALE } from '@tollstream/contracts';
import { parseDecimalBig } from '@tollstream/money';
import { holdYoungGeneration, releaseYoungGeneration } from '@tollstream/service-kit';
import { DifferenceReport, MonthReplay } from '@tollstream/settlement';
import type { Unpriced } from '@tollstream/settlement';
import type { SettlementStore, UsageStore } from '@tollstream/usage-store';
import { adjustmentsOf, applyAdjustments, sumsOfRun, writeAdjustments } from './adjustments.ts';
import type { AdjustmentBlock, DifferenceSums } from './adjustments.ts';
import type { PricingCatalogs } from './catalogs.ts';
import { accountsOf, planChunks } from './chunks.ts';
import type { AccountRows, Chunk } from './chunks.ts';
import { Heartbeat, claimRun } from './claim.ts';
import { catalogMissing, monthNotEnded, settledAlready, sumsDiffer, unpricedCalls } from './errors.ts';
import { readMonth } from './month-reader.ts';
import { accountsDone, closingRun, readRuns, totalsOfRun, writeAccounts, writeRun } from './runs.ts';
import type { Run, RunKind, RunTotals } from './runs.ts';
import { SettledCalls } from './settled-calls.ts';

export interface SettlementLimits {
  /** Rows of a range of accounts. */
  readonly chunkRowsMax: number;
  /** Adjustments of one insert, where an account is larger than that. */
  readonly insertRowsMax: number;
  /** Ranges at the same time. */
  readonly chunksAtOnceMax: number;
}

/** ClickHouse sorts a range in memory, and its calls are held here until they are noted: ranges of 100,000 rows took 40 MB more. */
export const SETTLEMENT_LIMITS: SettlementLimits = {
  chunkRowsMax: 60_000,
  insertRowsMax: 100_000,
  chunksAtOnceMax: 2,
};

export interface SettlementProgress {
  readonly month: number;
  readonly calls: number;
  /** Rows of the table; some of them may be older revisions of calls. */
  readonly ofRows: number;
  readonly changed: number;
}

export interface MonthRequest {
  /** yyyymm. */
  readonly month: number;
  /** Null = all. */
  readonly account: string | null;
  readonly catalogs: PricingCatalogs;
  readonly limits?: SettlementLimits;
  readonly onProgress?: ((progress: SettlementProgress) => void) | undefined;
}

/** What pricing a month again comes to. */
export interface MonthPreview {
  readonly month: number;
  readonly report: DifferenceReport;
  /** At most `UNPRICED_KEPT` of them. */
  readonly unpriced: readonly Unpriced[];
  readonly unpricedCount: number;
  /** Calls that came after their month was settled. */
  readonly late: number;
}

export interface ApplyRequest extends MonthRequest {
  readonly kind: RunKind;
  /** Settles accounts that are settled already once more. */
  readonly again: boolean;
  /** Gives up an interrupted run of another kind. */
  readonly abandon?: boolean;
  readonly clock: () => number;
  /** Called after each numbered step, for tests. */
  readonly onStep?: ((step: number) => Promise<void> | void) | undefined;
}

export interface AppliedMonth extends MonthPreview {
  readonly run: Run;
  readonly isResumed: boolean;
  readonly totals: RunTotals;
  /** Rows of adjustments, all that the run wrote. */
  readonly adjustments: number;
  /** Currency → scaled sum of their differences. */
  readonly difference: ReadonlyMap<string, bigint>;
  /** Accounts that were settled before and left alone. */
  readonly settledBefore: number;
}

const UNPRICED_KEPT = 20;

/** Prices a month again and writes nothing. */
export async function previewMonth(store: UsageStore, request: MonthRequest): Promise<MonthPreview> {
  await assertCatalogs(store, request);
  const runs = await readRuns(store, request.month);
  const accounts = await accountsOf(store, request.month, request.account);
  const { chunkRowsMax } = request.limits ?? SETTLEMENT_LIMITS;
  const chunks = planChunks(accounts, { rowsMax: chunkRowsMax, isSkipped: () => false });
  const pass = new Pass(store, request, { runs, run: null, rows: rowsIn(accounts) });
  await pass.through(chunks);
  return pass.preview();
}

/**
 * Settles a month, or prices it with another catalog; a run that was interrupted goes on.
 * @throws TollError TOLL_SETTLEMENT_…
 */
export async function applyMonth(store: SettlementStore, request: ApplyRequest): Promise<AppliedMonth> {
  const { month, account, kind, catalogs, clock, again } = request;
  const step = async (number: number): Promise<void> => request.onStep?.(number);
  await assertCatalogs(store, request);
  const before = await readRuns(store, month);
  const accounts = await accountsOf(store, month, account);
  if (kind === 'settlement') assertEnded(request, accounts);
  const isClosed = (accountId: string): boolean => closingRun(before, accountId) !== null;
  if (kind === 'settlement' && !again) refuseSettled(before, account);
  // 1
  const { run, isResumed } = await claimRun(
    store,
    { month, kind, account, catalogVersion: catalogs.version },
    {
      nowMs: clock(),
      abandon: request.abandon === true ? (open) => applyAdjustments(store, open, null) : null,
    },
  );
  await step(1);
  // 2
  if (isResumed) await applyAdjustments(store, run, null);
  await step(2);

  const done = isResumed ? await accountsDone(store, run) : new Set<string>();
  const leavesAlone = (accountId: string): boolean => kind === 'settlement' && !again && isClosed(accountId);
  const { chunkRowsMax } = request.limits ?? SETTLEMENT_LIMITS;
  const chunks = planChunks(accounts, {
    rowsMax: chunkRowsMax,
    isSkipped: (accountId) => done.has(accountId) || leavesAlone(accountId),
  });
  const pass = new Pass(store, request, { runs: before, run, rows: rowsIn(accounts), step });
  // 3 to 7
  await pass.through(chunks);
  // 8
  const sums = await sumsOfRun(store, run);
  const difference = new Map(
    [...sums.difference].map(([currency, sum]) => [currency, parseDecimalBig(sum, CHARGE_SCALE)]),
  );
  if (!isResumed) assertSums(run, pass, { ...sums, difference });
  await step(8);
  // 9
  const finished: Run = { ...run, state: 'done', changedAtMs: clock() };
  await writeRun(store, finished);
  await step(9);
  return {
    ...pass.preview(),
    run: finished,
    isResumed,
    totals: await totalsOfRun(store, run),
    adjustments: sums.rows,
    difference,
    settledBefore: accounts.filter(({ accountId }) => leavesAlone(accountId)).length,
  };
}

/** Goes through ranges of accounts, and writes what changes where there is a run to write it. */
class Pass {
  readonly #store: UsageStore;
  readonly #writing: {
    readonly store: SettlementStore;
    readonly run: Run;
    readonly heartbeat: Heartbeat;
  } | null;
  readonly #request: MonthRequest;
  readonly #limits: SettlementLimits;
  readonly #runs: readonly Run[];
  readonly #rows: number;
  readonly #step: (number: number) => Promise<void>;
  readonly #readsSettled: boolean;
  readonly #report = new DifferenceReport();
  readonly #unpriced: Unpriced[] = [];
  #unpricedCount = 0;
  #late = 0;
  adjustments = 0;
  readonly difference: DifferenceSums = new Map();

  constructor(
    store: UsageStore | SettlementStore,
    request: MonthRequest | ApplyRequest,
    options: {
      runs: readonly Run[];
      run: Run | null;
      rows: number;
      step?: (number: number) => Promise<void>;
    },
  ) {
    this.#store = store;
    this.#request = request;
    this.#limits = request.limits ?? SETTLEMENT_LIMITS;
    this.#runs = options.runs;
    this.#rows = options.rows;
    this.#step = options.step ?? (async () => undefined);
    this.#readsSettled = options.runs.some(({ kind, state }) => kind === 'settlement' && state === 'done');
    this.#writing =
      options.run !== null && 'insertKeyed' in store && 'clock' in request
        ? { store, run: options.run, heartbeat: new Heartbeat(store, options.run, request.clock) }
        : null;
  }

  async through(chunks: readonly Chunk[]): Promise<void> {
    try {
      await this.#atOnce(chunks.filter((chunk) => !this.#isLarge(chunk)));
      // These write while they read. One at a time: a store may answer no more than two requests.
      for (const chunk of chunks.filter((each) => this.#isLarge(each))) await this.#chunk(chunk);
    } finally {
      releaseYoungGeneration();
    }
  }

  /** An account that is not held in memory at once. */
  #isLarge({ rows }: Chunk): boolean {
    return rows > this.#limits.chunkRowsMax;
  }

  async #atOnce(chunks: readonly Chunk[]): Promise<void> {
    const waiting = chunks.values();
    const worker = async (): Promise<void> => {
      // One iterator for all workers: each chunk is taken once.
      for (const chunk of waiting) await this.#chunk(chunk);
    };
    const results = await Promise.allSettled(
      Array.from({ length: Math.min(this.#limits.chunksAtOnceMax, chunks.length) }, worker),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  preview(): MonthPreview {
    return {
      month: this.#request.month,
      report: this.#report,
      unpriced: this.#unpriced,
      unpricedCount: this.#unpricedCount,
      late: this.#late,
    };
  }

  async #chunk(chunk: Chunk): Promise<void> {
    const { month, catalogs, onProgress } = this.#request;
    const replay = new MonthReplay(catalogs);
    const writing = this.#writing;
    const settled = writing === null ? null : new SettledCalls();
    const isLarge = this.#isLarge(chunk);
    let pending: AdjustmentBlock[] = [];
    let pendingRows = 0;
    const flush = async (): Promise<void> => {
      if (writing === null || pending.length === 0) return;
      // 4
      await writeAdjustments(writing.store, pending);
      await this.#step(4);
      // 5
      await applyAdjustments(writing.store, writing.run, chunk);
      await this.#step(5);
      pending = [];
      pendingRows = 0;
    };
    const closed = new Map<string, boolean>();
    const isClosed = (accountId: string): boolean => {
      let answer = closed.get(accountId);
      if (answer === undefined) {
        answer = closingRun(this.#runs, accountId) !== null;
        closed.set(accountId, answer);
      }
      return answer;
    };
    // 3
    const blocks = readMonth(this.#store, {
      month,
      range: chunk,
      run: writing?.run.number ?? 0,
      readsSettled: this.#readsSettled,
    });
    for await (const block of blocks) {
      holdYoungGeneration();
      const replayed = replay.block(block);
      this.#report.add(block, replayed);
      this.#noteUnpriced(replayed.unpriced);
      const isSettled = block.column('is_settled').uint8s();
      const accounts = block.column('account_id').lowCardinality();
      const closedAccounts = accounts.dictionary.map(isClosed);
      const isLate = (row: number): boolean =>
        closedAccounts[accounts.indexes[row]!]! && isSettled[row] === 0;
      if (writing === null) {
        for (let row = 0; row < block.rows; row++) if (isLate(row)) this.#late += 1;
      } else {
        const adjustments = adjustmentsOf(writing.run, block, replayed, isLate, this.difference);
        if (adjustments !== null) {
          pending.push(adjustments);
          pendingRows += adjustments.rows;
          this.adjustments += adjustments.rows;
          this.#late += adjustments.late;
        }
        if (writing.run.kind === 'settlement')
          settled!.add(block, (row) => !closedAccounts[accounts.indexes[row]!]!);
        if (isLarge && pendingRows >= this.#limits.insertRowsMax) await flush();
        if (isLarge && settled!.isFull) await settled!.write(writing.store);
      }
      const { calls, changed } = this.#report.totals;
      onProgress?.({ month, calls, ofRows: this.#rows, changed });
    }
    replay.end();
    if (writing === null) return;
    await this.#step(3);
    await flush();
    // 6
    await settled!.write(writing.store);
    await this.#step(6);
    // 7
    await writeAccounts(writing.store, writing.run, replay.takeFinished());
    await this.#step(7);
    await writing.heartbeat.beat();
  }

  #noteUnpriced(unpriced: readonly Unpriced[]): void {
    this.#unpricedCount += unpriced.length;
    this.#unpriced.push(...unpriced.slice(0, UNPRICED_KEPT - this.#unpriced.length));
    // What has no price can be shown, and is never written.
    if (this.#writing !== null && unpriced.length > 0) throw unpricedCalls(unpriced, unpriced.length);
  }
}

/** The catalog versions that the calls of a month name. */
export async function ratedVersions(
  store: UsageStore,
  { month, account }: Pick<MonthRequest, 'month' | 'account'>,
): Promise<{ version: number; calls: number }[]> {
  const rows = await store.query<{ version: number; calls: string }>(
    `SELECT catalog_version AS version, count() AS calls FROM ${store.database}.usage FINAL
     WHERE billing_month = {month:UInt32}${account === null ? '' : ' AND account_id = {account:String}'}
     GROUP BY version ORDER BY version`,
    { month, account: account ?? '' },
  );
  return rows.map(({ version, calls }) => ({ version, calls: Number(calls) }));
}

/** @throws TollError TOLL_SETTLEMENT_CATALOG_MISSING */
async function assertCatalogs(store: UsageStore, request: MonthRequest): Promise<void> {
  const { catalogs, month } = request;
  if (catalogs.version !== 0) return;
  const versions = await ratedVersions(store, request);
  const missing = versions.filter(({ version }) => catalogs.tableFor(version) === null);
  if (missing.length > 0) throw catalogMissing(missing, month);
}

/** @throws TollError TOLL_SETTLEMENT_MONTH_NOT_ENDED */
function assertEnded(
  { month, account, catalogs, clock }: ApplyRequest,
  withCalls: readonly AccountRows[],
): void {
  const nowMs = clock();
  for (const catalog of catalogs.catalogs) {
    const known = account === null ? [...catalog.accounts.keys()] : [account];
    for (const accountId of new Set([...known, ...withCalls.map((each) => each.accountId)])) {
      const rated = catalogs.tableFor(catalog.version)?.account(accountId);
      if (rated === undefined || rated === null) continue;
      if (rated.months.of(nowMs) <= month) throw monthNotEnded(month, accountId, rated.months.timeZone);
    }
  }
}

/** @throws TollError TOLL_SETTLEMENT_DONE_ALREADY */
function refuseSettled(runs: readonly Run[], account: string | null): void {
  const closed =
    account === null
      ? (runs.find((run) => run.kind === 'settlement' && run.state === 'done' && run.account === null) ??
        null)
      : closingRun(runs, account);
  if (closed !== null) throw settledAlready(closed);
}

/** @throws TollError TOLL_SETTLEMENT_SUM_DIFFERS */
function assertSums(
  run: Run,
  pass: Pass,
  stored: { rows: number; difference: ReadonlyMap<string, bigint> },
): void {
  if (stored.rows !== pass.adjustments)
    throw sumsDiffer(run, `${pass.adjustments} adjustments were made, ${stored.rows} are stored`);
  for (const currency of new Set([...pass.difference.keys(), ...stored.difference.keys()])) {
    const [mine, theirs] = [pass.difference.get(currency) ?? 0n, stored.difference.get(currency) ?? 0n];
    if (mine !== theirs) throw sumsDiffer(run, `${currency} ${mine} were computed, ${theirs} are stored`);
  }
}

function rowsIn(accounts: readonly AccountRows[]): number {
  return accounts.reduce((sum, { rows }) => sum + rows, 0);
}
