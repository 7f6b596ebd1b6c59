import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import {
  createBrotliDecompress,
  createGunzip,
  createGzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib';
import type { EmbeddedEngine, StatementOptions } from './embedded-engine.ts';
import { engineCodeOf, StoreError } from './errors.ts';
import {
  answerFormat,
  contentTypeOf,
  insertFromFile,
  isInsert,
  parseHttpQuery,
  splitInsert,
  statusOf,
} from './http-request.ts';
import type { HttpQuery } from './http-request.ts';
import { Limiter } from './limiter.ts';
import { bodyOf } from './request-body.ts';
import { spoolDirectory, withSpooled } from './spool.ts';
import { quoted } from './sql-text.ts';

/** Longest SQL text, in bytes; the data of an INSERT does not count. */
const SQL_BYTES_MAX = 16 * 1024 * 1024;
/** How long an idle connection stays open. Node's five seconds can be less than a busy client needs to notice. */
const KEEP_ALIVE_MS = 30_000;
const BODY_PAUSE_MS_MAX = 30_000;

export interface HttpFrontOptions {
  readonly engine: EmbeddedEngine;
  /** Loopback unless said otherwise: whoever reaches the endpoint may read and write all of it. */
  readonly host?: string;
  /** 0 takes any free one. */
  readonly port?: number;
  /** Further ports to try, upwards, when the port is in use. */
  readonly portsMore?: number;
  /** Database of requests that name none. */
  readonly database?: string;
  readonly spoolDirectory?: string;
  /**
   * Whether this process still reads records from standard input. The engine looks there for more rows of an insert whose rows it reads from a
   * file, and would take them: such inserts are refused meanwhile.
   */
  readonly readsStandardInput?: () => boolean;
  /** Requests worked on at the same time; below the engine's limit, so that they never hold up the pipeline. Default 2. */
  readonly requestsMax?: number;
  /** How long nothing may come of a request that is not whole; default 30,000, as a server has it (`http_receive_timeout`). */
  readonly bodyPauseMsMax?: number;
}

export interface HttpFront {
  readonly url: string;
  readonly port: number;
  /** Ends open connections and stops listening. */
  close(): Promise<void>;
}

/**
 * Serves an embedded engine over ClickHouse's HTTP interface, so that curl, @clickhouse/client, Grafana and other processes of this
 * machine can use it while its one process runs.
 */
export async function serveClickHouseHttp(options: HttpFrontOptions): Promise<HttpFront> {
  const directory = options.spoolDirectory ?? (await spoolDirectory());
  const [version, timeZone] = (await options.engine.run('SELECT version(), timezone()', { format: 'TSV' }))
    .text()
    .trim()
    .split('\t');
  const front = new Front(options.engine, {
    directory,
    database: options.database ?? null,
    version: version ?? '',
    timeZone: timeZone ?? '',
    readsStandardInput: options.readsStandardInput ?? (() => false),
    requests: new Limiter(options.requestsMax ?? 2),
    bodyPauseMsMax: options.bodyPauseMsMax ?? BODY_PAUSE_MS_MAX,
  });
  const server = createServer((request, response) => void front.answer(request, response));
  server.requestTimeout = 0; // an insert lasts as long as its data comes
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host ?? '127.0.0.1';
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

async function listen(server: Server, options: HttpFrontOptions): Promise<void> {
  const host = options.host ?? '127.0.0.1';
  const first = options.port ?? 8123;
  for (let port = first; ; port++) {
    try {
      server.listen({ port, host });
      await once(server, 'listening');
      return;
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? cause.code : '';
      if (code === 'EADDRINUSE' && port < first + (options.portsMore ?? 0)) continue;
      if (code === 'EADDRINUSE') {
        throw new StoreError(
          'TOLL_PORT_IN_USE',
          `Port ${first} on ${host} is in use.`,
          'Stop what uses it, or choose another port.',
          { cause },
        );
      }
      throw new StoreError(
        'TOLL_PORT_UNUSABLE',
        `Cannot listen on ${host}:${port}: ${String(code)}.`,
        'Choose another address or port.',
        { cause },
      );
    }
  }
}

/** A statement, and the data of an INSERT that follow it. */
interface Work {
  readonly sql: string;
  readonly data: { readonly format: string; readonly bytes: AsyncIterable<Uint8Array> } | null;
}

interface FrontContext {
  readonly directory: string;
  readonly database: string | null;
  readonly version: string;
  readonly timeZone: string;
  readonly readsStandardInput: () => boolean;
  readonly requests: Limiter;
  readonly bodyPauseMsMax: number;
}

class Front {
  readonly #engine: EmbeddedEngine;
  readonly #context: FrontContext;

  constructor(engine: EmbeddedEngine, context: FrontContext) {
    this.#engine = engine;
    this.#context = context;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response);
    } catch (error) {
      this.#refuse(response, error);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('X-ClickHouse-Server-Display-Name', 'tollstream-embedded');
    if (isForeignPage(request))
      return plain(response, 403, 'Requests of web pages of other origins are refused.\n');
    if (url.pathname === '/ping' || url.pathname === '/replicas_status') return plain(response, 200, 'Ok.\n');
    if (url.pathname !== '/')
      return plain(response, 404, `There is no handle ${url.pathname}\n\nUse / with a query, or /ping.\n`);
    const isGet = request.method === 'GET' || request.method === 'HEAD';
    if (!isGet && request.method !== 'POST' && request.method !== 'PUT')
      return plain(response, 405, 'Use GET or POST.\n');
    if (isGet && !url.searchParams.has('query')) return plain(response, 200, 'Ok.\n');

    const query = parseHttpQuery(url, (name) => singleHeader(request, name));
    const work = await readWork(query.sql, decoded(request, this.#context.bodyPauseMsMax));
    const database = query.database ?? this.#context.database;
    const options: StatementOptions = {
      format: query.format,
      // As the server does: a GET changes nothing, so that links, caches and retries are harmless.
      settings: isGet ? { ...query.settings, readonly: 2 } : query.settings,
      parameters: query.parameters,
      ...(database === null ? {} : { database }),
    };
    response.setHeader('X-ClickHouse-Query-Id', query.queryId ?? randomUUID());
    response.setHeader('X-ClickHouse-Timezone', this.#context.timeZone);
    await this.#context.requests.run(async () => {
      if (work.data === null && !isInsert(work.sql)) await this.#select(work.sql, query, options, response);
      else await this.#insert(work, options, response);
    });
  }

  async #select(
    sql: string,
    query: HttpQuery,
    options: StatementOptions,
    response: ServerResponse,
  ): Promise<void> {
    const format = answerFormat(sql, query.format);
    const chunks = isPiecewise(format) ? this.#engine.stream(sql, options) : this.#whole(sql, options);
    // The status goes out with the first chunk: by then a wrong query has failed.
    const first = await chunks.next();
    response.setHeader('X-ClickHouse-Format', format);
    response.setHeader('X-ClickHouse-Summary', summary(0));
    response.setHeader('Content-Type', contentTypeOf(format));
    const body = Readable.from(resumed(first, chunks), { objectMode: false });
    if (!query.compress) return pipeline(body, response);
    response.setHeader('Content-Encoding', 'gzip');
    return pipeline(body, createGzip({ level: 3 }), response);
  }

  async *#whole(sql: string, options: StatementOptions): AsyncGenerator<Uint8Array, void, void> {
    const result = await this.#engine.run(sql, options);
    yield result.bytes();
  }

  async #insert(work: Work, options: StatementOptions, response: ServerResponse): Promise<void> {
    const { sql, data } = work;
    if (data !== null && this.#context.readsStandardInput())
      throw new Error(
        'Rows cannot be inserted while calls come on standard input, since the engine would take calls for rows. ' +
          'Insert them when these have ended, or give the run a file',
      );
    const result =
      data === null
        ? await this.#engine.run(sql, options)
        : await withSpooled(this.#context.directory, data.bytes, (path) =>
            this.#engine.run(insertFromFile(sql, quoted(path), data.format), options),
          );
    response.setHeader('X-ClickHouse-Format', options.format);
    response.setHeader('X-ClickHouse-Summary', summary(result.rowsRead));
    plain(response, 200, '');
  }

  #refuse(response: ServerResponse, error: unknown): void {
    if (response.headersSent) {
      // Cutting the connection tells the client that the result is not whole.
      response.destroy();
      return;
    }
    const text = error instanceof Error ? error.message : String(error);
    const engineCode = (error instanceof StoreError ? error.engineCode : null) ?? engineCodeOf(text) ?? 36;
    const exception =
      /Code: \d+\. DB::[\s\S]*/.exec(text)?.[0] ?? `Code: ${engineCode}. DB::Exception: ${text}`;
    response.setHeader('X-ClickHouse-Exception-Code', String(engineCode));
    plain(response, statusOf(engineCode), `${exception.trim()} (version ${this.#context.version})\n`);
  }
}

/**
 * Formats of which two results one after the other are one result. The engine begins each piece of a stream anew, so all others are
 * made whole, in memory, before they are sent.
 */
const PIECEWISE_FORMATS =
  /^(?:Native|RowBinary|TabSeparated|TSV|TabSeparatedRaw|TSVRaw|CSV|JSON(?:Compact)?(?:Strings)?EachRow|JSONLines|NDJSON|LineAsString|RawBLOB|Null)$/i;

function isPiecewise(format: string): boolean {
  return PIECEWISE_FORMATS.test(format);
}

/** A page on the internet must not reach a database on the machine of who looks at it. */
function isForeignPage(request: IncomingMessage): boolean {
  const origin = singleHeader(request, 'origin');
  if (origin !== undefined && origin !== `http://${request.headers.host}`) return true;
  return singleHeader(request, 'sec-fetch-site') === 'cross-site';
}

/** Body as the client meant it, its transfer's compression undone. */
function decoded(request: IncomingMessage, pauseMsMax: number): AsyncIterable<Buffer> {
  const encoding = singleHeader(request, 'content-encoding') ?? 'identity';
  const decompress = {
    gzip: createGunzip,
    deflate: createInflate,
    br: createBrotliDecompress,
    zstd: createZstdDecompress,
  }[encoding];
  const body = bodyOf(request, pauseMsMax);
  if (decompress !== undefined)
    return Readable.from(body, { objectMode: false }).compose(decompress()) as AsyncIterable<Buffer>;
  if (encoding === 'identity' || encoding === '') return body;
  throw new Error(`Content-Encoding ${encoding} is not supported`);
}

/** Tells the statement from the data: either may stand in the URL and in the body, the data may be of any size. */
async function readWork(sqlOfUrl: string, body: AsyncIterable<Buffer>): Promise<Work> {
  const pieces = body[Symbol.asyncIterator]();
  if (sqlOfUrl.trim() !== '') {
    const insert = splitInsert(sqlOfUrl);
    const head = await pieces.next();
    if (head.done === true) return { sql: sqlOfUrl, data: null };
    if (insert !== null) {
      const inline = Buffer.from(sqlOfUrl.slice(insert.dataStart));
      return {
        sql: insert.statement,
        data: { format: insert.format, bytes: prepended(inline, head.value, pieces) },
      };
    }
    return { sql: `${sqlOfUrl}\n${(await wholeText(head.value, pieces)).toString()}`, data: null };
  }

  const head = await pieces.next();
  if (head.done === true) throw new Error('Empty query');
  const start = await atLeast(64 * 1024, head.value, pieces);
  const insert = splitInsert(start.toString('latin1'));
  if (insert !== null) {
    const statement = Buffer.from(insert.statement, 'latin1').toString();
    return {
      sql: statement,
      data: { format: insert.format, bytes: prepended(start.subarray(insert.dataStart), null, pieces) },
    };
  }
  const sql = (await wholeText(start, pieces)).toString();
  if (sql.trim() === '') throw new Error('Empty query');
  return { sql, data: null };
}

async function atLeast(bytes: number, first: Buffer, rest: AsyncIterator<Buffer>): Promise<Buffer> {
  const pieces = [first];
  for (let length = first.length; length < bytes;) {
    const next = await rest.next();
    if (next.done === true) break;
    pieces.push(next.value);
    length += next.value.length;
  }
  return Buffer.concat(pieces);
}

async function wholeText(first: Buffer, rest: AsyncIterator<Buffer>): Promise<Buffer> {
  const whole = await atLeast(SQL_BYTES_MAX + 1, first, rest);
  if (whole.length > SQL_BYTES_MAX) throw new Error(`The query is longer than ${SQL_BYTES_MAX} bytes`);
  return whole;
}

async function* prepended(
  first: Buffer,
  second: Buffer | null,
  rest: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer, void, void> {
  if (first.length > 0) yield first;
  if (second !== null) yield second;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function* resumed(
  first: IteratorResult<Uint8Array, void>,
  rest: AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    if (first.done !== true) yield first.value;
    yield* rest;
  } finally {
    await rest.return();
  }
}

function singleHeader(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function summary(writtenRows: number): string {
  return JSON.stringify({
    read_rows: '0',
    read_bytes: '0',
    written_rows: String(writtenRows),
    written_bytes: '0',
    result_rows: '0',
  });
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  response.end(text);
}
