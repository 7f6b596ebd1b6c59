/** The four services as processes over a real broker and the real ClickHouse engine, with topics of their own. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { StageTopics } from '../../packages/cli/src/embedded/status.ts';
import { type Running, PROJECT_ROOT, start, tollstream } from './cli.ts';
import { queryClickHouse } from './query-clickhouse.ts';

export interface ServicesOptions {
  readonly brokers: string;
  /** Directory for the engine's data. */
  readonly directory: string;
  readonly partitions: number;
  readonly catalog?: string;
  /** Further settings of the services. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Services {
  readonly clickhouseUrl: string;
  /** Environment that reaches the same topics and the same store. */
  readonly env: Readonly<Record<string, string>>;
  /** Addresses of `/metrics`, `/healthz`, `/readyz` by service. */
  readonly operations: Readonly<Record<string, string>>;
  readonly pids: Readonly<Record<string, number>>;
  /** What a service has said so far. */
  output(service: string): string;
  query<Row>(sql: string): Promise<Row[]>;
  stop(): Promise<Readonly<Record<string, number | null>>>;
}

const SERVICES = ['ingest', 'rating', 'aggregator', 'billing'] as const;

export interface Prepared {
  readonly env: Readonly<Record<string, string>>;
  readonly clickhouseUrl: string;
  readonly enginePid: number;
  readonly groupPrefix: string;
  readonly topics: StageTopics;
  /** @param env further environment of the services alone */
  startServices(env?: Readonly<Record<string, string>>): Promise<Services>;
  /** Ends the engine where no services were started. */
  stop(): Promise<void>;
}

export async function startServices(options: ServicesOptions): Promise<Services> {
  const prepared = await prepareServices(options);
  return prepared.startServices();
}

/** The engine with its tables, and the topics: everything but the services. */
export async function prepareServices(options: ServicesOptions): Promise<Prepared> {
  // A prefix for every start: tests share one broker.
  const prefix = `t${randomUUID().slice(0, 8)}`;
  const engine = start(['clickhouse', '--data', path.join(options.directory, 'engine'), '--port', '0']);
  const [clickhouseUrl] = await engine.waitFor(/http:\/\/\S+/);
  const topics: StageTopics = {
    raw: `${prefix}.raw`,
    accepted: `${prefix}.accepted`,
    rejected: `${prefix}.rejected`,
    rated: `${prefix}.rated`,
    suspended: `${prefix}.suspended`,
    resolved: `${prefix}.resolved`,
    alerts: `${prefix}.alerts`,
  };
  const env: Record<string, string> = {
    TOLLSTREAM_KAFKA_BROKERS: options.brokers,
    TOLLSTREAM_CLICKHOUSE_URL: clickhouseUrl,
    TOLLSTREAM_CATALOG_DIR: options.catalog ?? path.join(PROJECT_ROOT, 'examples/hosted-phone'),
    TOLLSTREAM_OPERATIONS_PORT: '0',
    TOLLSTREAM_HTTP_PORT: '0',
    TOLLSTREAM_API_PORT: '0',
    TOLLSTREAM_GROUP_PREFIX: prefix,
    ...Object.fromEntries(
      Object.entries(topics).map(([name, topic]) => [`TOLLSTREAM_TOPIC_${name.toUpperCase()}`, topic]),
    ),
    ...options.env,
  };
  for (const command of [['topics', 'create', '--partitions', String(options.partitions)], ['migrate']]) {
    const { code, stderr } = await tollstream(command, { env });
    if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  }
  const stop = async (): Promise<void> => {
    engine.child.kill('SIGTERM');
    await engine.finished;
  };
  return {
    env,
    clickhouseUrl,
    enginePid: engine.child.pid ?? 0,
    groupPrefix: prefix,
    topics,
    startServices: (further = {}) =>
      startProcesses({ env: { ...env, ...further }, clickhouseUrl, stopEngine: stop }),
    stop,
  };
}

async function startProcesses(options: {
  env: Readonly<Record<string, string>>;
  clickhouseUrl: string;
  stopEngine: () => Promise<void>;
}): Promise<Services> {
  const { env, clickhouseUrl, stopEngine } = options;
  const running = new Map<string, Running>(SERVICES.map((name) => [name, start([name], { env })]));
  const operations: Record<string, string> = {};
  await Promise.all(
    [...running].map(async ([name, service]) => {
      const [, address] = await service.waitFor(/"address":"(http:[^"]+)"/);
      operations[name] = address ?? '';
      await service.waitFor(/"msg":"ready"/);
    }),
  );
  return {
    clickhouseUrl,
    env,
    operations,
    pids: Object.fromEntries([...running].map(([name, { child }]) => [name, child.pid ?? 0])),
    output: (name) => running.get(name)?.output() ?? '',
    query: async (sql) => queryClickHouse(clickhouseUrl, sql),
    async stop() {
      const codes: Record<string, number | null> = {};
      for (const [name, service] of running) {
        service.child.kill('SIGTERM');
        codes[name] = (await service.finished).code;
      }
      await stopEngine();
      return codes;
    },
  };
}
