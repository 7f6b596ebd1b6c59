import type { CallType } from '@tollstream/contracts';
import { classify } from '@tollstream/numbering';
import { expect, it } from 'vitest';
import { emptyCall } from './call.ts';
import type { RatingCall } from './call.ts';
import { destinationEnd, jurisdictionOf, originEnd } from './jurisdiction.ts';
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

const british = makeAccount('london', plan, {
  dialPlan: { country: 'GB', areaCode: '' },
  numbers: [{ number: 442071234567, kind: 'did', extension: '3001' }],
});
const london = compileRateTable(makeCatalog([british])).account('london')!;

it.each<[Partial<RatingCall>, string]>([
  [{ originNumber: 442071234567, destinationNumber: 18005550199 }, 'international'],
  [{ originNumber: 442071234567, destinationNumber: 14155550199 }, 'international'],
  [{ originText: '3001', destinationNumber: 18005550199 }, 'international'],
  [{ originNumber: 442071234567, destinationNumber: 442081234567 }, ''],
  [{ originText: 'anonymous', destinationNumber: 442081234567 }, ''],
  [{ direction: 'inbound', originText: '3001', destinationNumber: 18005550199 }, 'international'],
  [{ direction: 'inbound', originNumber: 14155550199, destinationNumber: 442071234567 }, 'international'],
  [{ direction: 'inbound', originNumber: 18005550199, destinationNumber: 442071234567 }, 'international'],
  [{ direction: 'inbound', originText: 'anonymous', destinationNumber: 18005550199 }, ''],
  // Freephone numbers of the whole world are of no country.
  [{ originNumber: 442071234567, destinationNumber: 80012345678 }, ''],
  [{ originNumber: 12125550100, destinationNumber: 80012345678 }, 'indeterminate'],
  [{ direction: 'inbound', originNumber: 80012345678, destinationNumber: 12125550100 }, 'indeterminate'],
  // Eleven digits that begin with 1 are North American, and those that begin with 2 are not.
  [{ originNumber: 442071234567, destinationNumber: 10_000_000_000 }, 'international'],
  [{ originNumber: 12125550100, destinationNumber: 19_999_999_999 }, 'indeterminate'],
  [{ originNumber: 12125550100, destinationNumber: 20_000_000_000 }, 'international'],
  [{ direction: 'inbound', originNumber: 20_000_000_000, destinationNumber: 12125550100 }, 'international'],
  [{ direction: 'inbound', originNumber: 5511987650123, destinationNumber: 12125550100 }, 'international'],
  [{ direction: 'inbound', originNumber: 5511987650123, destinationNumber: 18005550100 }, 'international'],
])('of an account in London %o: %s, whether the far end was looked up before or not', (part, expected) => {
  const call = { ...emptyCall(), ...part };
  const callType = call.direction === 'inbound' ? 'inbound' : 'international';
  expect(jurisdictionOf(callType, call, london)).toBe(expected);
  // As calls are described: inbound the caller's country, outbound that of the number called.
  const far = call.direction === 'inbound' ? call.originNumber : call.destinationNumber;
  const { country } = classify(far, { country: '', numberClass: 'unknown' });
  expect(jurisdictionOf(callType, call, london, country)).toBe(expected);
});

it('says where an end stands', () => {
  const account = table.account('acme')!;
  const origin = (originNumber: number, originText: string): number =>
    originEnd({ ...emptyCall(), originNumber, originText }, account);
  expect(origin(13055550188, '102')).toBe(13055550188);
  expect(origin(13055550188, '')).toBe(13055550188);
  expect(origin(0, '')).toBe(0);
  expect(origin(0, 'anonymous')).toBe(0);
  expect(origin(0, '102')).toBe(14155550102);
  expect(origin(0, '101')).toBe(12125550100);
  const destination = (direction: RatingCall['direction'], destinationNumber: number): number =>
    destinationEnd({ ...emptyCall(), direction, destinationNumber }, account);
  expect(destination('inbound', 0)).toBe(12125550100);
  expect(destination('inbound', 14155550102)).toBe(14155550102);
  expect(destination('outbound', 0)).toBe(0);
});
