import {
  CALL_TYPES,
  JURISDICTIONS,
  NativeBlockWriter,
  PRICE_COLUMNS,
  RATE_TYPES,
  readNativeBlock,
} from '@tollstream/contracts';
import { expect, it } from 'vitest';
import { UNUSED_ALLOWANCE } from './allowance.ts';
import { emptyCall } from './call.ts';
import { priceCall } from './price-call.ts';
import type { Priced } from './price-call.ts';
import { pushPrice } from './price-columns.ts';
import { compileRateTable } from './rate-table.ts';
import { byTariff, makeAccount, makeCatalog, makePlan, makePool, makeTariff } from './testing/catalog.ts';

const AT = Date.parse('2020-01-15T15:00:00Z');
const tariff = makeTariff(
  'brazil',
  [{ prefix: '55', perMinute: '0.022', initialPerMinute: '0.03', connectFee: '0.01', increments: '30/6' }],
  { chargeRounding: 'half_even', durationRounding: 'nearest', currency: 'EUR' },
);
const plan = makePlan('standard', {
  international: byTariff(tariff, makePool('minutes', 0, 'account', { perMonth: 10 })),
});
const table = compileRateTable(makeCatalog([makeAccount('acme', plan)], { defaultPlan: plan }));

/** The columns of one row, as they are read again. */
function columnsOf(accountId: string, destinationNumber: number) {
  const account = table.account(accountId)!;
  const call = {
    ...emptyCall(),
    destinationNumber,
    originNumber: 12125550100,
    startedAt: AT,
    answeredAt: AT,
    endedAt: AT + 33_000,
  };
  const writer = new NativeBlockWriter(PRICE_COLUMNS);
  const priced = priceCall(call, account, UNUSED_ALLOWANCE) as Priced;
  pushPrice(writer.columns, priced, account, { catalogVersion: 7, revision: 2 });
  const block = readNativeBlock(writer.toBuffer());
  const text = (name: string): string => {
    const { dictionary, indexes } = block.column(name).lowCardinality();
    return dictionary[indexes[0]!]!;
  };
  const whole = (name: string): number => block.column(name).uint32s()[0]!;
  const large = (name: string): number => block.column(name).integers()[0]!;
  const member = (name: string): number => block.column(name).uint8s()[0]!;
  return {
    months: [whole('billing_month'), whole('catalog_version'), whole('revision')],
    names: ['plan', 'country', 'tariff', 'pool', 'currency'].map(text),
    isDefault: member('plan_is_default'),
    // Members of the sets count from 1.
    callType: CALL_TYPES[member('call_type') - 1],
    rateType: RATE_TYPES[member('rate_type') - 1],
    jurisdiction: JURISDICTIONS[member('jurisdiction') - 1],
    roundings: [member('duration_rounding'), member('charge_rounding')],
    prefix: large('prefix'),
    durationMs: large('duration_ms'),
    increments: [whole('initial_seconds'), whole('step_seconds')],
    seconds: [whole('billable_seconds'), whole('included_seconds'), whole('charged_seconds')],
    amounts: ['rate_per_minute', 'connect_fee', 'charge'].map(large),
    detail: block.column('price_detail').string(0),
  };
}

it('lays a price down in the columns of its row', () => {
  expect(columnsOf('acme', 5511987650123)).toEqual({
    months: [202001, 7, 2],
    names: ['standard', 'BR', 'brazil', 'minutes', 'EUR'],
    isDefault: 0,
    callType: 'international',
    rateType: 'split',
    jurisdiction: 'international',
    // `nearest` is the second of the duration's, `half_even` the last of the charge's.
    roundings: [2, 4],
    prefix: 55,
    durationMs: 33_000,
    increments: [30, 6],
    // 33 s are 30 s and half a step, which goes up.
    seconds: [36, 10, 26],
    // 0.01 + 20 s × 0.03 / 60 + 6 s × 0.022 / 60 = 0.0222
    amounts: [2_200_000, 10_000, 22_200],
    detail: '{"initial_rate_per_minute":"0.03"}',
  });
});

it('leaves empty what a call without a rate has not', () => {
  expect(columnsOf('stranger', 14155550199)).toEqual({
    months: [202001, 7, 2],
    names: ['standard', 'US', '', '', 'USD'],
    isDefault: 1,
    callType: 'long_distance',
    rateType: 'free',
    jurisdiction: 'interstate',
    roundings: [1, 1],
    prefix: 0,
    durationMs: 33_000,
    increments: [0, 0],
    seconds: [0, 0, 0],
    amounts: [0, 0, 0],
    detail: '',
  });
});
