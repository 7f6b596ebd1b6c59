/** Over the real engine: whatever the order of arrival, settled months are the same, and what changed can be accounted for. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CHARGE_SCALE } from '@tollstream/contracts';
import { parseDecimalBig } from '@tollstream/money';
import { Allowances } from '@tollstream/rating-engine';
import { randomCalls, randomFrom, rateInOrder, shuffled, testTable } from '@tollstream/settlement/testing';
import type { TestCall } from '@tollstream/settlement/testing';
import { openEmbeddedStore } from '@tollstream/usage-store';
import type { SettlementStore } from '@tollstream/usage-store';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readUsage } from '../usage-summary.ts';
import { pricedAsRated, pricedBy } from './catalogs.ts';
import { usageAsItStands } from '../invoice-usage.ts';
import { readLateCalls, usageAsSettled } from './settled-usage.ts';
import { applyMonth, previewMonth } from './settle.ts';
import type { ApplyRequest } from './settle.ts';
import { storeRated } from '../testing/stored-calls.ts';

const MONTH = 202001;
const SEED = Number(process.env['FC_SEED'] ?? 20200131);
const ONE = { year: 2020, month: 1 };

const table = testTable();
const catalogs = pricedAsRated([table.catalog]);
let directory: string;
let store: SettlementStore & { engine: { run(sql: string, options: { format: string }): Promise<unknown> } };

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'tollstream-settle-'));
  store = await openEmbeddedStore({ dataDirectory: directory });
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const TABLES = ['usage', 'usage_adjustments', 'settled_calls', 'settlement_accounts', 'settlement_runs'];
beforeEach(async () => {
  for (const name of TABLES) await store.engine.run(`TRUNCATE TABLE tollstream.${name}`, { format: 'Null' });
});

const request = (changes: Partial<ApplyRequest> = {}): ApplyRequest => ({
  month: MONTH,
  account: null,
  kind: 'settlement',
  catalogs,
  again: false,
  clock: () => Date.UTC(2020, 1, 2),
  // Small, so that there are many ranges and inserts.
  limits: { chunkRowsMax: 200, insertRowsMax: 60, chunksAtOnceMax: 2 },
  ...changes,
});

/** All settled rows, but for where they were read from and how often they were priced. */
async function settledRows(): Promise<string> {
  const [row] = await store.query<{ rows: string }>(
    `SELECT toString(groupArray(tuple(*))) AS rows FROM (
       SELECT * EXCEPT (source_topic, source_partition, source_offset, revision) FROM tollstream.usage_final ORDER BY ALL)`,
  );
  return row!.rows;
}

async function sumOf(sql: string): Promise<bigint> {
  const [row] = await store.query<{ sum: string }>(
    `SELECT toString(${sql}) AS sum FROM tollstream.usage_final`,
  );
  return parseDecimalBig(row!.sum, CHARGE_SCALE);
}

async function arrive(calls: readonly TestCall[], random: () => number): Promise<void> {
  // In several inserts, some calls of which come twice: further apart than the duplicate window reaches.
  const allowances = new Allowances();
  const half = Math.floor(calls.length / 2);
  const again = calls.slice(0, half).filter(() => random() < 0.05);
  await storeRated(store, rateInOrder(calls.slice(0, half), table, { allowances }), `first-${random()}`);
  const rest = [...calls.slice(half), ...again];
  await storeRated(store, rateInOrder(rest, table, { allowances, firstOffset: half }), `second-${random()}`);
}

describe(`settlement (seed ${SEED})`, () => {
  test('gives the same rows for the same calls, shuffled, doubled and delayed', async () => {
    const random = randomFrom(SEED);
    const calls = randomCalls(random, 400);
    const results: string[] = [];
    for (let arrival = 0; arrival < 2; arrival++) {
      for (const name of TABLES)
        await store.engine.run(`TRUNCATE TABLE tollstream.${name}`, { format: 'Null' });
      await arrive(arrival === 0 ? calls : shuffled(calls, random), random);
      const before = await sumOf('sum(charge)');
      const applied = await applyMonth(store, request());
      const after = await sumOf('sum(charge)');
      expect(applied.totals).toMatchObject({ accounts: 5, calls: 400, charge: new Map([['USD', after]]) });
      expect(after - before).toBe(applied.difference.get('USD') ?? 0n);
      expect(applied.adjustments).toBeGreaterThan(10);
      results.push(await settledRows());
      // Once more finds nothing.
      const again = await applyMonth(store, request({ again: true }));
      expect([again.adjustments, again.late]).toEqual([0, 0]);
      expect(await settledRows()).toBe(results[0]);
    }
    expect(new Set(results).size).toBe(1);
  });

  test('refuses a month that has not ended, one that is settled, and one that somebody else is at', async () => {
    await arrive(randomCalls(randomFrom(SEED), 50), randomFrom(1));
    const lastInstant = Date.UTC(2020, 1, 1, 5) - 1;
    await expect(applyMonth(store, request({ clock: () => lastInstant }))).rejects.toMatchObject({
      code: 'TOLL_SETTLEMENT_MONTH_NOT_ENDED',
    });
    await applyMonth(store, request({ account: 'account-1', clock: () => lastInstant + 1 }));
    await expect(applyMonth(store, request({ account: 'account-1' }))).rejects.toMatchObject({
      code: 'TOLL_SETTLEMENT_DONE_ALREADY',
    });
    const all = await applyMonth(store, request());
    expect(all.settledBefore).toBe(1);
    expect(all.totals.accounts).toBe(4);
    await expect(applyMonth(store, request({ account: 'account-2' }))).rejects.toMatchObject({
      code: 'TOLL_SETTLEMENT_DONE_ALREADY',
    });
    await expect(
      applyMonth(store, request({ catalogs: pricedAsRated([testTable({ version: 7 }).catalog]) })),
    ).rejects.toMatchObject({ code: 'TOLL_SETTLEMENT_CATALOG_MISSING' });
  });

  test('takes up calls that come after it as adjustments, and what was settled stays', async () => {
    const random = randomFrom(SEED + 1);
    const calls = randomCalls(random, 300);
    const [early, late] = [calls.filter((_, i) => i % 10 !== 0), calls.filter((_, i) => i % 10 === 0)];
    const allowances = new Allowances();
    await storeRated(store, rateInOrder(shuffled(early, random), table, { allowances }), 'early');
    await applyMonth(store, request());
    const settled = new Map<string, unknown>();
    const accounts = [...table.catalog.accounts.values()];
    const asSettled = () => usageAsSettled(store)(accounts, ONE);
    const standing = await usageAsItStands(store)(accounts, ONE);
    for (const [account, { rows, days, hindrance }] of await asSettled()) {
      expect({ rows, days, hindrance }).toEqual({
        rows: standing.get(account)!.rows,
        days: standing.get(account)!.days,
        hindrance: null,
      });
      settled.set(account, { rows, days });
    }
    expect(settled.size).toBe(5);

    await storeRated(store, rateInOrder(late, table, { allowances, firstOffset: 1_000 }), 'late');
    expect((await readLateCalls(store, MONTH)).reduce((sum, each) => sum + each.calls, 0)).toBe(late.length);
    const again = await applyMonth(store, request({ again: true }));
    expect(again.late).toBe(late.length);
    expect(await readLateCalls(store, MONTH)).toEqual([]);
    const afterwards = await asSettled();
    for (const [account, usage] of settled) {
      const { rows, days, adjustments, hindrance } = afterwards.get(account)!;
      expect({ rows, days, hindrance }).toEqual({ ...(usage as object), hindrance: null });
      const then = rows.reduce((sum, row) => sum + row.charge, 0n);
      const now = (await readUsage(store, account, ONE)).reduce((sum, row) => sum + row.charge, 0n);
      expect(adjustments.reduce((sum, each) => sum + each.difference, then)).toBe(now);
    }
    const isLate = ({ reason }: { reason: string }) => reason === 'late_call';
    const lateCalls = [...afterwards.values()].flatMap(({ adjustments }) => adjustments.filter(isLate));
    expect(lateCalls.reduce((sum, { calls: count }) => sum + count, 0)).toBe(late.length);
    // All calls together come out as if none had been late.
    const settledNow = await settledRows();
    for (const name of TABLES)
      await store.engine.run(`TRUNCATE TABLE tollstream.${name}`, { format: 'Null' });
    await storeRated(store, rateInOrder(calls, table), 'all');
    await applyMonth(store, request());
    expect(await settledRows()).toBe(settledNow);
  });

  test('with another catalog shows the difference first, and then writes it', async () => {
    const random = randomFrom(SEED + 2);
    const calls = randomCalls(random, 300);
    await storeRated(store, rateInOrder(shuffled(calls, random), table), 'calls');
    const dearer = testTable({ version: 2, brazil: '0.1', minutes: 10 });
    const before = await settledRows();
    const rerate = request({ kind: 'rerate', catalogs: pricedBy(dearer.catalog) });
    const preview = await previewMonth(store, rerate);
    expect(await settledRows()).toBe(before);
    const printed = preview.report.differences().reduce((sum, each) => sum + each.after - each.before, 0n);
    const charged = await sumOf('sum(charge)');
    const applied = await applyMonth(store, rerate);
    expect(applied.difference.get('USD')).toBe(printed);
    expect((await sumOf('sum(charge)')) - charged).toBe(printed);
    const rerated = await settledRows();
    // As if they had been priced so from the start, and settled.
    for (const name of TABLES)
      await store.engine.run(`TRUNCATE TABLE tollstream.${name}`, { format: 'Null' });
    await storeRated(store, rateInOrder(calls, dearer), 'calls');
    await applyMonth(store, request({ catalogs: pricedAsRated([dearer.catalog]) }));
    expect(await settledRows()).toBe(rerated);
  });

  test('writes nothing where calls have no price', async () => {
    const calls = randomCalls(randomFrom(SEED), 100);
    await storeRated(store, rateInOrder(calls, table), 'calls');
    const fewer = pricedBy(testTable({ version: 2, accounts: 3 }).catalog);
    const preview = await previewMonth(store, request({ catalogs: fewer }));
    expect(preview.unpricedCount).toBeGreaterThan(10);
    expect(preview.unpriced[0]).toMatchObject({ code: 'account_unknown' });
    await expect(
      applyMonth(store, request({ kind: 'rerate', catalogs: fewer, account: 'account-4' })),
    ).rejects.toMatchObject({ code: 'TOLL_SETTLEMENT_UNPRICED' });
    expect(await store.query('SELECT 1 FROM tollstream.usage_adjustments')).toEqual([]);
  });
});
