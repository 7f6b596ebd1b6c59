import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type * as chdbModule from 'chdb';
import type { ChdbResult, Session } from 'chdb';
import { StoreError, toStoreError } from './errors.ts';
import { Limiter } from './limiter.ts';
import { isSelect, quoted, settingList } from './sql-text.ts';
import { removeUnfinishedTables } from './unfinished-tables.ts';
import type { Settings } from './sql-text.ts';

type Chdb = typeof chdbModule;

/** Loaded when first used: the engine takes some 100 MB, which processes that talk to a server do not need. */
async function loadChdb(): Promise<Chdb> {
  try {
    return await import('chdb');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError(
      'TOLL_STORE_PLATFORM',
      `The embedded ClickHouse engine does not run on ${process.platform}-${process.arch}: ${reason}`,
      'Run on Linux (glibc) or macOS, on x64 or arm64, with a complete install; or use a ClickHouse server.',
      { cause },
    );
  }
}

/** What belongs to one statement: nothing of it outlives the statement. */
export interface StatementOptions {
  readonly format: string;
  readonly settings?: Settings;
  /** Query parameters in ClickHouse's Escaped text form. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Database that unqualified names are looked up in. */
  readonly database?: string;
}

export interface EngineLimits {
  /** Statements that run at the same time. Each holds a thread of libuv's pool, of which files need some too. */
  readonly statementsMax: number;
}

/**
 * The ClickHouse engine inside this process, over one data directory. The engine takes one directory per process, and one process per
 * directory. Every statement runs on a connection of its own (0.4 ms): settings and parameters are state of the connection, and the
 * binding's own parameters are not safe between concurrent queries.
 */
export class EmbeddedEngine {
  readonly dataDirectory: string;
  readonly #chdb: Chdb;
  readonly #keepAlive: Session;
  readonly #limiter: Limiter;
  #closed = false;

  private constructor(chdb: Chdb, dataDirectory: string, limits: EngineLimits) {
    this.#chdb = chdb;
    this.dataDirectory = dataDirectory;
    this.#limiter = new Limiter(limits.statementsMax);
    this.#keepAlive = new chdb.Session(dataDirectory);
  }

  /** Opens the directory, making it when it is missing. */
  static async open(dataDirectory: string, limits: EngineLimits): Promise<EmbeddedEngine> {
    const chdb = await loadChdb();
    const directory = resolve(dataDirectory);
    try {
      mkdirSync(directory, { recursive: true });
      removeUnfinishedTables(directory);
      return new EmbeddedEngine(chdb, directory, limits);
    } catch (cause) {
      throw openFailure(directory, cause);
    }
  }

  /** Runs one statement to its end; the result is held in memory. */
  async run(sql: string, options: StatementOptions): Promise<ChdbResult> {
    this.#assertOpen();
    return this.#limiter.run(async () => {
      const session = await this.#prepare(options);
      try {
        return await session.queryAsync(sql, { format: options.format });
      } catch (cause) {
        throw toStoreError(cause, 'The embedded ClickHouse engine');
      } finally {
        session.close();
      }
    });
  }

  /**
   * Chunks of a result, made as they are taken. Leaving the loop ends the query. What the engine cannot stream (SHOW, DESCRIBE, EXPLAIN,
   * statements without a result) comes as one chunk.
   */
  async *stream(sql: string, options: StatementOptions): AsyncGenerator<Uint8Array, void, void> {
    if (!isSelect(sql)) {
      const result = await this.run(sql, options);
      yield result.bytes();
      return;
    }
    this.#assertOpen();
    const release = await this.#limiter.acquire();
    try {
      const session = await this.#prepare(options);
      try {
        for await (const chunk of session.queryStream(sql, { format: options.format })) yield chunk.raw();
      } finally {
        session.close();
      }
    } catch (cause) {
      throw toStoreError(cause, 'The embedded ClickHouse engine');
    } finally {
      release();
    }
  }

  /** Waits for the statements that run, then gives the directory back. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#limiter.close();
    this.#keepAlive.close();
    await this.#chdb.drainPending();
  }

  #assertOpen(): void {
    if (!this.#closed) return;
    throw new StoreError(
      'TOLL_STORE_UNREACHABLE',
      'The embedded ClickHouse engine is closed.',
      'Start the program again.',
    );
  }

  async #prepare(options: StatementOptions): Promise<Session> {
    const session = new this.#chdb.Session(this.dataDirectory);
    try {
      if (options.database !== undefined) await session.queryAsync(`USE ${backquoted(options.database)}`);
      const assignments = [
        ...(options.settings && Object.keys(options.settings).length > 0
          ? [settingList(options.settings)]
          : []),
        ...Object.entries(options.parameters ?? {}).map(
          ([name, text]) => `${backquoted(`param_${name}`)} = ${quoted(text)}`,
        ),
      ];
      if (assignments.length > 0) await session.queryAsync(`SET ${assignments.join(', ')}`);
      return session;
    } catch (cause) {
      session.close();
      throw toStoreError(cause, 'The embedded ClickHouse engine');
    }
  }
}

function backquoted(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** The engine says only that it failed; its lock file tells whether another process has the directory. */
function openFailure(directory: string, cause: unknown): StoreError {
  const owner = runningOwner(directory);
  if (owner !== null && owner !== process.pid) {
    return new StoreError(
      'TOLL_STORE_IN_USE',
      `The data directory ${directory} is in use by process ${owner}.`,
      'Stop that process, use its ClickHouse endpoint, or choose another directory with --data.',
      { cause },
    );
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  return new StoreError(
    'TOLL_STORE_UNUSABLE',
    `The data directory ${directory} cannot be used: ${text}`,
    'Check that it is a directory this user may write to, with space left, and that no other directory is open in this process.',
    { cause },
  );
}

/** Process that the engine's lock file names, when it runs. */
function runningOwner(directory: string): number | null {
  try {
    const match = /^PID: (\d+)$/m.exec(readFileSync(join(directory, 'status'), 'utf8'));
    if (match === null) return null;
    process.kill(Number(match[1]), 0);
    return Number(match[1]);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? -1 : null;
  }
}
