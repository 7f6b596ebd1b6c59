/** What a benchmark writes: one JSON object that a later run is compared with. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CallTally } from '../../packages/cli/src/generate/generate-calls.ts';
import { PROJECT_ROOT } from '../support/cli.ts';
import { cpus, totalmem } from 'node:os';
import type { Pause, Pauses } from './pauses.ts';
import type { RestoreResult } from './restore.ts';
import type { SettlementResult } from './settlement.ts';

export interface StageResult {
  readonly stage: string;
  /** Records of one measurement. */
  readonly calls: number;
  readonly calls_per_second: number;
  readonly cpu_seconds_per_million: number;
  readonly bytes_per_call: number | null;
}

/** Calls that were made beforehand, what they are priced by, and what must become of them. */
export interface BenchInput {
  readonly calls: number;
  readonly file: string;
  /** Absent: the sample's. */
  readonly catalogDirectory?: string;
  /** What the generator counted. */
  readonly expected: Pick<CallTally, 'rated' | 'rejected' | 'suspended' | 'duplicate' | 'answeredMs'>;
}

export interface EndToEndResult {
  readonly scenario: string;
  readonly calls: number;
  /** To the last row visible in ClickHouse: from the first record read, or where it says so from a tenth of the rows. */
  readonly calls_per_second: number;
  /** Speeds of all runs, where there were several. */
  readonly runs?: readonly number[];
  /** What was measured, and what was held against it. */
  readonly includes?: string;
  readonly bytes_per_call: number;
  /** By process; the broker and the engine included where they are processes of their own. */
  readonly cpu_seconds_per_million: Readonly<Record<string, number>>;
  readonly peak_megabytes: Readonly<Record<string, number>>;
  /** Which one it was; absent where there was none. */
  readonly broker?: string;
  readonly outcomes: unknown;
}

export interface StageTime {
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** Where the time went; a stage's time ends when it sends its block, and the commit of that is the next one's. */
export interface StageTimes {
  readonly published_to_accepted: StageTime;
  readonly accepted_to_rated: StageTime;
  readonly rated_to_visible: StageTime;
}

/** From an event handed to the log's client (embedded: to standard input) to its row visible to a query. */
export interface LatencyResult {
  readonly scenario: string;
  readonly calls_per_second_offered: number;
  readonly calls_per_second_achieved: number;
  /** Measured, after a warm-up. */
  readonly seconds: number;
  readonly rows_measured: number;
  /** Every row is counted to be there; one in so many is timed. */
  readonly one_row_in: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly p999_ms: number;
  readonly max_ms: number;
  readonly stages: StageTimes;
  /** How long each stage stood still, warm-up excluded. */
  readonly pauses?: Pauses;
}

/** 99 of 100 calls are visible by then where a rate is kept up with: behind it, what waits grows for as long as the rate lasts. */
const KEPT_WITHIN_MS = 5_000;

/** The latencies of rising rates, published one after the other to the same processes. */
export interface RisingLoad {
  readonly kafka: readonly LatencyResult[];
  readonly embedded: readonly LatencyResult[];
}

/** The highest of rising rates that was kept up with, and what was measured at half of it: at the lowest rate that is not below. */
export function keptUpWith(
  rising: readonly LatencyResult[],
): { readonly most: LatencyResult; readonly half: LatencyResult } | null {
  const behind = rising.findIndex(({ p99_ms }) => p99_ms > KEPT_WITHIN_MS);
  const most = rising.slice(0, behind === -1 ? undefined : behind).at(-1);
  if (most === undefined) return null;
  const half = rising.find(
    ({ calls_per_second_achieved: rate }) => rate >= most.calls_per_second_achieved / 2,
  )!;
  return { most, half };
}

/** The same services over Kafka, with and without transactions, fencing and the boundary before an insert. */
export interface ExactlyOnceCost {
  readonly exactly_once: { readonly throughput: EndToEndResult; readonly latency: LatencyResult };
  readonly at_least_once: { readonly throughput: EndToEndResult; readonly latency: LatencyResult };
}

/** What a call costs on one variant of the load. */
export interface LinearityRow {
  readonly group: string;
  readonly variant: string;
  readonly calls: number;
  readonly cpu_seconds_per_million: number;
  /** The same in turns of a loop that never changes. */
  readonly turns_per_call: number;
  /** Turns against those of the group's base in the same round; the median of the rounds. */
  readonly times_base: number;
  readonly times_base_of_rounds: readonly number[];
  /** What is aimed at; null where nothing is. */
  readonly bound: number | null;
  readonly peak_megabytes: number;
  /** Rows that merges read in that time, for each row stored. */
  readonly merged_rows_per_row?: number;
  readonly calls_per_second?: number;
  readonly note?: string;
}

export interface LinearityResult {
  readonly rounds: number;
  readonly rows: readonly LinearityRow[];
}

/** What somebody else's way of pricing costs, on one deck. */
export interface PeerResult {
  readonly name: string;
  readonly version: string;
  readonly includes: string;
  readonly prefixes: number;
  readonly calls: number;
  readonly calls_per_second: number;
  readonly cpu_seconds_per_million: number | null;
  /** Processor time against this product's in the same round; the median. */
  readonly times_tollstream: number;
  readonly totals: { readonly calls: number; readonly charge: string; readonly checksum: string };
  /** '' when every price is this product's, to the last digit. */
  readonly difference: string;
}

export interface PeersResult {
  readonly rounds: number;
  readonly results: readonly PeerResult[];
  /** Peers that this machine does not have, and why. */
  readonly missing: Readonly<Record<string, string>>;
}

/** Ingest and rating went through a backlog while ClickHouse was away; then the aggregator drained what waited. */
export interface BacklogResult {
  readonly scenario: string;
  readonly calls: number;
  /** From ClickHouse back to no lag left. */
  readonly drain_seconds: number;
  readonly drained_rows_per_second: number;
  /** By process, up to when all calls were rated and ClickHouse came back. */
  readonly peak_megabytes_away: Readonly<Record<string, number>>;
  /** By process, of the whole run. */
  readonly peak_megabytes: Readonly<Record<string, number>>;
}

export interface ServiceSwap {
  /** Read and compiled beside the work. */
  readonly load_ms: number;
  /** The step between two batches. */
  readonly swap_ms: number;
}

/** What was seen while versions came into use, or otherwise, in the same processes. */
export interface SwapSide {
  /** By thread that calls go through. */
  readonly pauses: Readonly<Record<string, Pause>>;
  /** Blocks of rated calls. */
  readonly blocks: number;
  /** From the send of a block by ingest to the send of its rated calls. */
  readonly delay_ms: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** Versions of the catalog published while the services rate a steady load. */
export interface SwapResult {
  readonly scenario: string;
  readonly calls_per_second: number;
  readonly seconds: number;
  readonly prefixes: number;
  readonly accounts: number;
  /** Version → rows in the table. */
  readonly versions: Readonly<Record<string, number>>;
  /** Of rated and suspended calls, as they stand on the stream. */
  readonly batches: number;
  readonly batches_of_two_versions: number;
  readonly blocks: number;
  readonly rows: number;
  readonly rows_without_version: number;
  readonly rows_in_table: number;
  /** Rows whose price is another than that of the version that they name. */
  readonly rows_of_another_price: number;
  readonly swaps: readonly {
    readonly version: number;
    /** From the first block that the version told accounts for until rating had the version. */
    readonly rating_waited_ms: number;
    readonly services: Readonly<Record<string, ServiceSwap>>;
  }[];
  readonly with_swaps: SwapSide;
  readonly without: SwapSide;
}

export interface BenchReport {
  readonly made_at: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memory_gigabytes: number };
  readonly versions: Readonly<Record<string, string>>;
  readonly stages: readonly StageResult[];
  readonly kafka?: EndToEndResult;
  readonly embedded?: EndToEndResult;
  readonly embedded_json?: EndToEndResult;
  readonly settlement?: SettlementResult;
  readonly latency?: { readonly kafka: LatencyResult; readonly embedded: LatencyResult };
  readonly rising_load?: RisingLoad;
  readonly exactly_once_cost?: ExactlyOnceCost;
  readonly restore?: RestoreResult;
  readonly linearity?: LinearityResult;
  readonly peers?: PeersResult;
  readonly backlog?: BacklogResult;
  readonly swap?: SwapResult;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** The run of the middle, with the speeds of all; processor time is the median by stage, memory the most of all runs. */
export function middleRun(runs: readonly EndToEndResult[]): EndToEndResult {
  const speeds = runs.map((run) => run.calls_per_second);
  const middle = median(speeds);
  const closest = runs.toSorted(
    (a, b) => Math.abs(a.calls_per_second - middle) - Math.abs(b.calls_per_second - middle),
  )[0]!;
  const ofAll = (
    values: (run: EndToEndResult) => Readonly<Record<string, number>>,
    choose: (values: readonly number[]) => number,
  ): Record<string, number> =>
    Object.fromEntries(
      Object.keys(values(closest)).map((name) => [name, choose(runs.map((run) => values(run)[name] ?? 0))]),
    );
  return {
    ...closest,
    calls_per_second: middle,
    runs: speeds,
    cpu_seconds_per_million: ofAll((run) => run.cpu_seconds_per_million, median),
    peak_megabytes: ofAll(
      (run) => run.peak_megabytes,
      (values) => Math.max(...values),
    ),
  };
}

/** @throws when the outcomes of a run are not those that were counted when its calls were made */
export function assertOutcomes(
  outcomes: Readonly<Record<'rated' | 'rejected' | 'suspended' | 'duplicate', number>>,
  expected: BenchInput['expected'],
): void {
  for (const name of ['rated', 'rejected', 'suspended', 'duplicate'] as const) {
    if (outcomes[name] !== expected[name])
      throw new Error(`${outcomes[name]} calls were ${name}; the generator made ${expected[name]} such`);
  }
}

/** A total that no code of the pipeline adds up. */
export const TALK_TIME_SQL = 'SELECT toString(sum(duration_ms)) AS talk_ms FROM tollstream.usage FINAL';

/** @throws when the rows are not as long together as the calls that were made */
export function assertTalkTime(
  found: readonly { readonly talk_ms: string }[],
  expected: BenchInput['expected'],
): void {
  if (Number(found[0]?.talk_ms) !== expected.answeredMs)
    throw new Error(
      `${found[0]?.talk_ms} ms are in ClickHouse; the generator made ${expected.answeredMs} ms`,
    );
}

export function machine(): BenchReport['machine'] {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gigabytes: Math.round(totalmem() / 2 ** 30),
  };
}

/** Versions of what the figures depend on, read from what is installed. */
export function versions(): Record<string, string> {
  const installed = ['kafkajs', 'chdb', 'avsc'].map((name) => {
    const file = readFileSync(path.join(PROJECT_ROOT, 'node_modules', name, 'package.json'), 'utf8');
    return [name, (JSON.parse(file) as { version: string }).version];
  });
  return { node: process.version, ...Object.fromEntries(installed) };
}
