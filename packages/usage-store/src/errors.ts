/** What can be wrong with the store, as users see it: a stable code, a sentence, and what to do. */
export type StoreErrorCode =
  | 'TOLL_STORE_UNREACHABLE'
  | 'TOLL_STORE_BUSY'
  | 'TOLL_STORE_DISK_FULL'
  | 'TOLL_STORE_ACCESS_DENIED'
  | 'TOLL_STORE_SCHEMA_MISSING'
  | 'TOLL_STORE_NEWER'
  | 'TOLL_STORE_MIGRATION_CHANGED'
  | 'TOLL_STORE_MIGRATIONS_UNREADABLE'
  | 'TOLL_STORE_IN_USE'
  | 'TOLL_STORE_UNUSABLE'
  | 'TOLL_STORE_PLATFORM'
  | 'TOLL_STORE_BLOCK_INVALID'
  | 'TOLL_STORE_ROWS_MISSING'
  | 'TOLL_STORE_DATABASE_NAME'
  | 'TOLL_STORE_QUERY_FAILED'
  | 'TOLL_PORT_IN_USE'
  | 'TOLL_PORT_UNUSABLE';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  readonly remedy: string;
  /** True when waiting may help; the same request can be sent again. */
  readonly transient: boolean;
  /** ClickHouse's own error number, when it was ClickHouse that refused. */
  readonly engineCode: number | null;

  constructor(
    code: StoreErrorCode,
    message: string,
    remedy: string,
    options: { transient?: boolean; engineCode?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.remedy = remedy;
    this.transient = options.transient ?? false;
    this.engineCode = options.engineCode ?? null;
  }
}

const DISK_FULL = /No space left on device|Not enough space|disk quota exceeded/i;
const UNREACHABLE =
  /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|socket hang up|Timeout error|other side closed/i;

/** Of the above: there was a connection, and the other side has closed it. */
const CONNECTION_LOST = /ECONNRESET|EPIPE|socket hang up|other side closed/i;

/** ClickHouse error numbers that pass by themselves: load, memory, replication, shutdown, lost connections. */
const TRANSIENT_ENGINE_CODES = new Set([
  159, // TIMEOUT_EXCEEDED
  160, // TOO_SLOW
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  225, // NO_ZOOKEEPER
  236, // ABORTED
  241, // MEMORY_LIMIT_EXCEEDED
  242, // TABLE_IS_READ_ONLY
  252, // TOO_MANY_PARTS
  279, // ALL_CONNECTION_TRIES_FAILED
  285, // TOO_FEW_LIVE_REPLICAS
  319, // UNKNOWN_STATUS_OF_INSERT
  394, // QUERY_WAS_CANCELLED
  425, // SYSTEM_ERROR
  439, // CANNOT_SCHEDULE_TASK
  473, // DEADLOCK_AVOIDED
  999, // KEEPER_EXCEPTION
]);
const ACCESS_ENGINE_CODES = new Set([192, 193, 194, 497, 516]);
const SCHEMA_ENGINE_CODES = new Set([16, 60, 81]); // no such column, table, database

/** Whether a connection was lost while it was used, so that nobody knows whether the server has done what it was asked. */
export function isConnectionLost(error: unknown): boolean {
  return (
    error instanceof StoreError &&
    error.code === 'TOLL_STORE_UNREACHABLE' &&
    CONNECTION_LOST.test(error.message)
  );
}

/** The number of a ClickHouse exception text (`Code: 60. DB::Exception: …`), or null. */
export function engineCodeOf(text: string): number | null {
  const match = /Code: (\d+)\. DB::/.exec(text);
  return match === null ? null : Number(match[1]);
}

/** Says of any failure of an engine or client what it means to the caller. */
export function toStoreError(cause: unknown, where: string): StoreError {
  if (cause instanceof StoreError) return cause;
  const text = cause instanceof Error ? describe(cause) : String(cause);
  const engineCode = engineCodeOf(text) ?? numericCode(cause);
  const options = { engineCode, cause };
  if (DISK_FULL.test(text) || engineCode === 243) {
    return new StoreError(
      'TOLL_STORE_DISK_FULL',
      `${where}: the disk is full. ${text}`,
      'Free some space; work goes on by itself.',
      {
        ...options,
        transient: true,
      },
    );
  }
  if (engineCode === null && UNREACHABLE.test(text)) {
    return new StoreError(
      'TOLL_STORE_UNREACHABLE',
      `${where} does not answer. ${text}`,
      'Check that ClickHouse runs and that its address is right; work goes on by itself once it answers.',
      { ...options, transient: true },
    );
  }
  if (engineCode !== null && TRANSIENT_ENGINE_CODES.has(engineCode)) {
    return new StoreError(
      'TOLL_STORE_BUSY',
      `${where} cannot serve this now. ${text}`,
      'Nothing, when it is rare; when it lasts, see what ClickHouse is short of.',
      { ...options, transient: true },
    );
  }
  if (engineCode !== null && ACCESS_ENGINE_CODES.has(engineCode)) {
    return new StoreError(
      'TOLL_STORE_ACCESS_DENIED',
      `${where} refuses this user. ${text}`,
      'Check user name, password and grants.',
      options,
    );
  }
  if (engineCode !== null && SCHEMA_ENGINE_CODES.has(engineCode)) {
    return new StoreError(
      'TOLL_STORE_SCHEMA_MISSING',
      `${where} lacks what was asked for. ${text}`,
      'Run `tollstream migrate`, and check the names in the query.',
      options,
    );
  }
  return new StoreError('TOLL_STORE_QUERY_FAILED', `${where}: ${text}`, 'Correct the query.', options);
}

function describe(error: Error): string {
  const text = error.message.replace(/^Query failed: /, '').trim();
  if (text !== '') return text;
  // An AggregateError of all addresses tried has no message of its own.
  return 'code' in error ? String(error.code) : error.name;
}

/** `ClickHouseError` of the client carries the number apart from its text. */
function numericCode(cause: unknown): number | null {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return null;
  return /^\d+$/.test(String(cause.code)) ? Number(cause.code) : null;
}
