/** Lines of a deck against cutting each by itself, where cells repeat those above them in whole or in part. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DeckProblemList } from './problems.ts';
import { readText } from './read-text.ts';

const SEED = Number(process.env['FC_SEED'] ?? 20_200_203);
const RUNS = 3_000;

const cell = fc.constantFrom('', '4', '44', '441', 'a', 'aa', '"a;b"', '"4"', ' 44');
const line = fc.array(cell, { minLength: 1, maxLength: 4 }).map((cells) => cells.join(';'));
const lines = fc.array(fc.oneof(line, fc.constant('')), { maxLength: 12 });
const lineEnd = fc.constantFrom('\n', '\r\n');

function cut(source: string): string[] {
  const isOutside = /;(?=(?:[^"]*"[^"]*")*[^"]*$)/;
  return source.split(isOutside).map((each) => each.replaceAll('"', ''));
}

it(`are cut into the same cells (${RUNS} texts, seed ${SEED})`, () => {
  let repeated = 0;
  fc.assert(
    fc.property(lines, lineEnd, fc.boolean(), (all, end, isEnded) => {
      const expected = all.flatMap((source, at) =>
        source === '' ? [] : [{ line: at + 1, cells: cut(source) }],
      );
      const problems = new DeckProblemList();
      const text = all.join(end) + (isEnded ? end : '');
      // The end of a line may stay with its last cell, which is trimmed as all are.
      const found = Array.from(readText('deck.csv', text, ';', problems), ({ line: at, cells }) => ({
        line: at,
        cells: cells.map((each) => String(each).replace(/\r$/, '')),
      }));
      expect(found).toEqual(expected);
      expect(problems.count).toBe(0);
      if (expected.some(({ cells }, at) => cells[0] === expected[at - 1]?.cells[0])) repeated++;
    }),
    { seed: SEED, numRuns: RUNS },
  );
  expect(repeated).toBeGreaterThan(RUNS / 10);
});
