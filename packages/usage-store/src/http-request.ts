import type { Settings } from './sql-text.ts';
import { withoutLeadingComments } from './sql-text.ts';

/** What a request on ClickHouse's HTTP interface asks for, apart from its body. */
export interface HttpQuery {
  /** SQL of the `query` parameter; '' when it stands in the body. */
  readonly sql: string;
  readonly database: string | null;
  readonly format: string;
  readonly queryId: string | null;
  readonly parameters: Readonly<Record<string, string>>;
  readonly settings: Settings;
  /** The client takes compressed answers and asks for them. */
  readonly compress: boolean;
}

/** Parameters of the interface that are no settings of the engine, and say nothing to one user on one machine. */
const PASSED_OVER = new Set([
  'user',
  'password',
  'role',
  'quota_key',
  'client_protocol_version',
  'wait_end_of_query',
  'buffer_size',
  'http_response_buffer_size',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_zlib_compression_level',
  'http_write_exception_in_output_format',
  'cancel_http_readonly_queries_on_client_close',
  'default_format',
  'database',
  'query',
  'query_id',
  'enable_http_compression',
]);
const REFUSED = ['session_id', 'compress', 'decompress', 'stacktrace'];

/** @throws Error with the sentence for the client when a feature of the interface is asked for that is not there */
export function parseHttpQuery(url: URL, header: (name: string) => string | undefined): HttpQuery {
  const parameters: Record<string, string> = {};
  const settings: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if (REFUSED.includes(name) && value !== '0')
      throw new Error(`Parameter ${name} is not supported by this endpoint`);
    if (name.startsWith('param_')) parameters[name.slice('param_'.length)] = value;
    else if (!PASSED_OVER.has(name) && !REFUSED.includes(name)) settings[name] = value;
  }
  const query = url.searchParams;
  return {
    sql: query.get('query') ?? '',
    database: query.get('database') ?? header('x-clickhouse-database') ?? null,
    format: query.get('default_format') ?? header('x-clickhouse-format') ?? 'TabSeparated',
    queryId: query.get('query_id'),
    parameters,
    settings,
    compress:
      query.get('enable_http_compression') === '1' && /\bgzip\b/.test(header('accept-encoding') ?? ''),
  };
}

export function isInsert(sql: string): boolean {
  return /^INSERT\b/i.test(withoutLeadingComments(sql));
}

/**
 * Splits `INSERT INTO t … FORMAT X` (or VALUES) from the data that follows it.
 * @param head text from the beginning of the statement on, byte for byte (latin1)
 * @returns null when no data can follow: `INSERT … SELECT`, or a format that is not named
 */
export function splitInsert(head: string): { statement: string; format: string; dataStart: number } | null {
  if (!isInsert(head)) return null;
  // Quoted text and nested parentheses are stepped over: a column may be called `format`.
  const token =
    /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"|--[^\n]*|\/\*[\s\S]*?\*\/|\bSELECT\b|\bWITH\b|\bFORMAT\s+(\w+)[ \t]*;?(?:\r?\n)?|\bVALUES\b/giy;
  for (let at = 0; at < head.length;) {
    token.lastIndex = at;
    const match = token.exec(head);
    // A word's inside is no beginning of a keyword: \b holds only at its first letter.
    if (match === null) {
      at++;
      continue;
    }
    const text = match[0];
    if (/^(?:SELECT|WITH)$/i.test(text)) return null;
    if (match[1] !== undefined)
      return { statement: head.slice(0, at), format: match[1], dataStart: at + text.length };
    if (/^VALUES$/i.test(text))
      return { statement: head.slice(0, at), format: 'Values', dataStart: at + text.length };
    at += text.length;
  }
  return null;
}

/** `INSERT INTO t (a, b) SETTINGS x = 1` → the same, reading a file. */
export function insertFromFile(statement: string, pathLiteral: string, format: string): string {
  const at = /\bSETTINGS\b(?=[^'"`)]*=)/i.exec(statement)?.index ?? statement.length;
  return `${statement.slice(0, at)} FROM INFILE ${pathLiteral} ${statement.slice(at)} FORMAT ${format}`;
}

/** Format of the answer: what the statement says at its end, else the request's. */
export function answerFormat(sql: string, requested: string): string {
  return /\bFORMAT\s+(\w+)\s*(?:SETTINGS\b[\s\S]*)?;?\s*$/i.exec(sql)?.[1] ?? requested;
}

export function contentTypeOf(format: string): string {
  if (/^(?:JSON|JSONStrings|JSONCompact|JSONCompactStrings|JSONColumns\w*)$/.test(format))
    return 'application/json; charset=UTF-8';
  if (/^JSON\w*EachRow/.test(format)) return 'application/x-ndjson; charset=UTF-8';
  if (format.startsWith('CSV'))
    return 'text/csv; charset=UTF-8; header=' + (format === 'CSV' ? 'absent' : 'present');
  if (/^(?:TSV|TabSeparated)/.test(format)) return 'text/tab-separated-values; charset=UTF-8';
  if (/^(?:Native|RowBinary|Parquet|ORC|Arrow|Avro|MsgPack)/.test(format)) return 'application/octet-stream';
  return 'text/plain; charset=UTF-8';
}

/** HTTP status of a ClickHouse error number, as the server answers it. */
export function statusOf(engineCode: number): number {
  if ([16, 46, 47, 50, 56, 60, 78, 81, 115].includes(engineCode)) return 404;
  if ([164, 497].includes(engineCode)) return 403;
  if (
    [6, 8, 26, 27, 36, 38, 41, 43, 44, 53, 62, 69, 70, 72, 117, 130, 158, 307, 396, 456, 457].includes(
      engineCode,
    )
  )
    return 400;
  if (engineCode === 159) return 408;
  if (engineCode === 48) return 501;
  if (engineCode === 202) return 503;
  return 500;
}
