/** What a benchmark writes: one JSON object that a later run is compared with. */
import { cpus, totalmem } from 'node:os';

export interface StageResult {
  readonly stage: string;
  /** Records of one measurement. */
  readonly calls: number;
  readonly calls_per_second: number;
  readonly cpu_seconds_per_million: number;
  readonly bytes_per_call: number | null;
}

export interface EndToEndResult {
  readonly scenario: string;
  readonly calls: number;
  /** From the first record read to the last row visible in ClickHouse. */
  readonly calls_per_second: number;
  readonly bytes_per_call: number;
  /** By process; the broker and the engine included where they are processes of their own. */
  readonly cpu_seconds_per_million: Readonly<Record<string, number>>;
  readonly peak_megabytes: Readonly<Record<string, number>>;
  readonly outcomes: unknown;
}

export interface BenchReport {
  readonly made_at: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memory_gigabytes: number };
  readonly versions: Readonly<Record<string, string>>;
  readonly stages: readonly StageResult[];
  readonly kafka?: EndToEndResult;
  readonly embedded?: EndToEndResult;
  readonly embedded_json?: EndToEndResult;
}

export function machine(): BenchReport['machine'] {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gigabytes: Math.round(totalmem() / 2 ** 30),
  };
}
