/** `tollstream run` from a file to rows in ClickHouse, as one process. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { billed, start, tollstream, totalsOf } from '../support/cli.ts';
import { watchProcess } from './process-usage.ts';
import type { EndToEndResult } from './result.ts';

export async function benchEmbedded(options: {
  calls: number;
  seed: number;
  format: 'json' | 'avro';
}): Promise<EndToEndResult> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-bench-'));
  try {
    const file = path.join(directory, options.format === 'avro' ? 'calls.avro' : 'calls.jsonl');
    const made = await tollstream([
      'generate',
      '--calls',
      String(options.calls),
      '--seed',
      String(options.seed),
      '--output',
      file,
    ]);
    if (made.code !== 0) throw new Error(made.stderr);
    const running = start([
      'run',
      '--calls',
      file,
      '--data',
      path.join(directory, 'data'),
      '--exit-when-done',
      '--json',
    ]);
    const usage = watchProcess(running.child.pid ?? 0);
    const finished = await running.finished;
    usage.stop();
    const totals = totalsOf(finished);
    const cpu = usage.last();
    return {
      scenario: `embedded-${options.format}`,
      calls: totals.seen,
      calls_per_second: totals.calls_per_second,
      bytes_per_call: (await stat(file)).size / options.calls,
      cpu_seconds_per_million: cpu === null ? {} : { run: (cpu.cpuSeconds * 1e6) / totals.seen },
      peak_megabytes: cpu === null ? {} : { run: cpu.peakBytes / 1e6 },
      outcomes: billed(totals),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
