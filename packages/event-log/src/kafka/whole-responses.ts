/**
 * kafkajs keeps what follows a response in the bytes that came with it. With whole responses that is nothing, but kafkajs then copies nothing and
 * the next response together into new memory, each response of a connection but the first.
 */
import { createRequire } from 'node:module';

/* oxlint-disable oxc/no-this-in-exported-function, typescript/unbound-method -- a method of kafkajs's connection and what stands in for it */

const require = createRequire(import.meta.url);

interface Connection {
  /** What came and was not taken yet. */
  chunks: readonly Buffer[];
  processData(bytes: Buffer): void;
}

const { prototype } = require('kafkajs/src/network/connection.js') as { prototype: Connection };
/** kafkajs's own: the oracle of the test. */
export const stockProcessData = prototype.processData;

export function processData(this: Connection, bytes: Buffer): void {
  if (this.chunks.length === 1 && this.chunks[0]?.length === 0) this.chunks = [];
  stockProcessData.call(this, bytes);
}

if (process.env['TOLLSTREAM_KAFKAJS_STOCK'] !== '1') prototype.processData = processData;
