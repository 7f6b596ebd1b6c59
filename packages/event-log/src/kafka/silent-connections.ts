/**
 * A request that is not answered in time ends its connection. kafkajs gives up the request alone and sends the next one on the same
 * connection. Where packets are lost without a word (a firewall that forgot the connection, a broker that is half dead), no answer ever comes on
 * it, and the kernel takes a quarter of an hour to say so. To be imported after what replaces parts of kafkajs.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

/* oxlint-disable typescript/unbound-method -- methods of kafkajs's connection and what stands in for them */

const require = createRequire(import.meta.url);

interface Connection {
  readonly socket: Socket | undefined;
  /** What came of a response that is not whole yet. */
  chunks: readonly Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  isConnected(): boolean;
  connect(): Promise<unknown>;
  send(request: unknown): Promise<unknown>;
}

const LENGTH_BYTES = 4;

const { prototype } = require('kafkajs/src/network/connection.js') as { prototype: Connection };
const { connect, send } = prototype;

async function sendOrEnd(this: Connection, request: unknown): Promise<unknown> {
  try {
    return await send.call(this, request);
  } catch (error) {
    // With an error: kafkajs then rejects what else waits on the connection, and the next request makes a new one.
    if (isTimeout(error)) this.socket?.destroy(error);
    throw error;
  }
}

/** kafkajs would take what comes on the new connection for the rest of a response that the old one broke off. */
function connectAfresh(this: Connection): Promise<unknown> {
  if (!this.isConnected()) {
    this.chunks = [];
    this.bytesBuffered = 0;
    this.bytesNeeded = LENGTH_BYTES;
  }
  return connect.call(this);
}

function isTimeout(error: unknown): error is Error {
  return error instanceof Error && error.name === 'KafkaJSRequestTimeoutError';
}

prototype.send = sendOrEnd;
prototype.connect = connectAfresh;
