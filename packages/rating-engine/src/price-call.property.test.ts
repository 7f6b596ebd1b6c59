import type { Rate } from '@tollstream/catalog';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AccountAllowance } from './allowance.ts';
import { emptyCall } from './call.ts';
import { explainCall } from './explain.ts';
import { priceCall } from './price-call.ts';
import { compileRateTable } from './rate-table.ts';
import { recompute } from './stored-price.ts';
import { casesOf } from './testing/cases.ts';
import { byTariff, makeAccount, makeCatalog, makePlan, makePool, makeTariff } from './testing/catalog.ts';
import type { RateText } from './testing/catalog.ts';
import { oraclePrice } from './testing/oracle.ts';
import { storedPriceOf } from './testing/stored.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_131);
const CASES = casesOf(10_000);

// Brazilian numbers under a deck of nested, effective-dated prefixes: several rows may match, at most one wins.
const DESTINATIONS = [5511987650123, 5511387650123, 5521987650123, 556137650123];
const PREFIXES = ['5', '55', '551', '5511', '55119', '5511987', '552', '556'];
const T0 = Date.parse('2020-01-31T00:00:00Z');
const DAY = 86_400_000;
const instant = fc
  .integer({ min: -3, max: 3 })
  .chain((day) => fc.constantFrom(-1, 0, 1, 40_000_000).map((ms) => T0 + day * DAY + ms));
const decimal = fc.integer({ min: 0, max: 3_000_000 }).map((n) => (n / 1e6).toFixed(6));
type RowTerms = Omit<RateText, 'prefix'> & { special: Omit<RateText, 'prefix'> | null };
const row: fc.Arbitrary<RowTerms> = fc.record({
  perMinute: decimal,
  initialPerMinute: decimal,
  connectFee: fc.constantFrom('0', '0.05', '0.000001'),
  increments: fc.constantFrom('60/60', '60/1', '30/6', '6/6', '1/1'),
  special: fc.option(
    fc.record({
      minimumCharge: fc.constantFrom('0', '0.01', '0.5'),
      maximumCharge: fc.constantFrom('0.5', '2', '1000000'),
      freeSeconds: fc.constantFrom(0, 10, 30),
    }),
    { nil: null },
  ),
});
/** As files have it: the special terms beside the others. */
function flattened({ special, ...terms }: RowTerms): Omit<RateText, 'prefix'> {
  return { ...terms, ...special };
}
const deck = fc
  .uniqueArray(fc.constantFrom(...PREFIXES), { minLength: 1 })
  .chain((prefixes) =>
    fc.tuple(
      ...prefixes.map((prefix) =>
        fc
          .record({
            terms: row,
            borderDay: fc.integer({ min: -2, max: 2 }),
            later: fc.option(row, { nil: null }),
          })
          .map(({ terms, borderDay, later }) => {
            const border = T0 + borderDay * DAY;
            return later === null
              ? [{ prefix, ...flattened(terms), effectiveFrom: border }]
              : [
                  { prefix, ...flattened(terms), effectiveTo: border },
                  { prefix, ...flattened(later), effectiveFrom: border },
                ];
          }),
      ),
    ),
  )
  .map((rows) => rows.flat());

const cases = fc.record({
  deck,
  durationRounding: fc.constantFrom('up' as const, 'nearest' as const),
  billsZeroLength: fc.boolean(),
  chargeRounding: fc.constantFrom('half_up' as const, 'up' as const, 'down' as const, 'half_even' as const),
  pool: fc.option(
    fc.record({ minutes: fc.integer({ min: 0, max: 5 }), usedSeconds: fc.integer({ min: 0, max: 400 }) }),
    {
      nil: null,
    },
  ),
  destinationNumber: fc.constantFrom(...DESTINATIONS),
  answeredAt: instant,
  durationMs: fc.oneof(
    fc.integer({ min: 0, max: 600_000 }),
    fc
      .integer({ min: 0, max: 10 })
      .chain((n) => fc.constantFrom(-1, 0, 1).map((ms) => Math.max(0, n * 30_000 + ms))),
  ),
});

function rateByLooking(rates: readonly Rate[], number: number, at: number): Rate | undefined {
  return rates
    .filter(({ prefix }) => String(number).startsWith(prefix))
    .filter(({ effectiveFrom, effectiveTo }) => effectiveFrom <= at && at < effectiveTo)
    .sort((a, b) => b.prefix.length - a.prefix.length)[0];
}

it(`prices and explains as the oracle does (${CASES} cases, seed ${seed})`, () => {
  fc.assert(
    fc.property(cases, ({ deck: rows, durationRounding, chargeRounding, billsZeroLength, pool, ...leg }) => {
      const tariff = makeTariff('world', rows, { durationRounding, chargeRounding });
      const minutes = pool === null ? null : makePool('minutes', pool.minutes);
      const plan = makePlan('standard', { international: byTariff(tariff, minutes) }, { billsZeroLength });
      const account = compileRateTable(makeCatalog([makeAccount('acme', plan, { timeZone: 'UTC' })])).account(
        'acme',
      )!;
      const allowance = new AccountAllowance();
      const month = Number(new Date(leg.answeredAt).toISOString().slice(0, 7).replace('-', ''));
      if (pool !== null) allowance.add('minutes', '', month, pool.usedSeconds);
      const call = {
        ...emptyCall(),
        originNumber: 12125550100,
        destinationNumber: leg.destinationNumber,
        startedAt: leg.answeredAt - 1000,
        answeredAt: leg.answeredAt,
        endedAt: leg.answeredAt + leg.durationMs,
      };
      const outcome = priceCall(call, account, allowance);
      const rate = rateByLooking([...tariff.rates], leg.destinationNumber, leg.answeredAt);
      if (rate === undefined) {
        expect(outcome).toMatchObject({ kind: 'unpriceable', code: 'rate_missing' });
        return;
      }
      const left = pool === null ? 0 : pool.minutes * 60 - pool.usedSeconds;
      const expected = oraclePrice(
        leg.durationMs,
        { ...rate, durationRounding, chargeRounding, billsZeroLength },
        left,
      );
      expect(outcome).toMatchObject({
        kind: 'priced',
        rate,
        billingMonth: month,
        billableSeconds: Number(expected.billableSeconds),
        includedSeconds: Number(expected.includedSeconds),
        chargedSeconds: Number(expected.chargedSeconds),
        charge: Number(expected.charge),
      });
      // Throws when its own arithmetic gives another amount.
      expect(explainCall(call, account, allowance).outcome).toEqual(outcome);
      expect(recompute(storedPriceOf(outcome))).toEqual({
        billableSeconds: Number(expected.billableSeconds),
        charge: expected.charge,
      });
    }),
    { numRuns: CASES, seed },
  );
}, 60_000);
