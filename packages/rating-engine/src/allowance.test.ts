import type { Pool } from '@tollstream/catalog';
import { expect, it } from 'vitest';
import { Allowances, UNUSED_ALLOWANCE } from './allowance.ts';
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

it('keeps units apart, and counts for the number whose pool it is', () => {
  const allowances = new Allowances();
  expect(allowances.accountCount).toBe(0);
  const account = allowances.of('a');
  expect(allowances.accountCount).toBe(1);
  account.addUse({ pool: 'shared', unit: 'seconds', amount: 60, number: 0 }, 'desk', 202001);
  account.addUse({ pool: 'shared', unit: 'calls', amount: 2, number: 12125550100 }, 'desk', 202001);
  account.addUse({ pool: 'shared', unit: 'calls', amount: 1, number: 12125550100 }, 'mobile', 202001);
  account.addUse({ pool: 'shared', unit: 'money', amount: 5_000, number: 0 }, 'desk', 202001);
  const used = (unit: Pool['unit'], scope: Pool['scope'], device = 'desk', number = 12125550100): number =>
    account.used(makePool('shared', 1, scope, { unit }), { device, number }, 202001);
  expect(used('seconds', 'account')).toBe(60);
  expect(used('calls', 'account')).toBe(3);
  expect(used('calls', 'devices')).toBe(3);
  expect(used('calls', 'device')).toBe(2);
  expect(used('calls', 'device', 'lobby')).toBe(0);
  expect(used('calls', 'number')).toBe(3);
  expect(used('calls', 'number', 'desk', 13055550188)).toBe(0);
  expect(used('money', 'account')).toBe(5_000);
  expect(account.used(makePool('other', 1), { device: 'desk', number: 0 }, 202001)).toBe(0);
  expect([...account.entries()]).toEqual([
    { counter: 'shared', billingMonth: 202001, device: 'desk', number: 0, amount: 60 },
    { counter: 'shared calls', billingMonth: 202001, device: 'desk', number: 0, amount: 2 },
    { counter: 'shared calls', billingMonth: 202001, device: 'mobile', number: 0, amount: 1 },
    { counter: 'shared calls', billingMonth: 202001, device: '', number: 12125550100, amount: 3 },
    { counter: 'shared money', billingMonth: 202001, device: 'desk', number: 0, amount: 5_000 },
  ]);
});

it('is unused where nothing was used', () => {
  expect(UNUSED_ALLOWANCE.used(shared, { device: '', number: 0 }, 202001)).toBe(0);
  expect(UNUSED_ALLOWANCE.usedSeconds(shared, '', 202001)).toBe(0);
});
