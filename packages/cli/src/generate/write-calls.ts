/** Generated calls to a file or standard output, in constant memory. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { callEventType } from '@tollstream/contracts';
import {
  AVRO_BODIES,
  type CallTally,
  type GenerateCallsOptions,
  JSON_LINES,
  generateRecords,
} from './generate-calls.ts';

export interface WriteCallsOptions extends GenerateCallsOptions {
  /** Path of the file, or '-' for standard output. */
  readonly output: string;
  readonly format: 'json' | 'avro';
}

const CHUNK_BYTES = 256 * 1024;

/** Writes the calls and says what is in them. Rejects with the system's error when the output cannot be written. */
export async function writeCalls(options: WriteCallsOptions): Promise<CallTally> {
  const isStandardOutput = options.output === '-';
  const stream = isStandardOutput ? process.stdout : createWriteStream(options.output);
  const chunks = options.format === 'avro' ? avroChunks(options) : jsonChunks(options);
  // Waiting for 'drain' would never end on a stream that has failed.
  const failed = new Promise<never>((_, reject) => stream.once('error', reject));
  failed.catch(() => undefined);
  for (;;) {
    const next = chunks.next();
    if (next.done) {
      if (!isStandardOutput) {
        stream.end();
        await finished(stream as Writable);
      }
      return next.value;
    }
    if (!stream.write(next.value)) await Promise.race([once(stream, 'drain'), failed]);
  }
}

function* jsonChunks(options: GenerateCallsOptions): Generator<Buffer, CallTally> {
  const records = generateRecords(options, JSON_LINES);
  let text = '';
  for (;;) {
    const next = records.next();
    if (next.done) {
      if (text !== '') yield Buffer.from(text, 'latin1');
      return next.value;
    }
    text += next.value;
    if (text.length < CHUNK_BYTES) continue;
    yield Buffer.from(text, 'latin1');
    text = '';
  }
}

/** An object container file: header, then blocks of a count, a length, the bodies and the sync marker; no compression. */
function* avroChunks(options: GenerateCallsOptions): Generator<Buffer, CallTally> {
  // Of the seed, so that the file comes out the same each time.
  const sync = createHash('sha256').update(`tollstream ${options.seed}`).digest().subarray(0, 16);
  yield Buffer.concat([containerHeader(), sync]);
  const records = generateRecords(options, AVRO_BODIES);
  let bodies: Buffer[] = [];
  let byteLength = 0;
  for (;;) {
    const next = records.next();
    if ((next.done || byteLength >= CHUNK_BYTES) && bodies.length > 0) {
      yield Buffer.concat([long(bodies.length), long(byteLength), ...bodies, sync]);
      bodies = [];
      byteLength = 0;
    }
    if (next.done) return next.value;
    bodies.push(next.value);
    byteLength += next.value.length;
  }
}

function containerHeader(): Buffer {
  const schema = JSON.stringify(callEventType.schema({ exportAttrs: true }));
  return Buffer.concat([
    Buffer.from('Obj\u0001', 'latin1'),
    long(2),
    bytes('avro.schema'),
    bytes(schema),
    bytes('avro.codec'),
    bytes('null'),
    long(0),
  ]);
}

function bytes(text: string): Buffer {
  const content = Buffer.from(text);
  return Buffer.concat([long(content.length), content]);
}

/** Avro's zig-zag variable-length integer, of what is not negative. */
function long(value: number): Buffer {
  const encoded: number[] = [];
  let rest = value * 2;
  while (rest >= 0x80) {
    encoded.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  encoded.push(rest);
  return Buffer.from(encoded);
}
