/**
 * The broker of a benchmark. Where Java runs it, it is one of the benchmark's own: nobody else's work is in its figures, and its data are
 * gone with it. One for all runs of a benchmark, so that all but the first meet compiled code alike.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
// Before kafkajs, which it replaces parts of.
import '@tollstream/event-log/kafka';
import kafkajs from 'kafkajs';
import { KAFKA_VERSION } from '../broker/broker.ts';
import { missingForDocker } from '../broker/docker-broker.ts';
import { ensureBroker } from '../broker/ensure-broker.ts';
import { missingForJava } from '../broker/java-broker.ts';
import { fetchJars, formatBroker, startBroker } from '../broker/java-process.ts';
import { findFreePorts } from '../broker/probe.ts';
import { processListeningOn } from './process-usage.ts';

export interface BenchBroker {
  readonly brokers: readonly string[];
  readonly description: string;
  /** Null where it is no process of this machine: its processor time is then in no figure. */
  readonly pid: number | null;
}

let found: Promise<BenchBroker> | undefined;
let release = async (): Promise<void> => undefined;

/** @throws when there is none */
export function benchBroker(say: (line: string) => void): Promise<BenchBroker> {
  found ??= find(say);
  return found;
}

export async function releaseBenchBroker(): Promise<void> {
  await release();
}

async function find(say: (line: string) => void): Promise<BenchBroker> {
  const isNamed = (process.env['KAFKA_BROKERS'] ?? '') !== '';
  if (!isNamed && (await missingForDocker()) !== null && (await missingForJava()) === null)
    return startOwn(say);
  const search = await ensureBroker(say);
  if (search.broker === null) throw new Error(`no broker: ${search.reasons.join('; ')}`);
  const { brokers, description } = search.broker;
  release = search.broker.release;
  return { brokers, description, pid: processListeningOn(brokers[0]!) };
}

async function startOwn(say: (line: string) => void): Promise<BenchBroker> {
  await fetchJars(say);
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-broker-'));
  const [port, controllerPort, saslPort] = (await findFreePorts(3)) as [number, number, number];
  const node = { directory, port, advertised: { host: '127.0.0.1', port }, controllerPort, saslPort };
  say(`starting Apache Kafka ${KAFKA_VERSION} on port ${port}`);
  await formatBroker(node);
  const { pid } = await startBroker(node, { isMeasured: true });
  let isEnded = false;
  const end = (): void => {
    if (isEnded) return;
    isEnded = true;
    process.kill(pid, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  // A benchmark that is given up takes it along.
  process.once('exit', end);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  release = async () => end();
  return {
    brokers: [`127.0.0.1:${port}`],
    description: `Apache Kafka ${KAFKA_VERSION} (Java, one node)`,
    pid,
  };
}

/** Runs leave gigabytes behind. */
export async function deleteTopics(brokers: readonly string[], topics: readonly string[]): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.deleteTopics({ topics: [...topics] });
  } finally {
    await admin.disconnect();
  }
}
