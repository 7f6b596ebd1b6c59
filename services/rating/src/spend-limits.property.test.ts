import type { CallTypeName, Catalog, SpendLimit } from '@tollstream/catalog';
import type { EventLog } from '@tollstream/event-log';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRatingProcessor } from './rating.ts';
import { BRAZIL, DOMESTIC, JAMAICA, limit, limitedCatalog, setOf } from './testing/limits.ts';
import { accept, openStage, outputs, rowsOf, TOPICS } from './testing/stage.ts';
import type { TestCall } from './testing/stage.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_115);
const HOUR = 3_600_000;

// Few ids, so that there are duplicates; three days around the change of a month and of the clock.
const START = Date.parse('2020-10-31T12:00:00Z');
const call: fc.Arbitrary<TestCall> = fc.record({
  id: fc.nat(40).map((n) => `call-${n}`),
  account: fc.constantFrom('acme', 'acme', 'mill', 'stranger'),
  to: fc.constantFrom<number | string>(DOMESTIC, BRAZIL, JAMAICA, '911', 18005550100),
  answeredAt: fc.option(
    fc.nat(72).map((hours) => START + hours * HOUR),
    { nil: null, freq: 8 },
  ),
  seconds: fc.nat(400),
});
const blocks = fc.array(fc.array(call, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 10 });

const spendLimit: fc.Arbitrary<SpendLimit> = fc
  .record({
    id: fc.constantFrom('a', 'b'),
    amount: fc.constantFrom(0, 0.5, 1, 3, 10),
    window: fc.constantFrom('hour' as const, 'day' as const, 'month' as const),
    thresholds: fc.constantFrom([100], [50, 100], [33, 80, 250]),
    callTypes: fc.constantFrom(
      null,
      null,
      new Set(['international' as const]),
      new Set(['long_distance' as const]),
    ),
    destinations: fc.constantFrom(
      [],
      [],
      [setOf('jamaica', { countries: new Set(['JM']) })],
      [setOf('far', { prefixes: ['55', '1876'] })],
    ),
  })
  .map(({ id, amount, ...part }) => limit(id, amount, part));
const limitsOf = fc.uniqueArray(spendLimit, { selector: ({ id }) => id, maxLength: 2 });
const versions = fc.array(fc.record({ ofPlan: limitsOf, ofAccount: limitsOf }), {
  minLength: 1,
  maxLength: 3,
});

/** For each block: how many versions on, whether the state is restored before it, whether the batch goes on with it. */
const course = fc.array(
  fc.record({ isNext: fc.boolean(), isRestored: fc.boolean(), isSameBatch: fc.boolean() }),
  {
    minLength: 10,
    maxLength: 10,
  },
);

async function run(
  input: readonly (readonly TestCall[])[],
  catalogs: readonly Catalog[],
  steps: readonly { isNext: boolean; isRestored: boolean; isSameBatch: boolean }[],
): Promise<EventLog> {
  const log = await openStage();
  await accept(log, input);
  const processor = createRatingProcessor({ catalog: catalogs[0]!, topics: TOPICS });
  let claim = await log.claim('rating', TOPICS.accepted, 0);
  let state = await processor.restore(claim, log);
  let version = 0;
  for await (const batch of log.read({ topic: TOPICS.accepted, partition: 0, from: 0 })) {
    for (let i = 0; i < batch.records.length;) {
      const { isNext, isRestored } = steps[i]!;
      if (isNext && version + 1 < catalogs.length) version += 1;
      processor.prepareCatalog(catalogs[version]!)();
      if (isRestored) {
        await claim.release();
        claim = await log.claim('rating', TOPICS.accepted, 0);
        state = await processor.restore(claim, log);
      }
      let end = i + 1;
      while (end < batch.records.length && steps[end]!.isSameBatch && !steps[end]!.isNext) end += 1;
      const records = batch.records.slice(i, end);
      const nextOffset = records.at(-1)!.offset + 1;
      const processed = processor.process(state, { ...batch, records, nextOffset });
      await claim.commit({ outputs: processed.outputs, metadata: processed.metadata, nextOffset });
      i = end;
    }
  }
  await claim.release();
  return log;
}

/** The alerts that the rated rows ask for: slowly, and with nothing of what is tested. */
function alertsOfRows(rows: readonly Record<string, unknown>[], catalogs: readonly Catalog[]): string[] {
  const clock = new Intl.DateTimeFormat('sv-SE', {
    timeZone: 'America/New_York',
    dateStyle: 'short',
    timeStyle: 'short',
  });
  const length = { hour: 13, day: 10, month: 7 };
  const sums = new Map<string, bigint>();
  const told = new Set<string>();
  const eras = new Map<string, { form: string; number: number }>();
  const alerts: string[] = [];
  for (const row of rows) {
    const charge = BigInt(row['charge'] as number);
    if (charge === 0n) continue;
    const account = catalogs
      .find(({ version }) => version === row['catalog_version'])!
      .accounts.get(String(row['account_id']))!;
    const limits = new Map((account.plan.spendLimits ?? []).map((each) => [each.id, each]));
    for (const own of account.spendLimits ?? []) limits.set(own.id, own);
    for (const id of ['a', 'b']) {
      const each = limits.get(id);
      const key = `${account.id} ${id}`;
      const form =
        each === undefined
          ? ''
          : JSON.stringify([
              each.window,
              [...(each.callTypes ?? ['all'])],
              each.destinations.map((set) => set.id),
            ]);
      const era = eras.get(key) ?? { form: '', number: 0 };
      if (era.form !== form) eras.set(key, { form, number: era.number + 1 });
      if (each === undefined) continue;
      const isOfType = each.callTypes?.has(row['call_type'] as CallTypeName) ?? false;
      const to = String(row['destination_number']);
      const isThere = each.destinations.some(
        ({ countries, prefixes }) =>
          countries.has(String(row['country'])) || prefixes.some((prefix) => to.startsWith(prefix)),
      );
      if (each.callTypes !== null || each.destinations.length > 0) if (!isOfType && !isThere) continue;
      const window = clock.format(row['started_at'] as number).slice(0, length[each.window]);
      const place = `${key} ${eras.get(key)!.number} ${window}`;
      const sum = (sums.get(place) ?? 0n) + charge;
      sums.set(place, sum);
      for (const percent of each.thresholds) {
        const isReached = sum * 100n >= BigInt(each.amount) * BigInt(percent);
        const alert = `${place} ${percent} ${each.amount}`;
        if (!isReached || told.has(alert)) continue;
        told.add(alert);
        const by = `${String(row['call_id'])} ${String(row['source_offset'])}`;
        alerts.push(`${key} ${percent} % of ${each.amount}: ${sum} with ${by}`);
      }
    }
  }
  return alerts.sort();
}

async function alertsOf(log: EventLog): Promise<string[]> {
  return (await rowsOf(log, TOPICS.alerts))
    .map((row) => {
      const cell = (name: string): string => String(row[name]);
      const key = `${cell('account_id')} ${cell('limit_id')} ${cell('threshold_percent')} %`;
      return `${key} of ${cell('limit_amount')}: ${cell('spent')} with ${cell('call_id')} ${cell('source_offset')}`;
    })
    .sort();
}

it(`alerts are those of the rated rows, wherever batches end and the state is restored (seed ${seed})`, async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(blocks, versions, course, async (input, limits, steps) => {
      const catalogs = limits.map((each, i) => limitedCatalog(each, { version: i + 1 }));
      const disturbed = await run(input, catalogs, steps);
      const calm = steps.map(({ isNext }) => ({ isNext, isRestored: false, isSameBatch: false }));
      const through = await run(input, catalogs, calm);
      for (const topic of [TOPICS.rated, TOPICS.alerts])
        expect((await outputs(disturbed, topic)).map(({ value }) => value)).toEqual(
          (await outputs(through, topic)).map(({ value }) => value),
        );
      const alerts = await alertsOf(disturbed);
      expect(alerts).toEqual(alertsOfRows(await rowsOf(disturbed, TOPICS.rated), catalogs));
      const ids = (await rowsOf(disturbed, TOPICS.alerts)).map((row) => row['alert_id']);
      expect(new Set(ids).size).toBe(ids.length);
      found += alerts.length;
    }),
    { numRuns: 200, seed },
  );
  expect(found).toBeGreaterThan(300);
}, 120_000);
