/**
 * Back-pressure: ingest and rating work through a backlog while ClickHouse is away, and then the aggregator drains what waited. What memory
 * each process had at most by then, and how fast the lag went.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import { pipelineLag, pipelineTotals } from '../../packages/cli/src/embedded/status.ts';
import { startProxy } from '../faults/proxy.ts';
import { tollstream } from '../support/cli.ts';
import { prepareServices } from '../support/services.ts';
import { until } from '../support/until.ts';
import { benchBroker, deleteTopics } from './bench-broker.ts';
import { processUsage } from './process-usage.ts';
import type { BacklogResult, BenchInput } from './result.ts';
import { assertOutcomes } from './result.ts';

const DEADLINE_MS = 60 * 60_000;

export async function benchBacklog(options: {
  input: BenchInput;
  partitions: number;
  say: (line: string) => void;
}): Promise<BacklogResult> {
  const { input, partitions, say } = options;
  const { brokers } = await benchBroker(say);
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-bench-'));
  const log = openKafkaEventLog({ clientId: 'bench', brokers: [...brokers] });
  try {
    const prepared = await prepareServices({ brokers: brokers.join(','), directory, partitions });
    const { topics, groupPrefix } = prepared;
    const proxy = await startProxy(() => Number(new URL(prepared.clickhouseUrl).port));
    const url = `http://127.0.0.1:${proxy.port}`;
    const services = await prepared.startServices({ TOLLSTREAM_CLICKHOUSE_URL: url });
    proxy.setRefusing(true);
    const peaks = (): Record<string, number> =>
      Object.fromEntries(
        ['ingest', 'rating', 'aggregator'].map((name) => [
          name,
          Math.round((processUsage(services.pids[name] ?? 0)?.peakBytes ?? 0) / 1e6),
        ]),
      );
    const lag = async (): ReturnType<typeof pipelineLag> => pipelineLag(log, topics, groupPrefix);
    say('ClickHouse is away; publishing the calls …');
    const imported = await tollstream(['import', input.file, '--topic', topics.raw], { env: prepared.env });
    if (imported.code !== 0) throw new Error(imported.stderr);
    await until(
      'all calls rated',
      async () => (await lag()).rating + (await lag()).ingest === 0,
      DEADLINE_MS,
    );
    const waiting = (await lag()).aggregator;
    const away = peaks();
    say(`${waiting} blocks wait; ClickHouse is back …`);
    const startedMs = performance.now();
    proxy.setRefusing(false);
    await until('the lag is gone', async () => (await lag()).aggregator === 0, DEADLINE_MS);
    const seconds = (performance.now() - startedMs) / 1_000;
    const totals = await pipelineTotals(log, topics, groupPrefix);
    assertOutcomes(totals, input.expected);
    const verified = await tollstream(['verify'], { env: prepared.env });
    if (verified.code !== 0) throw new Error(verified.stderr);
    const drained = peaks();
    await services.stop();
    await proxy.close();
    await deleteTopics(brokers, Object.values(topics));
    return {
      scenario: `backlog-${partitions}-partitions`,
      calls: input.calls,
      drain_seconds: Number(seconds.toFixed(1)),
      drained_rows_per_second: Math.round(totals.rated / seconds),
      peak_megabytes_away: away,
      peak_megabytes: drained,
    };
  } finally {
    await log.close();
    await rm(directory, { recursive: true, force: true });
  }
}
