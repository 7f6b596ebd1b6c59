/** The four services as processes over a real broker, every stage transactional, into the real engine over HTTP. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import { pipelineLag, pipelineTotals } from '../../packages/cli/src/embedded/status.ts';
import { tollstream } from '../support/cli.ts';
import { type Services, prepareServices } from '../support/services.ts';
import { until } from '../support/until.ts';
import { benchBroker, deleteTopics } from './bench-broker.ts';
import { type ProcessUsage, processUsage } from './process-usage.ts';
import type { BenchInput, EndToEndResult } from './result.ts';
import { TALK_TIME_SQL, assertOutcomes, assertTalkTime } from './result.ts';

const DEADLINE_MS = 30 * 60_000;

/** The share of the rows from which on is measured: the processes have started and their code is compiled by then. */
const STEADY_FROM = 0.1;
const SAMPLE_MS = 250;

const INCLUDES =
  'from a tenth of the rows to all of them visible in ClickHouse: ingest, rating, aggregator, broker and engine as processes of their own, each stage transactional; not the publishing, nor the start of the processes. Verified by `tollstream verify`; outcomes and answered milliseconds as the generator counted them';

interface Sample {
  readonly atMs: number;
  readonly rows: number;
  readonly usages: Readonly<Record<string, ProcessUsage | null>>;
}

export async function benchKafka(options: {
  input: BenchInput;
  partitions: number;
  /** Further environment of the services. */
  env?: Readonly<Record<string, string>>;
  say: (line: string) => void;
}): Promise<EndToEndResult> {
  const { calls, file, catalogDirectory, expected } = options.input;
  const { brokers, description, pid: brokerPid } = await benchBroker(options.say);
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-bench-'));
  let stop = async (): Promise<unknown> => undefined;
  try {
    const prepared = await prepareServices({
      brokers: brokers.join(','),
      directory,
      partitions: options.partitions,
      ...(catalogDirectory === undefined ? {} : { catalog: catalogDirectory }),
    });
    options.say('publishing the calls (not measured) …');
    await must(['import', file, '--topic', prepared.env['TOLLSTREAM_TOPIC_RAW'] ?? ''], prepared.env);
    options.say('starting the services …');
    stop = () => prepared.stop();
    const services = await prepared.startServices(options.env);
    stop = () => services.stop();
    const pids = {
      ...services.pids,
      ...(brokerPid === null ? {} : { broker: brokerPid }),
      clickhouse: prepared.enginePid,
    };
    const sample = async (): Promise<Sample> => ({
      rows: await visibleRows(services),
      atMs: Date.now(),
      usages: Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, processUsage(pid)])),
    });
    const rowsExpected = expected.rated + expected.suspended + expected.rejected;
    let from = await sample();
    let to = from;
    const deadlineMs = Date.now() + DEADLINE_MS;
    while (to.rows < rowsExpected) {
      if (Date.now() > deadlineMs) throw new Error(`${to.rows} of ${rowsExpected} rows in time`);
      await sleep(SAMPLE_MS);
      to = await sample();
      if (to.rows < rowsExpected * STEADY_FROM) from = to;
    }
    const log = openKafkaEventLog({ clientId: 'bench', brokers: [...brokers] });
    const { topics, groupPrefix } = prepared;
    // Duplicates at the end of the input make no rows: the positions tell when they are passed.
    await until('all calls processed', async () => {
      const lag = await pipelineLag(log, topics, groupPrefix);
      return lag.ingest + lag.rating + lag.aggregator === 0;
    });
    const totals = await pipelineTotals(log, topics, groupPrefix);
    await log.close();
    assertOutcomes(totals, expected);
    const rows = await visibleRows(services);
    if (rows !== rowsExpected)
      throw new Error(`${rows} rows in ClickHouse, ${rowsExpected} calls to be there`);
    assertTalkTime(await services.query(TALK_TIME_SQL), expected);
    await must(['verify'], prepared.env);
    await services.stop();
    await deleteTopics(brokers, Object.values(topics));
    const share = (to.rows - from.rows) / rowsExpected;
    const seconds = (to.atMs - from.atMs) / 1_000;
    const cpuSeconds = (name: string): number =>
      (to.usages[name]?.cpuSeconds ?? 0) - (from.usages[name]?.cpuSeconds ?? 0);
    return {
      scenario: `kafka-${options.partitions}-partitions`,
      calls,
      calls_per_second: Math.round((calls * share) / seconds),
      includes: INCLUDES,
      bytes_per_call: (await stat(file)).size / calls,
      cpu_seconds_per_million: Object.fromEntries(
        Object.keys(pids).map((name) => [name, (cpuSeconds(name) * 1e6) / (calls * share)]),
      ),
      peak_megabytes: Object.fromEntries(
        Object.keys(pids).map((name) => [name, (to.usages[name]?.peakBytes ?? 0) / 1e6]),
      ),
      broker: description,
      outcomes: totals,
    };
  } finally {
    // Where it failed half-way they still write; stopped once more they do nothing.
    await stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function visibleRows(services: Services): Promise<number> {
  const [found] = await services.query<{ rows: string }>(
    'SELECT (SELECT count() FROM tollstream.usage) + (SELECT count() FROM tollstream.usage_suspended) + (SELECT count() FROM tollstream.usage_rejected) AS rows',
  );
  return Number(found?.rows);
}

async function must(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { code, stderr } = await tollstream(args, { env });
  if (code !== 0) throw new Error(`tollstream ${args.join(' ')}: ${stderr}`);
}
