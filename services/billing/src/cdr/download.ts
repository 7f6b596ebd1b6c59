/**
 * A month's billed calls as a file: CSV, JSON lines, Parquet or a workbook. The store writes and sorts, and this passes through
 * slice by slice: memory does not grow with the number of calls. The costs add up to the invoice's usage to the last digit.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { PassThrough, Readable, Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { readNativeStream } from '@tollstream/contracts';
import { isTollError } from '@tollstream/service-kit';
import type { UsageStore } from '@tollstream/usage-store';
import { callsChanged, fileUnwritable } from '../errors.ts';
import { cdrColumns } from './columns.ts';
import type { CdrFormat } from './columns.ts';
import { writeParquet } from './parquet.ts';
import type { ParquetColumn } from './parquet.ts';
import { NO_CALLS, cdrQuery } from './query.ts';
import type { CdrRequest } from './query.ts';
import { summariseCdrs } from './slices.ts';
import type { CdrSummary } from './slices.ts';
import { writeWorkbook } from './workbook.ts';
import type { WorkbookRow } from './workbook.ts';

export const CDR_COMPRESSIONS = ['none', 'gzip', 'zstd'] as const;
export type CdrCompression = (typeof CDR_COMPRESSIONS)[number];

/** Rows of text one after the other: can be compressed, and broken off and gone on with. */
export function isTextFormat(format: CdrFormat): format is 'csv' | 'jsonl' {
  return format === 'csv' || format === 'jsonl';
}

export interface CdrDownload extends CdrRequest {
  /** A path, or '-' for standard output. */
  readonly output: string;
  readonly compression?: CdrCompression;
  /** Goes on where an earlier download of the same calls was broken off. */
  readonly isResumed?: boolean;
  readonly onProgress?: (rows: number, of: number) => void;
}

export interface CdrFile {
  readonly calls: number;
  readonly charge: CdrSummary['charge'];
  readonly bytes: number;
  /** Of the file as written, hex. */
  readonly sha256: string;
  /** Rows that an earlier download had written. */
  readonly resumedRows: number;
}

/**
 * The bytes of a file as they come; destroying the stream ends the query. Errors are the stream's: TollError
 * TOLL_BILLING_MONTH_INVALID | TOLL_BILLING_FILTER_INVALID; StoreError.
 */
export function streamCdrs(
  store: UsageStore,
  request: CdrRequest & { readonly format: 'csv' | 'jsonl' },
  part: CdrPart,
): Readable {
  const isCsv = request.format === 'csv';
  const rows = rowsAs(isCsv ? 'CSV' : 'JSONEachRow', store, request, part);
  const hasHeader = isCsv && (part.skippedRows ?? 0) === 0;
  return Readable.from(hasHeader ? withHeader(rows, request) : rows, { objectMode: false });
}

interface CdrPart extends Pick<CdrSummary, 'slices'> {
  /** Rows of the beginning that the caller has already. */
  readonly skippedRows?: number;
}

/** The rows of a file, slice after slice: each is asked for when the one before has been read. */
async function* rowsAs(
  format: 'CSV' | 'JSONEachRow' | 'JSONCompactEachRow' | 'Native',
  store: UsageStore,
  request: CdrRequest,
  { slices, skippedRows = 0 }: CdrPart,
): AsyncGenerator<Buffer> {
  let skipped = skippedRows;
  for (const slice of slices) {
    if (slice.calls <= skipped) {
      skipped -= slice.calls;
      continue;
    }
    const { sql, parameters } = cdrQuery(store.database, request, { slice, skippedRows: skipped });
    skipped = 0;
    yield* (await store.queryStream(sql, format, parameters)) as AsyncIterable<Buffer>;
  }
}

/** The engine's own header is not used: the embedded one repeats it in each piece of a stream. */
async function* withHeader(rows: AsyncIterable<Buffer>, request: CdrRequest): AsyncGenerator<Buffer> {
  const names = cdrColumns(request).map(({ name }) => name);
  yield Buffer.from(`${names.join(',')}\r\n`);
  yield* rows;
}

/**
 * Writes a month's calls to a file, which appears whole or not at all, or to standard output.
 * @throws TollError TOLL_BILLING_FILE_UNWRITABLE | TOLL_BILLING_MONTH_INVALID | TOLL_BILLING_FILTER_INVALID |
 *   TOLL_BILLING_CALLS_CHANGED; StoreError
 */
export async function writeCdrFile(store: UsageStore, download: CdrDownload): Promise<CdrFile> {
  const summary = await summariseCdrs(store, download);
  if (download.output === '-') return writeToStandardOutput(store, download, summary);
  const partial = `${download.output}.partial`;
  try {
    const written = isTextFormat(download.format)
      ? await writeText(store, { ...download, format: download.format }, summary)
      : await writeBinary(store, download, summary);
    if (written.calls !== summary.calls) throw callsChanged(summary.calls, written.calls);
    await rename(partial, download.output);
    await rm(markOf(partial), { force: true });
    return { ...written, charge: summary.charge };
  } catch (error) {
    if (!isTextFormat(download.format)) await rm(partial, { force: true });
    throw isTollError(error) ? error : fileUnwritable(download.output, error);
  }
}

type Written = Omit<CdrFile, 'charge'>;

async function writeText(
  store: UsageStore,
  download: CdrDownload & { readonly format: 'csv' | 'jsonl' },
  summary: CdrSummary,
): Promise<Written> {
  const { compression = 'none', output, onProgress } = download;
  const partial = `${output}.partial`;
  const mark = JSON.stringify(markText(download, summary));
  const begun =
    download.isResumed === true && compression === 'none' ? await beginning(partial, mark) : NOTHING;
  await writeFile(markOf(partial), mark);
  const counter = new RowCounter(begun.lines, (lines) =>
    onProgress?.(rowsOf(download, lines), summary.calls),
  );
  const digest = new Digest(begun.bytes, begun.hash);
  const source = streamCdrs(store, download, {
    slices: summary.slices,
    skippedRows: rowsOf(download, begun.lines),
  });
  const target = createWriteStream(partial, { flags: begun.bytes > 0 ? 'a' : 'w', flush: true });
  await pipeline(source, counter, compressor(compression), digest, target);
  return {
    calls: rowsOf(download, counter.lines),
    bytes: digest.bytes,
    sha256: digest.sha256(),
    resumedRows: rowsOf(download, begun.lines),
  };
}

async function writeBinary(store: UsageStore, download: CdrDownload, summary: CdrSummary): Promise<Written> {
  const partial = `${download.output}.partial`;
  const progress = (rows: number): void => download.onProgress?.(rows, summary.calls);
  const calls =
    download.format === 'parquet'
      ? await writeParquet(partial, {
          columns: await columnsOf(store, download),
          rows: readNativeStream(rowsAs('Native', store, download, summary)),
          onProgress: progress,
        })
      : await writeSheets(store, download, { partial, summary, progress });
  const digest = new Digest();
  await pipeline(createReadStream(partial), digest, drain());
  return { calls, bytes: digest.bytes, sha256: digest.sha256(), resumedRows: 0 };
}

/** Known to a file without calls, too. */
async function columnsOf(store: UsageStore, request: CdrRequest): Promise<ParquetColumn[]> {
  const { sql, parameters } = cdrQuery(store.database, request, { slice: NO_CALLS });
  return store.query<ParquetColumn>(`DESCRIBE TABLE (${sql})`, parameters);
}

async function writeSheets(
  store: UsageStore,
  download: CdrDownload,
  { partial, summary, progress }: { partial: string; summary: CdrSummary; progress: (rows: number) => void },
): Promise<number> {
  let calls = 0;
  const lines = rowsAs('JSONCompactEachRow', store, download, summary);
  const counted = (async function* (): AsyncGenerator<WorkbookRow> {
    for await (const row of rowsIn(lines)) {
      calls += 1;
      if (calls % PROGRESS_ROWS === 0) progress(calls);
      yield row;
    }
  })();
  const columns = cdrColumns(download);
  await pipeline(writeWorkbook(columns, counted), createWriteStream(partial, { flush: true }));
  return calls;
}

async function writeToStandardOutput(
  store: UsageStore,
  download: CdrDownload,
  summary: CdrSummary,
): Promise<CdrFile> {
  if (!isTextFormat(download.format)) {
    throw fileUnwritable('standard output', new Error(`${download.format} is written to a file: name one`));
  }
  const counter = new RowCounter(0, () => undefined);
  const digest = new Digest();
  const source = streamCdrs(store, { ...download, format: download.format }, summary);
  try {
    await pipeline(source, counter, compressor(download.compression ?? 'none'), digest, process.stdout, {
      end: false,
    });
  } catch (error) {
    // The reader, such as `head`, has seen enough.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
  const calls = rowsOf(download, counter.lines);
  return { calls, charge: summary.charge, bytes: digest.bytes, sha256: digest.sha256(), resumedRows: 0 };
}

/** What a broken-off file must have been made of, so that going on with it gives the whole. */
function markText(
  { format, hasDetail = false, accountId, month, filters = {}, billed }: CdrRequest,
  summary: CdrSummary,
): unknown {
  return { accountId, month, format, hasDetail, filters, billed, fingerprint: summary.fingerprint };
}

function markOf(partial: string): string {
  return `${partial}.json`;
}

interface Beginning {
  readonly lines: number;
  readonly bytes: number;
  readonly hash: ReturnType<typeof createHash>;
}

const NOTHING: Beginning = { lines: 0, bytes: 0, hash: createHash('sha256') };

/** The whole rows that a broken-off file of the same calls holds; what follows them is cut off. */
async function beginning(partial: string, mark: string): Promise<Beginning> {
  const found = await readFile(markOf(partial), 'utf8').catch(() => null);
  const size = await stat(partial).then(
    (stats) => stats.size,
    () => 0,
  );
  if (found !== mark || size === 0) return NOTHING;
  const counter = new RowCounter(0, () => undefined);
  await pipeline(createReadStream(partial), counter, drain());
  await truncate(partial, counter.bytesOfLines);
  const digest = new Digest();
  await pipeline(createReadStream(partial), digest, drain());
  return { lines: counter.lines, bytes: digest.bytes, hash: digest.hash };
}

/** Lines that are calls: all but the header of a CSV. */
function rowsOf({ format }: CdrRequest, lines: number): number {
  return format === 'csv' && lines > 0 ? lines - 1 : lines;
}

async function* rowsIn(lines: AsyncIterable<Buffer>): AsyncGenerator<WorkbookRow> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of lines) {
    const pieces = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = pieces.pop() ?? '';
    for (const piece of pieces) if (piece !== '') yield JSON.parse(piece) as WorkbookRow;
  }
  if (rest !== '') yield JSON.parse(rest) as WorkbookRow;
}

function compressor(compression: CdrCompression): Transform {
  switch (compression) {
    case 'none':
      return new PassThrough();
    case 'gzip':
      return createGzip();
    case 'zstd':
      return createZstdCompress();
  }
}

function drain(): Transform {
  return new Transform({ transform: (_chunk, _encoding, done) => done() }).resume();
}

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const PROGRESS_ROWS = 10_000;

/** Counts lines as they pass: line ends outside quotes. JSON writes those inside as \n, so one rule serves both formats. */
class RowCounter extends Transform {
  lines: number;
  /** Up to the end of the last whole line. */
  bytesOfLines = 0;
  readonly #onProgress: (lines: number) => void;
  #bytes = 0;
  #quoted = false;

  constructor(lines: number, onProgress: (lines: number) => void) {
    super();
    this.lines = lines;
    this.#onProgress = onProgress;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      if (byte === QUOTE) this.#quoted = !this.#quoted;
      else if (byte === LINE_FEED && !this.#quoted) {
        this.lines++;
        this.bytesOfLines = this.#bytes + i + 1;
      }
    }
    this.#bytes += chunk.length;
    this.#onProgress(this.lines);
    done(null, chunk);
  }
}

/** Passes bytes on, and knows how many they were and their SHA-256. */
class Digest extends Transform {
  bytes: number;
  readonly hash: ReturnType<typeof createHash>;

  constructor(bytes = 0, hash = createHash('sha256')) {
    super();
    this.bytes = bytes;
    this.hash = hash.copy();
  }

  sha256(): string {
    return this.hash.copy().digest('hex');
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.hash.update(chunk);
    this.bytes += chunk.length;
    done(null, chunk);
  }
}
