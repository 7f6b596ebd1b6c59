/** A TCP proxy that can cut, stall and refuse: the network between a service and what it depends on. */
import { type Socket, connect, createServer } from 'node:net';

export interface Proxy {
  readonly port: number;
  /** Resets every connection that is open now. */
  cut(): void;
  /** While true no byte passes in either direction; connections stay open, and new ones are accepted and left waiting. */
  setStalled(isStalled: boolean): void;
  /** While true new connections are reset at once; those that are open are cut. */
  setRefusing(isRefusing: boolean): void;
  close(): Promise<void>;
}

/**
 * @param targetPort where to, on loopback
 * @param host       where it listens
 */
export async function startProxy(targetPort: () => number, host = '127.0.0.1'): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isStalled = false;
  let isRefusing = false;
  const server = createServer((client) => {
    // What fails here is what the proxy is for: each end is told by the reset of its own connection.
    client.on('error', () => undefined);
    if (isRefusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(targetPort(), '127.0.0.1');
    upstream.on('error', () => client.resetAndDestroy());
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.pipe(upstream);
    upstream.pipe(client);
    if (isStalled) pair.forEach((socket) => socket.pause());
    client.on('close', () => {
      pairs.delete(pair);
      upstream.destroy();
    });
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A listening proxy has no port.');
  const cut = (): void => {
    for (const pair of pairs) pair.forEach((socket) => socket.resetAndDestroy());
  };
  return {
    port: address.port,
    cut,
    setStalled(value) {
      isStalled = value;
      for (const pair of pairs) pair.forEach((socket) => (value ? socket.pause() : socket.resume()));
    },
    setRefusing(value) {
      isRefusing = value;
      if (value) cut();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}
