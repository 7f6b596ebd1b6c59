import type { Pool } from '@tollstream/catalog';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AccountAllowance } from './allowance.ts';
import { emptyCall } from './call.ts';
import { explainCall } from './explain.ts';
import { priceCall } from './price-call.ts';
import { compileRateTable } from './rate-table.ts';
import { poolUsesOf, recompute } from './stored-price.ts';
import { casesOf } from './testing/cases.ts';
import { byTariff, makeAccount, makeCatalog, makePlan, makePool, makeTariff } from './testing/catalog.ts';
import { oraclePooledPrice } from './testing/oracle.ts';
import { storedPriceOf } from './testing/stored.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_229);
const CASES = casesOf(10_000);
const MONTH = 202001;
const ANSWERED_AT = Date.parse('2020-01-15T15:00:00Z');
const OWN = [12125550100, 12125550101];

const pool = fc.record({
  unit: fc.constantFrom('seconds' as const, 'seconds' as const, 'calls' as const, 'money' as const),
  scope: fc.constantFrom('account' as const, 'number' as const, 'device' as const, 'devices' as const),
  size: fc.nat(200),
  deviceKind: fc.constantFrom('', 'phone'),
  devicesMin: fc.integer({ min: 1, max: 3 }),
  set: fc.constantFrom(null, ['long_distance'] as const, ['international'] as const),
});
type PoolTerms = typeof pool extends fc.Arbitrary<infer T> ? T : never;
const scenario = fc.record({
  pools: fc.array(pool, { maxLength: 4 }),
  perMinute: fc.constantFrom('0', '0.0213', '1.7'),
  connectFee: fc.constantFrom('0', '0.05'),
  increments: fc.constantFrom('60/60', '30/6', '1/1'),
  maximumCharge: fc.constantFrom(undefined, '0.5'),
  devices: fc.array(fc.constantFrom('phone', 'fax'), { maxLength: 4 }),
  calls: fc.array(
    fc.record({
      device: fc.nat(4),
      from: fc.constantFrom(...OWN, 19995550000),
      durationMs: fc.nat(240_000),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

/** In money last, as the catalog demands. */
function makePools(terms: readonly PoolTerms[]): Pool[] {
  const ordered = [
    ...terms.filter(({ unit }) => unit !== 'money'),
    ...terms.filter(({ unit }) => unit === 'money'),
  ];
  return ordered.map(({ unit, scope, size, deviceKind, devicesMin, set }, i) =>
    makePool(`pool-${i}`, 0, scope, {
      unit,
      perMonth: { seconds: size * 3, calls: size % 3, money: size * 5_000 }[unit],
      deviceKind: scope === 'device' || scope === 'devices' ? deviceKind : '',
      devicesMin: scope === 'devices' ? devicesMin : 1,
      destinations:
        set === null ? null : { id: 'set', callTypes: new Set(set), countries: new Set(), prefixes: [] },
    }),
  );
}

it(`takes from pools as the oracle does, call after call (${CASES} cases, seed ${seed})`, () => {
  fc.assert(
    fc.property(scenario, ({ pools: terms, devices: kinds, calls, maximumCharge, ...rate }) => {
      const pools = makePools(terms);
      const tariff = makeTariff('us', [
        { prefix: '1', ...rate, ...(maximumCharge === undefined ? {} : { maximumCharge }) },
      ]);
      const devices = kinds.map((kind, i) => ({ id: `device-${i}`, kind, extension: '' }));
      const plan = makePlan('plan', { long_distance: byTariff(tariff, ...pools) });
      const numbers = OWN.map((number) => ({ number, kind: 'did' as const, extension: '' }));
      const account = compileRateTable(
        makeCatalog([makeAccount('acme', plan, { devices, numbers, timeZone: 'UTC' })]),
      ).account('acme')!;
      const allowance = new AccountAllowance();
      const folded = new AccountAllowance();
      const used = new Map<string, bigint>();
      for (const { device: deviceIndex, from, durationMs } of calls) {
        const device = `device-${deviceIndex}`;
        const call = {
          ...emptyCall(),
          originNumber: from,
          destinationNumber: 14155550199,
          device,
          startedAt: ANSWERED_AT,
          answeredAt: ANSWERED_AT,
          endedAt: ANSWERED_AT + durationMs,
        };
        const asked = pools.flatMap((each) => {
          if (each.destinations?.callTypes?.has('long_distance') === false) return [];
          const ofKind = devices.filter(({ kind }) => each.deviceKind === '' || kind === each.deviceKind);
          const isOfKind = ofKind.some(({ id }) => id === device);
          if ((each.deviceKind !== '' || each.scope === 'devices') && !isOfKind) return [];
          if (each.scope === 'number' && !OWN.includes(from)) return [];
          if (each.scope === 'devices' && (ofKind.length < each.devicesMin || each.perMonth === 0)) return [];
          const size = each.perMonth * (each.scope === 'devices' ? ofKind.length : 1);
          const holder = { account: '', devices: '', device, number: String(from) }[each.scope];
          const key = `${each.id} ${holder}`;
          const left = BigInt(size) - (used.get(key) ?? 0n);
          return [{ pool: each, key, unit: each.unit, left }];
        });
        const expected = oraclePooledPrice(
          durationMs,
          { ...tariff.rates.at(0), chargeRounding: 'half_up' },
          asked,
        );
        const outcome = priceCall(call, account, allowance);
        if (outcome.kind !== 'priced') throw new Error(outcome.detail);
        expect([outcome.includedSeconds + outcome.chargedSeconds, outcome.charge]).toEqual([
          outcome.billableSeconds,
          Number(expected.charge),
        ]);
        expect([outcome.billableSeconds, outcome.includedSeconds].map(BigInt)).toEqual([
          expected.billableSeconds,
          expected.includedSeconds,
        ]);
        if (outcome.takes !== null) {
          expect(outcome.takes.map(({ pool: { id }, took }) => [id, BigInt(took)])).toEqual(
            asked.map(({ pool: { id } }, i) => [id, expected.took[i]]),
          );
        }
        asked.forEach(({ key }, i) => used.set(key, (used.get(key) ?? 0n) + expected.took[i]!));
        // The explanation works the amount out again, and throws when it comes to another one.
        expect(explainCall(call, account, allowance).outcome).toEqual(outcome);
        const stored = storedPriceOf(outcome);
        expect(recompute(stored)).toEqual({
          billableSeconds: Number(expected.billableSeconds),
          charge: expected.charge,
        });
        allowance.take(call, outcome);
        foldRow(folded, { device, stored, pool: outcome.pool?.id ?? '' });
      }
      expect([...folded.entries()]).toEqual([...allowance.entries()]);
    }),
    { numRuns: CASES, seed },
  );
}, 120_000);

/** As a restore does. */
function foldRow(
  allowance: AccountAllowance,
  { device, stored, pool: id }: { device: string; stored: ReturnType<typeof storedPriceOf>; pool: string },
): void {
  const uses = poolUsesOf(stored.priceDetail);
  if (uses === null) {
    if (stored.includedSeconds > 0) allowance.add(id, device, MONTH, stored.includedSeconds);
    return;
  }
  for (const use of uses) allowance.addUse(use, device, MONTH);
}
