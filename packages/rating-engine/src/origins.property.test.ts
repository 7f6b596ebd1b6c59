import type { Rate } from '@tollstream/catalog';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UNUSED_ALLOWANCE } from './allowance.ts';
import { emptyCall } from './call.ts';
import { explainCall } from './explain.ts';
import { priceCall } from './price-call.ts';
import { compileRateTable } from './rate-table.ts';
import { recompute } from './stored-price.ts';
import { casesOf } from './testing/cases.ts';
import { byTariff, makeAccount, makeCatalog, makePlan, makeTariff } from './testing/catalog.ts';
import { oraclePrice } from './testing/oracle.ts';
import { storedPriceOf } from './testing/stored.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_225);
const CASES = casesOf(10_000);
const BORDER = Date.parse('2020-01-31T00:00:00Z');

/** Where each caller and each number called stands, by the public list of area codes; '' = in no state. */
const CALLERS = [
  [12125550100, 'NY'],
  [15185550101, 'NY'],
  [14155550102, 'CA'],
  [17875550103, 'PR'],
  [18005550104, ''],
  [0, ''],
] as const;
const CALLED = [
  [12125550199, 'NY'],
  [14155550199, 'CA'],
  [12135550199, 'CA'],
  [17876550199, 'PR'],
] as const;

const decimal = fc.integer({ min: 0, max: 3_000_000 }).map((n) => (n / 1e6).toFixed(6));
const maybe = fc.option(decimal, { nil: undefined });
const row = fc.record({
  prefix: fc.constantFrom('1', '12', '1212', '14', '1415', '17'),
  origin: fc.constantFrom('', '', '1', '1212', '1518', '14', '1787', 'unknown'),
  isLater: fc.boolean(),
  perMinute: decimal,
  connectFee: fc.constantFrom('0', '0.05'),
  increments: fc.constantFrom('60/60', '60/1', '30/6', '6/6', '1/1'),
  blocked: fc.constantFrom(false, false, false, true),
  rates: fc.option(fc.record({ interstate: maybe, intrastate: maybe, indeterminate: maybe }), { nil: null }),
});
/** Of each prefix and origin one row before the border and one from it on, at most. */
const deck = fc
  .uniqueArray(row, {
    minLength: 1,
    maxLength: 20,
    selector: ({ prefix, origin, isLater }) => `${prefix} ${origin} ${isLater}`,
  })
  .map((rows) =>
    rows.map(({ origin, isLater, rates, ...terms }) => ({
      ...terms,
      ...(origin === '' ? {} : { origin: [origin] }),
      ...(isLater ? { effectiveFrom: BORDER } : { effectiveTo: BORDER }),
      ...(rates === null
        ? {}
        : {
            byJurisdiction: Object.fromEntries(
              Object.entries(rates).filter(([, rate]) => rate !== undefined),
            ),
          }),
    })),
  );

function chosen(rates: readonly Rate[], called: number, caller: number, atMs: number): Rate | undefined {
  const isFor = (origin: string): boolean =>
    origin === '' || (origin === 'unknown' ? caller === 0 : caller > 0 && String(caller).startsWith(origin));
  const originOf = ({ special }: Rate): string => special?.origin?.text ?? '';
  return rates
    .filter(({ prefix }) => String(called).startsWith(prefix))
    .filter(({ effectiveFrom, effectiveTo }) => effectiveFrom <= atMs && atMs < effectiveTo)
    .filter((rate) => isFor(originOf(rate)))
    .sort((a, b) => b.prefix.length - a.prefix.length || originOf(b).length - originOf(a).length)[0];
}

it(`prices by caller and by jurisdiction as the oracle does (${CASES} cases, seed ${seed})`, () => {
  let byCaller = 0;
  let byJurisdiction = 0;
  fc.assert(
    fc.property(
      deck,
      fc.constantFrom(...CALLERS),
      fc.constantFrom(...CALLED),
      fc.constantFrom(BORDER - 1, BORDER),
      fc.integer({ min: 0, max: 400_000 }),
      (rows, [caller, fromState], [called, toState], answeredAt, durationMs) => {
        const tariff = makeTariff('domestic', rows);
        const rules = { long_distance: byTariff(tariff), local: byTariff(tariff) };
        const account = compileRateTable(
          makeCatalog([makeAccount('acme', makePlan('standard', rules))]),
        ).account('acme')!;
        const call = {
          ...emptyCall(),
          originNumber: caller,
          originText: caller === 0 ? 'anonymous' : '',
          destinationNumber: called,
          startedAt: answeredAt - 1000,
          answeredAt,
          endedAt: answeredAt + durationMs,
        };
        const outcome = priceCall(call, account, UNUSED_ALLOWANCE);
        const rate = chosen([...tariff.rates], called, caller, answeredAt);
        const explained = explainCall(call, account, UNUSED_ALLOWANCE);
        expect(explained.outcome).toEqual(outcome);
        if (rate === undefined || rate.blocked) {
          const code = rate === undefined ? 'rate_missing' : 'destination_blocked';
          expect(outcome).toMatchObject({ kind: 'unpriceable', code });
          return;
        }
        const jurisdiction =
          fromState === '' ? 'indeterminate' : fromState === toState ? 'intrastate' : 'interstate';
        const own = rate.special?.jurisdictionRates ?? null;
        const perMinute = own === null ? rate.ratePerMinute : own[jurisdiction]!;
        if (rate.special?.origin) byCaller += 1;
        if (perMinute !== rate.ratePerMinute) byJurisdiction += 1;
        const terms = { ...rate, ratePerMinute: perMinute, initialRatePerMinute: perMinute };
        const expected = oraclePrice(durationMs, { ...terms, chargeRounding: 'half_up' }, 0);
        expect(outcome).toMatchObject({
          kind: 'priced',
          jurisdiction,
          prefix: Number(rate.prefix),
          rate: { index: rate.index, ratePerMinute: perMinute, initialRatePerMinute: perMinute },
          billableSeconds: Number(expected.billableSeconds),
          charge: Number(expected.charge),
        });
        expect(recompute(storedPriceOf(outcome))).toEqual({
          billableSeconds: Number(expected.billableSeconds),
          charge: expected.charge,
        });
      },
    ),
    { numRuns: CASES, seed },
  );
  expect(byCaller).toBeGreaterThan(CASES / 20);
  expect(byJurisdiction).toBeGreaterThan(CASES / 20);
}, 120_000);
