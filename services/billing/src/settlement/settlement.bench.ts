/**
 * How fast a month is settled: `node services/billing/src/settlement/settlement.bench.ts [--calls N] [--accounts N] [--in-order]`.
 * Makes the calls of a month in an embedded engine of its own, then settles them. Says calls per second, CPU time and memory.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Allowances } from '@tollstream/rating-engine';
import { randomFrom, rateInOrder, testTable } from '@tollstream/settlement/testing';
import type { TestCall } from '@tollstream/settlement/testing';
import { openEmbeddedStore } from '@tollstream/usage-store';
import { storeRated } from '../testing/stored-calls.ts';
import { pricedAsRated } from './catalogs.ts';
import { applyMonth } from './settle.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '10000000' },
    accounts: { type: 'string', default: '10000' },
    /** Calls arrive in the order of their answers: nothing differs, which is the rule. */
    'in-order': { type: 'boolean', default: false },
  },
});
const [CALLS, ACCOUNTS] = [Number(values.calls), Number(values.accounts)];
/** Of one insert. */
const BATCH = 100_000;
const JANUARY_MS = Date.UTC(2020, 0, 1, 5);
const STEP_MS = (31 * 86_400_000) / CALLS;
/** How far from its place a call arrives, unless all come in order. */
const DELAY_CALLS = BATCH / 2;

const directory = mkdtempSync(path.join(tmpdir(), 'tollstream-settlement-bench-'));
const table = testTable({ accounts: ACCOUNTS, minutes: 600 });
const store = await openEmbeddedStore({ dataDirectory: directory });
try {
  await store.migrate();
  await fill();
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  const applied = await applyMonth(store, {
    month: 202001,
    account: null,
    kind: 'settlement',
    catalogs: pricedAsRated([table.catalog]),
    again: false,
    clock: () => Date.UTC(2020, 1, 2),
  });
  const seconds = (performance.now() - startedMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  process.stdout.write(
    `${JSON.stringify({
      calls: applied.totals.calls,
      accounts: applied.totals.accounts,
      adjustments: applied.adjustments,
      seconds: Number(seconds.toFixed(1)),
      cpu_seconds: Number(((cpu.user + cpu.system) / 1e6).toFixed(1)),
      calls_per_second: Math.round(applied.totals.calls / seconds),
      peak_memory_mb: Math.round(Number(peak) / 1024),
    })}\n`,
  );
} finally {
  await store.close();
  rmSync(directory, { recursive: true });
}
process.exit(0);

/** Rated calls, in batches as the aggregator inserts them. */
async function fill(): Promise<void> {
  const random = randomFrom(20200131);
  const allowances = new Allowances();
  for (let first = 0; first < CALLS; first += BATCH) {
    const count = Math.min(BATCH, CALLS - first);
    const calls = Array.from({ length: count }, (_, i) => callAt(first + i, random));
    const arrived = values['in-order']
      ? calls
      : calls
          .map((call, i) => ({ call, at: i + random() * DELAY_CALLS }))
          .sort((a, b) => a.at - b.at)
          .map(({ call }) => call);
    const block = rateInOrder(arrived, table, { allowances, firstOffset: first });
    await storeRated(store, block, `batch-${first}`);
    process.stderr.write(`\rrated ${first + count} of ${CALLS}`);
  }
  process.stderr.write('\n');
}

function callAt(index: number, random: () => number): TestCall {
  const startedAt = JANUARY_MS + Math.floor(index * STEP_MS);
  const answered = random() < 0.9;
  return {
    callId: `5f0c2a9e-0000-4000-8000-${index.toString(16).padStart(12, '0')}`,
    account: `account-${Math.floor(random() * ACCOUNTS)}`,
    device: `phone-${Math.floor(random() * 3)}`,
    destination: random() < 0.8 ? 13125550123 : 551187650123,
    startedAt,
    answeredAt: answered ? startedAt : null,
    endedAt: startedAt + Math.floor(random() * 240_000),
  };
}
