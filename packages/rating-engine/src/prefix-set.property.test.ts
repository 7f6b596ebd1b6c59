import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PrefixSet } from './prefix-set.ts';
import { casesOf } from './testing/cases.ts';

const SEED = Number(process.env['FC_SEED'] ?? 20_200_131);
const CASES = casesOf(10_000);

it(`finds the longest prefix as comparing texts does (${CASES} cases, seed ${SEED})`, () => {
  const digits = fc.bigInt({ min: 1n, max: 999_999_999_999_999n }).map(String);
  fc.assert(
    fc.property(
      fc.array(
        digits.map((text) => text.slice(0, 7)),
        { maxLength: 6 },
      ),
      digits,
      fc.nat(7),
      (prefixes, number, kept) => {
        // Half of the numbers begin with one of the prefixes.
        const begun = prefixes.length > 0 && kept % 2 === 0 ? `${prefixes[0]}${number}`.slice(0, 15) : number;
        const longest = prefixes
          .filter((prefix) => begun.startsWith(prefix))
          .reduce((best, prefix) => (prefix.length > best.length ? prefix : best), '');
        expect(new PrefixSet(prefixes).match(Number(begun))).toBe(Number(longest));
      },
    ),
    { seed: SEED, numRuns: CASES },
  );
});
