/**
 * Sockets to brokers that read into one buffer of their own and hand on whole responses. kafkajs keeps the pieces a response comes in,
 * each in memory of its own, and copies them together at the end; the pieces are what the garbage collector runs for. TLS
 * connections stay as kafkajs makes them.
 */
import net from 'node:net';
import tls from 'node:tls';
import type { ISocketFactory } from 'kafkajs';
import { ownResponse } from './response-memory.ts';

const KEEP_ALIVE_DELAY_MS = 60_000;
const READ_BUFFER_BYTES = 256 * 1024;
const LENGTH_BYTES = 4;

export const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? tls.connect({ host, port, ...(net.isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
    : connect({ host, port }, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  return socket;
};

function connect(place: { host: string; port: number }, onConnect: () => void): net.Socket {
  const responses = new ResponseAssembler((response) => socket.emit('data', response));
  const socket: net.Socket = net.connect(
    {
      ...place,
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
        callback(length, buffer) {
          responses.take(buffer as Buffer, length);
          return true;
        },
      },
    },
    onConnect,
  );
  return socket;
}

/** Cuts a stream of length-prefixed responses into whole ones, each in memory of its own, its length included. */
export class ResponseAssembler {
  readonly #emit: (response: Buffer) => void;
  readonly #length = Buffer.allocUnsafeSlow(LENGTH_BYTES);
  #response: Buffer | null = null;
  /** Bytes of the length, then of the whole response, that came so far. */
  #filled = 0;

  constructor(emit: (response: Buffer) => void) {
    this.#emit = emit;
  }

  /** Takes `bytes[0, length)`, which the next read overwrites. */
  take(bytes: Buffer, length: number): void {
    for (let at = 0; at < length;) {
      if (this.#response === null) at += this.#takeLength(bytes.subarray(at, length));
      if (this.#response === null) return;
      const taken = Math.min(this.#response.length - this.#filled, length - at);
      bytes.copy(this.#response, this.#filled, at, at + taken);
      at += taken;
      this.#filled += taken;
      if (this.#filled === this.#response.length) this.#finish(this.#response);
    }
  }

  #takeLength(bytes: Buffer): number {
    const taken = bytes.copy(this.#length, this.#filled);
    this.#filled += taken;
    if (this.#filled === LENGTH_BYTES) {
      this.#response = Buffer.allocUnsafeSlow(LENGTH_BYTES + Math.max(0, this.#length.readInt32BE()));
      ownResponse(this.#response);
      this.#length.copy(this.#response);
    }
    return taken;
  }

  #finish(response: Buffer): void {
    this.#response = null;
    this.#filled = 0;
    this.#emit(response);
  }
}
