/**
 * Three workers on one group, each an ingest and a rating process as a machine runs them, stopped in order (SIGTERM) and started again
 * one after the other while calls keep coming.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { requireCatalog } from '@tollstream/catalog';
import { decodeBlock } from '@tollstream/contracts';
import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import type { EventLog } from '@tollstream/event-log';
import { expect, inject, test } from 'vitest';
import { pipelineLag, pipelineTotals } from '../../packages/cli/src/embedded/status.ts';
import { generateCalls } from '../../packages/cli/src/generate/generate-calls.ts';
import { SAMPLE_CATALOG } from '../../packages/cli/src/paths.ts';
import { billed, start, temporaryDirectory, tollstream, totalsOf } from '../support/cli.ts';
import type { Running } from '../support/cli.ts';
import { queryClickHouse } from '../support/query-clickhouse.ts';
import { prepareServices } from '../support/services.ts';
import { until } from '../support/until.ts';
import { startFeeder } from './steady-feeder.ts';

const brokers = inject('kafkaBrokers');
const WORKERS = 3;
const PARTITIONS = 6;
const SHARE = PARTITIONS / WORKERS;
/** Workers restarted: one shows what a restart moves, `ROLLING_RESTARTS=3` restarts them all. */
const RESTARTS = Number(process.env['ROLLING_RESTARTS'] ?? 1);
const STAGES = ['ingest', 'rating'] as const;
type Stage = (typeof STAGES)[number];
const SEED = 23;
/** Only what hangs reaches it. */
const DEADLINE_MS = 300_000;

test.skipIf(brokers.length === 0)(
  'workers restarted one after the other rate each call once, and those that stay keep their partitions',
  { timeout: 900_000 },
  async () => {
    await using directory = await temporaryDirectory();
    const prepared = await prepareServices({
      brokers: brokers.join(','),
      directory: directory.path,
      partitions: PARTITIONS,
      env: { TOLLSTREAM_SNAPSHOT_DIR: path.join(directory.path, 'snapshots') },
    });
    const { env, topics, groupPrefix } = prepared;
    const log = openKafkaEventLog({ clientId: 'rolling-restart', brokers });
    const aggregator = start(['aggregator'], { env });
    const workers = Array.from({ length: WORKERS }, () => new Worker(env));
    const others = (worker: Worker): Worker[] => workers.filter((each) => each !== worker);
    const hold = (among: readonly Worker[], stage: Stage): number =>
      among.reduce((sum, worker) => sum + worker.held(stage), 0);
    const areShared = (): boolean =>
      STAGES.every((stage) => workers.every((worker) => worker.held(stage) === SHARE));
    await until('the partitions are shared out', areShared, DEADLINE_MS);
    // A partition that is still being opened is nobody's yet, and may be given to another.
    const areRead = async (): Promise<void> => {
      const positions = async (): Promise<(number | undefined)[]> =>
        Promise.all(
          STAGES.flatMap((stage) =>
            Array.from({ length: PARTITIONS }, async (_, partition) => {
              const topic = stage === 'ingest' ? topics.raw : topics.accepted;
              return (await log.committed(`${groupPrefix}.${stage}`, topic, partition))?.offset;
            }),
          ),
        );
      const before = await positions();
      const haveMoved = async (): Promise<boolean> => {
        const now = await positions();
        return now.every((offset, i) => offset !== undefined && offset !== before[i]);
      };
      await until('every partition is read', haveMoved, DEADLINE_MS);
    };

    const catalog = await requireCatalog(SAMPLE_CATALOG);
    const feeder = startFeeder({
      log,
      topic: topics.raw,
      partitions: PARTITIONS,
      calls: generateCalls({ calls: 1_000_000, seed: SEED, catalog }),
    });
    await areRead();
    const begunMs = Date.now();
    const moved: Record<Stage, { byLeaving: number[]; byComing: number[] }> = {
      ingest: { byLeaving: [], byComing: [] },
      rating: { byLeaving: [], byComing: [] },
    };
    for (const worker of workers.slice(0, RESTARTS)) {
      const stay = others(worker);
      const givenUp = (stage: Stage): number => stay.reduce((sum, each) => sum + each.givenUp(stage), 0);
      const before = { ingest: givenUp('ingest'), rating: givenUp('rating') };
      expect(await worker.stop()).toEqual({ ingest: 0, rating: 0 });
      const haveAll = (): boolean => STAGES.every((stage) => hold(stay, stage) === PARTITIONS);
      await until('the others have all partitions', haveAll, DEADLINE_MS);
      await areRead();
      const left = { ingest: givenUp('ingest'), rating: givenUp('rating') };
      worker.start();
      await until('the partitions are shared out again', areShared, DEADLINE_MS);
      await areRead();
      for (const stage of STAGES) {
        moved[stage].byLeaving.push(left[stage] - before[stage]);
        moved[stage].byComing.push(givenUp(stage) - left[stage]);
      }
    }
    const endedMs = Date.now();
    const published = await feeder.stop();

    await until(
      'all calls in ClickHouse',
      async () => {
        const lag = await pipelineLag(log, topics, groupPrefix);
        const { seen } = await pipelineTotals(log, topics, groupPrefix);
        return seen >= published.length && lag.ingest + lag.rating + lag.aggregator === 0;
      },
      DEADLINE_MS,
    );
    // Who stays gives up nothing when one leaves, and one share of three when it comes back.
    const nothing = Array.from({ length: RESTARTS }, () => 0);
    const oneShare = Array.from({ length: RESTARTS }, () => SHARE);
    expect(moved).toEqual({
      ingest: { byLeaving: nothing, byComing: oneShare },
      rating: { byLeaving: nothing, byComing: oneShare },
    });

    const calls = path.join(directory.path, 'calls.jsonl');
    await writeFile(calls, Buffer.concat(published));
    const data = path.join(directory.path, 'undisturbed');
    const undisturbed = totalsOf(
      await tollstream(['run', '--calls', calls, '--data', data, '--exit-when-done', '--json']),
    );
    expect(undisturbed.seen).toBe(published.length);
    const { seen, rated, rejected, suspended, duplicate, charge } = await pipelineTotals(
      log,
      topics,
      groupPrefix,
    );
    expect({ seen, rated, rejected, suspended, duplicate, charge }).toEqual(billed(undisturbed));
    const [rows] = await queryClickHouse<Record<string, string>>(
      prepared.clickhouseUrl,
      `SELECT toString(count()) AS rated, toString(uniqExact(switch_id, call_id, leg)) AS distinct,
         (SELECT toString(count()) FROM tollstream.usage_suspended) AS suspended,
         (SELECT toString(count()) FROM tollstream.usage_rejected) AS rejected
       FROM tollstream.usage`,
    );
    expect(rows).toEqual({
      rated: String(rated),
      distinct: String(rated),
      suspended: String(suspended),
      rejected: String(rejected),
    });
    const verified = await tollstream(['verify'], { env });
    expect(verified.code, verified.stdout + verified.stderr).toBe(0);

    const during = { fromMs: begunMs, toMs: endedMs };
    const stops = {
      ingest: await longestGapMs(log, topics.accepted, during),
      rating: await longestGapMs(log, topics.rated, during),
    };
    process.stdout.write(
      `${published.length} calls, workers restarted: ${RESTARTS}, in ${Math.round((endedMs - begunMs) / 1_000)} s; longest stop of a partition: ` +
        `ingest ${stops.ingest} ms, rating ${stops.rating} ms\n`,
    );

    for (const worker of workers) expect(await worker.stop()).toEqual({ ingest: 0, rating: 0 });
    aggregator.child.kill('SIGTERM');
    expect((await aggregator.finished).code).toBe(0);
    await prepared.stop();
    await log.deleteTopics(Object.values(topics));
    await log.close();
  },
);

/** One process of each stage. What it holds is what it says in its log. */
class Worker {
  readonly #env: Readonly<Record<string, string>>;
  #processes: Record<Stage, Running>;

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
    this.#processes = this.#started();
  }

  start(): void {
    this.#processes = this.#started();
  }

  /** @returns the exit codes */
  async stop(): Promise<Record<Stage, number | null>> {
    for (const stage of STAGES) this.#processes[stage].child.kill('SIGTERM');
    const { ingest, rating } = this.#processes;
    return { ingest: (await ingest.finished).code, rating: (await rating.finished).code };
  }

  /** Partitions of the stage that the process has now. */
  held(stage: Stage): number {
    return this.#said(stage, 'partition assigned') - this.givenUp(stage);
  }

  /** How often it gave one up since it was started. */
  givenUp(stage: Stage): number {
    return this.#said(stage, 'partition given up');
  }

  #said(stage: Stage, message: string): number {
    return this.#processes[stage].output().split(`"msg":"${message}"`).length - 1;
  }

  #started(): Record<Stage, Running> {
    return { ingest: start(['ingest'], { env: this.#env }), rating: start(['rating'], { env: this.#env }) };
  }
}

/** Longest time between two blocks that a stage made from one partition, by the stamps of the log. */
async function longestGapMs(
  log: EventLog,
  topic: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<number> {
  const stamps = new Map<number, number[]>();
  for (const { partition, begin, end } of await log.offsets(topic)) {
    for await (const { records } of log.read({ topic, partition, from: begin, to: end })) {
      for (const { value, timestampMs } of records) {
        if (timestampMs < fromMs || timestampMs > toMs) continue;
        const source = decodeBlock(value!).header.sourcePartition;
        stamps.set(source, [...(stamps.get(source) ?? []), timestampMs]);
      }
    }
  }
  let longest = 0;
  for (const each of stamps.values()) {
    const sorted = each.toSorted((a, b) => a - b);
    for (let i = 1; i < sorted.length; i++) longest = Math.max(longest, sorted[i]! - sorted[i - 1]!);
  }
  return longest;
}
