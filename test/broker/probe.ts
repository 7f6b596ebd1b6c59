import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer } from 'node:net';
// Before kafkajs, which it replaces parts of.
import '@tollstream/event-log/kafka';
import kafkajs from 'kafkajs';

/** True when a broker answers there and knows its controller. */
export async function isBrokerHealthy(brokers: readonly string[]): Promise<boolean> {
  const admin = new kafkajs.Kafka({
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 5_000,
    retry: { retries: 0 },
  }).admin();
  try {
    await admin.connect();
    const { controller } = await admin.describeCluster();
    return controller !== null;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** Waits until the broker answers. `isAlive` false ends the waiting early. */
export async function waitForBroker(
  brokers: readonly string[],
  options: { readonly deadlineMs: number; readonly isAlive: () => boolean },
): Promise<boolean> {
  const end = Date.now() + options.deadlineMs;
  while (Date.now() < end && options.isAlive()) {
    if (await isBrokerHealthy(brokers)) return true;
    await sleep(200);
  }
  return false;
}

/** Below the ports that systems give to outgoing connections: one of these could take the port of a broker that is down for a moment. */
const PORTS = { from: 15_000, to: 32_000 };

/** Ports that nobody listens on at this moment. */
export async function findFreePorts(count: number): Promise<number[]> {
  const free = new Set<number>();
  while (free.size < count) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (await isFree(port)) free.add(port);
  }
  return [...free];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  await new Promise((resolve) => server.close(resolve));
  return true;
}
