import { NativeBlockWriter, RATED_COLUMNS, RATE_TYPES, readNativeBlock } from '@tollstream/contracts';
import { expect, test } from 'vitest';
import { priceProblem } from './reprice.ts';

/** 90.5 s at 60/60, two minutes of 0.02 and a fee of 0.01: 0.05. */
const ROW: Record<string, string | number> = {
  rate_type: RATE_TYPES.indexOf('metered') + 1,
  tariff: 'local',
  duration_ms: 90_500,
  initial_seconds: 60,
  step_seconds: 60,
  billable_seconds: 120,
  charged_seconds: 120,
  rate_per_minute: 2_000_000,
  connect_fee: 10_000,
  charge: 50_000,
  currency: 'USD',
};

function problemOf(changes: Record<string, string | number>): string | null {
  const writer = new NativeBlockWriter(RATED_COLUMNS);
  const row: Record<string, string | number> = { ...ROW, ...changes };
  const columns = writer.columns as unknown as Record<string, { push(value: unknown): void }>;
  for (const [name, type] of RATED_COLUMNS) {
    const empty = type.startsWith('FixedString') ? new Uint32Array(4) : type.includes('String') ? '' : 0;
    columns[name]!.push(row[name] ?? (type.startsWith('Enum8') ? 1 : empty));
  }
  const block = Buffer.concat(writer.parts());
  return priceProblem(readNativeBlock(block), 0);
}

test.each([
  ['what it says', {}],
  ['included seconds first', { included_seconds: 60, charged_seconds: 60, charge: 30_000 }],
  ['a minimum', { price_detail: '{"minimum_charge":"0.07"}', charge: 70_000 }],
  [
    'a rate of its own for the first interval',
    { price_detail: '{"initial_rate_per_minute":"0.1"}', charge: 130_000 },
  ],
  ['nothing without a tariff', { tariff: '', billable_seconds: 0, charged_seconds: 0, charge: 0 }],
  [
    'the fee of an attempt',
    {
      rate_type: RATE_TYPES.indexOf('unanswered') + 1,
      duration_ms: 0,
      billable_seconds: 0,
      charged_seconds: 0,
      charge: 5_000,
      price_detail: '{"attempt_fee":"0.005"}',
    },
  ],
])('an amount comes out again: %s', (_, changes) => {
  expect(problemOf(changes)).toBeNull();
});

test.each([
  ['the charge', { charge: 50_001 }, 'the charge is 0.050001; computed again it is 0.05'],
  [
    'the billable seconds',
    { billable_seconds: 180, charged_seconds: 180 },
    'computed again they are 120, 0, 120',
  ],
  ['a charge without a tariff', { tariff: '' }, 'is charged 0.05 without a conversation to bill'],
])('a wrong amount is told: %s', (_, changes, text) => {
  expect(problemOf(changes)).toContain(text);
});
