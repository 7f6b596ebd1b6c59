/**
 * ClickHouse, the engine that this project embeds, as a process of its own that is asked over HTTP. It has no lookup by longest prefix for numbers (its
 * `ip_trie` is for addresses), so the two ways that its documentation offers: a hashed dictionary asked for each length, longest first, and
 * an ASOF join with the deck as intervals that do not overlap. Amounts are integers, which is exact.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT_ROOT, start } from '../../support/cli.ts';
import { queryClickHouse, tellClickHouse } from '../../support/query-clickhouse.ts';
import { processUsage } from '../process-usage.ts';
import type { Peer, PreparedPeer } from './peer.ts';
import type { PeerRate, PeerWork } from './work.ts';
import { CHECKSUM_MODULUS, DESTINATION_DIGITS } from './work.ts';

const COLUMNS = 'prefix UInt64, rate Int64, connect_fee Int64, initial Int64, step Int64';
const LENGTHS = Array.from({ length: DESTINATION_DIGITS }, (_, i) => 10 ** i).join(', ');
const totals = (priced: string): string => `
  WITH if(duration_ms <= initial * 1000, initial, initial + intDiv(duration_ms - initial * 1000 + step * 1000 - 1, step * 1000) * step) AS billable,
    connect_fee + intDiv(billable * rate * 2 + 60, 120) AS charge
  SELECT toString(count()) AS calls, toString(sum(charge)) AS charge_sum, toString(sum(toInt128(charge) * (id % ${CHECKSUM_MODULUS} + 1))) AS checksum
  FROM (${priced})`;

const WAYS = [
  {
    name: 'ClickHouse, hashed dictionary by length',
    sql: totals(`
      SELECT id, duration_ms, arrayFirst(p -> dictHas('peer.deck', p), arrayMap(d -> intDiv(destination, toUInt64(d)), [${LENGTHS}])) AS found,
        dictGet('peer.deck', ('rate', 'connect_fee', 'initial', 'step'), found) AS r,
        r.1 AS rate, r.2 AS connect_fee, r.3 AS initial, r.4 AS step
      FROM peer.calls`),
  },
  {
    name: 'ClickHouse, ASOF join of intervals',
    sql: totals(
      'SELECT id, duration_ms, rate, connect_fee, initial, step FROM peer.calls AS c ASOF JOIN peer.intervals AS i ON c.one = i.one AND c.destination >= i.low',
    ),
  },
];
const INCLUDES =
  'longest prefix, increments and rounding in SQL, one thread; calls lie in a table; no plans, no effective dates, nothing is written';

export function clickHousePeer(): Peer {
  let end = async (): Promise<void> => undefined;
  return {
    name: 'ClickHouse',
    async prepare(work, directory) {
      const engine = start(['clickhouse', '--data', path.join(directory, 'clickhouse'), '--port', '0']);
      end = async () => {
        engine.child.kill('SIGTERM');
        await engine.finished;
      };
      const [url] = await engine.waitFor(/http:\/\/\S+/);
      await load(url, work, directory);
      const [about] = await query<{ version: string }>(url, 'SELECT version() AS version');
      return WAYS.map(({ name, sql }): PreparedPeer => ({
        name,
        version: `${about!.version} (chdb ${chdbVersion()})`,
        includes: INCLUDES,
        async run() {
          const before = processUsage(engine.child.pid ?? 0);
          const startedMs = performance.now();
          const [row] = await query<{ calls: string; charge_sum: string; checksum: string }>(
            url,
            `${sql} SETTINGS max_threads = 1`,
          );
          const seconds = (performance.now() - startedMs) / 1_000;
          const after = processUsage(engine.child.pid ?? 0);
          const cpuSeconds = before === null || after === null ? null : after.cpuSeconds - before.cpuSeconds;
          const { calls, charge_sum: charge, checksum } = row!;
          return { totals: { calls: Number(calls), charge, checksum }, seconds, cpuSeconds };
        },
      }));
    },
    close: () => end(),
  };
}

async function load(url: string, work: PeerWork, directory: string): Promise<void> {
  const rates = path.join(directory, 'rates-integers.tsv');
  const intervals = path.join(directory, 'intervals.tsv');
  await writeFile(rates, tsv(work.rates.map((rate) => [rate.prefix, ...terms(rate)])));
  await writeFile(intervals, tsv(intervalsOf(work.rates).map(({ low, rate }) => [1, low, ...terms(rate)])));
  for (const sql of [
    'CREATE DATABASE peer',
    'CREATE TABLE peer.calls (id Int64, destination UInt64, duration_ms Int64, one UInt8 DEFAULT 1) ENGINE = MergeTree ORDER BY id',
    `INSERT INTO peer.calls (id, destination, duration_ms) SELECT * FROM file('${work.callsFile}', TSV, 'id Int64, destination UInt64, duration_ms Int64')`,
    `CREATE TABLE peer.rates (${COLUMNS}) ENGINE = MergeTree ORDER BY prefix`,
    `INSERT INTO peer.rates SELECT * FROM file('${rates}', TSV, '${COLUMNS}')`,
    `CREATE DICTIONARY peer.deck (${COLUMNS}) PRIMARY KEY prefix SOURCE(CLICKHOUSE(DB 'peer' TABLE 'rates')) LAYOUT(HASHED()) LIFETIME(0)`,
    `CREATE TABLE peer.intervals (one UInt8, low UInt64, rate Int64, connect_fee Int64, initial Int64, step Int64) ENGINE = MergeTree ORDER BY (one, low)`,
    `INSERT INTO peer.intervals SELECT * FROM file('${intervals}', TSV, 'one UInt8, low UInt64, rate Int64, connect_fee Int64, initial Int64, step Int64')`,
    'SYSTEM RELOAD DICTIONARY peer.deck',
  ])
    await query(url, sql);
}

/** The first number of each stretch that one rate holds for, by going through the prefixes in order with those around them on a stack. */
function intervalsOf(rates: readonly PeerRate[]): { low: number; rate: PeerRate }[] {
  const spans = rates.map((rate) => {
    const size = 10 ** (DESTINATION_DIGITS - rate.prefix.length);
    const low = Number(rate.prefix) * size;
    return { rate, low, high: low + size };
  });
  spans.sort((a, b) => a.low - b.low || b.high - a.high);
  const found = new Map<number, PeerRate>();
  const around: typeof spans = [];
  const leave = (until: number): void => {
    for (let inner = around.at(-1); inner !== undefined && inner.high <= until; inner = around.at(-1)) {
      around.pop();
      const outer = around.at(-1);
      if (outer !== undefined && outer.high > inner.high) found.set(inner.high, outer.rate);
    }
  };
  for (const span of spans) {
    leave(span.low);
    found.set(span.low, span.rate);
    around.push(span);
  }
  leave(Infinity);
  return Array.from(found, ([low, rate]) => ({ low, rate }));
}

function terms({ ratePerMinute, connectFee, initialSeconds, stepSeconds }: PeerRate): number[] {
  return [ratePerMinute, connectFee, initialSeconds, stepSeconds];
}

function tsv(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.join('\t')}\n`).join('');
}

function chdbVersion(): string {
  const file = path.join(PROJECT_ROOT, 'node_modules/chdb/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

async function query<Row>(url: string, sql: string): Promise<Row[]> {
  const isQuestion = /^\s*(?:WITH|SELECT)/.test(sql);
  return isQuestion ? queryClickHouse(url, sql) : tellClickHouse(url, sql);
}
