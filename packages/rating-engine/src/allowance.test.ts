import { expect, it } from 'vitest';
import { Allowances } from './allowance.ts';
import { makePool } from './testing/catalog.ts';

const shared = makePool('shared', 100);
const own = makePool('shared', 100, 'device');

it('counts a pool by account or by device, and by month', () => {
  const account = new Allowances().of('a');
  account.add('shared', 'desk', 202001, 60);
  account.add('shared', 'mobile', 202001, 30);
  account.add('shared', 'desk', 202002, 1);
  expect(account.usedSeconds(shared, 'desk', 202001)).toBe(90);
  expect(account.usedSeconds(own, 'desk', 202001)).toBe(60);
  expect(account.usedSeconds(own, 'other', 202001)).toBe(0);
  expect(account.usedSeconds(shared, 'desk', 202002)).toBe(1);
  expect(account.usedSeconds(shared, 'desk', 202003)).toBe(0);
  expect(account.usedSeconds(makePool('other', 1), 'desk', 202001)).toBe(0);
});

it('keeps accounts apart', () => {
  const allowances = new Allowances();
  allowances.of('a').add('shared', '', 202001, 60);
  expect(allowances.of('b').usedSeconds(shared, '', 202001)).toBe(0);
  expect([...allowances.entries()]).toEqual([
    { account: 'a', counter: 'shared', billingMonth: 202001, device: '', number: 0, amount: 60 },
  ]);
});
