import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Rate } from './model.ts';
import { buildPrefixIndex } from './prefix-index.ts';
import { ROW_WORDS, type RateList, rateListOf } from './rate-list.ts';
import { orderByText } from './rate-order.ts';
import { PLAIN_RATE } from './testing.ts';

type PrefixRow = Pick<Rate, 'index' | 'prefix' | 'effectiveFrom' | 'effectiveTo'>;

function indexOf(rows: readonly PrefixRow[]): ReturnType<typeof buildPrefixIndex> {
  const rates = rateListOf(rows.map((row) => ({ ...PLAIN_RATE, ...row })));
  return buildPrefixIndex(rates, orderByText(rates));
}

/** Rows from an entry of the index on, as `next` leads from one to the other. */
function chainFrom(rates: RateList, entry: number): number[] {
  const rows: number[] = [];
  for (let next = entry; next > 0; next = rates.columns.rows[(next - 1) * ROW_WORDS + 6]!)
    rows.push(next - 1);
  return rows;
}

/** The obvious way: look at every row, keep the effective one with the longest prefix. */
function findByScan(rows: readonly PrefixRow[], number: number, atMs: number): number {
  let best: PrefixRow | null = null;
  for (const row of rows) {
    const effective = row.effectiveFrom <= atMs && atMs < row.effectiveTo;
    if (
      effective &&
      String(number).startsWith(row.prefix) &&
      row.prefix.length > (best?.prefix.length ?? -1)
    ) {
      best = row;
    }
  }
  return best?.index ?? -1;
}

// Few digits and few instants, so that prefixes nest and spans meet often.
const digits = (length: { minLength: number; maxLength: number }) =>
  fc
    .array(fc.constantFrom('1', '2', '0'), length)
    .map((parts) => parts.join(''))
    .filter((text) => text[0] !== '0');
const borders = fc
  .uniqueArray(fc.constantFrom(-Infinity, 0, 10, 20, 30, Infinity), { minLength: 2, maxLength: 6 })
  .map((instants) => instants.toSorted((a, b) => (a < b ? -1 : 1)));

const decks = fc
  .uniqueArray(fc.tuple(digits({ minLength: 1, maxLength: 6 }), borders, fc.integer({ min: 0, max: 31 })), {
    selector: ([prefix]) => prefix,
    maxLength: 30,
  })
  .map((entries) => {
    const rows: PrefixRow[] = [];
    for (const [prefix, instants, present] of entries) {
      for (let i = 0; i + 1 < instants.length; i++) {
        if (((present >> i) & 1) === 0) continue;
        rows.push({ index: rows.length, prefix, effectiveFrom: instants[i]!, effectiveTo: instants[i + 1]! });
      }
    }
    return rows;
  });

const instants = fc.constantFrom(-1, 0, 9, 10, 19, 20, 29, 30, 31);

describe('prefix index', () => {
  test('answers what a scan over all rows answers', () => {
    fc.assert(
      fc.property(
        decks,
        fc.array(fc.tuple(digits({ minLength: 1, maxLength: 15 }), instants), { maxLength: 20 }),
        (rows, queries) => {
          const index = indexOf(rows);
          for (const [text, atMs] of queries) {
            const number = Number(text);
            expect(index.find(number, atMs)).toBe(findByScan(rows, number, atMs));
          }
        },
      ),
      { numRuns: 3000, seed: 20200115 },
    );
  });

  test('what a look-up finds is on the chain to which the number is approached', () => {
    fc.assert(
      fc.property(
        decks,
        fc.array(digits({ minLength: 1, maxLength: 15 }), { minLength: 1, maxLength: 20 }),
        instants,
        (rows, texts, atMs) => {
          const rates = rateListOf(rows.map((row) => ({ ...PLAIN_RATE, ...row })));
          const index = buildPrefixIndex(rates, orderByText(rates));
          const numbers = Float64Array.from(texts, Number);
          const entries = new Int32Array(numbers.length);
          index.candidates(numbers, 0, numbers.length, entries);
          index.approach(numbers, 0, numbers.length);
          numbers.forEach((number, i) => {
            const found = index.find(number, atMs);
            if (found >= 0) expect(chainFrom(rates, entries[i]!)).toContain(found);
          });
        },
      ),
      { numRuns: 3000, seed: 20200116 },
    );
  });

  test('numbers that none can be are approached to nothing', () => {
    const index = indexOf([{ index: 0, prefix: '1', effectiveFrom: -Infinity, effectiveTo: Infinity }]);
    const numbers = Float64Array.of(0, -1, 1.5e15, Number.NaN, 1);
    const entries = new Int32Array(numbers.length).fill(7);
    index.candidates(numbers, 0, numbers.length, entries);
    expect([...entries]).toEqual([0, 0, 0, 0, 1]);
  });

  test('a longer prefix that starts tomorrow does not hide the shorter one of today', () => {
    const index = indexOf([
      { index: 0, prefix: '55', effectiveFrom: -Infinity, effectiveTo: Infinity },
      { index: 1, prefix: '5511', effectiveFrom: 1000, effectiveTo: 2000 },
    ]);
    expect([999, 1000, 1999, 2000].map((at) => index.find(5511987650123, at))).toEqual([0, 1, 1, 0]);
  });

  test('numbers shorter than a prefix, of 15 digits, or none at all', () => {
    const always = { effectiveFrom: -Infinity, effectiveTo: Infinity };
    const index = indexOf([
      { index: 0, prefix: '1', ...always },
      { index: 1, prefix: '123456789012345', ...always },
    ]);
    expect(index.find(1, 0)).toBe(0);
    expect(index.find(12345678901234, 0)).toBe(0);
    expect(index.find(123456789012345, 0)).toBe(1);
    expect(index.find(123456789012344, 0)).toBe(0);
    expect([0, -1, 1.5e15, Number.NaN, 2].map((number) => index.find(number, 0))).toEqual([
      -1, -1, -1, -1, -1,
    ]);
    expect(indexOf([]).find(1, 0)).toBe(-1);
  });
});
