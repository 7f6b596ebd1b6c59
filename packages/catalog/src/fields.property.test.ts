import { parseDecimal } from '@tollstream/money';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainDecimal } from './fields.ts';

const CASES = 5_000;
const SEED = 20_200_115;

test(`decimals of the usual form are read as all others are (${CASES} cases, seed ${SEED})`, () => {
  const soup = fc.array(fc.constantFrom('0', '1', '9', '5', '.', '-', '+', ' ', 'e'), { maxLength: 18 });
  const usual = fc.tuple(fc.nat(999_999), fc.nat(99_999_999)).map(([whole, part]) => `${whole}.${part}`);
  const texts = fc.oneof(
    soup.map((pieces) => pieces.join('')),
    usual,
  );
  let read = 0;
  fc.assert(
    fc.property(texts, fc.constantFrom(6, 8), (text, scale) => {
      const plain = plainDecimal(text, scale);
      if (plain < 0) return;
      read++;
      expect(plain).toBe(parseDecimal(text, scale));
    }),
    { numRuns: CASES, seed: SEED },
  );
  expect(read).toBeGreaterThan(CASES / 5);
});
