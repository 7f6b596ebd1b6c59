/** Prices a file of calls by the catalog alone: read and attributed by ingest's own code, priced by rating's, without a pipeline. */
import path from 'node:path';
import { ZERO_TOTALS, decodeBlock, readNativeBlock } from '@tollstream/contracts';
import type { Catalog } from '@tollstream/catalog';
import type { NativeBlock, RejectCode } from '@tollstream/contracts';
import type { LogRecord } from '@tollstream/event-log';
import { Allowances, CallRows, compileRateTable, emptyCall, quoteLeg } from '@tollstream/rating-engine';
import type { QuoteResult, RateTable } from '@tollstream/rating-engine';
import { createIngestProcessor } from '@tollstream/service-ingest';
import { readCalls } from '@tollstream/switch-formats';
import type { ImportChunk, ReadCallsOptions } from '@tollstream/switch-formats';

/** What a record of the file became. */
export type QuotedCall = {
  /** File and line. */
  readonly position: string;
  /** '' for a record that no call could be made of. */
  readonly callId: string;
  readonly account: string;
} & (
  | { readonly kind: 'quoted'; readonly result: QuoteResult }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'rejected'; readonly code: RejectCode; readonly detail: string }
);

const TOPIC = 'file';
const OUTPUTS = { accepted: 'accepted', rejected: 'rejected', acceptedPartitions: 1, rejectedPartitions: 1 };

export interface QuoteFileOptions {
  readonly catalog: Catalog;
  readonly file: string;
  readonly read: ReadCallsOptions;
  readonly explain: boolean;
  /** When the calls are said to have been received: none may start after it. Ms since epoch. */
  readonly nowMs: number;
}

/** The calls of a file in its order, each with the allowance that those before it left. */
export async function* quoteFile(options: QuoteFileOptions): AsyncGenerator<QuotedCall> {
  const { catalog, file, nowMs } = options;
  const ingest = createIngestProcessor({ catalog, outputs: OUTPUTS });
  const state = { totals: ZERO_TOTALS };
  const pricer = new Pricer(compileRateTable(catalog), options.explain);
  const name = file === '-' ? 'stdin' : path.basename(file);
  let offset = 0;
  for await (const chunk of readCalls([file], options.read)) {
    if (chunk.records.length === 0) continue;
    const records = recordsOf(chunk, { name, offset, nowMs });
    offset += records.length;
    const batch = { topic: TOPIC, partition: 0, records, nextOffset: offset, endOffset: offset };
    await ingest.prepare(batch);
    const { outputs } = ingest.process(state, batch);
    const blocks = { accepted: [] as NativeBlock[], rejected: [] as NativeBlock[] };
    for (const { topic, value } of outputs) {
      const block = readNativeBlock(decodeBlock(value!).native);
      blocks[topic === OUTPUTS.accepted ? 'accepted' : 'rejected'].push(block);
    }
    yield* inFileOrder(blocks, records, pricer);
  }
}

function recordsOf(
  { records, headers }: ImportChunk,
  { name, offset, nowMs }: { name: string; offset: number; nowMs: number },
): LogRecord[] {
  return records.map(({ value, line }, i) => ({
    offset: offset + i,
    key: Buffer.from(`${name}:${line}`),
    value,
    timestampMs: nowMs,
    headers,
  }));
}

/** Accepted and rejected blocks each hold the order of the file; together they hold every record once. */
function* inFileOrder(
  { accepted, rejected }: Record<'accepted' | 'rejected', readonly NativeBlock[]>,
  records: readonly LogRecord[],
  pricer: Pricer,
): Generator<QuotedCall> {
  const calls = accepted.flatMap((block) => rowsOf(block, new CallRows(block, pricer.table)));
  const others = rejected.flatMap((block) => rowsOf(block, null));
  const rows = [...calls, ...others].sort((a, b) => a.offset - b.offset);
  const [first] = records;
  for (const { block, row, offset, calls: rowsOfBlock } of rows) {
    const position = records[offset - first!.offset]!.key!.toString();
    if (rowsOfBlock !== null) yield { position, ...pricer.quote(block, row, rowsOfBlock) };
    else {
      const code = memberOf(block, row) as RejectCode;
      const detail = block.column('detail').string(row);
      yield { position, callId: '', account: '', kind: 'rejected', code, detail };
    }
  }
}

function rowsOf(block: NativeBlock, calls: CallRows | null) {
  const offsets = block.column('source_offset').integers();
  return Array.from({ length: block.rows }, (_, row) => ({ block, row, calls, offset: offsets[row]! }));
}

function memberOf(block: NativeBlock, row: number): string {
  const column = block.column('code');
  const members = [...column.type.matchAll(/'(\w+)' = /g)].map(([, member = '']) => member);
  return members[column.number(row) - 1]!;
}

type Quoted =
  | { readonly callId: string; readonly account: string; readonly kind: 'duplicate' }
  | {
      readonly callId: string;
      readonly account: string;
      readonly kind: 'quoted';
      readonly result: QuoteResult;
    };

class Pricer {
  readonly table: RateTable;
  readonly #explain: boolean;
  readonly #allowances = new Allowances();
  readonly #seen = new Set<string>();
  readonly #call = emptyCall();

  constructor(table: RateTable, explain: boolean) {
    this.table = table;
    this.#explain = explain;
  }

  quote(block: NativeBlock, row: number, calls: CallRows): Quoted {
    const callId = block.column('call_id').string(row);
    const account = block.column('account_id').string(row);
    const sequence = block.column('partial_sequence').number(row);
    const identity = `${block.column('call_hash').bytes(row).toString('hex')} ${sequence}`;
    if (this.#seen.has(identity)) return { callId, account, kind: 'duplicate' };
    this.#seen.add(identity);
    const rated = this.table.account(account);
    if (rated !== null) calls.fill(this.#call, row, rated);
    const result = quoteLeg(this.#call, rated, {
      accountId: account,
      allowances: this.#allowances,
      catalogVersion: this.table.catalog.version,
      explain: this.#explain,
    });
    return { callId, account, kind: 'quoted', result };
  }
}
