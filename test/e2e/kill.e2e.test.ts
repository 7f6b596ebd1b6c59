/**
 * The embedded run killed at random points. The seed is printed; a failure replays with SEED=….
 * What a kill interrupts is decided by the time it comes, so runs of one seed are alike, not equal.
 */
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { billed, start, temporaryDirectory, tollstream, totalsOf } from '../support/cli.ts';
import { generator } from '../support/random.ts';

const KILLS = 10;
const CALLS = 150_000;
const SEED = Number(process.env['SEED'] ?? 77);
/** From the start of the process, in parts of what all takes undisturbed: before the engine is loaded … among the last calls. */
const KILL_AFTER = { min: 0.1, max: 0.75 };

test(`${KILLS} kills change no total`, async () => {
  console.log(`seed ${SEED}`);
  await using directory = await temporaryDirectory();
  const calls = path.join(directory.path, 'calls.jsonl');
  expect(
    (await tollstream(['generate', '--calls', String(CALLS), '--seed', String(SEED), '--output', calls]))
      .code,
  ).toBe(0);
  const run = (data: string): string[] => [
    'run',
    '--calls',
    calls,
    '--data',
    path.join(directory.path, data),
    '--exit-when-done',
    '--json',
  ];

  const startedMs = performance.now();
  const calm = totalsOf(await tollstream(run('calm')));
  const calmMs = performance.now() - startedMs;

  const random = generator(SEED);
  let killed = 0;
  for (let attempt = 0; attempt < KILLS; attempt += 1) {
    const running = start(run('storm'));
    const afterMs = calmMs * (KILL_AFTER.min + random() * (KILL_AFTER.max - KILL_AFTER.min));
    // The wait is the fault itself: the point in time at which the process is killed.
    await Promise.race([wait(afterMs), running.finished]);
    if (running.child.kill('SIGKILL')) killed += 1;
    await running.finished;
  }
  const storm = totalsOf(await tollstream(run('storm')));
  console.log(`${killed} of ${KILLS} processes killed while running`);

  expect(killed).toBeGreaterThan(0);
  expect(billed(storm)).toEqual(billed(calm));
  expect(calm.seen).toBe(calm.rated + calm.rejected + calm.suspended + calm.duplicate);
  expect(calm.seen).toBe(CALLS);

  const summary = (data: string): Promise<string> => tableTotals(path.join(directory.path, data), calls);
  expect(await summary('storm')).toBe(await summary('calm'));
});

/** What ClickHouse itself says, read through the endpoint of a run that stays up. */
async function tableTotals(data: string, calls: string): Promise<string> {
  const running = start([
    'run',
    '--calls',
    calls,
    '--data',
    data,
    '--clickhouse-port',
    '0',
    '--metrics-port',
    '0',
  ]);
  try {
    const [, url] = await running.waitFor(/ClickHouse\s+(http:\S+)/);
    const sql = `SELECT currency, call_type, rate_type, count(), sum(charge), sum(billable_seconds), sum(included_seconds),
      (SELECT count() FROM tollstream.usage), (SELECT count() FROM tollstream.usage_suspended), (SELECT count() FROM tollstream.usage_rejected)
      FROM tollstream.usage FINAL GROUP BY ALL ORDER BY ALL FORMAT CSV`;
    const response = await fetch(url ?? '', { method: 'POST', body: sql });
    return await response.text();
  } finally {
    running.child.kill('SIGTERM');
    await running.finished;
  }
}
