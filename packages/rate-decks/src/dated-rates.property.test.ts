/** The codes of a deck, against grouping all of its lines by their key, for decks that come sorted and for those that do not. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DeckCodes } from './dated-rates.ts';
import { type DeckRate, rateKey } from './deck-rate.ts';

const SEED = Number(process.env['FC_SEED'] ?? 20_200_201);
const RUNS = 2_000;

function rateOf(line: number, [prefix, origin]: readonly [string, string]): DeckRate {
  const unsaid = { description: null, status: null, rate: null, initialRate: null, connectFee: null };
  const times = { effectiveFrom: null, effectiveTo: null };
  const terms = { initialSeconds: null, stepSeconds: null, rounding: null, country: null };
  return { line, prefix, origin, originClass: '', byJurisdiction: [], ...unsaid, ...terms, ...times };
}

const prefix = fc.integer({ min: 1, max: 300 }).map(String);
const origin = fc.constantFrom('', '', '', '55');
const decks = fc.oneof(
  fc.array(fc.tuple(prefix, origin), { maxLength: 12 }),
  fc
    .uniqueArray(prefix, { maxLength: 12 })
    .map((prefixes) => prefixes.toSorted().map((each) => [each, ''] as const)),
  fc
    .array(prefix, { maxLength: 12 })
    .map((prefixes) => prefixes.toSorted().map((each) => [each, ''] as const)),
);

it(`are those of all lines, in the order in which they come first (${RUNS} decks, seed ${SEED})`, () => {
  let sorted = 0;
  fc.assert(
    fc.property(decks, (lines) => {
      const rates = lines.map((line, index) => rateOf(index + 1, line));
      const expected = Map.groupBy(rates, (rate) => rateKey(rate.prefix, rate.origin, rate.originClass));
      const codes = new DeckCodes(rates);
      const found = Array.from(codes, ([key, said]) => [key, 'prefix' in said ? [said] : said]);
      expect(found).toEqual([...expected]);
      expect(codes.size).toBe(expected.size);
      for (const key of expected.keys()) expect(codes.has(key)).toBe(true);
      expect(codes.has('301')).toBe(false);
      if (expected.size === rates.length && rates.length > 1) sorted++;
    }),
    { seed: SEED, numRuns: RUNS },
  );
  expect(sorted).toBeGreaterThan(RUNS / 10);
});
