/** The four services as processes over a real broker, every stage transactional, into the real engine over HTTP. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openKafkaEventLog } from '@tollstream/event-log';
import { pipelineLag, pipelineTotals } from '../../packages/cli/src/embedded/status.ts';
import { ensureBroker } from '../broker/ensure-broker.ts';
import { tollstream } from '../support/cli.ts';
import { prepareServices } from '../support/services.ts';
import { until } from '../support/until.ts';
import { type ProcessUsage, processUsage, watchProcess } from './process-usage.ts';
import type { EndToEndResult } from './result.ts';

const DEADLINE_MS = 30 * 60_000;

export async function benchKafka(options: {
  calls: number;
  seed: number;
  partitions: number;
  say: (line: string) => void;
}): Promise<EndToEndResult> {
  const found = await ensureBroker(options.say);
  if (found.broker === null) throw new Error(`no broker: ${found.reasons.join('; ')}`);
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-bench-'));
  try {
    const file = path.join(directory, 'calls.avro');
    await must([
      'generate',
      '--calls',
      String(options.calls),
      '--seed',
      String(options.seed),
      '--output',
      file,
    ]);
    const prepared = await prepareServices({
      brokers: found.broker.brokers.join(','),
      directory,
      partitions: options.partitions,
    });
    options.say('publishing the calls (not measured) …');
    await must(['import', file, '--topic', prepared.env['TOLLSTREAM_TOPIC_RAW'] ?? ''], prepared.env);
    options.say('starting the services …');
    const brokerPid = brokerProcess();
    const brokerBefore = brokerPid === null ? null : processUsage(brokerPid);
    const engineBefore = processUsage(prepared.enginePid);
    const services = await prepared.startServices();
    const watches = new Map(
      Object.entries(services.pids).map(([name, pid]) => [name, watchProcess(pid, 200)]),
    );
    const startedMs = performance.now();
    const log = openKafkaEventLog({ clientId: 'bench', brokers: found.broker.brokers });
    const { topics, groupPrefix } = prepared;
    await until(
      'all calls in ClickHouse',
      async () => {
        const lag = await pipelineLag(log, topics, groupPrefix);
        const totals = await pipelineTotals(log, topics, groupPrefix);
        return totals.seen >= options.calls && lag.ingest + lag.rating + lag.aggregator === 0;
      },
      DEADLINE_MS,
    );
    const seconds = (performance.now() - startedMs) / 1_000;
    const usages: Record<string, ProcessUsage | null> = Object.fromEntries(
      [...watches].map(([name, watch]) => [name, watch.last()]),
    );
    usages['broker'] = brokerPid === null ? null : since(brokerBefore, processUsage(brokerPid));
    usages['clickhouse'] = since(engineBefore, processUsage(prepared.enginePid));
    for (const watch of watches.values()) watch.stop();
    const totals = await pipelineTotals(log, topics, groupPrefix);
    await log.close();
    const [stored] = await services.query<{ rows: string }>(
      'SELECT (SELECT count() FROM tollstream.usage) + (SELECT count() FROM tollstream.usage_suspended) + (SELECT count() FROM tollstream.usage_rejected) AS rows',
    );
    if (Number(stored?.rows) !== totals.rated + totals.suspended + totals.rejected) {
      throw new Error(`${stored?.rows} rows in ClickHouse, ${JSON.stringify(totals)} on the stream`);
    }
    await services.stop();
    const perMillion = (usage: ProcessUsage | null): number =>
      ((usage?.cpuSeconds ?? 0) * 1e6) / options.calls;
    return {
      scenario: `kafka-${options.partitions}-partitions`,
      calls: options.calls,
      calls_per_second: Math.round(options.calls / seconds),
      bytes_per_call: (await stat(file)).size / options.calls,
      cpu_seconds_per_million: Object.fromEntries(
        Object.entries(usages).map(([name, usage]) => [name, perMillion(usage)]),
      ),
      peak_megabytes: Object.fromEntries(
        Object.entries(usages).map(([name, usage]) => [name, (usage?.peakBytes ?? 0) / 1e6]),
      ),
      outcomes: totals,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
    await found.broker.release();
  }
}

async function must(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { code, stderr } = await tollstream(args, { env });
  if (code !== 0) throw new Error(`tollstream ${args.join(' ')}: ${stderr}`);
}

/** The broker's process, where this machine runs it. */
function brokerProcess(): number | null {
  try {
    return Number(execFileSync('pgrep', ['-f', 'kafka\\.Kafka'], { encoding: 'utf8' }).split('\n')[0]);
  } catch {
    return null;
  }
}

function since(before: ProcessUsage | null, after: ProcessUsage | null): ProcessUsage | null {
  if (before === null || after === null) return null;
  return { cpuSeconds: after.cpuSeconds - before.cpuSeconds, peakBytes: after.peakBytes };
}
