/**
 * The two engines behind one interface: a PostgreSQL server, or the same engine embedded (PGlite) in a directory or in memory.
 * Each is loaded only by who opens it: the embedded engine is 12 MB of WebAssembly.
 */
import { setFlagsFromString } from 'node:v8';
import { Kysely, PGliteDialect, PostgresDialect } from 'kysely';
import { BillingStoreError } from './errors.ts';
import type { BillingTables } from './tables.ts';

/** PostgreSQL's numbers of types that its clients would turn into what they are not: dates of a time zone, floats of amounts. */
const TYPE = { int8: 20, date: 1082, timestamptz: 1184, numeric: 1700 } as const;

const asText = (value: string): string => value;
const PARSERS: Readonly<Record<number, (value: string) => unknown>> = {
  // Sequences and counts: far below 2^53.
  [TYPE.int8]: Number,
  [TYPE.date]: asText,
  [TYPE.timestamptz]: asText,
  [TYPE.numeric]: asText,
};

const CONNECTIONS_MAX = 4;
const CONNECT_TIMEOUT_MS = 10_000;

export async function openServerDatabase(url: string): Promise<Kysely<BillingTables>> {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types: {
      getTypeParser: (oid: Parameters<typeof pg.types.getTypeParser>[0]) =>
        PARSERS[oid] ?? pg.types.getTypeParser(oid),
    },
  });
  // A connection lost while idle is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  return new Kysely<BillingTables>({ dialect: new PostgresDialect({ pool }) });
}

/** @param directory of the engine's files; undefined = in memory. Only one process may have it open. */
export async function openEmbeddedDatabase(directory: string | undefined): Promise<Kysely<BillingTables>> {
  // Optimising one function of the engine, 100 kB of WebAssembly, takes V8 600 MB and seconds: the code of its baseline compiler stays
  // (docs/adr/0036-billing-store.md).
  for (const flag of ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering']) setFlagsFromString(flag);
  const { PGlite } = await import('@electric-sql/pglite');
  try {
    const engine = await PGlite.create({
      ...(directory === undefined ? {} : { dataDir: directory }),
      parsers: PARSERS,
    });
    return new Kysely<BillingTables>({
      dialect: new PGliteDialect({ pglite: engine }),
    });
  } catch (cause) {
    const message = `The billing store in ${directory ?? 'memory'} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new BillingStoreError('TOLL_BILLING_STORE_UNUSABLE', message, { cause });
  }
}
