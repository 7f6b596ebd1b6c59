/**
 * The pipeline as it runs in production, on one machine: a broker and a ClickHouse engine of its own, each behind a proxy, and the
 * services as processes that are started again when they end.
 */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type EventLog, openKafkaEventLog } from '@tollstream/event-log';
import {
  type PipelineTotals,
  type StageTopics,
  pipelineLag,
  pipelineTotals,
} from '../../packages/cli/src/embedded/status.ts';
import { type BrokerNode, fetchJars, formatBroker, startBroker } from '../broker/java-process.ts';
import { findFreePorts } from '../broker/probe.ts';
import { PROJECT_ROOT, start, tollstream } from '../support/cli.ts';
import { until } from '../support/until.ts';
import { type Proxy, startProxy } from './proxy.ts';
import { Supervised } from './supervised.ts';

export const SERVICES = ['ingest', 'rating', 'aggregator'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** As short as a broker allows, so that the partitions of a killed member move soon. */
export const SESSION_TIMEOUT_MS = 6_000;
const DRAIN_DEADLINE_MS = 180_000;

export interface RigOptions {
  readonly directory: string;
  /** Where the engine keeps its data; default inside `directory`. */
  readonly engineDirectory?: string;
  readonly partitions: number;
  readonly say: (line: string) => void;
}

export class Rig {
  readonly env: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<ServiceName, Supervised>>;
  readonly brokerProxy: Proxy;
  readonly engineProxy: Proxy;
  readonly #node: BrokerNode;
  readonly #topics: StageTopics;
  readonly #engine: Supervised;
  #brokerPid: number;
  #log: EventLog;

  private constructor(parts: {
    env: Record<string, string>;
    services: Record<ServiceName, Supervised>;
    brokerProxy: Proxy;
    engineProxy: Proxy;
    node: BrokerNode;
    topics: StageTopics;
    engine: Supervised;
    brokerPid: number;
  }) {
    this.env = parts.env;
    this.services = parts.services;
    this.brokerProxy = parts.brokerProxy;
    this.engineProxy = parts.engineProxy;
    this.#node = parts.node;
    this.#topics = parts.topics;
    this.#engine = parts.engine;
    this.#brokerPid = parts.brokerPid;
    this.#log = this.#openLog();
  }

  static async start({ directory, engineDirectory, partitions, say }: RigOptions): Promise<Rig> {
    const [port, controllerPort, saslPort, enginePort] = (await findFreePorts(4)) as [
      number,
      number,
      number,
      number,
    ];
    await fetchJars(say);
    const brokerProxy = await startProxy(() => port);
    const engineProxy = await startProxy(() => enginePort);
    const home = path.join(directory, 'broker');
    await mkdir(home, { recursive: true });
    const node = { directory: home, port, advertisedPort: brokerProxy.port, controllerPort, saslPort };
    await formatBroker(node);
    const { pid: brokerPid } = await startBroker(node);

    const data = engineDirectory ?? path.join(directory, 'engine');
    const engine = new Supervised({
      args: ['clickhouse', '--data', data, '--port', String(enginePort)],
      ready: /http:\/\/\S+/,
    });
    await engine.untilReady();
    const prefix = `f${randomUUID().slice(0, 8)}`;
    const topics: StageTopics = {
      raw: `${prefix}.raw`,
      accepted: `${prefix}.accepted`,
      rejected: `${prefix}.rejected`,
      rated: `${prefix}.rated`,
      suspended: `${prefix}.suspended`,
      resolved: `${prefix}.resolved`,
    };
    const env = {
      TOLLSTREAM_KAFKA_BROKERS: `127.0.0.1:${brokerProxy.port}`,
      TOLLSTREAM_KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
      TOLLSTREAM_CLICKHOUSE_URL: `http://127.0.0.1:${engineProxy.port}`,
      TOLLSTREAM_CATALOG_DIR: path.join(PROJECT_ROOT, 'examples/hosted-phone'),
      TOLLSTREAM_OPERATIONS_PORT: '0',
      TOLLSTREAM_GROUP_PREFIX: prefix,
      ...Object.fromEntries(
        Object.entries(topics).map(([name, topic]) => [`TOLLSTREAM_TOPIC_${name.toUpperCase()}`, topic]),
      ),
    };
    for (const command of [['topics', 'create', '--partitions', String(partitions)], ['migrate']]) {
      const { code, stderr } = await tollstream(command, { env });
      if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
    }
    const services = Object.fromEntries(SERVICES.map((name) => [name, serviceOf(name, env)])) as Record<
      ServiceName,
      Supervised
    >;
    const rig = new Rig({ env, services, brokerProxy, engineProxy, node, topics, engine, brokerPid });
    await Promise.all(SERVICES.map((name) => rig.services[name].untilReady()));
    return rig;
  }

  /** Another process of the service beside the first one, until it is stopped. */
  async startStandby(name: ServiceName): Promise<Supervised> {
    const standby = serviceOf(name, this.env);
    await standby.untilReady();
    return standby;
  }

  get #groupPrefix(): string {
    return this.env['TOLLSTREAM_GROUP_PREFIX']!;
  }

  get engine(): Supervised {
    return this.#engine;
  }

  async killAndRestartBroker(): Promise<void> {
    process.kill(this.#brokerPid, 'SIGKILL');
    await until('the broker is gone', () => !isAlive(this.#brokerPid));
    ({ pid: this.#brokerPid } = await startBroker(this.#node));
  }

  /** Publishes all of a file. What interrupts it makes it go on where it stopped. @returns how often it was started */
  async publish(file: string, onStart: (kill: () => void) => void): Promise<number> {
    for (let starts = 1; ; starts += 1) {
      const importing = start(['import', file, '--topic', this.#topics.raw], { env: this.env });
      onStart(() => importing.child.kill('SIGKILL'));
      const { code } = await importing.finished;
      if (code === 0) return starts;
    }
  }

  /** Waits until every record is in its table. */
  async drain(records: number): Promise<PipelineTotals> {
    await this.#untilTotals(
      'all calls in ClickHouse',
      (totals, lag) => totals.seen >= records && lag.ingest + lag.rating + lag.aggregator === 0,
    );
    return pipelineTotals(this.#log, this.#topics, this.#groupPrefix);
  }

  /** Waits until no more than so many raw records wait for ingest. */
  untilBehindBy(recordsMax: number): Promise<void> {
    return this.#untilTotals('ingest catches up', (_, lag) => lag.ingest <= recordsMax);
  }

  async #untilTotals(
    what: string,
    holds: (totals: PipelineTotals, lag: Awaited<ReturnType<typeof pipelineLag>>) => boolean,
  ): Promise<void> {
    const ask = async (): Promise<boolean> => {
      try {
        const lag = await pipelineLag(this.#log, this.#topics, this.#groupPrefix);
        return holds(await pipelineTotals(this.#log, this.#topics, this.#groupPrefix), lag);
      } catch {
        // A connection that a fault broke: asked again by another one.
        await this.#log.close().catch(() => undefined);
        this.#log = this.#openLog();
        return false;
      }
    };
    await until(what, ask, DRAIN_DEADLINE_MS);
  }

  verify(): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return tollstream(['verify'], { env: this.env });
  }

  async query<Row>(sql: string): Promise<Row[]> {
    const url = this.env['TOLLSTREAM_CLICKHOUSE_URL']!;
    const response = await fetch(url, { method: 'POST', body: `${sql} FORMAT JSONEachRow` });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row);
  }

  /** @returns how each service ended: 0 unless something is wrong */
  async stop(): Promise<Readonly<Record<ServiceName, number | null>>> {
    const codes = await Promise.all(SERVICES.map(async (name) => [name, await this.services[name].stop()]));
    await this.#log.close().catch(() => undefined);
    await this.#engine.stop();
    return Object.fromEntries(codes) as Record<ServiceName, number | null>;
  }

  /** Ends whatever still runs, in no order. */
  async abandon(): Promise<void> {
    for (const each of [...Object.values(this.services), this.#engine]) await each.end();
    if (isAlive(this.#brokerPid)) process.kill(this.#brokerPid, 'SIGKILL');
    await Promise.all([this.brokerProxy.close(), this.engineProxy.close()]);
  }

  #openLog(): EventLog {
    return openKafkaEventLog({ clientId: 'faults', brokers: [`127.0.0.1:${this.brokerProxy.port}`] });
  }
}

function serviceOf(name: ServiceName, env: Readonly<Record<string, string>>): Supervised {
  return new Supervised({ args: [name], env, ready: /"msg":"ready"/ });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
