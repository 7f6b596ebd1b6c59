import { Readable } from 'node:stream';
import { createClient } from '@clickhouse/client';
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import type { Connection } from './connection.ts';
import { EXACT_JSON, PASS_OVER } from './connection.ts';
import { StoreError, toStoreError } from './errors.ts';
import type { QueryParameters } from './port.ts';
import type { Settings } from './sql-text.ts';
import { ClickHouseStore } from './store.ts';

export interface ServerStoreOptions {
  /** `http://host:8123` or `https://…`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly database?: string;
  readonly requestTimeoutMs?: number;
  readonly connectionsMax?: number;
  readonly migrationsDirectory?: string;
}

/** A store on a ClickHouse server. Nothing is sent before the first call. */
export function openServerStore(options: ServerStoreOptions): ClickHouseStore {
  return new ClickHouseStore(new ServerConnection(options), {
    database: options.database ?? 'tollstream',
    migrationsDirectory: options.migrationsDirectory,
  });
}

/** An insert is answered once its rows are on disk, not while they wait in a queue of the server. */
const ANSWER_WHEN_DONE: ClickHouseSettings = { wait_end_of_query: 1 };

class ServerConnection implements Connection {
  readonly kind = 'server';
  readonly #client: ClickHouseClient;
  readonly #where: string;

  constructor(options: ServerStoreOptions) {
    this.#where = `ClickHouse at ${addressOf(options.url)}`;
    this.#client = createClient({
      url: options.url,
      username: options.username ?? 'default',
      password: options.password ?? '',
      request_timeout: options.requestTimeoutMs ?? 120_000,
      max_open_connections: options.connectionsMax ?? 8,
      // A long batch keeps the timers from closing idle connections; the server has closed them by then.
      keep_alive: { enabled: true, eagerly_destroy_stale_sockets: true },
      application: 'tollstream',
      log: { level: 127 }, // off: what goes wrong is thrown
    });
  }

  async command(sql: string, parameters: QueryParameters = {}): Promise<void> {
    await this.#tried(() =>
      this.#client.command({
        query: sql,
        query_params: parameters,
        clickhouse_settings: ANSWER_WHEN_DONE,
      }),
    );
  }

  async rows<Row>(sql: string, parameters: QueryParameters): Promise<Row[]> {
    return this.#tried(async () => {
      const result = await this.#client.query({
        query: sql,
        format: 'JSONEachRow',
        query_params: parameters,
        clickhouse_settings: EXACT_JSON,
      });
      return result.json<Row>();
    });
  }

  async stream(sql: string, format: string, parameters: QueryParameters): Promise<Readable> {
    return this.#tried(async () => {
      const result = await this.#client.exec({
        query: sql,
        query_params: parameters,
        clickhouse_settings: { ...EXACT_JSON, default_format: format } as ClickHouseSettings,
      });
      return result.stream;
    });
  }

  async insertNative(insert: {
    table: string;
    columns: readonly string[];
    natives: readonly Buffer[];
    settings: Settings;
  }): Promise<void> {
    await this.#tried(async () => {
      const { stream } = await this.#client.exec({
        query: `INSERT INTO ${insert.table} (${insert.columns.join(', ')}) FORMAT Native`,
        values: Readable.from(insert.natives, { objectMode: false }),
        clickhouse_settings: {
          ...insert.settings,
          ...ANSWER_WHEN_DONE,
          ...PASS_OVER,
        },
      });
      for await (const _ of stream);
    });
  }

  async ping(): Promise<void> {
    await this.#tried(async () => {
      const result = await this.#client.ping({ select: true });
      if (!result.success) throw result.error;
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #tried<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (cause) {
      throw toStoreError(cause, this.#where);
    }
  }
}

/** Host and port without user and password. */
function addressOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    throw new StoreError(
      'TOLL_STORE_UNREACHABLE',
      `'${url}' is no URL.`,
      'Give it as http://host:8123 or https://host:8443.',
    );
  }
}
