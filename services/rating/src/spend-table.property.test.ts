import type { SpendPeriods } from '@tollstream/rating-engine';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SpendTable } from './spend-table.ts';
import { PlainSpend } from './testing/plain-spend.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_107);
const HOUR_MS = 3_600_000;
const LATE_MS_MAX = 5 * HOUR_MS;

const hourly: SpendPeriods = {
  of(atMs) {
    const startMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
    return { startMs, endMs: startMs + HOUR_MS };
  },
};

/** Calls come more or less in time, and some hours late; now and then one is immense. */
const step = fc.record({
  kind: fc.constantFrom('begin', 'end', 'alert', ...Array<'count'>(12).fill('count')),
  account: fc.constantFrom('acme', 'mill', 'dental'),
  limit: fc.constantFrom('fraud', 'all', 'abroad'),
  hours: fc.integer({ min: -9, max: 3 }),
  charge: fc.oneof(fc.nat(1_000), fc.constant(Number.MAX_SAFE_INTEGER)),
  key: fc.constantFrom('50 1', '100 1'),
});

test('counters in columns are those in maps', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      const table = new SpendTable();
      const plain = new PlainSpend();
      let latestMs = 100 * HOUR_MS;
      steps.forEach(({ kind, account, limit, hours, charge, key }, since) => {
        const counter = table.find(account, limit);
        const startedAt = latestMs + hours * (HOUR_MS / 2);
        if (kind === 'begin') {
          table.begin(account, limit, `form ${since % 3}`, since);
          plain.begin(account, limit, `form ${since % 3}`, since);
        } else if (kind === 'end') {
          table.end(account, limit);
          plain.end(account, limit);
        } else if (kind === 'alert') {
          const { startMs } = hourly.of(startedAt);
          plain.alert(account, limit, startMs, key);
          const window = counter < 0 ? -1 : table.windowFrom(counter, startMs);
          if (window >= 0) table.alert(window, key);
        } else {
          latestMs = Math.max(latestMs, startedAt);
          const sum = plain.count(account, limit, { startedAt, charge }, hourly, LATE_MS_MAX);
          if (counter < 0) {
            expect(sum).toBeNull();
            return;
          }
          const window = table.count(counter, startedAt, charge, hourly, LATE_MS_MAX);
          expect(window < 0 ? null : table.sumOf(window)).toBe(sum);
        }
      });
      expect([...table.counters()]).toEqual(plain.counters());
    }),
    { seed, numRuns: 1_000 },
  );
});

test('rows of what ended are taken again', () => {
  const table = new SpendTable();
  for (let since = 0; since < 1_000; since++) {
    const counter = table.begin('acme', 'l', 'form', since);
    const window = table.count(counter, 0, Number.MAX_SAFE_INTEGER, hourly, LATE_MS_MAX);
    table.count(counter, 0, 1, hourly, LATE_MS_MAX);
    table.alert(window, '50 1');
    expect([counter, window]).toEqual([0, 0]);
    // One that begins again gives up what it had, as one that ends does.
    if (since % 2 === 0) table.end('acme', 'l');
  }
  table.end('acme', 'l');
  const fresh = table.count(table.begin('mill', 'l', 'form', 0), 0, 1, hourly, LATE_MS_MAX);
  expect([table.sumOf(fresh), table.alertedOf(fresh)]).toEqual([1, []]);
});
