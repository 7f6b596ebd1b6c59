/**
 * The pipeline as it runs in production, on one machine: a broker and a ClickHouse engine of its own, each behind a proxy, and the
 * services as processes that are started again when they end.
 */
import { randomUUID } from 'node:crypto';
import { appendFile, copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { EventLog } from '@tollstream/event-log';
import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import {
  type PipelineTotals,
  type StageTopics,
  pipelineLag,
  pipelineTotals,
} from '../../packages/cli/src/embedded/status.ts';
import {
  type BrokerNode,
  logPath as brokerLogPath,
  fetchJars,
  formatBroker,
  startBroker,
} from '../broker/java-process.ts';
import { findFreePorts } from '../broker/probe.ts';
import { type Finished, PROJECT_ROOT, start } from '../support/cli.ts';
import { queryClickHouse } from '../support/query-clickhouse.ts';
import { until, within } from '../support/until.ts';
import { type Network, type Wire, openNetwork } from './network.ts';
import { type Proxy, startProxy } from './proxy.ts';
import { Supervised } from './supervised.ts';

export const SERVICES = ['ingest', 'rating', 'aggregator'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** As short as a broker allows, so that the partitions of a killed member move soon. */
export const SESSION_TIMEOUT_MS = 6_000;
/** For whatever is waited for; only what hangs reaches it. */
const DEADLINE_MS = 300_000;

export interface RigOptions {
  readonly directory: string;
  /** What its processes say is kept here. */
  readonly logDirectory: string;
  /** Where the engine keeps its data; default inside `directory`. */
  readonly engineDirectory?: string;
  readonly partitions: number;
  readonly say: (line: string) => void;
}

interface Parts {
  readonly options: RigOptions;
  readonly env: Readonly<Record<string, string>>;
  readonly brokerProxy: Proxy;
  readonly engineProxy: Proxy;
  readonly node: BrokerNode;
  readonly topics: StageTopics;
  readonly engine: Supervised;
  readonly wires: Readonly<Record<ServiceName, Wire>> | null;
  /** Another process after a restart. */
  readonly broker: { pid: number };
  /** Ends whatever was started, in reverse order. */
  readonly started: AsyncDisposableStack;
}

export class Rig {
  readonly env: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<ServiceName, Supervised>>;
  readonly brokerProxy: Proxy;
  readonly engineProxy: Proxy;
  readonly engine: Supervised;
  /** From each service to all else; null where no network can be made. */
  readonly wires: Readonly<Record<ServiceName, Wire>> | null;
  readonly #options: RigOptions;
  readonly #node: BrokerNode;
  readonly #topics: StageTopics;
  readonly #started: AsyncDisposableStack;
  readonly #broker: { pid: number };
  #log: EventLog;

  private constructor(parts: Parts) {
    this.env = parts.env;
    this.brokerProxy = parts.brokerProxy;
    this.engineProxy = parts.engineProxy;
    this.engine = parts.engine;
    this.wires = parts.wires;
    this.#options = parts.options;
    this.#node = parts.node;
    this.#topics = parts.topics;
    this.#started = parts.started;
    this.#broker = parts.broker;
    this.#log = this.#openLog();
    this.#started.defer(() => this.#log.close().catch(() => undefined));
    this.services = Object.fromEntries(
      SERVICES.map((name) => [name, this.#serviceOf(name, 'service', this.wires?.[name])]),
    ) as Record<ServiceName, Supervised>;
  }

  /** @throws naming what did not come up; nothing runs then */
  static async start(options: RigOptions): Promise<Rig> {
    const { directory, logDirectory, engineDirectory, partitions, say } = options;
    await using started = new AsyncDisposableStack();
    await mkdir(logDirectory, { recursive: true });
    const [port, controllerPort, saslPort, enginePort] = (await findFreePorts(4)) as [
      number,
      number,
      number,
      number,
    ];
    await fetchJars(say);
    const network = await networkOrNull(say);
    if (network !== null) started.adopt(network, (each) => each.close());
    const wires = network === null ? null : await wireServices(network);
    const host = network?.address ?? '127.0.0.1';
    const brokerProxy = started.adopt(await startProxy(() => port, host), (proxy) => proxy.close());
    const engineProxy = started.adopt(await startProxy(() => enginePort, host), (proxy) => proxy.close());
    const home = path.join(directory, 'broker');
    await mkdir(home, { recursive: true });
    const advertised = { host, port: brokerProxy.port };
    const node = { directory: home, port, advertised, controllerPort, saslPort };
    await formatBroker(node);
    const broker = { pid: (await startBroker(node)).pid };
    started.defer(() => endProcess(broker.pid));
    // A broker outlives who started it, unless it is ended.
    const endBroker = (): void => void killIfAlive(broker.pid);
    process.once('exit', endBroker);
    started.defer(() => void process.off('exit', endBroker));
    started.defer(() => keepLog(node, logDirectory));

    const data = engineDirectory ?? path.join(directory, 'engine');
    const engine = started.adopt(
      new Supervised({
        args: ['clickhouse', '--data', data, '--port', String(enginePort)],
        ready: /http:\/\/\S+/,
        logFile: path.join(logDirectory, 'clickhouse.log'),
      }),
      (each) => each.end(),
    );
    await engine.untilReady();
    const prefix = `f${randomUUID().slice(0, 8)}`;
    const topics: StageTopics = {
      raw: `${prefix}.raw`,
      accepted: `${prefix}.accepted`,
      rejected: `${prefix}.rejected`,
      rated: `${prefix}.rated`,
      suspended: `${prefix}.suspended`,
      resolved: `${prefix}.resolved`,
      alerts: `${prefix}.alerts`,
    };
    const env = {
      TOLLSTREAM_KAFKA_BROKERS: `${host}:${brokerProxy.port}`,
      TOLLSTREAM_KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
      TOLLSTREAM_CLICKHOUSE_URL: `http://${host}:${engineProxy.port}`,
      TOLLSTREAM_CATALOG_DIR: path.join(PROJECT_ROOT, 'examples/hosted-phone'),
      TOLLSTREAM_OPERATIONS_PORT: '0',
      TOLLSTREAM_GROUP_PREFIX: prefix,
      ...Object.fromEntries(
        Object.entries(topics).map(([name, topic]) => [`TOLLSTREAM_TOPIC_${name.toUpperCase()}`, topic]),
      ),
    };
    for (const command of [['topics', 'create', '--partitions', String(partitions)], ['migrate']]) {
      const { code, stderr } = await finish(command, env);
      if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
    }
    const rig = new Rig({
      options,
      env,
      brokerProxy,
      engineProxy,
      node,
      topics,
      engine,
      wires,
      broker,
      started: started.move(),
    });
    try {
      await rig.untilReady();
    } catch (error) {
      await rig.abandon();
      throw error;
    }
    return rig;
  }

  /** Waits until the engine and every service has started. @throws naming the one that has not */
  async untilReady(): Promise<void> {
    await Promise.all([this.engine, ...Object.values(this.services)].map((each) => each.untilReady()));
  }

  /** Another process of the service beside the first one, until it is stopped. */
  async startStandby(name: ServiceName): Promise<Supervised> {
    const standby = this.#serviceOf(name, 'standby');
    await standby.untilReady();
    return standby;
  }

  get #groupPrefix(): string {
    return this.env['TOLLSTREAM_GROUP_PREFIX']!;
  }

  async killAndRestartBroker(): Promise<void> {
    await endProcess(this.#broker.pid);
    this.#broker.pid = (await startBroker(this.#node)).pid;
  }

  /** Publishes all of a file. What interrupts it makes it go on where it stopped. @returns how often it was started */
  async publish(file: string, onStart: (kill: () => void) => void): Promise<number> {
    let said = '';
    let isOver = false;
    const publishing = async (): Promise<number> => {
      for (let starts = 1; ; starts += 1) {
        const importing = start(['import', file, '--topic', this.#topics.raw], { env: this.env });
        onStart(() => importing.child.kill('SIGKILL'));
        const { code, stdout, stderr } = await importing.finished;
        said = `=== ${file}, start ${starts}, ended with ${code}\n${stdout}${stderr}\n`;
        await appendFile(path.join(this.#options.logDirectory, 'import.log'), said);
        if (code === 0 || isOver) return starts;
      }
    };
    try {
      return await within(
        DEADLINE_MS,
        publishing(),
        () => `${file} was not published within ${DEADLINE_MS} ms: ${said}`,
      );
    } finally {
      isOver = true;
    }
  }

  /** Waits until every record is in its table. */
  async drain(records: number): Promise<PipelineTotals> {
    await this.untilReady();
    await this.#untilTotals(
      `all ${records} calls in ClickHouse`,
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
    let last = 'no answer from the broker';
    const ask = async (): Promise<boolean> => {
      try {
        const lag = await pipelineLag(this.#log, this.#topics, this.#groupPrefix);
        const totals = await pipelineTotals(this.#log, this.#topics, this.#groupPrefix);
        last = JSON.stringify({ lag, totals });
        return holds(totals, lag);
      } catch {
        // A connection that a fault broke: asked again by another one.
        await this.#log.close().catch(() => undefined);
        this.#log = this.#openLog();
        return false;
      }
    };
    await until(what, ask, DEADLINE_MS).catch((error: Error) => {
      throw new Error(`${error.message}; last seen: ${last}; logs: ${this.#options.logDirectory}`);
    });
  }

  verify(): Promise<Finished> {
    return finish(['verify'], this.env);
  }

  async query<Row>(sql: string): Promise<Row[]> {
    return queryClickHouse(this.env['TOLLSTREAM_CLICKHOUSE_URL']!, sql);
  }

  /** @returns how each service ended: 0 unless something is wrong */
  async stop(): Promise<Readonly<Record<ServiceName, number | null>>> {
    const codes = await Promise.all(SERVICES.map(async (name) => [name, await this.services[name].stop()]));
    await this.engine.stop();
    return Object.fromEntries(codes) as Record<ServiceName, number | null>;
  }

  /** Ends whatever still runs, and keeps what it said. */
  abandon(): Promise<void> {
    return this.#started.disposeAsync();
  }

  #openLog(): EventLog {
    return openKafkaEventLog({ clientId: 'faults', brokers: [this.env['TOLLSTREAM_KAFKA_BROKERS']!] });
  }

  #serviceOf(name: ServiceName, role: string, wire?: Wire): Supervised {
    const service = new Supervised({
      args: [name],
      env: this.env,
      by: wire?.command ?? [],
      ready: /"msg":"ready"/,
      logFile: path.join(this.#options.logDirectory, `${name}-${role}.log`),
    });
    return this.#started.adopt(service, (each) => each.end());
  }
}

async function networkOrNull(say: (line: string) => void): Promise<Network | null> {
  try {
    return await openNetwork();
  } catch {
    say('No network namespaces can be made here: services are not cut off from the network.');
    return null;
  }
}

async function wireServices(network: Network): Promise<Record<ServiceName, Wire>> {
  const wires: Partial<Record<ServiceName, Wire>> = {};
  for (const name of SERVICES) wires[name] = await network.plugIn();
  return wires as Record<ServiceName, Wire>;
}

/** Runs a command to its end. @throws when it does not end */
export function finish(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const running = start(args, { env });
  return within(
    DEADLINE_MS,
    running.finished,
    () =>
      `${args.join(' ')} did not end within ${DEADLINE_MS} ms. It said last:\n${running.output().slice(-1_500)}`,
  );
}

function keepLog(node: BrokerNode, logDirectory: string): Promise<void> {
  return copyFile(brokerLogPath(node), path.join(logDirectory, 'broker.log'));
}

async function endProcess(pid: number): Promise<void> {
  if (!killIfAlive(pid)) return;
  await until(`the process ${pid} is gone`, () => !isAlive(pid));
}

function killIfAlive(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
