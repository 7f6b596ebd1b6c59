/** A connection on which a request was not answered in time is replaced. */
import { createRequire } from 'node:module';
import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import './create-kafka.ts';
import './kafkajs-internals.ts';

const require = createRequire(import.meta.url);
const REQUEST_TIMEOUT_MS = 100;
const LENGTH_BYTES = 4;

interface Pool {
  send(request: object): Promise<unknown>;
  destroy(): Promise<void>;
}
const ConnectionPool = require('kafkajs/src/network/connectionPool.js') as new (options: object) => Pool;
const Encoder = require('kafkajs/src/protocol/encoder.js') as new () => object;

const logger = { namespace: () => logger, debug() {}, info() {}, warn() {}, error() {} };
const REQUEST = {
  request: { apiKey: 18, apiVersion: 0, apiName: 'ApiVersions', encode: async () => new Encoder() },
  response: {
    decode: async (payload: Buffer) => ({ text: payload.toString() }),
    parse: async ({ text }: { text: string }) => text,
  },
};

const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).toReversed()) await end();
});

/** A broker that does with each connection what it is told to. */
async function poolOf(
  answer: (connection: number, socket: net.Socket, request: Buffer) => void,
): Promise<Pool> {
  let connections = 0;
  const server = net.createServer((socket) => {
    const connection = ++connections;
    socket.on('data', (request) => answer(connection, socket, request));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ending.push(async () => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as net.AddressInfo;
  const pool = new ConnectionPool({
    host: '127.0.0.1',
    port,
    logger,
    // As over TLS: what comes is handed on in pieces.
    socketFactory: ({ onConnect, ...place }: { host: string; port: number; onConnect: () => void }) =>
      net.connect(place, onConnect),
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: 5_000,
  });
  ending.push(async () => pool.destroy());
  return pool;
}

/** The answer to a request: length, correlation id, body. */
function response(request: Buffer, body: string): Buffer {
  const head = Buffer.alloc(LENGTH_BYTES);
  head.writeInt32BE(4 + body.length);
  return Buffer.concat([head, request.subarray(8, 12), Buffer.from(body)]);
}

test('the request after one that was not answered goes over another connection', async () => {
  const pool = await poolOf((connection, socket, request) => {
    if (connection > 1) socket.write(response(request, `connection ${connection}`));
  });
  await expect(pool.send(REQUEST)).rejects.toThrow(/timed out/);
  await expect.poll(async () => pool.send(REQUEST).catch(String)).toBe('connection 2');
});

test('what came of a broken answer is not taken for the beginning of the next one', async () => {
  const pool = await poolOf((connection, socket, request) => {
    const whole = response(request, `connection ${connection}`);
    socket.write(connection === 1 ? whole.subarray(0, whole.length - 3) : whole);
  });
  await expect(pool.send(REQUEST)).rejects.toThrow(/timed out/);
  await expect.poll(async () => pool.send(REQUEST).catch(String)).toBe('connection 2');
});

test('a connection whose requests are answered is kept', async () => {
  const pool = await poolOf((connection, socket, request) =>
    socket.write(response(request, `connection ${connection}`)),
  );
  for (let i = 0; i < 3; i += 1) expect(await pool.send(REQUEST)).toBe('connection 1');
});
