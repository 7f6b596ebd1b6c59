/** `tollstream run` from a file to rows in ClickHouse, as one process. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { billed, start, tollstream, totalsOf } from '../support/cli.ts';
import { queryClickHouse } from '../support/query-clickhouse.ts';
import { watchProcess } from './process-usage.ts';
import type { BenchInput, EndToEndResult } from './result.ts';
import { TALK_TIME_SQL, assertOutcomes, assertTalkTime } from './result.ts';

const INCLUDES =
  'reading the file, the durable log, all stages in one process, inserts; not the start of the process, but its processor time. Verified by `tollstream verify`; outcomes and answered milliseconds as the generator counted them';

export async function benchEmbedded({ input }: { input: BenchInput }): Promise<EndToEndResult> {
  const { calls, file, catalogDirectory } = input;
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-bench-'));
  try {
    const data = path.join(directory, 'data');
    const catalog = catalogDirectory === undefined ? [] : ['--catalog', catalogDirectory];
    const running = start(['run', '--calls', file, '--data', data, ...catalog, '--exit-when-done', '--json']);
    const usage = watchProcess(running.child.pid ?? 0);
    const finished = await running.finished;
    usage.stop();
    const totals = totalsOf(finished);
    assertOutcomes(totals, input.expected);
    const verified = await tollstream(['verify', '--data', data]);
    if (verified.code !== 0) throw new Error(`not verified:\n${verified.stdout}\n${verified.stderr}`);
    await assertTalkTimeOf(data, input.expected);
    const cpu = usage.last();
    return {
      scenario: `embedded-${path.extname(file).slice(1)}`,
      calls: totals.seen,
      calls_per_second: totals.calls_per_second,
      includes: INCLUDES,
      bytes_per_call: (await stat(file)).size / calls,
      cpu_seconds_per_million: Object.fromEntries(
        Object.entries(usage.stages() ?? {}).map(([stage, seconds]) => [
          stage,
          (seconds * 1e6) / totals.seen,
        ]),
      ),
      peak_megabytes: cpu === null ? {} : { run: cpu.peakBytes / 1e6 },
      outcomes: billed(totals),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The data directory's engine, served by a process of its own: the run has ended. */
async function assertTalkTimeOf(data: string, expected: BenchInput['expected']): Promise<void> {
  const engine = start(['clickhouse', '--data', path.join(data, 'clickhouse'), '--port', '0']);
  const [url] = await engine.waitFor(/http:\/\/\S+/);
  assertTalkTime(await queryClickHouse(url, TALK_TIME_SQL), expected);
  engine.child.kill('SIGTERM');
  await engine.finished;
}
