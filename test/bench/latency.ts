/** The time from a published event to its row in ClickHouse, under a steady load, or under several one after the other. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSqliteEventLog } from '@tollstream/event-log';
import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import type { EventLog } from '@tollstream/event-log';
import { readSettings } from '../../packages/cli/src/embedded/settings.ts';
import { EMBEDDED_TOPICS, pipelineLag, pipelineTotals } from '../../packages/cli/src/embedded/status.ts';
import { start } from '../support/cli.ts';
import { queryClickHouse } from '../support/query-clickhouse.ts';
import { prepareServices } from '../support/services.ts';
import { until } from '../support/until.ts';
import { benchBroker, deleteTopics } from './bench-broker.ts';
import { endsIn, notingPauses, readPauses, spanAt } from './pauses.ts';
import { RecordTimes } from './record-times.ts';
import type { LatencyResult, StageTimes } from './result.ts';
import { stageTimes } from './stage-times.ts';
import { publishSteadily, rawPublisher } from './steady-load.ts';
import type { Load, Step } from './steady-load.ts';
import { FOLLOWED_ONE_IN, VisibleRows } from './visible-rows.ts';
import type { Query } from './visible-rows.ts';

interface OnKafka {
  readonly load: Load;
  readonly partitions: number;
  /** Of the services, such as that which loads other settings into them. */
  readonly env?: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
}

interface Embedded {
  readonly load: Load;
  readonly say: (line: string) => void;
}

export async function benchKafkaLatency(options: OnKafka): Promise<LatencyResult> {
  return (await benchKafkaLatencies(options))[0]!;
}

export async function benchEmbeddedLatency(options: Embedded): Promise<LatencyResult> {
  return (await benchEmbeddedLatencies(options))[0]!;
}

/** @returns of each rate of the load */
export async function benchKafkaLatencies(options: OnKafka): Promise<LatencyResult[]> {
  const { load, partitions, env = {}, say } = options;
  const { brokers: found } = await benchBroker(say);
  const brokers = [...found];
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-latency-'));
  const log = openKafkaEventLog({ clientId: 'bench', brokers });
  let stop = async (): Promise<unknown> => undefined;
  try {
    const { catalogDirectory } = load;
    const prepared = await prepareServices({
      brokers: brokers.join(','),
      directory,
      partitions,
      ...(catalogDirectory === undefined ? {} : { catalog: catalogDirectory }),
    });
    stop = () => prepared.stop();
    const services = await prepared.startServices(notingPauses(directory, env));
    stop = () => services.stop();
    const rows = new VisibleRows(async (sql) => services.query(sql));
    rows.start();
    const publishedAt = new RecordTimes();
    const publisher = await rawPublisher({
      brokers,
      topic: prepared.topics.raw,
      partitions,
      onRecord: (partition, offset, nowMs) => publishedAt.set(partition, offset, nowMs),
    });
    const steps = await publishSteadily(load, (lines) => publisher.publish(lines));
    await publisher.close();
    await until('all calls processed', async () => {
      const lag = await pipelineLag(log, prepared.topics, prepared.groupPrefix);
      return lag.ingest + lag.rating + lag.aggregator === 0;
    });
    await rows.stop();
    const { rated } = await pipelineTotals(log, prepared.topics, prepared.groupPrefix);
    await assertAllVisible(async (sql) => services.query(sql), rated);
    const stages = await stageTimes({
      log,
      topics: prepared.topics,
      query: async (sql) => services.query(sql),
      publishedAt,
      visibleAt: rows.visibleAt,
      spans: steps,
    });
    await services.stop();
    await deleteTopics(brokers, Object.values(prepared.topics));
    const scenario = `kafka-${partitions}-partitions`;
    return await summaries(scenario, { load, directory, steps, publishedAt, rows, stages });
  } finally {
    await stop();
    await log.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** @returns of each rate of the load */
export async function benchEmbeddedLatencies(options: Embedded): Promise<LatencyResult[]> {
  const { load, say } = options;
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-latency-'));
  try {
    const data = path.join(directory, 'data');
    const running = start(
      [
        'run',
        '--calls',
        '-',
        '--format',
        'json',
        '--data',
        data,
        '--json',
        '--clickhouse-port',
        '0',
        '--metrics-port',
        '0',
        ...(load.catalogDirectory === undefined ? [] : ['--catalog', load.catalogDirectory]),
      ],
      { keepsInput: true, env: notingPauses(directory) },
    );
    let url = '';
    await until('the run serves ClickHouse', async () => {
      url = (await readSettings(data).catch(() => null))?.clickhouseUrl ?? '';
      return url !== '';
    });
    say(`embedded run at ${url}`);
    const query: Query = async (sql) => queryClickHouse(url, sql);
    const rows = new VisibleRows(query);
    rows.start();
    const stdin = running.child.stdin!;
    const lineAt: number[] = [];
    const steps = await publishSteadily(load, async (lines) => {
      const nowMs = performance.now();
      for (const _ of lines) lineAt.push(nowMs);
      if (!stdin.write(Buffer.concat(lines))) await once(stdin, 'drain');
    });
    stdin.end();
    await until('all calls stored', async () => {
      const log = openSqliteEventLog({ directory: path.join(data, 'log'), access: 'reader' });
      try {
        const lag = await pipelineLag(log, EMBEDDED_TOPICS);
        const totals = await pipelineTotals(log, EMBEDDED_TOPICS);
        if (totals.seen < lineAt.length || lag.ingest + lag.rating + lag.aggregator > 0) return false;
        await assertAllVisible(query, totals.rated);
        return true;
      } finally {
        await log.close();
      }
    });
    await rows.stop();
    const log = openSqliteEventLog({ directory: path.join(data, 'log'), access: 'reader' });
    const publishedAt = await linesByOffset(log, lineAt);
    const { visibleAt } = rows;
    const topics = EMBEDDED_TOPICS;
    const stages = await stageTimes({ log, topics, query, publishedAt, visibleAt, spans: steps });
    await log.close();
    running.child.kill('SIGTERM');
    await running.finished;
    return await summaries('embedded', { load, directory, steps, publishedAt, rows, stages });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @returns of the calls that were published in each step */
async function summaries(
  scenario: string,
  measured: {
    load: Load;
    /** Where the processes wrote their pauses. */
    directory: string;
    steps: readonly Step[];
    publishedAt: RecordTimes;
    rows: VisibleRows;
    stages: readonly StageTimes[];
  },
): Promise<LatencyResult[]> {
  const { load, directory, steps, publishedAt, rows, stages } = measured;
  const latencies = steps.map((): number[] => []);
  for (const [record, visibleMs] of rows.visibleAt) {
    const publishedMs = publishedAt.get(record);
    if (publishedMs === undefined) throw new Error(`row of ${record}, which nobody published`);
    latencies[spanAt(steps, publishedMs)]?.push(visibleMs - publishedMs);
  }
  return Promise.all(
    steps.map(async ({ ratePerSecond, achieved, fromMs, toMs }, step) => {
      const sorted = Float64Array.from(latencies[step]!).sort();
      if (sorted.length === 0) throw new Error('no row of the measured time was seen');
      const percentile = (share: number): number => Math.round(sorted[Math.ceil(sorted.length * share) - 1]!);
      const span = { fromMs: performance.timeOrigin + fromMs, toMs: performance.timeOrigin + toMs };
      return {
        scenario,
        calls_per_second_offered: Math.round(ratePerSecond),
        calls_per_second_achieved: Math.round(achieved),
        seconds: load.seconds,
        rows_measured: sorted.length,
        one_row_in: FOLLOWED_ONE_IN,
        p50_ms: percentile(0.5),
        p99_ms: percentile(0.99),
        p999_ms: percentile(0.999),
        max_ms: percentile(1),
        stages: stages[step]!,
        pauses: await readPauses(directory, endsIn(span)),
      };
    }),
  );
}

/** Whether the table holds all that was rated: a row that never shows up would be missing from the percentiles. */
async function assertAllVisible(query: Query, rated: number): Promise<void> {
  const [found] = await query<{ rows: string }>('SELECT toString(count()) AS rows FROM tollstream.usage');
  if (Number(found?.rows) !== rated) throw new Error(`${found?.rows} rows are visible, ${rated} were rated`);
}

/** The raw records of a run name the line of standard input that each of them was. */
async function linesByOffset(log: EventLog, lineAt: readonly number[]): Promise<RecordTimes> {
  const topic = EMBEDDED_TOPICS.raw;
  const publishedAt = new RecordTimes();
  for (const { partition, begin, end } of await log.offsets(topic)) {
    for await (const { records } of log.read({ topic, partition, from: begin, to: end })) {
      for (const { offset, key } of records)
        publishedAt.set(partition, offset, lineAt[Number(key!.toString().split(':')[1]) - 1]!);
    }
  }
  return publishedAt;
}
