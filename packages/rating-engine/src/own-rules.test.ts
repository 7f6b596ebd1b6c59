import type { Account } from '@tollstream/catalog';
import { expect, it } from 'vitest';
import { UNUSED_ALLOWANCE } from './allowance.ts';
import { emptyCall } from './call.ts';
import type { RatingCall } from './call.ts';
import { explainCall } from './explain.ts';
import { priceCall } from './price-call.ts';
import { compileRateTable } from './rate-table.ts';
import { byTariff, makeAccount, makeCatalog, makePlan, makePool, makeTariff } from './testing/catalog.ts';

const tariff = (id: string) => byTariff(makeTariff(id, [{ prefix: '1' }, { prefix: '5' }]));
const plan = makePlan('standard', { international: tariff('of-plan'), inbound: tariff('of-plan') });
const part = {
  rules: { international: tariff('of-account') },
  billingGroups: [
    {
      id: 'sales',
      name: 'Sales',
      rules: { international: tariff('of-sales'), emergency: { kind: 'blocked' } },
    },
    { id: 'support', name: 'Support' },
  ],
  devices: [
    { id: 'desk', kind: 'phone', extension: '', rules: { international: tariff('of-desk') } },
    { id: 'sales-desk', kind: 'phone', extension: '', billingGroup: 'sales' },
    { id: 'support-desk', kind: 'phone', extension: '', billingGroup: 'support' },
    { id: 'lobby', kind: 'phone', extension: '', rules: { international: { kind: 'blocked' } } },
  ],
  numbers: [
    { number: 12125550100, kind: 'did', extension: '' },
    { number: 12125550101, kind: 'did', extension: '101', rules: { international: tariff('of-101') } },
    { number: 12125550102, kind: 'did', extension: '102', billingGroup: 'sales' },
    {
      number: 18005550100,
      kind: 'toll_free',
      extension: '',
      rules: { inbound: { kind: 'free' }, toll_free_inbound: tariff('of-toll-free') },
    },
  ],
} satisfies Partial<Account>;
const account = compileRateTable(makeCatalog([makeAccount('acme', plan, part)])).account('acme')!;

function call(changes: Partial<RatingCall>): RatingCall {
  const at = Date.parse('2020-01-15T15:00:00Z');
  const times = { startedAt: at, answeredAt: at, endedAt: at + 60_000 };
  return { ...emptyCall(), destinationNumber: 5511987650123, ...times, ...changes };
}

function tariffOf(changes: Partial<RatingCall>): string {
  const outcome = priceCall(call(changes), account, UNUSED_ALLOWANCE);
  expect(explainCall(call(changes), account, UNUSED_ALLOWANCE).outcome).toEqual(outcome);
  return outcome.kind === 'priced' ? (outcome.tariff?.id ?? outcome.rateType) : outcome.detail;
}

it.each([
  ['nothing of its own', {}, 'of-account'],
  ['a device', { device: 'desk' }, 'of-desk'],
  ['a number', { originNumber: 12125550101 }, 'of-101'],
  ["an extension's number", { originText: '101' }, 'of-101'],
  ['a device before a number', { device: 'desk', originNumber: 12125550101 }, 'of-desk'],
  ['a number before the group of a device', { device: 'sales-desk', originNumber: 12125550101 }, 'of-101'],
  ['the group of a device', { device: 'sales-desk' }, 'of-sales'],
  ['the group of a number', { originNumber: 12125550102 }, 'of-sales'],
  [
    'the group of a device before that of a number',
    { device: 'support-desk', originNumber: 12125550102 },
    'of-account',
  ],
  ['a device that blocks', { device: 'lobby' }, 'Device lobby blocks international calls.'],
  [
    'a call type of which only the plan speaks',
    { direction: 'inbound', destinationNumber: 12125550100 },
    'of-plan',
  ],
  [
    'the toll-free number that was called',
    { direction: 'inbound', destinationNumber: 12125550101, originalDestinationNumber: 18005550100 },
    'of-toll-free',
  ],
] as const)('%s', (_, changes, expected) => {
  expect(tariffOf(changes)).toBe(expected);
});

it('never blocks a call for help', () => {
  expect(tariffOf({ device: 'sales-desk', destinationNumber: 0, destinationText: '911' })).toBe('free');
});

it('asks no rules of its own where an account has none', () => {
  const plain = makeAccount('plain', plan, { devices: [{ id: 'desk', kind: 'phone', extension: '' }] });
  expect(compileRateTable(makeCatalog([plain])).account('plain')!.ownRules).toBeNull();
});

it('takes pools of the plan', () => {
  const pool = makePool('minutes', 10);
  const own = makeAccount('acme', plan, {
    rules: { international: byTariff(makeTariff('own', [{ prefix: '5' }]), pool) },
  });
  const rated = compileRateTable(makeCatalog([own])).account('acme')!;
  expect(priceCall(call({}), rated, UNUSED_ALLOWANCE)).toMatchObject({ rateType: 'included', pool });
});

it('explains whose rule holds, and whose were passed over', () => {
  const { steps } = explainCall(
    call({ device: 'sales-desk', originNumber: 12125550100 }),
    account,
    UNUSED_ALLOWANCE,
  );
  const rule = steps.find(({ step }) => step === 'rule')!;
  expect(rule.text).toBe('Billing group sales: international calls are priced by tariff of-sales.');
  expect(rule.passedOver).toEqual([
    'Account acme: tariff of-account, further off',
    'Plan standard: tariff of-plan, further off',
  ]);
  expect(rule.data).toMatchObject({ rule_of: 'billing_group', rule_owner: 'sales', tariff: 'of-sales' });
});

it('asks the group of the number where the device has none', () => {
  expect(tariffOf({ device: 'desk', originNumber: 12125550102 })).toBe('of-desk');
  expect(tariffOf({ device: 'unknown', originNumber: 12125550102 })).toBe('of-sales');
  expect(tariffOf({ device: 'support-desk', originNumber: 12125550102 })).toBe('of-account');
});

it.each([
  { billingGroups: [{ id: 'sales', name: 'Sales', rules: {} }] },
  { devices: [{ id: 'desk', kind: 'phone', extension: '', rules: {} }] },
  { numbers: [{ number: 12125550100, kind: 'did' as const, extension: '', rules: {} }] },
  { rules: {} },
])('has rules of its own where any part of it has: %o', (own) => {
  const rated = compileRateTable(makeCatalog([makeAccount('acme', plan, own)])).account('acme')!;
  expect(rated.ownRules).not.toBeNull();
});

it('asks the group of the number where the device is in none', () => {
  const { devices } = part;
  const own = { ...part, devices: [...devices, { id: 'plain', kind: 'phone', extension: '' }] };
  const rated = compileRateTable(makeCatalog([makeAccount('acme', plan, own)])).account('acme')!;
  const priced = priceCall(call({ device: 'plain', originNumber: 12125550102 }), rated, UNUSED_ALLOWANCE);
  expect(priced).toMatchObject({ tariff: { id: 'of-sales' } });
});
