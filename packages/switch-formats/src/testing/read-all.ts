import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CallEvent } from '@tollstream/contracts';
import { decodeRecord } from '../decode-record.ts';
import type { Decoded } from '../decoded.ts';
import { readCalls } from '../reading/read-calls.ts';
import type { ReadCallsOptions } from '../reading/read-calls.ts';

export interface ReadRecord {
  readonly line: number;
  readonly value: Buffer;
  readonly format: string;
  readonly decoded: Decoded;
}

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../../../test/fixtures/switches/${name}`, import.meta.url));
}

export function transactionFiles(): string[] {
  const names = readdirSync(fixture('kamailio/records')).filter((name) =>
    /^(acc|missed_calls)_\d/.test(name),
  );
  return names.map((name) => fixture(`kamailio/records/${name}`));
}

/** Reads a source as the importer does and decodes as ingest does, from the headers alone. */
export async function readAll(
  source: Parameters<typeof readCalls>[0],
  options: ReadCallsOptions = {},
): Promise<ReadRecord[]> {
  const out: ReadRecord[] = [];
  for await (const chunk of readCalls(source, options)) {
    const headers = chunk.headers;
    const context = {
      ...(headers['tollstream-csv-header'] === undefined
        ? {}
        : { csvHeader: headers['tollstream-csv-header'] }),
      ...(headers['tollstream-time-zone'] === undefined ? {} : { timeZone: headers['tollstream-time-zone'] }),
      ...(headers['tollstream-switch'] === undefined ? {} : { switchId: headers['tollstream-switch'] }),
    };
    for (const { value, line } of chunk.records) {
      out.push({ value, line, format: chunk.format, decoded: decodeRecord(value, chunk.format, context) });
    }
  }
  return out;
}

export function callsOf(records: readonly ReadRecord[]): CallEvent[] {
  return records.flatMap(({ decoded }) => (decoded.kind === 'call' ? [decoded.call] : []));
}

export function rejectionsOf(
  records: readonly ReadRecord[],
): { line: number; code: string; detail: string }[] {
  return records.flatMap(({ decoded, line }) =>
    decoded.kind === 'rejected' ? [{ line, code: decoded.code, detail: decoded.detail }] : [],
  );
}
