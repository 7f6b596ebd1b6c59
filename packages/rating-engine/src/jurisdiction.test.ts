import type { CallType } from '@tollstream/contracts';
import { expect, it } from 'vitest';
import { emptyCall } from './call.ts';
import type { RatingCall } from './call.ts';
import { jurisdictionOf } from './jurisdiction.ts';
import { compileRateTable } from './rate-table.ts';
import { makeAccount, makeCatalog, makePlan } from './testing/catalog.ts';

const plan = makePlan('standard');
const brazil = { dialPlan: { country: 'BR', areaCode: '11' }, numbers: [] };
const numbers = [
  { number: 12125550100, kind: 'did', extension: '' },
  { number: 14155550102, kind: 'did', extension: '102' },
] as const;
const table = compileRateTable(
  makeCatalog([makeAccount('acme', plan, { numbers }), makeAccount('paulista', plan, brazil)]),
);

function jurisdiction(part: Partial<RatingCall>, callType: CallType = 'long_distance', account = 'acme') {
  return jurisdictionOf(callType, { ...emptyCall(), ...part }, table.account(account)!);
}

it.each([
  [{ originNumber: 12125550100, destinationNumber: 15185550199 }, 'intrastate'],
  [{ originNumber: 12125550100, destinationNumber: 14155550199 }, 'interstate'],
  [{ originNumber: 12125550100, destinationNumber: 14165550199 }, 'international'],
  [{ originNumber: 12125550100, destinationNumber: 5511987650123 }, 'international'],
  // Toll-free at either end, withheld, and personal numbers have no state.
  [{ originNumber: 18005550100, destinationNumber: 12125550199 }, 'indeterminate'],
  [{ originNumber: 12125550100, destinationNumber: 18005550199 }, 'indeterminate'],
  [{ originNumber: 0, originText: 'anonymous', destinationNumber: 12125550199 }, 'indeterminate'],
  [{ originNumber: 15005550100, destinationNumber: 12125550199 }, 'indeterminate'],
  // But abroad is abroad, whoever calls.
  [{ originNumber: 0, originText: 'anonymous', destinationNumber: 5511987650123 }, 'international'],
  [{ originNumber: 0, originText: 'anonymous', destinationNumber: 14165550199 }, 'international'],
  [{ originNumber: 18005550100, destinationNumber: 5511987650123 }, 'international'],
  // An extension stands where its own number does, or the account's first one.
  [{ originText: '102', destinationNumber: 12135550199 }, 'intrastate'],
  [{ originText: '101', destinationNumber: 12135550199 }, 'interstate'],
  [{ originText: '101', destinationNumber: 15185550199 }, 'intrastate'],
] as const)('outbound %o: %s', (call, expected) => {
  expect(jurisdiction(call)).toBe(expected);
});

it.each([
  [{ originNumber: 15185550199, destinationNumber: 12125550100 }, 'intrastate'],
  [{ originNumber: 15185550199, destinationNumber: 0, destinationText: '101' }, 'intrastate'],
  [{ originNumber: 0, originText: 'anonymous', destinationNumber: 12125550100 }, 'indeterminate'],
  [{ originNumber: 442071234567, destinationNumber: 12125550100 }, 'international'],
  [{ originNumber: 12015550199, destinationNumber: 18005550100 }, 'indeterminate'],
  [{ originNumber: 442071234567, destinationNumber: 18005550100 }, 'international'],
] as const)('inbound %o: %s', (call, expected) => {
  expect(jurisdiction({ direction: 'inbound', ...call }, 'inbound')).toBe(expected);
});

it.each([
  [{ originNumber: 551155550100, destinationNumber: 5521987650123 }, ''],
  [{ originText: 'anonymous', destinationNumber: 5521987650123 }, ''],
  [{ originText: 'anonymous', destinationNumber: 12125550100 }, 'international'],
  [{ originNumber: 551155550100, destinationNumber: 18005550100 }, 'international'],
  [{ originNumber: 551155550100, destinationNumber: 18765550100 }, 'international'],
  [{ direction: 'inbound', originText: 'anonymous', destinationNumber: 551155550100 }, ''],
] as const)('of an account in Brazil %o: %s', (call, expected) => {
  expect(jurisdiction(call, 'long_distance', 'paulista')).toBe(expected);
});

it.each(['internal', 'emergency', 'service_code'] as const)('is not asked of %s calls', (callType) => {
  expect(jurisdiction({ originNumber: 12125550100, destinationNumber: 15185550199 }, callType)).toBe('');
});
