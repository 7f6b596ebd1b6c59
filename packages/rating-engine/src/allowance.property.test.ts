import type { Pool } from '@tollstream/catalog';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Allowances } from './allowance.ts';
import type { PoolUse } from './allowance.ts';
import { makePool } from './testing/catalog.ts';
import { PlainAllowance } from './testing/plain-allowances.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_107);

const account = fc.nat(3);
const pool = fc.constantFrom('minutes', 'abroad', 'minutes calls');
const unit = fc.constantFrom<Pool['unit'][]>('seconds', 'calls', 'money');
const device = fc.oneof(
  fc.constantFrom('', '101', '102'),
  fc.integer({ min: 0, max: 40 }).map((i) => `phone-${i}`),
);
const month = fc.constantFrom(201912, 202001, 202002);
const number = fc.constantFrom(0, 0, 0, 12125550100, 12125550101);
const use = fc.record({ account, pool, unit, amount: fc.nat(1e12), number, device, month });
type Use = PoolUse & { readonly account: number; readonly device: string; readonly month: number };

/** Every counter of an account, in the order in which it is told. */
function told(counted: Pick<PlainAllowance, 'each'>): unknown[] {
  const found: unknown[] = [];
  counted.each((...entry) => found.push(entry));
  return found;
}

test('counters in columns are those in maps, and are told in the same order', () => {
  fc.assert(
    fc.property(fc.array(use, { maxLength: 120, size: 'max' }), use, (uses: Use[], asked: Use) => {
      const allowances = new Allowances();
      const plain = Array.from({ length: 4 }, () => new PlainAllowance());
      for (const each of uses) {
        allowances.of(String(each.account)).addUse(each, each.device, each.month);
        plain[each.account]!.addUse(each, each.device, each.month);
      }
      plain.forEach((expected, i) => {
        const own = allowances.of(String(i));
        expect(told(own)).toEqual(told(expected));
        for (const scope of ['account', 'number', 'device', 'devices'] as const) {
          const of = makePool(asked.pool, 1, scope, { unit: asked.unit });
          expect(own.used(of, asked, asked.month)).toBe(expected.used(of, asked, asked.month));
          if (scope === 'number' || scope === 'devices') continue;
          const seconds = own.usedSeconds(of, asked.device, asked.month);
          expect(seconds).toBe(expected.usedSeconds(of, asked.device, asked.month));
        }
      });
    }),
    { seed, numRuns: 1_000 },
  );
});

test('counters that were told of and added again are the same', () => {
  fc.assert(
    fc.property(fc.array(use, { maxLength: 60 }), (uses: Use[]) => {
      const allowances = new Allowances();
      for (const each of uses) allowances.of(String(each.account)).addUse(each, each.device, each.month);
      const again = new Allowances();
      for (const entry of allowances.entries()) again.of(entry.account).addEntry(entry);
      expect(again.entries()).toEqual(allowances.entries());
    }),
    { seed, numRuns: 300 },
  );
});
