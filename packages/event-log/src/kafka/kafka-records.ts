import type { Message } from 'kafkajs';
import type { LogRecord, OutputRecord, RecordHeaders } from '../port.ts';
import type { RawMessage } from './kafkajs-internals.ts';

export function toLogRecord(message: RawMessage): LogRecord {
  const { key, value } = message;
  const offset = Number(message.offset);
  const timestampMs = Number(message.timestamp);
  const headers = toHeaders(message.headers);
  return headers ? { offset, key, value, timestampMs, headers } : { offset, key, value, timestampMs };
}

/**
 * Records of one producer mostly carry equal headers: they share one object, so that readers may tell by identity that nothing
 * has changed.
 */
let lastHeaders: Record<string, string> = {};

function toHeaders(given: RawMessage['headers']): RecordHeaders | undefined {
  if (given === undefined) return undefined;
  let headers: Record<string, string> | undefined;
  for (const name in given) {
    const value = given[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) (headers ??= {})[name] = last.toString();
  }
  if (headers === undefined) return undefined;
  if (!areEqual(headers, lastHeaders)) lastHeaders = headers;
  return lastHeaders;
}

function areEqual(a: Record<string, string>, b: Record<string, string>): boolean {
  for (const name in a) if (a[name] !== b[name]) return false;
  for (const name in b) if (!(name in a)) return false;
  return true;
}

export function toMessage(record: OutputRecord): Message {
  const { key, value, headers, partition, timestampMs } = record;
  return {
    partition,
    value,
    ...(key === null || key === undefined ? {} : { key }),
    ...(headers ? { headers } : {}),
    ...(timestampMs === undefined ? {} : { timestamp: String(timestampMs) }),
  };
}

/** What is sent at once: one record batch per partition. */
export interface SendLimits {
  /** Most bytes of one record batch of a topic. */
  readonly bytesMax: (topic: string) => number;
  readonly recordsMax: number;
}

/** Fields of a record besides key and value: an allowance that is never too small for headers of ours. */
const RECORD_OVERHEAD_BYTES = 64;

/** Cuts outputs into sends such that no record batch exceeds the limits; the order within each partition is kept. */
export function cutIntoSends(outputs: readonly OutputRecord[], limits: SendLimits): OutputRecord[][] {
  const sends: OutputRecord[][] = [];
  let send: OutputRecord[] = [];
  let filled = new Map<string, { bytes: number; records: number }>();
  for (const output of outputs) {
    const key = `${output.partition}/${output.topic}`;
    const bytes = sizeOf(output);
    const batch = filled.get(key);
    if (
      batch &&
      (batch.bytes + bytes > limits.bytesMax(output.topic) || batch.records >= limits.recordsMax)
    ) {
      sends.push(send);
      send = [];
      filled = new Map();
    }
    const current = filled.get(key) ?? { bytes: 0, records: 0 };
    filled.set(key, { bytes: current.bytes + bytes, records: current.records + 1 });
    send.push(output);
  }
  if (send.length > 0) sends.push(send);
  return sends;
}

function sizeOf({ key, value, headers }: OutputRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + (value?.length ?? 0) + (key?.length ?? 0);
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0) + 8;
  return bytes;
}
