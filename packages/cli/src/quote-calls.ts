/** Prices a file of calls by the catalog alone: read and attributed by ingest's own code, priced by rating's, without a pipeline. */
import path from 'node:path';
import { ZERO_TOTALS, decodeBlock, readNativeBlock } from '@tollstream/contracts';
import type { Catalog } from '@tollstream/catalog';
import type { NativeBlock, RejectCode } from '@tollstream/contracts';
import type { LogRecord } from '@tollstream/event-log';
import { Allowances, CallRows, compileRateTable, emptyCall, quoteLeg } from '@tollstream/rating-engine';
import type { QuoteResult, RateTable } from '@tollstream/rating-engine';
import { createIngestProcessor } from '@tollstream/service-ingest';
import { OpenParts, callKeyOf, partReader, wholeCalls, wholeOf } from '@tollstream/service-rating';
import type { Part, PartsMemory } from '@tollstream/service-rating';
import { readCalls } from '@tollstream/switch-formats';
import type { ImportChunk, ReadCallsOptions } from '@tollstream/switch-formats';

/** What a record of the file became. */
export type QuotedCall = {
  /** File and line. */
  readonly position: string;
  /** '' for a record that no call could be made of. */
  readonly callId: string;
  readonly account: string;
} & (Quoted | { readonly kind: 'rejected'; readonly code: RejectCode; readonly detail: string });

type Quoted =
  /** `parts`: of how many records the call was put together, of which this was the one missing; 1 of a whole record. */
  | { readonly kind: 'quoted'; readonly result: QuoteResult; readonly parts: number }
  | { readonly kind: 'duplicate' }
  /** A part of a call that is not whole yet. */
  | { readonly kind: 'part'; readonly detail: string };

const TOPIC = 'file';
/** Parts wait until the end of the file. */
const WHOLE_FILE: PartsMemory = { remembers: () => true };
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

class Pricer {
  readonly table: RateTable;
  readonly #explain: boolean;
  readonly #allowances = new Allowances();
  readonly #seen = new Set<string>();
  readonly #parts = new OpenParts();
  readonly #call = emptyCall();

  constructor(table: RateTable, explain: boolean) {
    this.table = table;
    this.#explain = explain;
  }

  quote(
    block: NativeBlock,
    row: number,
    calls: CallRows,
  ): Quoted & { readonly callId: string; readonly account: string } {
    const callId = block.column('call_id').string(row);
    const account = block.column('account_id').string(row);
    const sequence = block.column('partial_sequence').number(row);
    return { callId, account, ...this.#quoteRow(block, row, calls, { account, sequence }) };
  }

  #quoteRow(
    block: NativeBlock,
    row: number,
    calls: CallRows,
    { account, sequence }: { account: string; sequence: number },
  ): Quoted {
    if (this.#isSeen(block, row, sequence)) return { kind: 'duplicate' };
    // As in rating: whose account is not known, of its parts nothing else is.
    if (sequence !== 0 && this.table.account(account) !== null) return this.#arrive(partReader(block)(row));
    return { kind: 'quoted', result: this.#price(calls, row, account), parts: 1 };
  }

  /** The last part that was missing is priced as the whole call. */
  #arrive(part: Part): Quoted {
    this.#parts.add(part, WHOLE_FILE);
    const ordered = wholeOf(this.#parts.of(callKeyOf(part), WHOLE_FILE));
    const waits = (why: string): Quoted => ({
      kind: 'part',
      detail: `Part ${part.number} of a call: ${why}.`,
    });
    if (typeof ordered === 'string') return waits(ordered);
    const whole = wholeCalls([ordered]);
    if (this.#isSeen(whole, 0, 0)) return waits('the call came as a whole, too, and counts so');
    for (const { source } of ordered) this.#parts.delete(source);
    const account = part.cells.account_id as string;
    const result = this.#price(new CallRows(whole, this.table), 0, account);
    return { kind: 'quoted', result, parts: ordered.length };
  }

  #price(calls: CallRows, row: number, accountId: string): QuoteResult {
    const rated = this.table.account(accountId);
    if (rated !== null) calls.fill(this.#call, row, rated);
    return quoteLeg(this.#call, rated, {
      accountId,
      allowances: this.#allowances,
      catalogVersion: this.table.catalog.version,
      explain: this.#explain,
    });
  }

  /** From now on it is. */
  #isSeen(block: NativeBlock, row: number, sequence: number): boolean {
    const identity = `${block.column('call_hash').bytes(row).toString('hex')} ${sequence}`;
    const isSeen = this.#seen.has(identity);
    this.#seen.add(identity);
    return isSeen;
  }
}
