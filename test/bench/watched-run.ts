/** `tollstream run` watched from outside: processor time and rows in ClickHouse side by side, so that any stretch of it can be told apart. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSettings } from '../../packages/cli/src/embedded/settings.ts';
import { type Running, start, totalsOf } from '../support/cli.ts';
import { queryClickHouse } from '../support/query-clickhouse.ts';
import { processUsage } from './process-usage.ts';
import { secondsPerTurn } from './reference-loop.ts';
import type { BenchInput } from './result.ts';
import { TALK_TIME_SQL, assertOutcomes, assertTalkTime } from './result.ts';

const SAMPLE_MS = 500;
/** Some ten milliseconds: little beside what is measured. */
const TURNS_A_SAMPLE = 3_000_000;
/** Merges are over when none ran for so long. */
const QUIET_MS = 3_000;
const MERGES_MS_MAX = 120_000;
const ROWS_SQL = `SELECT toString((SELECT count() FROM tollstream.usage) + (SELECT count() FROM tollstream.usage_suspended)
  + (SELECT count() FROM tollstream.usage_rejected)) AS rows,
  toString((SELECT sum(value) FROM system.events WHERE event = 'MergedRows')) AS merged`;
const MERGES_SQL = 'SELECT toString(count()) AS merges FROM system.merges';

interface Sample {
  readonly rows: number;
  readonly cpuSeconds: number;
  /** Rows that merges have read so far. */
  readonly mergedRows: number;
  /** Of the loop that never changes, at this moment. */
  readonly secondsPerTurn: number;
}

/** What the calls between two points of a run cost. */
export interface Stretch {
  readonly cpuSecondsPerMillion: number;
  readonly turnsPerCall: number;
  /** Rows that merges read, for each row that was stored. */
  readonly mergedPerRow: number;
}

export interface WatchedRun {
  readonly peakMegabytes: number;
  /** What merges still took after the last row, in seconds of processor time; what the run did else then is in it. */
  readonly mergesLeftCpuSeconds: number;
  /** @param from share of the calls, of 0 to 1 */
  stretch(from: number, to: number): Stretch;
}

/** @throws when the run ends, or when its outcomes are not those that the generator counted */
export async function watchRun(input: BenchInput): Promise<WatchedRun> {
  const { file, catalogDirectory, expected, calls } = input;
  const rowsExpected = expected.rated + expected.suspended + expected.rejected;
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-linearity-'));
  try {
    const data = path.join(directory, 'data');
    const catalog = catalogDirectory === undefined ? [] : ['--catalog', catalogDirectory];
    const ports = ['--clickhouse-port', '0', '--metrics-port', '0'];
    const running = start(['run', '--calls', file, '--data', data, ...catalog, ...ports, '--json']);
    const isUp = running.waitFor(/Up until Ctrl-C/);
    isUp.catch(() => undefined);
    const url = await clickHouseOf(running, data);
    const pid = running.child.pid ?? 0;
    const samples: Sample[] = [];
    const look = async (): Promise<Sample> => {
      const [found] = await queryClickHouse<{ rows: string; merged: string }>(url, ROWS_SQL);
      const cpuSeconds = processUsage(pid)?.cpuSeconds ?? 0;
      const sample = {
        rows: Number(found?.rows),
        cpuSeconds,
        mergedRows: Number(found?.merged),
        secondsPerTurn: secondsPerTurn(TURNS_A_SAMPLE),
      };
      samples.push(sample);
      return sample;
    };
    while ((await look()).rows < rowsExpected) {
      assertAlive(running);
      await sleep(SAMPLE_MS);
    }
    await isUp;
    assertTalkTime(await queryClickHouse(url, TALK_TIME_SQL), expected);
    await mergesOver(url);
    const after = processUsage(pid);
    running.child.kill('SIGTERM');
    assertOutcomes(totalsOf(await running.finished), expected);
    return {
      peakMegabytes: Math.round((after?.peakBytes ?? 0) / 1e6),
      mergesLeftCpuSeconds: (after?.cpuSeconds ?? 0) - samples.at(-1)!.cpuSeconds,
      stretch: (from, to) => stretchOf(samples, { from, to, rows: rowsExpected, calls }),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function stretchOf(
  samples: readonly Sample[],
  { from, to, rows, calls }: { from: number; to: number; rows: number; calls: number },
): Stretch {
  const begin = sampleAt(samples, from * rows);
  const end = sampleAt(samples, to * rows);
  const within = samples.filter((sample) => sample.rows >= from * rows && sample.rows <= to * rows);
  const turns = (within.length === 0 ? samples : within).map((sample) => sample.secondsPerTurn);
  const cpuSeconds = end.cpuSeconds - begin.cpuSeconds;
  const callsOfStretch = (to - from) * calls;
  return {
    cpuSecondsPerMillion: (cpuSeconds * 1e6) / callsOfStretch,
    turnsPerCall: cpuSeconds / callsOfStretch / (turns.reduce((sum, each) => sum + each, 0) / turns.length),
    mergedPerRow: (end.mergedRows - begin.mergedRows) / ((to - from) * rows),
  };
}

/** Between the samples on both sides, in proportion to the rows. */
function sampleAt(samples: readonly Sample[], rows: number): Pick<Sample, 'cpuSeconds' | 'mergedRows'> {
  const next = Math.max(
    1,
    samples.findIndex((sample) => sample.rows >= rows),
  );
  const [before, after] = [samples[next - 1]!, samples[next] ?? samples[next - 1]!];
  const share = after.rows === before.rows ? 1 : (rows - before.rows) / (after.rows - before.rows);
  const at = (name: 'cpuSeconds' | 'mergedRows'): number =>
    before[name] + (after[name] - before[name]) * Math.max(0, share);
  return { cpuSeconds: at('cpuSeconds'), mergedRows: at('mergedRows') };
}

async function clickHouseOf(running: Running, data: string): Promise<string> {
  for (;;) {
    assertAlive(running);
    const url = (await readSettings(data).catch(() => null))?.clickhouseUrl;
    if (url !== undefined && url !== null) return url;
    await sleep(SAMPLE_MS);
  }
}

function assertAlive(running: Running): void {
  const { child } = running;
  if (child.exitCode === null && child.signalCode === null) return;
  throw new Error(`the run ended (${child.exitCode ?? child.signalCode}): ${running.output().slice(-2_000)}`);
}

async function mergesOver(url: string): Promise<void> {
  const deadlineMs = performance.now() + MERGES_MS_MAX;
  let quietSinceMs = performance.now();
  while (performance.now() - quietSinceMs < QUIET_MS && performance.now() < deadlineMs) {
    await sleep(SAMPLE_MS);
    const [found] = await queryClickHouse<{ merges: string }>(url, MERGES_SQL);
    if (found?.merges !== '0') quietSinceMs = performance.now();
  }
}
