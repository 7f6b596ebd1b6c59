/** Apache Kafka from Maven Central's jars on the machine's own Java: one node, kept running for the next test run. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockDataDirectory, type DataLock } from '@tollstream/event-log';
import { KAFKA_VERSION, type RunningBroker } from './broker.ts';
import { brokerCacheDirectory } from './cache.ts';
import { runCommand } from './command.ts';
import { fetchJars, formatBroker, hasJars, propertiesPath, startBroker } from './java-process.ts';
import { findFreePorts, isBrokerHealthy } from './probe.ts';

const JAVA_VERSION_MIN = 17;
const MAVEN_TIMEOUT_MS = 180_000;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

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
  if (hasJars()) return null;
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

async function start(say: (line: string) => void): Promise<RunningBroker> {
  const [port, controllerPort, saslPort] = (await findFreePorts(3)) as [number, number, number];
  say(`starting Apache Kafka ${KAFKA_VERSION} on port ${port}`);
  const node = {
    directory: brokerCacheDirectory(),
    port,
    advertised: { host: '127.0.0.1', port },
    controllerPort,
    saslPort,
  };
  await formatBroker(node);
  const { pid } = await startBroker(node);
  writeFileSync(statePath(), JSON.stringify({ pid, port, saslPort, version: KAFKA_VERSION }));
  return describe({ pid, port, saslPort, version: KAFKA_VERSION });
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
  return isSuccess && output.includes(propertiesPath({ directory: brokerCacheDirectory() }));
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
