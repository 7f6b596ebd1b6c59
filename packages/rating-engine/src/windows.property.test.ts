import type { PriceList, TimeWindow, TimeWindows } from '@tollstream/catalog';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UNUSED_ALLOWANCE, AccountAllowance } from './allowance.ts';
import { emptyCall } from './call.ts';
import { callParts } from './charged-parts.ts';
import { explainCall } from './explain.ts';
import { priceCall } from './price-call.ts';
import { compileRateTable } from './rate-table.ts';
import { recompute } from './stored-price.ts';
import { casesOf } from './testing/cases.ts';
import { byTariff, makeAccount, makeCatalog, makePlan, makePool, makeTariff } from './testing/catalog.ts';
import { oracleWindow } from './testing/oracle-clock.ts';
import { oraclePrice } from './testing/oracle.ts';
import type { OraclePrice } from './testing/oracle.ts';
import { storedPriceOf } from './testing/stored.ts';
import { windowCalendar } from './window-calendar.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_308);
const CASES = casesOf(10_000);

// Both changes of the clock in New York, São Paulo's change at midnight, Lord Howe's half hour, a new year, and an ordinary day.
const MOMENTS: readonly (readonly [zone: string, instant: string])[] = [
  ['America/New_York', '2020-03-08T07:00:00Z'],
  ['America/New_York', '2020-11-01T06:00:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z'],
  ['Australia/Lord_Howe', '2020-04-04T15:00:00Z'],
  ['Asia/Kolkata', '2019-12-31T18:30:00Z'],
  ['UTC', '2020-01-01T00:00:00Z'],
  ['America/New_York', '2020-01-15T02:00:00Z'],
];
const DAY = 86_400_000;
const day = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY;

const window: fc.Arbitrary<Omit<TimeWindow, 'id'>> = fc
  .record({
    fromMinute: fc.constantFrom(0, 60, 120, 150, 420, 1260, 1380),
    toMinute: fc.constantFrom(30, 60, 90, 180, 420, 1260, 1440),
    days: fc.subarray([0, 1, 2, 3, 4, 5, 6]),
    dates: fc.subarray([day('2020-01-01'), day('2020-03-08'), day('2018-11-03')]),
    everyDay: fc.boolean(),
  })
  .filter(({ fromMinute, toMinute }) => fromMinute !== toMinute)
  .map(({ days, dates, ...rest }) => ({ ...rest, days: new Set(days), dates: new Set(dates) }));
const windowsAt = fc
  .tuple(fc.constantFrom(...MOMENTS), fc.array(window, { minLength: 1, maxLength: 3 }))
  .map(([[timeZone, instant], list]) => ({
    around: Date.parse(instant),
    windows: { timeZone, windows: list.map((each, i) => ({ id: `w${i}`, ...each })) } as TimeWindows,
  }));
const aroundIt = fc.oneof(
  fc.integer({ min: -2 * DAY, max: 2 * DAY }),
  fc
    .integer({ min: -8, max: 8 })
    .chain((half) => fc.constantFrom(-1, 0, 1).map((ms) => half * 1_800_000 + ms)),
);

const rate = fc.integer({ min: 0, max: 100 }).map((cents) => cents * 1_000_000);
const list: fc.Arbitrary<PriceList> = fc
  .record({
    initialRatePerMinute: rate,
    rates: fc.array(rate, { minLength: 1, maxLength: 3 }),
    borders: fc.uniqueArray(fc.constantFrom(30, 60, 61, 90, 600, 1000), { maxLength: 2 }),
  })
  .map(({ initialRatePerMinute, rates, borders }) => ({
    initialRatePerMinute,
    tiers: rates
      .slice(0, borders.length + 1)
      .map((ratePerMinute, i) => ({ fromSeconds: [0, ...borders.sort((a, b) => a - b)][i]!, ratePerMinute })),
  }));

const cases = fc.record({
  at: windowsAt,
  shiftMs: aroundIt,
  base: fc.option(list, { nil: null, freq: 9 }),
  own: fc.array(fc.option(list, { nil: null }), { minLength: 3, maxLength: 3 }),
  durationMs: fc.integer({ min: 0, max: 2_700_000 }),
  increments: fc.constantFrom('60/60', '60/30', '30/6', '180/60', '60/7'),
  durationRounding: fc.constantFrom('up' as const, 'nearest' as const),
  freeSeconds: fc.constantFrom(0, 0, 10),
  connectFee: fc.constantFrom('0', '0.05'),
  minimumCharge: fc.constantFrom('0', '0.1'),
  poolMinutes: fc.constantFrom(0, 0, 1, 20),
});

it(`finds the window that the clock on the wall says (${CASES / 2} cases, seed ${seed})`, () => {
  fc.assert(
    fc.property(windowsAt, aroundIt, ({ around, windows }, shiftMs) => {
      const at = around + shiftMs;
      const stretch = windowCalendar(windows).at(at, { window: -1, untilMs: 0 });
      expect(stretch.window).toBe(oracleWindow(windows, at));
      expect(stretch.untilMs).toBeGreaterThan(at);
      expect(oracleWindow(windows, stretch.untilMs - 1)).toBe(stretch.window);
    }),
    { numRuns: CASES / 2, seed },
  );
});

it(`prices tiers and windows as the oracle does (${CASES} cases, seed ${seed})`, () => {
  let gaps = 0;
  let crossings = 0;
  fc.assert(
    fc.property(cases, ({ at, shiftMs, base, own, durationMs, poolMinutes, ...terms }) => {
      const answeredAt = at.around + shiftMs;
      const lists = { base, byWindow: at.windows.windows.map((_, i) => own[i] ?? null) };
      const tariff = makeTariff('world', [{ prefix: '55', ...terms, priceLists: lists }], {
        windows: at.windows,
      });
      const pool = poolMinutes === 0 ? null : makePool('minutes', poolMinutes);
      const plan = makePlan('standard', { international: byTariff(tariff, pool) });
      const table = compileRateTable(makeCatalog([makeAccount('acme', plan)]));
      const call = {
        ...emptyCall(),
        originNumber: 12125550100,
        destinationNumber: 5511987650123,
        startedAt: answeredAt,
        answeredAt,
        endedAt: answeredAt + durationMs,
      };
      const { outcome } = explainCall(call, table.account('acme')!, new AccountAllowance());
      let expected: OraclePrice;
      try {
        const windowAfter = (seconds: number): number =>
          oracleWindow(at.windows, answeredAt + seconds * 1000);
        const row = { ...tariff.rates.at(0), chargeRounding: 'half_up' } as const;
        expected = oraclePrice(durationMs, row, poolMinutes * 60, windowAfter);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        gaps += 1;
        expect(outcome).toMatchObject({ kind: 'unpriceable', code: 'rate_missing' });
        return;
      }
      expect(outcome).toMatchObject({
        billableSeconds: Number(expected.billableSeconds),
        includedSeconds: Number(expected.includedSeconds),
        charge: Number(expected.charge),
      });
      if (outcome.kind === 'priced' && outcome.parts!.length > 1) crossings += 1;
      expect(recompute(storedPriceOf(outcome))).toEqual({
        billableSeconds: Number(expected.billableSeconds),
        charge: expected.charge,
      });
    }),
    { numRuns: CASES, seed },
  );
  expect(gaps).toBeGreaterThan(CASES / 200);
  expect(crossings).toBeGreaterThan(CASES / 10);
}, 60_000);

const ONE_TIER: readonly [PriceList, PriceList] = [
  { initialRatePerMinute: 6_000_000, tiers: [{ fromSeconds: 0, ratePerMinute: 6_000_000 }] },
  { initialRatePerMinute: 3_000_000, tiers: [{ fromSeconds: 0, ratePerMinute: 3_000_000 }] },
];
const NIGHT: TimeWindow = {
  id: 'night',
  everyDay: true,
  days: new Set(),
  dates: new Set(),
  fromMinute: 1260,
  toMinute: 420,
};

it(`charges a call across windows the sum of its segments (${CASES} cases, seed ${seed})`, () => {
  const windows = { timeZone: 'America/New_York', windows: [NIGHT] };
  const compiled = { ...windows, calendar: windowCalendar(windows) };
  const border = Date.parse('2020-01-15T02:00:00Z'); // 21:00 in New York
  const lists = { base: ONE_TIER[0], byWindow: [ONE_TIER[1]] };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 900 }), (before, after) => {
      const priced = (startMs: number, seconds: number): number => {
        const interval = { lists, windows: compiled, initialSeconds: 6, stepSeconds: 6, startMs };
        const parts = callParts({ ...interval, billableSeconds: seconds });
        if ('gapMs' in parts) throw new Error('no rate');
        return parts.reduce((sum, part) => sum + part.seconds * part.ratePerMinute, 0);
      };
      const start = border - before * 6_000;
      expect(priced(start, (before + after) * 6)).toBe(priced(start, before * 6) + priced(border, after * 6));
    }),
    { numRuns: CASES, seed },
  );
});

it(`never charges a longer call less, whatever the tiers and windows (${CASES / 2} cases, seed ${seed})`, () => {
  const windows = { timeZone: 'America/New_York', windows: [NIGHT] };
  fc.assert(
    fc.property(
      list,
      list,
      fc.nat(5_400_000),
      fc.nat(600_000),
      aroundIt,
      (base, own, short, more, shiftMs) => {
        const row = { prefix: '55', increments: '30/6', priceLists: { base, byWindow: [own] } };
        const tariff = makeTariff('world', [row], { windows });
        const plan = makePlan('standard', { international: byTariff(tariff) });
        const account = compileRateTable(makeCatalog([makeAccount('acme', plan)])).account('acme')!;
        const answeredAt = Date.parse('2020-01-15T02:00:00Z') + (shiftMs % 7_200_000);
        const charge = (ms: number): number => {
          const call = {
            ...emptyCall(),
            destinationNumber: 5511987650123,
            answeredAt,
            endedAt: answeredAt + ms,
          };
          const outcome = priceCall(call, account, UNUSED_ALLOWANCE);
          return outcome.kind === 'priced' ? outcome.charge : -1;
        };
        expect(charge(short + more)).toBeGreaterThanOrEqual(charge(short));
      },
    ),
    { numRuns: CASES / 2, seed },
  );
});
