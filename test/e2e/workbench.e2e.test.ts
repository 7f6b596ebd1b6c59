/** What was suspended or rejected is taken up again over the real services, once, although services and commands are killed meanwhile. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import { expect, inject, test } from 'vitest';
import { EMBEDDED_TOPICS, type StageTopics, pipelineLag } from '../../packages/cli/src/embedded/status.ts';
import { type Finished, start, temporaryDirectory, tollstream } from '../support/cli.ts';
import { startServices } from '../support/services.ts';
import { until } from '../support/until.ts';

const brokers = inject('kafkaBrokers');
const CALLS = 3_000;
const PARTITIONS = 2;

test.skipIf(brokers === null)(
  'rejected records and suspended calls are replayed once over killed services',
  { timeout: 300_000 },
  async () => {
    await using directory = await temporaryDirectory();
    const file = path.join(directory.path, 'calls.jsonl');
    await tollstream(['generate', '--calls', String(CALLS), '--seed', '23', '--output', file]);
    const services = await startServices({
      brokers: (brokers ?? []).join(','),
      directory: directory.path,
      partitions: PARTITIONS,
      // Partitions of a member that was killed move soon.
      env: { TOLLSTREAM_KAFKA_SESSION_TIMEOUT_MS: '6000' },
    });
    const { env } = services;
    const ask = (...args: string[]): Promise<Finished> =>
      tollstream([...args, '--wait', '180', '--by', 'test', '--json'], { env });
    const count = async (sql: string): Promise<number> => {
      const [row] = await services.query<{ n: string }>(`SELECT count() AS n FROM tollstream.${sql}`);
      return Number(row?.n);
    };

    // All of them say that they are Avro: whoever published them was not set up well.
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    const log = openKafkaEventLog({ clientId: 'test', brokers: brokers ?? [] });
    const topic = env['TOLLSTREAM_TOPIC_RAW'] ?? '';
    const publisher = await log.claim('publisher', topic, 0);
    const outputs = lines.map((value, i) => ({
      topic,
      partition: i % PARTITIONS,
      key: `calls.jsonl:${i + 1}`,
      value: Buffer.from(value),
      headers: { 'tollstream-format': 'avro' },
    }));
    await publisher.commit({ outputs, nextOffset: 0, metadata: '' });
    await publisher.release();
    await until('all are rejected', async () => (await count('usage_rejected')) === lines.length);
    // What is rejected once more comes later: it is left alone here.
    const replay = ['rejected', 'replay', '--format', 'json', '--to', new Date().toISOString()];

    const discarded = await ask(
      'rejected',
      'discard',
      '--position',
      'calls.jsonl:1000',
      '--because',
      'a test',
    );
    expect(discarded.code, discarded.stderr).toBe(0);
    expect(JSON.parse(discarded.stdout)).toMatchObject({
      records: 1,
      outcomes: [{ outcome: 'discarded', records: 1 }],
    });

    // The command dies once it has published something; ingest dies while it reads that.
    const topics = Object.fromEntries(
      Object.keys(EMBEDDED_TOPICS).map((name) => [name, env[`TOLLSTREAM_TOPIC_${name.toUpperCase()}`]]),
    ) as unknown as StageTopics;
    const ends = async (): Promise<number> =>
      (await log.offsets(topic)).reduce((sum, { end }) => sum + end, 0);
    const before = await ends();
    const dying = start([...replay, '--by', 'test'], { env });
    await until('something is replayed', async () => (await ends()) > before);
    dying.child.kill('SIGKILL');
    process.kill(services.pids['ingest']!, 'SIGKILL');
    await dying.finished;
    const ingest = start(['ingest'], { env });
    const replayed = await ask(...replay, '--because', 'the format is JSON');
    expect(replayed.code, replayed.stderr).toBe(0);
    expect(await count("usage_rejects WHERE state = 'replayed'")).toBe(lines.length - 1);
    // Each was replayed once: those that cannot be read as JSON either are rejected anew, and wait.
    expect(await count('usage_rejected')).toBe(
      lines.length + (await count("usage_rejects WHERE state = 'open'")),
    );

    await until('all that was replayed is rated and stored', async () => {
      const lag = await pipelineLag(log, topics, env['TOLLSTREAM_GROUP_PREFIX']);
      return lag.ingest + lag.rating + lag.aggregator === 0;
    });
    // Rating is given a plan for accounts that nobody knows, and dies while it prices them.
    const suspended = await count("usage_suspense WHERE state = 'open' AND code = 'account_unknown'");
    expect(suspended).toBeGreaterThan(0);
    process.kill(services.pids['rating']!, 'SIGKILL');
    const rating = start(['rating'], { env: { ...env, TOLLSTREAM_DEFAULT_PLAN: 'standard' } });
    await rating.waitFor(/"msg":"ready"/);
    const asking = ask('suspended', 'replay', '--reason', 'account_unknown', '--because', 'a plan for all');
    process.kill(services.pids['aggregator']!, 'SIGKILL');
    rating.child.kill('SIGKILL');
    const again = [
      start(['rating'], { env: { ...env, TOLLSTREAM_DEFAULT_PLAN: 'standard' } }),
      start(['aggregator'], { env }),
    ];
    const taken = await asking;
    expect(taken.code, taken.stderr).toBe(0);
    expect(JSON.parse(taken.stdout)).toMatchObject({ calls: suspended });
    expect(await count("usage_suspense WHERE state = 'open' AND code = 'account_unknown'")).toBe(0);

    const twice = await services.query(
      `SELECT source_topic, source_partition, source_offset, count() AS n FROM tollstream.usage_resolved WHERE outcome != 'kept'
       GROUP BY source_topic, source_partition, source_offset HAVING n > 1`,
    );
    expect(twice).toEqual([]);
    const verified = await tollstream(['verify', '--json'], { env });
    expect(verified.code, verified.stdout + verified.stderr).toBe(0);
    expect(JSON.parse(verified.stdout)).toMatchObject({
      verified: true,
      calls: 2 * lines.length - 1,
      rejects: { replayed: lines.length - 1, discarded: 1 },
    });
    await log.close();
    for (const each of [ingest, ...again]) {
      each.child.kill('SIGTERM');
      await each.finished;
    }
    await services.stop();
  },
);
