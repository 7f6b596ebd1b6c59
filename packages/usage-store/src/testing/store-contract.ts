import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import {
  PRICE_COLUMNS,
  RATED_COLUMNS,
  REJECTED_COLUMNS,
  ALERT_COLUMNS,
  RESOLVED_COLUMNS,
  SUSPENDED_COLUMNS,
} from '@tollstream/contracts';
import { MIGRATIONS_DIRECTORY, financeDatabase } from '../migrations.ts';
import type { BlockInsert, UsageStore, UsageTable } from '../port.ts';
import { USAGE_TABLES } from '../tables.ts';
import { sampleBlock, sampleSql } from './sample-rows.ts';

/** What every adapter of the store holds to. `store` gives an open store over an empty database. */
export function storeContract(store: () => UsageStore): void {
  const table = (name: UsageTable): string => `${store().database}.${name}`;
  const count = async (name: UsageTable, where = '1'): Promise<number> => {
    const [row] = await store().query<{ rows: string }>(
      `SELECT count() AS rows FROM ${table(name)} WHERE ${where}`,
    );
    return Number(row?.rows);
  };
  const insertOf = async (
    name: UsageTable,
    token: string,
    ranges: [number, number][],
  ): Promise<BlockInsert> => ({
    table: name,
    columns: USAGE_TABLES[name].columns,
    natives: await Promise.all(ranges.map(([from, to]) => sampleBlock(store(), name, from, to))),
    token,
    rows: ranges.reduce((sum, [from, to]) => sum + to - from, 0),
  });

  test('migrates an empty store and leaves a migrated one alone', async () => {
    const first = await store().migrate();
    expect(first.applied).toEqual((await readdir(MIGRATIONS_DIRECTORY)).sort());
    expect(await store().migrate()).toEqual({ applied: [], version: first.version });
  });

  test('has the columns of the topics, type for type', async () => {
    const sets = {
      usage: RATED_COLUMNS,
      usage_suspended: SUSPENDED_COLUMNS,
      usage_resolved: RESOLVED_COLUMNS,
      usage_alerts: ALERT_COLUMNS,
      usage_rejected: REJECTED_COLUMNS,
    };
    for (const [name, columns] of Object.entries(sets)) {
      const described = await store().query<{ name: string; type: string }>(
        `DESCRIBE TABLE ${table(name as UsageTable)}`,
      );
      const expected = columns
        .filter(([column]) => column !== 'call_hash')
        .map(([column, type]) => ({ name: column, type }));
      expect(described.map((row) => ({ name: row.name, type: row.type }))).toEqual(expected);
    }
  });

  test('adjustments hold all that usage holds, and each price column a second time', async () => {
    const columnsOf = async (name: string): Promise<Map<string, string>> => {
      const described = await store().query<{ name: string; type: string }>(
        `DESCRIBE TABLE ${store().database}.${name}`,
      );
      return new Map(described.map((row) => [row.name, row.type]));
    };
    const [usage, adjustments] = [await columnsOf('usage'), await columnsOf('usage_adjustments')];
    for (const [column, type] of usage) expect([column, adjustments.get(column)]).toEqual([column, type]);
    for (const [column] of PRICE_COLUMNS)
      expect([column, adjustments.get(`new_${column}`)]).toEqual([column, usage.get(column)]);
  });

  test.each(['usage', 'usage_suspended', 'usage_resolved', 'usage_rejected', 'usage_alerts'] as const)(
    'gives back every value of %s exactly',
    async (name) => {
      await store().insertBlocks(await insertOf(name, `exact-${name}`, [[0, 1000]]));
      const columns = USAGE_TABLES[name].columns.join(', ');
      const [row] = await store().query<{ differing: string; stored: string }>(
        `SELECT (SELECT count() FROM (SELECT ${columns} FROM (${sampleSql(name, 0, 1000)}) EXCEPT SELECT ${columns} FROM ${table(name)})) AS differing,` +
          ` (SELECT count() FROM ${table(name)}) AS stored`,
      );
      expect(row).toEqual({ differing: '0', stored: '1000' });
    },
  );

  test('stores several blocks of one insert, over two months, once however often they come', async () => {
    const insert = await insertOf('usage', 'twice', [
      [10_000, 12_000],
      [12_000, 14_000],
      [14_000, 16_000],
    ]);
    await store().insertBlocks(insert);
    await store().insertBlocks(insert);
    expect(await count('usage', 'source_offset >= 2500 AND source_offset < 4000')).toBe(6000);
    const [months] = await store().query<{ months: string }>(
      `SELECT uniq(billing_month) AS months FROM ${table('usage')} WHERE source_offset >= 2500 AND source_offset < 4000`,
    );
    expect(months?.months).toBe('2');
  });

  test('stores the same rows under another token, and shows them once', async () => {
    await store().insertBlocks(await insertOf('usage', 'same-rows-1', [[20_000, 20_100]]));
    await store().insertBlocks(await insertOf('usage', 'same-rows-2', [[20_000, 20_100]]));
    const where = 'source_offset >= 5000 AND source_offset < 5025';
    expect(await count('usage', where)).toBe(200);
    const [shown] = await store().query<{ rows: string }>(
      `SELECT count() AS rows FROM ${store().database}.usage_final WHERE ${where}`,
    );
    expect(shown?.rows).toBe('100');
  });

  test('shows the highest revision, and numbers as text', async () => {
    await store().insertBlocks(await insertOf('usage', 'revised', [[30_000, 30_002]]));
    await store().query(
      `INSERT INTO ${table('usage')} SETTINGS async_insert = 0 SELECT * REPLACE (7 AS charge, 1 AS revision) FROM ${table('usage')} WHERE source_offset = 7500 AND source_partition = 0`,
    );
    const rows = await store().query(
      `SELECT origin, destination, charge, revision FROM ${store().database}.usage_final WHERE source_offset = 7500 ORDER BY source_partition`,
    );
    expect(rows).toEqual([
      { origin: '+12125550000', destination: '+442077570000', charge: '7', revision: 1 },
      { origin: '+12125550001', destination: '+442077577919', charge: '30.001', revision: 0 },
    ]);
    const finance = financeDatabase(store().database);
    const calls = `SELECT call_id FROM ${store().database}.usage WHERE source_offset = 7500`;
    expect(
      await store().query(
        `SELECT origin, charge FROM ${finance}.usage WHERE call_id IN (${calls}) ORDER BY origin`,
      ),
    ).toEqual([
      { origin: '+12125550000', charge: '7' },
      { origin: '+12125550001', charge: '30.001' },
    ]);
    const stored = `SELECT count() AS calls, sum(charge) AS charge FROM ${store().database}.usage_final`;
    expect(
      await store().query(`SELECT sum(calls) AS calls, sum(charge) AS charge FROM ${finance}.usage_monthly`),
    ).toEqual(await store().query(stored));
    expect(
      await store().query(
        `SELECT sum(calls) AS calls, sum(revenue) AS charge FROM ${finance}.revenue_by_destination`,
      ),
    ).toEqual(await store().query(stored));
  });

  test('replays what is not there, and only that', async () => {
    const insert = await insertOf('usage', 'replay', [
      [40_000, 41_000],
      [41_000, 42_000],
    ]);
    expect(await store().replayBlocks(insert)).toBe(2000);
    expect(await store().replayBlocks(insert)).toBe(0);
    await store().insertBlocks(insert);
    expect(await count('usage', 'source_offset >= 10000 AND source_offset < 10500')).toBe(2000);
  });

  test.each(['usage', 'usage_suspended', 'usage_resolved', 'usage_rejected', 'usage_alerts'] as const)(
    'a token without its rows does not lose them: %s',
    async (name) => {
      const insert = await insertOf(name, `lost-${name}`, [[50_000, 50_400]]);
      await store().insertBlocks(insert);
      // What a crash leaves behind that came after the token was noted and before the part got its name.
      await store().query(
        `ALTER TABLE ${table(name)} DELETE WHERE source_offset >= 12500 AND source_offset < 12600 SETTINGS mutations_sync = 2`,
      );
      await store().insertBlocks(insert);
      const where = 'source_offset >= 12500 AND source_offset < 12600';
      expect(await count(name, where)).toBe(0);
      expect(await store().replayBlocks(insert)).toBe(400);
      expect(await count(name, where)).toBe(400);
    },
  );

  test('replays of the same rows at the same time store them once', async () => {
    const insert = await insertOf('usage_suspended', 'simultaneous', [[80_000, 80_400]]);
    const where = 'source_offset >= 20000 AND source_offset < 20100';
    const replayThrice = async (): Promise<unknown> =>
      Promise.all([1, 2, 3].map(async () => store().replayBlocks(insert)));
    await replayThrice();
    expect(await count('usage_suspended', where)).toBe(400);
    await store().query(
      `ALTER TABLE ${table('usage_suspended')} DELETE WHERE ${where} AND started_at < '2020-02-01' SETTINGS mutations_sync = 2`,
    );
    await replayThrice();
    expect(await count('usage_suspended', where)).toBe(400);
  });

  test('a replay leaves newer revisions alone', async () => {
    const insert = await insertOf('usage', 'superseded', [[60_000, 60_004]]);
    await store().insertBlocks(insert);
    await store().query(
      `INSERT INTO ${table('usage')} SETTINGS async_insert = 0 SELECT * REPLACE (1 AS revision) FROM ${table('usage')} WHERE source_offset = 15000`,
    );
    await store().query(`OPTIMIZE TABLE ${table('usage')} FINAL`);
    expect(await store().replayBlocks(insert)).toBe(0);
    expect(await count('usage', 'source_offset = 15000')).toBe(4);
  });

  test('stores 200,000 rows of one insert as one part per month', async () => {
    const ranges = Array.from({ length: 50 }, (_, i): [number, number] => [
      100_000 + i * 4000,
      104_000 + i * 4000,
    ]);
    await store().insertBlocks(await insertOf('usage', 'large', ranges));
    const where = 'source_offset >= 25000 AND source_offset < 75000';
    const [row] = await store().query<{ rows: string; parts: string; months: string }>(
      `SELECT count() AS rows, uniq(_part) AS parts, uniq(billing_month) AS months FROM ${table('usage')} WHERE ${where}`,
    );
    expect(row).toEqual({ rows: '200000', parts: '2', months: '2' });
  });

  test('refuses blocks that hold other rows than announced, and stores none', async () => {
    const insert = await insertOf('usage_rejected', 'wrong-count', [[70_000, 70_010]]);
    const before = await count('usage_rejected');
    await expect(store().insertBlocks({ ...insert, rows: 11 })).rejects.toMatchObject({
      code: 'TOLL_STORE_BLOCK_INVALID',
    });
    await expect(store().insertBlocks({ ...insert, natives: [Buffer.from([255])] })).rejects.toMatchObject({
      code: 'TOLL_STORE_BLOCK_INVALID',
    });
    expect(await count('usage_rejected')).toBe(before);
  });

  test('a failed insert stores nothing and harms no other', async () => {
    const good = await insertOf('usage', 'isolated-good', [[80_000, 80_100]]);
    const [block] = good.natives;
    const broken: BlockInsert = {
      ...good,
      token: 'isolated-broken',
      natives: [Buffer.from(block!.subarray(0, block!.length - 300))],
    };
    const [failed, stored] = await Promise.allSettled([
      store().insertBlocks(broken),
      store().insertBlocks(good),
    ]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { name: 'StoreError', transient: false } });
    expect(stored.status).toBe('fulfilled');
    expect(await count('usage', 'source_offset >= 20000 AND source_offset < 20025')).toBe(100);
  });

  test('binds parameters and keeps every digit', async () => {
    const text = "it's \\ a\ttab\nline 'é' \u{1F600}";
    const rows = await store().query(
      'SELECT {text:String} AS text, {large:UInt64} AS large, {small:Int8} AS small, {yes:Bool} AS yes',
      {
        text,
        large: 18446744073709551615n,
        small: -5,
        yes: true,
      },
    );
    expect(rows).toEqual([{ text, large: '18446744073709551615', small: -5, yes: true }]);
  });

  test('runs queries with parameters at the same time without mixing them', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) =>
        store().query<{ i: number }>('SELECT {i:UInt32} AS i', { i }),
      ),
    );
    expect(answers.map((rows) => rows[0]?.i)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test('streams a large result, and a reader may leave early', async () => {
    let bytes = 0;
    for await (const piece of await store().queryStream('SELECT number FROM numbers(2000000)', 'RowBinary'))
      bytes += piece.length;
    expect(bytes).toBe(16_000_000);
    const endless = await store().queryStream('SELECT number FROM numbers(1000000000000)', 'RowBinary');
    for await (const _ of endless) break;
    expect(await store().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('says what was wrong with a query', async () => {
    await expect(store().query('SELEC 1')).rejects.toMatchObject({
      code: 'TOLL_STORE_QUERY_FAILED',
      engineCode: 62,
      transient: false,
    });
    await expect(store().query(`SELECT * FROM ${store().database}.nothing`)).rejects.toMatchObject({
      code: 'TOLL_STORE_SCHEMA_MISSING',
    });
    await expect(store().queryStream('SELECT nothing', 'CSV')).rejects.toMatchObject({ name: 'StoreError' });
  });

  test('answers a ping', async () => {
    await store().ping();
  });

  test('refuses a store that a newer program wrote', async () => {
    await store().query(
      `INSERT INTO ${store().database}.schema_migrations (version, name, checksum) SETTINGS async_insert = 0 SELECT 9999, '9999_later.sql', 'x'`,
    );
    await expect(store().migrate()).rejects.toMatchObject({ code: 'TOLL_STORE_NEWER' });
    await store().query(
      `ALTER TABLE ${store().database}.schema_migrations DELETE WHERE version = 9999 SETTINGS mutations_sync = 2`,
    );
  });

  test('refuses a store whose schema file was changed since', async () => {
    await store().query(
      `ALTER TABLE ${store().database}.schema_migrations UPDATE checksum = 'x' WHERE version = 2 SETTINGS mutations_sync = 2`,
    );
    await expect(store().migrate()).rejects.toMatchObject({ code: 'TOLL_STORE_MIGRATION_CHANGED' });
  });
}
