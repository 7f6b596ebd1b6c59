/** Killed at any step, a settlement goes on, and the tables are those of one that ran through. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { randomCalls, randomFrom, rateInOrder, shuffled, testTable } from '@tollstream/settlement/testing';
import { openEmbeddedStore } from '@tollstream/usage-store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeRated } from '../testing/stored-calls.ts';

const SEED = 20200131;
const PROGRAM = fileURLToPath(new URL('testing/settle-until-killed.ts', import.meta.url));
/** From the second time on, other ranges are in other states. */
const KILLS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

let directory: string;
let expected: string;

/** Ends at the step given, or at its end with step 0. */
async function settle(
  data: string,
  step: number,
  nth = 1,
): Promise<{ signal: string | null; isResumed: boolean | null }> {
  const run = promisify(execFile)(process.execPath, [PROGRAM, data, String(step), String(nth)]);
  try {
    const { stdout } = await run;
    const last = JSON.parse(stdout.trim().split('\n').at(-1)!) as { isResumed: boolean };
    return { signal: null, isResumed: last.isResumed };
  } catch (error) {
    const { signal } = error as { signal: string | null };
    if (signal === null) throw error;
    return { signal, isResumed: null };
  }
}

/** All that settlement writes, but for who did it and when. */
async function tablesOf(data: string): Promise<string> {
  const store = await openEmbeddedStore({ dataDirectory: data });
  const tables: unknown[] = [];
  for (const sql of [
    'SELECT * FROM tollstream.usage FINAL ORDER BY ALL',
    'SELECT * FROM tollstream.usage_adjustments FINAL ORDER BY ALL',
    'SELECT * FROM tollstream.settled_calls FINAL ORDER BY ALL',
    'SELECT * FROM tollstream.settlement_accounts FINAL ORDER BY ALL',
    'SELECT * EXCEPT (owner, changed_at) FROM tollstream.settlement_runs FINAL ORDER BY ALL',
  ])
    tables.push(await store.query(sql));
  await store.close();
  return JSON.stringify(tables);
}

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'tollstream-settle-kill-'));
  const store = await openEmbeddedStore({ dataDirectory: path.join(directory, 'rated') });
  await store.migrate();
  const random = randomFrom(SEED);
  await storeRated(
    store,
    rateInOrder(shuffled(randomCalls(random, 240, { accounts: 3 }), random), testTable()),
    'calls',
  );
  await store.close();
  const whole = path.join(directory, 'whole');
  cpSync(path.join(directory, 'rated'), whole, { recursive: true });
  expect(await settle(whole, 0)).toEqual({ signal: null, isResumed: false });
  expected = await tablesOf(whole);
  // Otherwise nothing is written that could be lost or doubled.
  expect(expected.match(/"reason":"settlement"/g)?.length).toBeGreaterThan(20);
});
afterAll(() => rmSync(directory, { recursive: true }));

test.each(KILLS)('after step %i', async (step) => {
  const nth = step >= 3 && step <= 7 ? 2 : 1;
  const data = path.join(directory, `killed-${step}`);
  cpSync(path.join(directory, 'rated'), data, { recursive: true });
  expect((await settle(data, step, nth)).signal).toBe('SIGKILL');
  // After the last step nothing is left to do: the month is settled.
  if (step === 9) await expect(settle(data, 0)).rejects.toThrow(/TOLL_SETTLEMENT_DONE_ALREADY|was settled/);
  else expect(await settle(data, 0)).toEqual({ signal: null, isResumed: true });
  expect(await tablesOf(data)).toBe(expected);
  rmSync(data, { recursive: true });
});

test('killed again and again, it comes to its end', async () => {
  const data = path.join(directory, 'killed-often');
  cpSync(path.join(directory, 'rated'), data, { recursive: true });
  for (const step of [4, 5, 7]) await settle(data, step);
  await settle(data, 0);
  expect(await tablesOf(data)).toBe(expected);
});
