/**
 * PostgreSQL, the two ways that telephony prices in it: the `prefix` extension with its GiST index, as its documentation says, and without an
 * extension the prefixes of the number looked up in a B-tree, longest first. Amounts are `numeric`, which is exact.
 */
import { createRequire } from 'node:module';
import { startPostgres } from '../../../packages/billing-store/src/testing/postgres-server.ts';
import { processUsage } from '../process-usage.ts';
import type { Peer, PreparedPeer } from './peer.ts';
import { CHECKSUM_MODULUS, DESTINATION_DIGITS } from './work.ts';

interface Client {
  connect(): Promise<void>;
  query(sql: string): Promise<{ rows: Record<string, string>[] }>;
  end(): Promise<void>;
}

const BILLABLE =
  'CASE WHEN c.duration_ms <= r.initial * 1000 THEN r.initial ELSE r.initial + ((c.duration_ms - r.initial * 1000 + r.step * 1000 - 1) / (r.step * 1000)) * r.step END';
const CHARGE = `r.connect_fee + round((${BILLABLE}) * r.rate / 60, 6)`;
const totals = (longestPrefix: string): string => `
  SELECT count(*)::text AS calls, trunc(sum(charge) * 1000000)::text AS charge,
         trunc(sum(charge * (id % ${CHECKSUM_MODULUS} + 1)) * 1000000)::text AS checksum
  FROM (SELECT c.id, ${CHARGE} AS charge FROM calls c CROSS JOIN LATERAL (${longestPrefix}) r) priced`;

const WAYS = [
  {
    name: 'PostgreSQL, extension prefix (GiST)',
    type: 'prefix_range',
    index: 'CREATE INDEX ON rates_gist USING gist (prefix)',
    table: 'rates_gist',
    sql: totals(
      'SELECT * FROM rates_gist WHERE prefix @> c.destination ORDER BY length(prefix) DESC LIMIT 1',
    ),
  },
  {
    name: 'PostgreSQL, B-tree on each length',
    type: 'text',
    index: 'CREATE UNIQUE INDEX ON rates_btree (prefix)',
    table: 'rates_btree',
    sql: totals(
      `SELECT * FROM rates_btree WHERE prefix = ANY (ARRAY[${Array.from(
        { length: DESTINATION_DIGITS },
        (_, i) => `left(c.destination, ${i + 1})`,
      ).join(', ')}]) ORDER BY length(prefix) DESC LIMIT 1`,
    ),
  },
];
const INCLUDES =
  'longest prefix, increments and rounding in SQL, one connection on one core; calls lie in a table, vacuumed and analysed; no plans, no effective dates, nothing is written';

export function postgresPeer(): Peer {
  const ends: (() => Promise<void>)[] = [];
  return {
    name: 'PostgreSQL',
    async prepare(work) {
      const server = await startPostgres();
      if (server === null) return 'not installed (Debian: postgresql and postgresql-15-prefix)';
      ends.push(() => server.stop());
      const client = await connect(await server.freshUrl());
      ends.push(() => client.end());
      const [about] = (await client.query('SELECT version() AS version, pg_backend_pid()::text AS pid')).rows;
      const hasPrefix = await isExtensionMade(client);
      await client.query(
        'CREATE UNLOGGED TABLE calls (id int, destination text, duration_ms int); SET max_parallel_workers_per_gather = 0; SET jit = off',
      );
      await client.query(`COPY calls FROM '${work.callsFile}'`);
      const prepared: PreparedPeer[] = [];
      for (const way of WAYS.filter(({ type }) => type === 'text' || hasPrefix)) {
        await client.query(
          `CREATE UNLOGGED TABLE ${way.table} (prefix ${way.type}, rate numeric(12, 6), connect_fee numeric(12, 6), initial int, step int);
           COPY ${way.table} FROM '${work.ratesFile}'; ${way.index}`,
        );
        prepared.push({
          name: way.name,
          version: about!['version']!.split(' ').slice(0, 2).join(' '),
          includes: INCLUDES,
          async run() {
            const pid = Number(about!['pid']);
            const before = processUsage(pid);
            const startedMs = performance.now();
            const [row] = (await client.query(way.sql)).rows;
            const seconds = (performance.now() - startedMs) / 1_000;
            const after = processUsage(pid);
            const cpuSeconds =
              before === null || after === null ? null : after.cpuSeconds - before.cpuSeconds;
            const { calls, charge, checksum } = row!;
            return {
              totals: { calls: Number(calls), charge: charge!, checksum: checksum! },
              seconds,
              cpuSeconds,
            };
          },
        });
      }
      await client.query('VACUUM ANALYZE');
      return prepared;
    },
    async close() {
      for (const end of ends.toReversed()) await end();
    },
  };
}

async function isExtensionMade(client: Client): Promise<boolean> {
  try {
    await client.query('CREATE EXTENSION prefix');
    return true;
  } catch {
    return false;
  }
}

/** The driver is the billing store's. */
async function connect(url: string): Promise<Client> {
  const store = new URL('../../../packages/billing-store/package.json', import.meta.url);
  const pg = createRequire(store)('pg') as { Client: new (options: { connectionString: string }) => Client };
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
