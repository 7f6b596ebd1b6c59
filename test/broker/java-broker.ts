/** Apache Kafka from Maven Central's jars on the machine's own Java: one node, kept running for the next test run. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockDataDirectory, type DataLock } from '@tollstream/event-log';
import { KAFKA_VERSION, SASL_USER, type RunningBroker } from './broker.ts';
import { brokerCacheDirectory } from './cache.ts';
import { runCommand } from './command.ts';
import { findFreePorts, isBrokerHealthy, waitForBroker } from './probe.ts';

const JAVA_VERSION_MIN = 17;
const MAVEN_TIMEOUT_MS = 180_000;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const HEAP = '-Xmx1g';

interface BrokerState {
  readonly pid: number;
  readonly port: number;
  readonly saslPort: number;
  readonly version: string;
}

/** @returns why a broker cannot be run on Java here; null when it can */
export async function missingForJava(): Promise<string | null> {
  const java = await runCommand('java', ['-version'], 20_000);
  if (!java.isSuccess) return `Java ${JAVA_VERSION_MIN} or newer is not installed`;
  const version = Number(/version "(\d+)/.exec(java.output)?.[1]);
  if (!(version >= JAVA_VERSION_MIN))
    return `Java is of version ${version}, ${JAVA_VERSION_MIN} or newer is needed`;
  if (existsSync(jarsMarker())) return null;
  const maven = await runCommand('mvn', ['-v'], 30_000);
  return maven.isSuccess ? null : 'Maven is not installed';
}

/** Gives the broker that runs already, or starts one. Calls from several processes wait for each other. */
export async function ensureJavaBroker(say: (line: string) => void): Promise<RunningBroker> {
  const lock = await waitForLock();
  try {
    const running = await findJavaBroker();
    if (running) return running;
    await stopRecorded();
    await fetchJars(say);
    return await start(say);
  } finally {
    lock.release();
  }
}

/** @returns the broker that an earlier run left, if it answers */
export async function findJavaBroker(): Promise<RunningBroker | null> {
  const state = readState();
  if (!state || !(await isBrokerHealthy([`127.0.0.1:${state.port}`]))) return null;
  return describe(state);
}

/** @returns false when there was none */
export async function stopJavaBroker(): Promise<boolean> {
  const lock = await waitForLock();
  try {
    return await stopRecorded();
  } finally {
    lock.release();
  }
}

function describe(state: BrokerState): RunningBroker {
  return {
    brokers: [`127.0.0.1:${state.port}`],
    saslBroker: `127.0.0.1:${state.saslPort}`,
    description: `Apache Kafka ${state.version} (Java, 127.0.0.1:${state.port})`,
    release: async () => undefined,
  };
}

async function fetchJars(say: (line: string) => void): Promise<void> {
  if (existsSync(jarsMarker())) return;
  say(`fetching Apache Kafka ${KAFKA_VERSION} with Maven (54 MB, once)`);
  const pom = join(import.meta.dirname, 'pom.xml');
  const args = [
    '-q',
    '-B',
    '-f',
    pom,
    'dependency:copy-dependencies',
    `-DoutputDirectory=${jarsDirectory()}`,
  ];
  const maven = await runCommand('mvn', args, MAVEN_TIMEOUT_MS);
  if (!maven.isSuccess) throw new Error(`Maven could not fetch Apache Kafka: ${maven.output.slice(-2_000)}`);
  writeFileSync(jarsMarker(), '');
}

async function start(say: (line: string) => void): Promise<RunningBroker> {
  const [port, controllerPort, saslPort] = (await findFreePorts(3)) as [number, number, number];
  say(`starting Apache Kafka ${KAFKA_VERSION} on port ${port}`);
  const home = brokerCacheDirectory();
  rmSync(dataDirectory(), { recursive: true, force: true });
  mkdirSync(dataDirectory(), { recursive: true });
  const properties = join(home, 'server.properties');
  writeFileSync(properties, serverProperties({ port, controllerPort, saslPort }));
  writeFileSync(join(home, 'log4j2.properties'), LOG4J);
  const java = [
    `-Dlog4j2.configurationFile=${join(home, 'log4j2.properties')}`,
    '-cp',
    join(jarsDirectory(), '*'),
  ];

  const scram = `SCRAM-SHA-512=[name=${SASL_USER.username},password=${SASL_USER.password}]`;
  const formatArgs = ['format', '-t', clusterId(), '-c', properties, '--add-scram', scram];
  const format = await runCommand(
    'java',
    [...java, 'kafka.tools.StorageTool', ...formatArgs],
    START_TIMEOUT_MS,
  );
  if (!format.isSuccess)
    throw new Error(`Kafka's storage could not be formatted: ${format.output.slice(-2_000)}`);

  const logPath = join(home, 'broker.log');
  const log = openSync(logPath, 'w');
  const child = spawn('java', [HEAP, ...java, 'kafka.Kafka', properties], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: home,
  });
  child.unref();
  let isAlive = true;
  child.once('exit', () => {
    isAlive = false;
  });
  child.once('error', () => {
    isAlive = false;
  });
  const isUp = await waitForBroker([`127.0.0.1:${port}`], {
    deadlineMs: START_TIMEOUT_MS,
    isAlive: () => isAlive,
  });
  if (!isUp || child.pid === undefined) {
    if (isAlive && child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
    throw new Error(`Apache Kafka did not come up: ${readFileSync(logPath, 'utf8').slice(-2_000)}`);
  }
  const state = { pid: child.pid, port, saslPort, version: KAFKA_VERSION };
  writeFileSync(statePath(), JSON.stringify(state));
  return describe(state);
}

async function stopRecorded(): Promise<boolean> {
  const state = readState();
  rmSync(statePath(), { force: true });
  if (!state || !(await isOurs(state.pid))) return false;
  process.kill(state.pid, 'SIGTERM');
  const end = Date.now() + STOP_TIMEOUT_MS;
  while (await isOurs(state.pid)) {
    if (Date.now() > end) process.kill(state.pid, 'SIGKILL');
    await sleep(100);
  }
  return true;
}

/** A process id may have been given to another program since: only a Java that reads our settings is ours. */
async function isOurs(pid: number): Promise<boolean> {
  const { isSuccess, output } = await runCommand('ps', ['-p', String(pid), '-o', 'args='], 10_000);
  return isSuccess && output.includes(join(brokerCacheDirectory(), 'server.properties'));
}

async function waitForLock(): Promise<DataLock> {
  const end = Date.now() + MAVEN_TIMEOUT_MS + START_TIMEOUT_MS;
  for (;;) {
    try {
      return lockDataDirectory(brokerCacheDirectory());
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(200);
    }
  }
}

function readState(): BrokerState | null {
  try {
    return JSON.parse(readFileSync(statePath(), 'utf8')) as BrokerState;
  } catch {
    return null;
  }
}

function statePath(): string {
  return join(brokerCacheDirectory(), 'broker.json');
}

function jarsDirectory(): string {
  return join(brokerCacheDirectory(), `jars-${KAFKA_VERSION}`);
}

function jarsMarker(): string {
  return join(jarsDirectory(), '.complete');
}

function dataDirectory(): string {
  return join(brokerCacheDirectory(), 'data');
}

/** Kafka writes cluster ids as 22 characters of URL-safe base64. */
function clusterId(): string {
  return Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
}

function serverProperties(ports: { port: number; controllerPort: number; saslPort: number }): string {
  const { port, controllerPort, saslPort } = ports;
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},SASL://127.0.0.1:${saslPort},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port},SASL://127.0.0.1:${saslPort}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${SASL_USER.username}="${SASL_USER.password}";
listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
log.dirs=${dataDirectory()}
auto.create.topics.enable=false
num.partitions=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
`;
}

const LOG4J = `
rootLogger.level = error
rootLogger.appenderRef.console.ref = Console
appender.console.type = Console
appender.console.name = Console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c %m%n
`;
