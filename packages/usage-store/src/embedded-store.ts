import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import type { Connection } from './connection.ts';
import { EXACT_JSON } from './connection.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import { toStoreError } from './errors.ts';
import type { QueryParameters } from './port.ts';
import { removeOrphans, spoolDirectory, withSpooled } from './spool.ts';
import { parameterText, quoted, settingList } from './sql-text.ts';
import type { Settings } from './sql-text.ts';
import { ClickHouseStore } from './store.ts';

export interface EmbeddedStoreOptions {
  /** Directory of the engine; made when missing. */
  readonly dataDirectory: string;
  readonly database?: string;
  /** Where inserts are put for the engine to read; default tmpfs. */
  readonly spoolDirectory?: string;
  /** Statements at the same time, those of the HTTP front included. */
  readonly statementsMax?: number;
  readonly migrationsDirectory?: string;
}

/** The store in this process. `engine` is what `serveClickHouseHttp` serves to others. */
export class EmbeddedStore extends ClickHouseStore {
  readonly engine: EmbeddedEngine;

  constructor(
    engine: EmbeddedEngine,
    connection: Connection,
    options: { database: string; migrationsDirectory?: string | undefined },
  ) {
    super(connection, options);
    this.engine = engine;
  }
}

export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const directory = options.spoolDirectory ?? (await spoolDirectory());
  await removeOrphans(directory);
  const engine = await EmbeddedEngine.open(options.dataDirectory, {
    statementsMax: options.statementsMax ?? 3,
  });
  return new EmbeddedStore(engine, new EmbeddedConnection(engine, directory), {
    database: options.database ?? 'tollstream',
    migrationsDirectory: options.migrationsDirectory,
  });
}

class EmbeddedConnection implements Connection {
  readonly kind = 'embedded';
  readonly #engine: EmbeddedEngine;
  readonly #spoolDirectory: string;

  constructor(engine: EmbeddedEngine, directory: string) {
    this.#engine = engine;
    this.#spoolDirectory = directory;
  }

  async command(sql: string, parameters: QueryParameters = {}): Promise<void> {
    await this.#engine.run(sql, { format: 'Null', parameters: texts(parameters) });
  }

  async rows<Row>(sql: string, parameters: QueryParameters): Promise<Row[]> {
    const result = await this.#engine.run(sql, {
      format: 'JSONEachRow',
      settings: EXACT_JSON,
      parameters: texts(parameters),
    });
    const lines = result.text().split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
  }

  async stream(sql: string, format: string, parameters: QueryParameters): Promise<Readable> {
    const chunks = this.#engine.stream(sql, { format, settings: EXACT_JSON, parameters: texts(parameters) });
    // A wrong query is refused here rather than in the middle of a stream.
    const first = await chunks.next();
    return Readable.from(resumed(first, chunks), { objectMode: false });
  }

  /**
   * The binding's own insert of bytes ends at the first NUL, so the engine reads the blocks from a file; selecting from it takes
   * the columns by name. Not `FROM INFILE`: the engine then looks whether standard input has more rows, and takes 64 KiB of calls from
   * whoever reads them there.
   */
  async insertNative(insert: {
    table: string;
    columns: readonly string[];
    natives: readonly Buffer[];
    settings: Settings;
  }): Promise<void> {
    const columns = insert.columns.join(', ');
    // Every file is new, so what the engine remembers of their structure would only grow.
    const settings = settingList({ ...insert.settings, schema_inference_use_cache_for_file: 0 });
    const load = async (directory: string): Promise<unknown> =>
      withSpooled(directory, insert.natives, (file) =>
        this.#engine.run(
          `INSERT INTO ${insert.table} (${columns}) SETTINGS ${settings} SELECT ${columns} FROM file(${quoted(file)}, Native)`,
          { format: 'Null' },
        ),
      );
    try {
      await load(this.#spoolDirectory).catch(async (cause: unknown) => {
        if (!isSpoolFull(cause) || this.#spoolDirectory === tmpdir()) throw cause;
        return load(tmpdir());
      });
    } catch (cause) {
      throw toStoreError(cause, 'The embedded ClickHouse engine');
    }
  }

  async ping(): Promise<void> {
    await this.#engine.run('SELECT 1', { format: 'Null' });
  }

  async close(): Promise<void> {
    await this.#engine.close();
  }
}

/** The spool file did not fit; what the engine itself could not write is a `StoreError` by then. */
function isSpoolFull(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC';
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

function texts(parameters: QueryParameters): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, parameterText(value)]));
}
