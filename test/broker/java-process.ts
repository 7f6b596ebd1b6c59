/** Apache Kafka as a process of its own: one KRaft node on Maven Central's jars, in a directory and on ports that the caller names. */
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KAFKA_VERSION, SASL_USER } from './broker.ts';
import { brokerCacheDirectory } from './cache.ts';
import { runCommand } from './command.ts';
import { waitForBroker } from './probe.ts';

const POM = join(import.meta.dirname, 'pom.xml');
const MAVEN_TIMEOUT_MS = 180_000;
const START_TIMEOUT_MS = 180_000;
const HEAP = '-Xmx1g';
/** A broker that lives for minutes is done sooner when its code is compiled once, simply, and its garbage collected without helpers. */
const FOR_MINUTES = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** Where a broker keeps its data, and where it listens on 127.0.0.1. */
export interface BrokerNode {
  readonly directory: string;
  readonly port: number;
  /** Where it tells its clients to come; elsewhere than to `port` where a proxy stands before it. */
  readonly advertised: { readonly host: string; readonly port: number };
  readonly controllerPort: number;
  readonly saslPort: number;
}

export async function fetchJars(say: (line: string) => void): Promise<void> {
  if (hasJars()) return;
  say(`fetching Apache Kafka ${KAFKA_VERSION} with Maven (54 MB, once)`);
  const args = [
    '-q',
    '-B',
    '-f',
    POM,
    'dependency:copy-dependencies',
    `-DoutputDirectory=${jarsDirectory()}`,
  ];
  const maven = await runCommand('mvn', args, MAVEN_TIMEOUT_MS);
  if (!maven.isSuccess) throw new Error(`Maven could not fetch Apache Kafka: ${maven.output.slice(-2_000)}`);
  writeFileSync(jarsMarker(), '');
}

export function hasJars(): boolean {
  return existsSync(jarsMarker());
}

/** Settings and empty storage; what stood there is gone. */
export async function formatBroker(node: BrokerNode): Promise<void> {
  const data = join(node.directory, 'data');
  rmSync(data, { recursive: true, force: true });
  rmSync(logPath(node), { force: true });
  mkdirSync(data, { recursive: true });
  writeFileSync(propertiesPath(node), serverProperties(node, data));
  writeFileSync(join(node.directory, 'log4j2.properties'), LOG4J);
  const scram = `SCRAM-SHA-512=[name=${SASL_USER.username},password=${SASL_USER.password}]`;
  const args = ['format', '-t', clusterId(), '-c', propertiesPath(node), '--add-scram', scram];
  const format = await runCommand(
    'java',
    [...FOR_MINUTES, ...javaArguments(node), 'kafka.tools.StorageTool', ...args],
    START_TIMEOUT_MS,
  );
  if (!format.isSuccess)
    throw new Error(`Kafka's storage could not be formatted: ${format.output.slice(-2_000)}`);
}

/**
 * Starts it on the data that it has; resolves when it answers. It outlives this process.
 * @param options.isMeasured runs it as Java does by itself, for figures that a long-lived broker would give
 */
export async function startBroker(
  node: BrokerNode,
  { isMeasured = false }: { isMeasured?: boolean } = {},
): Promise<{ readonly pid: number }> {
  const log = openSync(logPath(node), 'a');
  const machine = isMeasured ? [HEAP] : [HEAP, ...FOR_MINUTES];
  const child = spawn('java', [...machine, ...javaArguments(node), 'kafka.Kafka', propertiesPath(node)], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: node.directory,
  });
  closeSync(log);
  child.unref();
  let isAlive = true;
  child.once('exit', () => {
    isAlive = false;
  });
  child.once('error', () => {
    isAlive = false;
  });
  const isUp = await waitForBroker([`127.0.0.1:${node.port}`], {
    deadlineMs: START_TIMEOUT_MS,
    isAlive: () => isAlive,
  });
  if (!isUp || child.pid === undefined) {
    if (isAlive && child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
    throw new Error(`Apache Kafka did not come up: ${readFileSync(logPath(node), 'utf8').slice(-2_000)}`);
  }
  return { pid: child.pid };
}

export function propertiesPath({ directory }: Pick<BrokerNode, 'directory'>): string {
  return join(directory, 'server.properties');
}

/** What all its starts said. */
export function logPath({ directory }: Pick<BrokerNode, 'directory'>): string {
  return join(directory, 'broker.log');
}

function javaArguments({ directory }: BrokerNode): string[] {
  const logging = `-Dlog4j2.configurationFile=${join(directory, 'log4j2.properties')}`;
  return [logging, '-cp', join(jarsDirectory(), '*')];
}

/** Of its own for every set of jars. */
function jarsDirectory(): string {
  const set = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 8);
  return join(brokerCacheDirectory(), `jars-${KAFKA_VERSION}-${set}`);
}

function jarsMarker(): string {
  return join(jarsDirectory(), '.complete');
}

/** Kafka writes cluster ids as 22 characters of URL-safe base64. */
function clusterId(): string {
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  // The storage tool takes a leading '-' for an option, as one in 64 has.
  return id.startsWith('-') ? clusterId() : id;
}

function serverProperties(node: BrokerNode, data: string): string {
  const { port, advertised, controllerPort, saslPort } = node;
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},SASL://127.0.0.1:${saslPort},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://${advertised.host}:${advertised.port},SASL://127.0.0.1:${saslPort}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${SASL_USER.username}="${SASL_USER.password}";
listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
log.dirs=${data}
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
