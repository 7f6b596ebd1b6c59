import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecordsByAccount } from './records-by-account.ts';
import { RecordsByNumber } from './records-by-number.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_107);

const ids = fc.array(fc.oneof(fc.nat(40).map(String), fc.string({ maxLength: 3 })), { maxLength: 60 });

test('records are found by their accounts as a map would find them', () => {
  fc.assert(
    fc.property(ids, ids, (listed, asked) => {
      const records = new RecordsByAccount(listed.length);
      const plain = new Map<string, number[]>();
      listed.forEach((id, record) => {
        records.add(id, record);
        plain.set(id, [...(plain.get(id) ?? []), record]);
      });
      const found = (last: number): number[] => (last < 0 ? [] : [...found(records.before(last)), last]);
      // In the order of the list as well, in which they are mostly asked for.
      for (const id of [...asked, ...new Set(listed.slice(3))])
        expect(found(records.lastOf(id))).toEqual(plain.get(id) ?? []);
      const heard = new Set([...asked, ...listed.slice(3)]);
      expect([...records.notAsked()].map(([id, last]) => [id, found(last)])).toEqual(
        [...plain].filter(([id]) => !heard.has(id)),
      );
    }),
    { seed, numRuns: 500 },
  );
});

test('a number is that of the first record that claimed it', () => {
  const number = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 999_999_999_999_999 }));
  fc.assert(
    fc.property(fc.array(number, { maxLength: 60 }), (numbers) => {
      const records = new RecordsByNumber(numbers.length);
      numbers.forEach((each, record) => expect(records.claim(each, record)).toBe(numbers.indexOf(each)));
    }),
    { seed, numRuns: 500 },
  );
});
