/** What a benchmark writes: one JSON object that a later run is compared with. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CallTally } from '../../packages/cli/src/generate/generate-calls.ts';
import { PROJECT_ROOT } from '../support/cli.ts';
import { cpus, totalmem } from 'node:os';
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
  readonly expected: Pick<CallTally, 'rated' | 'rejected' | 'suspended' | 'duplicate'>;
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
}

/** The same services over Kafka, with and without transactions, fencing and the boundary before an insert. */
export interface ExactlyOnceCost {
  readonly exactly_once: { readonly throughput: EndToEndResult; readonly latency: LatencyResult };
  readonly at_least_once: { readonly throughput: EndToEndResult; readonly latency: LatencyResult };
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
  readonly exactly_once_cost?: ExactlyOnceCost;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** The run of the middle, with the speeds of all. */
export function middleRun(runs: readonly EndToEndResult[]): EndToEndResult {
  const speeds = runs.map((run) => run.calls_per_second);
  const middle = median(speeds);
  const closest = runs.toSorted(
    (a, b) => Math.abs(a.calls_per_second - middle) - Math.abs(b.calls_per_second - middle),
  )[0]!;
  return { ...closest, calls_per_second: middle, runs: speeds };
}

/** @throws when the outcomes of a run are not those that were counted when its calls were made */
export function assertOutcomes(
  outcomes: Readonly<Record<keyof BenchInput['expected'], number>>,
  expected: BenchInput['expected'],
): void {
  for (const name of ['rated', 'rejected', 'suspended', 'duplicate'] as const) {
    if (outcomes[name] !== expected[name])
      throw new Error(`${outcomes[name]} calls were ${name}; the generator made ${expected[name]} such`);
  }
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
