import type { Account } from '@tollstream/catalog';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OwnNumbers } from './own-numbers.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_107);
const number = fc.integer({ min: 1, max: 6 });
const extension = fc.constantFrom('', '101', '102');
const numbers = fc.uniqueArray(
  fc.record({ number, kind: fc.constantFrom('did', 'toll_free', 'toll_free'), extension }),
  { selector: (each) => each.number, maxLength: 4 },
) as fc.Arbitrary<Account['numbers'][number][]>;

test('numbers are found as in the list of the account', () => {
  fc.assert(
    fc.property(numbers, fc.nat(6), extension, (list, asked, ringing) => {
      const own = new OwnNumbers(list);
      expect(own.main).toBe(list[0]?.number ?? 0);
      expect(own.has(asked)).toBe(list.some((each) => each.number === asked));
      const isTollFree = list.some((each) => each.number === asked && each.kind === 'toll_free');
      expect(own.hasTollFree(asked)).toBe(isTollFree);
      const first = list.find((each) => each.extension === ringing) ?? list[0];
      expect(own.ofExtension(ringing)).toBe(first?.number ?? 0);
    }),
    { seed, numRuns: 2_000 },
  );
});
