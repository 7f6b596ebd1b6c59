import { describe, expect, it } from 'vitest';
import { UNUSED_ALLOWANCE } from './allowance.ts';
import { emptyCall } from './call.ts';
import type { RatingCall } from './call.ts';
import { explainCall, explanationText } from './explain.ts';
import { compileRateTable } from './rate-table.ts';
import { recompute } from './stored-price.ts';
import { byTariff, makeAccount, makeCatalog, makePlan, makePool, makeTariff } from './testing/catalog.ts';
import type { RateText } from './testing/catalog.ts';
import { storedPriceOf } from './testing/stored.ts';

const ANSWERED = Date.parse('2020-01-15T15:00:00Z');

function call(ms: number, part: Partial<RatingCall> = {}): RatingCall {
  return {
    ...emptyCall(),
    originNumber: 12125550100,
    destinationNumber: 5511987650123,
    startedAt: ANSWERED - 5_000,
    answeredAt: ANSWERED,
    endedAt: ANSWERED + ms,
    ...part,
  };
}

function explained(rate: Omit<RateText, 'prefix'>, priced: RatingCall, part: Part = {}) {
  const { minutes, billingStart = -Infinity, ...plan } = part;
  const pool = minutes === undefined ? null : makePool('minutes', minutes);
  const tariff = makeTariff('world', [{ prefix: '55', perMinute: '0.06', increments: '30/6', ...rate }]);
  const rules = { international: byTariff(tariff, pool) };
  const account = makeAccount('acme', makePlan('standard', rules, plan), { billingStart });
  const table = compileRateTable(makeCatalog([account]));
  const explanation = explainCall(priced, table.account('acme')!, UNUSED_ALLOWANCE);
  if (explanation.outcome.kind === 'priced') {
    const again = recompute(storedPriceOf(explanation.outcome));
    expect(again.charge).toBe(BigInt(explanation.outcome.charge));
    expect(again.billableSeconds).toBe(explanation.outcome.billableSeconds);
  }
  return { ...explanation, text: explanationText(explanation) };
}

interface Part {
  readonly minutes?: number;
  readonly billingStart?: number;
  readonly billsZeroLength?: boolean;
}

describe('limits of a charge', () => {
  // 30/6 at 0.06 a minute: 30 s cost 0.03, 60 s 0.06, 600 s 0.6.
  it.each([
    [30_000, 50_000, 'minimum'],
    [48_000, 50_000, 'minimum'],
    [50_000, 54_000, ''],
    [590_000, 500_000, 'maximum'],
  ])('%i ms cost %i millionths', (ms, charge, limit) => {
    const { outcome, text } = explained({ minimumCharge: '0.05', maximumCharge: '0.5' }, call(ms));
    expect(outcome).toMatchObject({ kind: 'priced', charge });
    if (limit === '') expect(text).not.toContain('charge of the rate');
    else expect(text).toContain(`the ${limit} charge of the rate is ${(charge / 1e6).toFixed(6)}`);
  });

  it('does not raise what the allowance covers', () => {
    const { outcome } = explained({ minimumCharge: '0.05' }, call(30_000), { minutes: 1 });
    expect(outcome).toMatchObject({ rateType: 'included', charge: 0 });
  });

  it('lowers an amount that could not be held', () => {
    const { outcome } = explained({ maximumCharge: '7', perMinute: '90000000' }, call(1e12));
    expect(outcome).toMatchObject({ kind: 'priced', charge: 7_000_000 });
  });
});

describe('free seconds', () => {
  it.each([
    [0, 0, 'nothing was said'],
    [10_000, 0, 'within the first 10 s, which are free'],
    [10_001, 30, '10 s free, 0.001 s left'],
    [40_000, 30, '10 s free, 30 s left'],
    [40_001, 36, '10 s free, 30.001 s left'],
  ])('%i ms bill %i s', (ms, billableSeconds, words) => {
    const { outcome, text } = explained({ freeSeconds: 10, connectFee: '0.01' }, call(ms));
    const charge = billableSeconds === 0 ? 0 : 10_000 + billableSeconds * 1000;
    expect(outcome).toMatchObject({ durationMs: ms, billableSeconds, charge });
    expect(text).toContain(words);
  });

  it('take nothing from the allowance', () => {
    const { outcome } = explained({ freeSeconds: 60 }, call(61_000), { minutes: 1 });
    expect(outcome).toMatchObject({ includedSeconds: 30, chargedSeconds: 0 });
  });
});

describe('an answered call of no length', () => {
  it('costs nothing unless the plan bills it', () => {
    expect(explained({}, call(0)).outcome).toMatchObject({ billableSeconds: 0, charge: 0 });
    const billed = explained({}, call(0), { billsZeroLength: true });
    expect(billed.outcome).toMatchObject({ durationMs: 0, billableSeconds: 30, charge: 30_000 });
    expect(billed.text).toContain('the plan bills the initial interval of a call without length');
  });

  it('is covered by free seconds', () => {
    const { outcome } = explained({ freeSeconds: 1 }, call(0), { billsZeroLength: true });
    expect(outcome).toMatchObject({ billableSeconds: 0, charge: 0 });
  });
});

describe('an attempt fee', () => {
  const unanswered = call(0, { answeredAt: 0, endedAt: ANSWERED + 20_000 });

  it('is what a call costs that nobody answered', () => {
    const { outcome, text } = explained({ attemptFee: '0.002' }, unanswered);
    expect(outcome).toMatchObject({ rateType: 'unanswered', charge: 2_000, prefix: 55, billableSeconds: 0 });
    expect(text).toContain('nobody answered, and an attempt costs 0.002 USD');
  });

  it('is not charged for an answered call, nor without a rate, on a blocked one or before the billing start', () => {
    expect(explained({ attemptFee: '0.002' }, call(30_000)).outcome).toMatchObject({ charge: 30_000 });
    const elsewhere = call(0, { answeredAt: 0, destinationNumber: 442071234567 });
    const free = { kind: 'priced', rateType: 'unanswered', charge: 0, tariff: null };
    expect(explained({ attemptFee: '0.002' }, elsewhere).outcome).toMatchObject(free);
    expect(explained({ attemptFee: '0.002', blocked: true }, unanswered).outcome).toMatchObject(free);
    expect(explained({ attemptFee: '0.002' }, unanswered, { billingStart: ANSWERED }).outcome).toMatchObject(
      free,
    );
  });
});

it('keeps what a row without special terms lacks, and nothing for a plain one', () => {
  const { outcome } = explained({ initialPerMinute: '0.12' }, call(31_000));
  expect(outcome).toMatchObject({ charge: 66_000 });
  expect(storedPriceOf(outcome).priceDetail).toBe('{"initial_rate_per_minute":"0.12"}');
  expect(storedPriceOf(explained({}, call(31_000)).outcome).priceDetail).toBe('');
});
