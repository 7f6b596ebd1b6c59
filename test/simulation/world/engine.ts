import { StoreError, USAGE_TABLES } from '@tollstream/usage-store';
import type { UsageTable } from '@tollstream/usage-store';
import type { Connection } from '../../../packages/usage-store/src/connection.ts';
import { decodeNative } from '../audit/native.ts';
import { storeError, type Step } from './faults.ts';
import type { SimulatedProcess } from './virtual-time.ts';
import type { Wire } from './wire.ts';

export interface EngineOptions {
  /** Tokens that a table remembers; 0 = none, which is the engine's own default. */
  readonly tokenWindow: number;
}

export interface StoredRow {
  readonly key: string;
  readonly version: number;
  readonly month: string;
  /** All columns that the table stores, in its order. */
  readonly cells: readonly string[];
}

interface EngineTable {
  readonly name: UsageTable;
  readonly rows: StoredRow[];
  /** `month/token/blocks`, oldest first: a part of an insert is known by these. */
  readonly tokens: Set<string>;
}

interface Staging {
  readonly target: EngineTable;
  rows: StoredRow[];
}

interface Insert {
  readonly target: EngineTable;
  readonly rows: readonly StoredRow[];
  readonly token: string;
  readonly blocks: number;
}

const DATABASE = 'simulated';
/** Of the token proper; what a replay adds to it may be random. */
const TOKEN_CHARACTERS = 32;
/** Longer than it takes until somebody else has the partitions of a process that ended. */
const LATE_MS_MAX = 12_000;
const PROBABILITY = { insert: 0.06, statement: 0.03, rare: 0.02 };

/** What of ClickHouse the pipeline relies on: parts by month, deduplication tokens with a window, and the statements of a replay. */
export class SimulatedEngine {
  readonly #wire: Wire;
  readonly #options: EngineOptions;
  readonly #tables = new Map<string, EngineTable>();
  readonly #staging = new Map<string, Staging>();
  readonly #sent = new Set<string>();
  /** Tokens of inserts that a crash cut in two. */
  readonly #torn = new Set<string>();
  /** Inserts that their senders gave up and that go on. */
  readonly #inFlight: (() => void)[] = [];

  constructor(wire: Wire, options: EngineOptions) {
    this.#wire = wire;
    this.#options = options;
    for (const name of Object.keys(USAGE_TABLES) as UsageTable[]) {
      this.#tables.set(`${DATABASE}.${name}`, { name, rows: [], tokens: new Set() });
    }
  }

  rows(table: UsageTable): readonly StoredRow[] {
    return this.#tables.get(`${DATABASE}.${table}`)!.rows;
  }

  /** The engine as one process reaches it. */
  connect(process: SimulatedProcess): Connection & { readonly database: string } {
    const statement = async <T>(step: Step, effect: () => T): Promise<T> =>
      this.#wire.request(process, step, () => {
        this.#refuseWhileOut();
        if (this.#wire.faults.strikes('statement failed', PROBABILITY.statement, step)) {
          if (this.#wire.faults.draws(0.5)) effect();
          throw storeError('TOLL_STORE_BUSY', 'did not answer a statement');
        }
        return effect();
      });
    return {
      kind: 'server',
      database: DATABASE,
      command: async (sql) => this.#command(sql, process, statement),
      rows: async <Row>(sql: string): Promise<Row[]> => {
        if (sql.startsWith('SELECT name FROM system.tables')) return [];
        const staging = /^SELECT count\(\) AS missing FROM (\S+) WHERE /.exec(sql)?.[1];
        if (staging === undefined) throw unknownStatement(sql);
        return statement('replay count', () => [
          { missing: String(missingRows(this.#stagingOf(staging)).length) } as Row,
        ]);
      },
      stream: async (sql) => Promise.reject(unknownStatement(sql)),
      insertNative: async ({ table, columns, natives, settings }) => {
        const staging = this.#staging.get(table);
        const token = String(settings['insert_deduplication_token'] ?? '');
        if (table.startsWith(`${DATABASE}.replay_`)) {
          const target = staging?.target.name;
          await statement('replay staging rows', () => {
            const rows = readRows(target ?? 'usage', columns, natives);
            this.#stagingOf(table).rows.push(...rows);
          });
          return;
        }
        if (settings['insert_deduplicate'] !== 1 || settings['async_insert'] !== 0 || token === '') {
          throw new Error('An insert does not pin its settings.');
        }
        const target = this.#tables.get(table)!;
        const insert = {
          target,
          rows: readRows(target.name, columns, natives),
          token,
          blocks: natives.length,
        };
        // Who sends a token again replays it.
        const step = this.#sent.has(token) ? 'replay insert' : 'aggregator insert';
        this.#sent.add(token);
        await this.#wire.request(process, step, () => this.#insertOrFail(insert));
      },
      ping: async () => Promise.resolve(),
      close: async () => Promise.resolve(),
    };
  }

  async #command(
    sql: string,
    process: SimulatedProcess,
    statement: <T>(step: Step, effect: () => T) => Promise<T>,
  ): Promise<void> {
    const [, made, like] = /^CREATE TABLE (\S+) AS (\S+) ENGINE = MergeTree/.exec(sql) ?? [];
    if (made !== undefined && like !== undefined) {
      await statement('replay staging table', () => {
        this.#staging.set(made, { target: this.#tables.get(like)!, rows: [] });
      });
      return;
    }
    const dropped = /^DROP TABLE IF EXISTS (\S+)$/.exec(sql)?.[1];
    if (dropped !== undefined) {
      await statement('replay drop', () => this.#staging.delete(dropped));
      return;
    }
    const [, into, from] = /^INSERT INTO (\S+) [\s\S]*? FROM (\S+) WHERE /.exec(sql) ?? [];
    const token = /insert_deduplication_token = '([^']+)'/.exec(sql)?.[1];
    if (into === undefined || from === undefined || token === undefined) throw unknownStatement(sql);
    await this.#wire.request(process, 'replay repair', () => {
      const target = this.#tables.get(into)!;
      this.#insertOrFail({ target, rows: missingRows(this.#stagingOf(from)), token, blocks: 1 });
    });
  }

  #insertOrFail(insert: Insert): void {
    const { faults, random, time } = this.#wire;
    const { insert: usual, rare } = PROBABILITY;
    this.#refuseWhileOut();
    // Known limit, see docs/simulation.md: what is repaired under another token is not told from a copy that comes later.
    if (this.#torn.has(insert.token) && isPartlyStored(insert))
      throw storeError('TOLL_STORE_UNREACHABLE', 'reset the connection');
    if (faults.strikes('insert refused', usual)) throw storeError('TOLL_STORE_BUSY', 'has too many parts');
    if (faults.strikes('insert late', usual)) {
      this.#inFlight.push(time.schedule(null, random.between(20, LATE_MS_MAX), () => this.#insert(insert)));
      throw storeError('TOLL_STORE_UNREACHABLE', 'did not answer in time');
    }
    const months = [...new Set(insert.rows.map(({ month }) => month))].sort();
    if (months.length > 1 && faults.strikes('insert partial', usual)) {
      this.#insert(insert, months.slice(0, random.between(1, months.length - 1)));
      this.#torn.add(insert.token);
      throw this.#crash();
    }
    if (faults.strikes('token without rows', rare)) {
      for (const month of months) this.#remember(insert, month);
      throw this.#crash();
    }
    if (faults.strikes('store failed unexpectedly', rare)) {
      if (random.chance(0.5)) this.#insert(insert);
      throw new StoreError('TOLL_STORE_QUERY_FAILED', 'Code: 49. LOGICAL_ERROR (simulated)', 'None.');
    }
    this.#insert(insert);
    if (faults.strikes('insert response lost', usual)) {
      throw storeError('TOLL_STORE_UNREACHABLE', 'closed the connection after the insert');
    }
  }

  /** What the engine was at when it crashed is gone with it. */
  #crash(): StoreError {
    for (const cancel of this.#inFlight.splice(0)) cancel();
    return storeError('TOLL_STORE_UNREACHABLE', 'crashed');
  }

  /** Each month's rows are one part, stored whole or, when its token is known, dropped whole. */
  #insert(insert: Insert, months?: readonly string[]): void {
    for (const month of new Set(insert.rows.map((row) => row.month))) {
      if (months !== undefined && !months.includes(month)) continue;
      const isNew = this.#remember(insert, month);
      const rows = insert.rows.filter((row) => row.month === month);
      this.#wire.faults.trace(
        `${insert.target.name} ${month}: ${rows.length} rows of ${insert.token.slice(0, TOKEN_CHARACTERS)} ${isNew ? 'stored' : 'known'}`,
      );
      if (isNew) insert.target.rows.push(...rows);
    }
  }

  /** @returns false when the part is known */
  #remember({ target, token, blocks }: Insert, month: string): boolean {
    const { tokens } = target;
    const part = `${month}/${token}/${blocks}`;
    if (tokens.has(part)) return false;
    tokens.add(part);
    for (const oldest of tokens) {
      if (tokens.size <= this.#options.tokenWindow) break;
      tokens.delete(oldest);
    }
    return true;
  }

  #stagingOf(name: string): Staging {
    const staging = this.#staging.get(name);
    if (staging !== undefined) return staging;
    throw new StoreError('TOLL_STORE_SCHEMA_MISSING', `Table ${name} does not exist (simulated).`, 'None.');
  }

  #refuseWhileOut(): void {
    const outage = this.#wire.faults.storeOutage();
    if (outage !== null) throw outage;
  }
}

function isPartlyStored({ target, rows }: Insert): boolean {
  const keys = new Set(rows.map(({ key }) => key));
  return target.rows.some(({ key }) => keys.has(key));
}

/** Rows of a staging table of which neither they nor a newer version stand in the target. */
function missingRows({ target, rows }: Staging): StoredRow[] {
  const newest = new Map<string, number>();
  for (const { key, version } of target.rows) newest.set(key, Math.max(version, newest.get(key) ?? -1));
  return rows.filter(({ key, version }) => (newest.get(key) ?? -1) < version);
}

function readRows(table: UsageTable, columns: readonly string[], natives: readonly Buffer[]): StoredRow[] {
  const spec = USAGE_TABLES[table];
  return natives.flatMap((native) => {
    const { names, rows } = decodeNative(native);
    const at = (name: string): number => {
      const index = names.indexOf(name);
      if (index < 0) throw new Error(`A block has no column ${name}.`);
      return index;
    };
    const stored = columns.map(at);
    const key = spec.rowKey.map(at);
    const version = spec.version === null ? -1 : at(spec.version);
    return rows.map((row) => ({
      key: key.map((index) => row[index]).join('\u0001'),
      version: version < 0 ? 0 : Number(row[version]),
      month: monthOf(table, row, at),
      cells: stored.map((index) => row[index]!),
    }));
  });
}

function monthOf(table: UsageTable, row: readonly string[], at: (name: string) => number): string {
  if (table === 'usage') return row[at('billing_month')]!;
  const time = row[at(table === 'usage_rejected' ? 'received_at' : 'started_at')]!;
  return new Date(Number(time)).toISOString().slice(0, 7);
}

function unknownStatement(sql: string): Error {
  return new Error(`The simulated engine does not know this statement: ${sql.slice(0, 120)}`);
}
