/**
 * A month's billed calls as CSV or JSON lines, written by the store itself and passed through piece by piece: memory does not
 * grow with the number of calls. Rows are ordered by start and call id; the costs add up to the invoice's usage to the last digit.
 */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isTollError } from '@tollstream/service-kit';
import type { UsageStore } from '@tollstream/usage-store';
import { fileUnwritable } from './errors.ts';
import { monthNumber, parseMonth } from './month.ts';
import { MONTH_OF_ACCOUNT } from './usage-summary.ts';

export const CDR_FORMATS = ['csv', 'jsonl'] as const;
export type CdrFormat = (typeof CDR_FORMATS)[number];

export interface CdrRequest {
  readonly accountId: string;
  /** Month of the calls: `2020-01`. */
  readonly month: string;
  readonly format: CdrFormat;
}

/** The store sorts on disk beyond this. */
const SORT_BYTES_MAX = 256 * 1024 * 1024;

const number = (end: string): string =>
  `if(${end}_number > 0, concat('+', toString(${end}_number)), ${end}_text)`;
const START = 'if(toUnixTimestamp64Milli(answered_at) > 0, answered_at, started_at)';
const DURATION = 'toDecimal64(duration_ms, 3) / 1000';
const BILLABLE_MINUTES = 'toDecimal64(intDiv(toUInt64(billable_seconds) * 1000000 + 30, 60), 6) / 1000000';

/**
 * A spreadsheet takes a cell that begins with = + - @, a tab or a line end for a formula, and long digits for a number; behind
 * an apostrophe both are text.
 */
const FORMULA_STARTS = ['=', '+', '-', '@', '\\t', '\\r', '\\n'].map((start) => `'${start}'`).join(', ');
const asText = (expression: string): string =>
  `concat(if(substring(${expression}, 1, 1) IN (${FORMULA_STARTS}), '\\'', ''), ${expression})`;
const isoTime = (expression: string): string => `concat(replaceOne(toString(${expression}), ' ', 'T'), 'Z')`;

const COLUMNS: Readonly<Record<CdrFormat, readonly (readonly [name: string, expression: string])[]>> = {
  csv: [
    ['origin', asText(number('origin'))],
    ['destination', asText(number('destination'))],
    ['start_utc', START],
    ['end_utc', 'ended_at'],
    ['duration_seconds', DURATION],
    ['billable_minutes', BILLABLE_MINUTES],
    ['total_cost', 'charge'],
    ['rate_type', 'rate_type'],
    ['call_type', 'call_type'],
  ],
  jsonl: [
    ['call_id', 'call_id'],
    ['origin', number('origin')],
    ['destination', number('destination')],
    ['start_utc', isoTime(START)],
    ['end_utc', isoTime('ended_at')],
    ['duration_seconds', DURATION],
    ['billable_minutes', BILLABLE_MINUTES],
    ['total_cost', 'charge'],
    ['currency', 'currency'],
    ['rate_type', 'rate_type'],
    ['call_type', 'call_type'],
  ],
};

/** Header of the CSV, in order. */
export const CDR_COLUMNS: readonly string[] = COLUMNS.csv.map(([name]) => name);

/**
 * @returns the bytes of the file; destroying the stream ends the query
 * @throws TollError TOLL_BILLING_MONTH_INVALID; StoreError
 */
export async function streamCdrs(store: UsageStore, request: CdrRequest): Promise<Readable> {
  const month = monthNumber(parseMonth(request.month));
  const columns = COLUMNS[request.format].map(([name, expression]) => `${expression} AS ${name}`);
  // The inner query keeps the table's columns apart from the output's, some of which have the same names.
  const sql = `SELECT ${columns.join(', ')}
    FROM (SELECT * FROM ${store.database}.usage FINAL WHERE ${MONTH_OF_ACCOUNT}
          ORDER BY ${START}, call_id, leg, switch_id)
    SETTINGS output_format_csv_crlf_end_of_line = 1, max_bytes_before_external_sort = ${SORT_BYTES_MAX}`;
  const parameters = { account: request.accountId, month };
  if (request.format === 'jsonl') return store.queryStream(sql, 'JSONEachRow', parameters);
  const rows = await store.queryStream(sql, 'CSV', parameters);
  return Readable.from(withHeader(rows), { objectMode: false });
}

/** The engine's own header is not used: the embedded one repeats it in each piece of a stream. */
async function* withHeader(rows: Readable): AsyncGenerator<Buffer> {
  yield Buffer.from(`${CDR_COLUMNS.join(',')}\r\n`);
  yield* rows as AsyncIterable<Buffer>;
}

/**
 * Writes the month to a file, or to standard output when `output` is '-'. The file appears whole or not at all.
 * @returns how many calls it holds
 * @throws TollError TOLL_BILLING_FILE_UNWRITABLE | TOLL_BILLING_MONTH_INVALID; StoreError
 */
export async function writeCdrFile(
  store: UsageStore,
  request: CdrRequest & { readonly output: string },
): Promise<{ calls: number }> {
  const counter = new RowCounter();
  const calls = (): number => counter.rows - (request.format === 'csv' ? 1 : 0);
  const source = await streamCdrs(store, request);
  if (request.output === '-') {
    try {
      await pipeline(source, counter, process.stdout, { end: false });
    } catch (error) {
      // The reader, such as `head`, has seen enough.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    }
    return { calls: calls() };
  }
  const partial = `${request.output}.partial`;
  try {
    await pipeline(source, counter, createWriteStream(partial));
    await rename(partial, request.output);
  } catch (error) {
    await rm(partial, { force: true });
    throw isTollError(error) ? error : fileUnwritable(request.output, error);
  }
  return { calls: calls() };
}

const QUOTE = 0x22;
const LINE_FEED = 0x0a;

/** Counts rows as they pass: line ends outside quotes. */
class RowCounter extends Transform {
  rows = 0;
  #quoted = false;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      if (byte === QUOTE) this.#quoted = !this.#quoted;
      else if (byte === LINE_FEED && !this.#quoted) this.rows++;
    }
    done(null, chunk);
  }
}
