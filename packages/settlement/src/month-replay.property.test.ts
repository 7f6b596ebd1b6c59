/** What comes out of a replay depends on the set of calls and the catalog alone. */
import { PRICE_COLUMNS, assembleNativeBlock, readNativeBlock } from '@tollstream/contracts';
import type { NativeBlock } from '@tollstream/contracts';
import type { RateTable } from '@tollstream/rating-engine';
import { describe, expect, it } from 'vitest';
import { MonthReplay } from './month-replay.ts';
import { randomCalls, randomFrom, rateInOrder, shuffled, testTable } from './testing/index.ts';
import type { TestCall } from './testing/index.ts';

const SEED = Number(process.env['FC_SEED'] ?? 20200131);
const CASES = 40;

function replayOf(table: RateTable | ((version: number) => RateTable | null)): MonthReplay {
  const tableFor = typeof table === 'function' ? table : () => table;
  return new MonthReplay({ tableFor, usesRoutingNumbers: false });
}

/** Bytes of the new price columns, without the number of the revision. */
function settledBytes(block: NativeBlock, table: RateTable): Buffer {
  const { prices } = replayOf(table).block(block);
  return Buffer.concat(
    PRICE_COLUMNS.filter(([name]) => name !== 'revision').map(([name]) => prices.copyColumn(`new_${name}`)),
  );
}

function rows(block: NativeBlock, from: number, to: number): NativeBlock {
  const kept = Uint32Array.from({ length: to - from }, (_, i) => from + i);
  return readNativeBlock(
    Buffer.concat(
      assembleNativeBlock({
        columnCount: block.columns.length,
        rowCount: kept.length,
        columnParts: block.columns.flatMap(({ name }) => block.filterColumn(name, kept)),
      }),
    ),
  );
}

/** Rated rows with the prices that a replay gave them. */
function applied(block: NativeBlock, table: RateTable): NativeBlock {
  const { prices, priced } = replayOf(table).block(block);
  expect(priced.length).toBe(block.rows);
  const parts = PRICE_COLUMNS.flatMap(([name, type]) => {
    const column = prices.column(`new_${name}`);
    const head = Buffer.concat([lengthPrefixed(name), lengthPrefixed(type)]);
    return [head, column.data()];
  });
  const calls = block.columns.filter(({ name }) => !PRICE_COLUMNS.some(([price]) => price === name));
  return readNativeBlock(
    Buffer.concat(
      assembleNativeBlock({
        columnCount: block.columns.length,
        rowCount: block.rows,
        columnParts: [...calls.map((column) => column.encoded()), ...parts],
      }),
    ),
  );
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = bytes.length < 0x80 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  return Buffer.concat([Buffer.from(length), bytes]);
}

describe(`replaying a month (seed ${SEED})`, () => {
  const random = randomFrom(SEED);
  const table = testTable();
  const cases = Array.from({ length: CASES }, () => randomCalls(random, 1 + Math.floor(random() * 120)));

  it('gives the same bytes whatever the order of arrival', () => {
    let changed = 0;
    for (const calls of cases) {
      const first = rateInOrder(calls, table);
      const second = rateInOrder(shuffled(calls, random), table);
      expect(settledBytes(second, table).equals(settledBytes(first, table))).toBe(true);
      changed += replayOf(table).block(first).changed.length;
    }
    // Otherwise nothing was tested: streaming and settlement would be alike.
    expect(changed).toBeGreaterThan(100);
  });

  it('changes nothing when calls came in canonical order, or were settled before', () => {
    for (const calls of cases) {
      const inOrder = rateInOrder(canonicalCalls(calls), table);
      expect(replayOf(table).block(inOrder).changed.length).toBe(0);
      const settled = applied(rateInOrder(calls, table), table);
      expect(replayOf(table).block(settled).changed.length).toBe(0);
    }
  });

  it('does not depend on where blocks are cut', () => {
    for (const calls of cases) {
      const block = rateInOrder(calls, table);
      const whole = replayOf(table);
      const expected = whole.block(block);
      const cut = replayOf(table);
      const at = Math.floor(random() * (block.rows + 1));
      const [head, tail] = [rows(block, 0, at), rows(block, at, block.rows)];
      const changed = [...cut.block(head).changed, ...[...cut.block(tail).changed].map((row) => row + at)];
      expect(changed).toEqual([...expected.changed]);
      whole.end();
      cut.end();
      expect(cut.takeFinished()).toEqual(whole.takeFinished());
    }
  });

  it('never gives more of an allowance than there is, over catalog versions too', () => {
    const second = testTable({ version: 2, overage: '0.03' });
    const tableFor = (version: number): RateTable => (version === 1 ? table : second);
    for (const calls of cases.slice(0, 5)) {
      const half = Math.floor(calls.length / 2);
      const blocks = canonicalCalls(calls).map((call, i) => ({ call, table: i < half ? table : second }));
      const replay = replayOf(tableFor);
      const used = new Map<string, number>();
      for (const { call, table: by } of blocks) {
        const { prices } = replay.block(rateInOrder([call], by));
        const pool = prices.column('new_pool').string(0);
        const key = [call.account, pool, pool === 'phone' ? call.device : ''].join(' ');
        used.set(key, (used.get(key) ?? 0) + prices.column('new_included_seconds').number(0));
      }
      for (const [key, seconds] of used)
        expect(seconds, key).toBeLessThanOrEqual(key.includes('phone') ? 300 : 1_200);
    }
  });

  it('with another rate gives what it would have given from the start', () => {
    const dearer = testTable({ version: 2, overage: '0.035', minutes: 11 });
    for (const calls of cases) {
      const rerated = settledBytes(rateInOrder(calls, table), dearer);
      expect(rerated.equals(settledBytes(rateInOrder(calls, dearer), dearer))).toBe(true);
    }
  });
});

function canonicalCalls(calls: readonly TestCall[]): TestCall[] {
  const at = ({ answeredAt, startedAt }: TestCall): number => answeredAt ?? startedAt;
  return calls.toSorted(
    (a, b) =>
      (a.account < b.account ? -1 : Number(a.account > b.account)) ||
      at(a) - at(b) ||
      (a.callId < b.callId ? -1 : 1),
  );
}
