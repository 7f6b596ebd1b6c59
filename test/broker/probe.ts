import { setTimeout as sleep } from 'node:timers/promises';
import { createServer } from 'node:net';
// Before kafkajs, which it replaces parts of.
import '@tollstream/event-log';
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

/** Ports that nobody listens on at this moment. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('A listening server has no port.');
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
