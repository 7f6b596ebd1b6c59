import { parseTotals } from '@tollstream/contracts';
import { byTariff, makeAccount, makeCatalog, makePlan, makeTariff } from '@tollstream/rating-engine/testing';
import { describe, expect, it } from 'vitest';
import { createRatingProcessor } from './rating.ts';
import { testCatalog } from './testing/catalog.ts';
import { accept, askAgain, openStage, outputs, rate, rowsOf, TOPICS } from './testing/stage.ts';

const before = createRatingProcessor({ catalog: testCatalog(), topics: TOPICS });
const uk = makePlan('standard', {
  international: byTariff(makeTariff('world', [{ prefix: '44', perMinute: '0.05' }])),
});
const after = createRatingProcessor({
  catalog: makeCatalog([makeAccount('acme', uk)], { version: 8 }),
  topics: TOPICS,
});

const LONDON = { id: 'london', to: 442071234567, offset: 0 };
const STRANGER = { id: 'stranger', account: 'nobody', offset: 1 };

async function suspendedStage(): ReturnType<typeof openStage> {
  const log = await openStage();
  await accept(log, [[LONDON, STRANGER]]);
  await rate(log, before);
  return log;
}

const totalsOf = async (
  log: Awaited<ReturnType<typeof openStage>>,
): Promise<ReturnType<typeof parseTotals>> =>
  parseTotals((await log.committed('rating', TOPICS.accepted, 0))!.metadata);

describe('suspended calls that are asked for again', () => {
  it('are rated under the catalog in force, as the call that came first, or kept with the reason', async () => {
    const log = await suspendedStage();
    await askAgain(log, [LONDON, STRANGER]);
    await rate(log, after);
    expect(await rowsOf(log, TOPICS.rated)).toMatchObject([
      { call_id: 'london', source_offset: 0, charge: 50_000, catalog_version: 8, revision: 0 },
    ]);
    expect(await rowsOf(log, TOPICS.resolved)).toMatchObject([
      { call_id: 'london', source_offset: 0, outcome: 'rated', code: '', run: 'run-1', reason: 'mended' },
      { call_id: 'stranger', source_offset: 1, outcome: 'kept', code: 'account_unknown', catalog_version: 8 },
    ]);
    expect(await rowsOf(log, TOPICS.suspended)).toHaveLength(2);
    expect(await totalsOf(log)).toMatchObject({
      seen: 2,
      suspended: 2,
      replayed: 2,
      rated: 1,
      kept: 1,
      discarded: 0,
      charge: { USD: '50000' },
    });
  });

  it('say in their header that they come after later calls', async () => {
    const log = await suspendedStage();
    await askAgain(log, [LONDON]);
    await rate(log, after);
    const headers = [...(await outputs(log, TOPICS.rated)), ...(await outputs(log, TOPICS.resolved))].map(
      ({ header }) => header,
    );
    expect(headers.map(({ isReplay, blockId }) => [isReplay, blockId])).toEqual([
      [true, 'calls.accepted/0/2/0'],
      [true, 'calls.accepted/0/2/2'],
    ]);
    expect((await outputs(log, TOPICS.suspended))[0]!.header.isReplay).toBe(false);
  });

  it('are given up with who said so and why', async () => {
    const log = await suspendedStage();
    await askAgain(log, [STRANGER], { action: 'discard' });
    await rate(log, after);
    expect(await rowsOf(log, TOPICS.rated)).toEqual([]);
    expect(await rowsOf(log, TOPICS.resolved)).toMatchObject([
      { call_id: 'stranger', outcome: 'discarded', requested_by: 'rates', reason: 'mended' },
    ]);
    expect(await totalsOf(log)).toMatchObject({ replayed: 1, discarded: 1 });
  });

  it('are kept while another catalog is in force than was asked for', async () => {
    const log = await suspendedStage();
    await askAgain(log, [LONDON], { catalogVersion: 9 });
    await rate(log, after);
    expect(await rowsOf(log, TOPICS.resolved)).toMatchObject([
      { outcome: 'kept', code: 'catalog_not_in_force', detail: 'Catalog 9 was asked for, 8 is in force.' },
    ]);
  });

  it('leave a copy of the call a duplicate, also after a restart', async () => {
    const log = await suspendedStage();
    await askAgain(log, [LONDON]);
    await rate(log, after);
    await accept(log, [[LONDON]]);
    await rate(log, after);
    expect(await rowsOf(log, TOPICS.rated)).toHaveLength(1);
    expect(await totalsOf(log)).toMatchObject({ seen: 3, duplicate: 1 });
  });

  it('take from the allowance, and a restart knows', async () => {
    const log = await openStage();
    await accept(log, [[{ id: 'early', account: 'nobody', seconds: 120, device: 'desk' }]]);
    await rate(log, before);
    await askAgain(log, [{ id: 'early', account: 'acme', seconds: 120, device: 'desk', offset: 0 }]);
    await rate(log, before);
    const state = await before.restore(await log.claim('rating', TOPICS.accepted, 0), log);
    expect([...state.allowances.entries()]).toMatchObject([{ account: 'acme', amount: 120 }]);
  });
});
