import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Health } from './health.ts';
import { listen } from './listen.ts';

export interface OperationsServer {
  /** `http://host:port` as bound. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves `/metrics` (Prometheus text), `/healthz` (200 while the process answers) and `/readyz` (200 or 503 with the
 * reasons).
 * @throws TollError `TOLL_PORT_IN_USE` and its relatives, see `listen`
 */
export async function startOperationsServer(options: {
  host: string;
  /** 0 takes a free one. */
  port: number;
  registry: Registry;
  health: Health;
  /** The setting that a person changes when the port is taken. */
  portSetting: string;
}): Promise<OperationsServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type }).end(body);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'text/plain', 'GET only\n');
    switch (path) {
      case '/metrics':
        options.registry.metrics().then(
          (metrics) => send(200, options.registry.contentType, metrics),
          (error: unknown) => send(500, 'text/plain', `${String(error)}\n`),
        );
        return undefined;
      case '/healthz':
        return send(200, 'application/json', '{"live":true}\n');
      case '/readyz': {
        const { state } = options.health;
        return send(state.ready ? 200 : 503, 'application/json', `${JSON.stringify(state)}\n`);
      }
      default:
        return send(404, 'text/plain', 'Here are /metrics, /healthz and /readyz.\n');
    }
  });
  await listen(server, options);
  return { address: addressOf(server), close: () => closeServer(server) };
}

function addressOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
