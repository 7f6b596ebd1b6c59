import { CALL_COLUMNS, decodeBlock, encodeBlock, parseTotals, readNativeBlock } from '@tollstream/contracts';
import { byTariff, makeAccount, makeCatalog, makePlan, makeTariff } from '@tollstream/rating-engine/testing';
import { describe, expect, it } from 'vitest';
import { createRatingProcessor } from './rating.ts';
import type { RatingProcessorOptions } from './rating.ts';
import { DEFAULT_PLAN, testCatalog } from './testing/catalog.ts';
import { accept, acceptedBlock, openStage, outputs, rate, rowsOf, TOPICS } from './testing/stage.ts';

const processorOf = (part: Partial<RatingProcessorOptions> = {}): ReturnType<typeof createRatingProcessor> =>
  createRatingProcessor({ catalog: testCatalog(), topics: TOPICS, ...part });

describe('rated rows', () => {
  it('carry the call as it came and what proves its price', async () => {
    const log = await openStage();
    await accept(log, [[{ id: 'a', to: 5511987650123, seconds: 31, device: 'desk' }]]);
    await rate(log, processorOf());
    const [row] = await rowsOf(log, TOPICS.rated);
    expect(row).toMatchObject({
      call_id: 'a',
      account_id: 'acme',
      device: 'desk',
      destination_number: 5511987650123,
      billing_month: 202001,
      catalog_version: 7,
      plan: 'standard',
      plan_is_default: 0,
      call_type: 'international',
      rate_type: 'metered',
      country: 'BR',
      tariff: 'brazil',
      prefix: 55,
      duration_ms: 31_000,
      initial_seconds: 30,
      step_seconds: 6,
      duration_rounding: 'up',
      charge_rounding: 'half_up',
      billable_seconds: 36,
      included_seconds: 0,
      charged_seconds: 36,
      pool: '',
      rate_per_minute: 600_000,
      connect_fee: 0,
      charge: 3_600,
      currency: 'USD',
      revision: 0,
      price_detail: '',
      jurisdiction: 'international',
    });
  });

  it('are priced by routing number, and keep the terms that few prices have', async () => {
    const rates = [
      { prefix: '1', perMinute: '0.02' },
      { prefix: '1303', perMinute: '0.06', minimumCharge: '0.5' },
    ];
    const tariff = makeTariff('ported', rates, { byRoutingNumber: true });
    const plan = makePlan('standard', { long_distance: byTariff(tariff) });
    const log = await openStage();
    const to = 14155550123;
    await accept(log, [
      [
        { id: 'a', to, routingNumber: '3035550000' },
        { id: 'b', to },
      ],
    ]);
    await rate(log, processorOf({ catalog: makeCatalog([makeAccount('acme', plan)]) }));
    expect(await rowsOf(log, TOPICS.rated)).toMatchObject([
      { destination_number: to, prefix: 1303, charge: 500_000, price_detail: '{"minimum_charge":"0.5"}' },
      { destination_number: to, prefix: 1, charge: 20_000, price_detail: '' },
    ]);
  });

  it('pass the columns of the call through byte for byte', async () => {
    const log = await openStage();
    await accept(log, [[{ id: 'a' }, { id: 'b', device: 'fax' }, { id: 'c', to: '911' }]]);
    await rate(log, processorOf());
    const accepted = readNativeBlock(
      decodeBlock(acceptedBlock([{ id: 'a' }, { id: 'b', device: 'fax' }, { id: 'c', to: '911' }])).native,
    );
    const [rated] = await outputs(log, TOPICS.rated);
    const usage = readNativeBlock(decodeBlock(rated!.value).native);
    for (const [name] of CALL_COLUMNS) expect(usage.copyColumn(name)).toEqual(accepted.copyColumn(name));
    expect(rated!.rows.map(({ call_type }) => call_type)).toEqual([
      'long_distance',
      'long_distance',
      'emergency',
    ]);
  });

  it('stand on the partition of their calls, under an id made from the input', async () => {
    const log = await openStage();
    await accept(log, [[{ id: 'a' }, { id: 'b', to: 442071234567 }], [{ id: 'c' }]], 1);
    await rate(log, processorOf(), { partition: 1 });
    const rated = await outputs(log, TOPICS.rated, 1);
    expect(
      rated.map(({ header }) => [header.blockId, header.firstOffset, header.nextOffset, header.recordCount]),
    ).toEqual([
      ['calls.accepted/1/0/0', 0, 1, 1],
      ['calls.accepted/1/1/0', 1, 2, 1],
    ]);
    const [suspended] = await outputs(log, TOPICS.suspended, 1);
    expect(suspended!.header).toMatchObject({
      schema: 'suspended',
      blockId: 'calls.accepted/1/0/1',
      catalogVersion: 7,
    });
    expect(await rowsOf(log, TOPICS.rated, 0)).toEqual([]);
  });
});

describe('each call has one outcome', () => {
  it('tells duplicates within a block, a batch and across batches, also of suspended calls', async () => {
    const log = await openStage();
    await accept(log, [
      [{ id: 'a' }, { id: 'a' }, { id: 'x', to: 442071234567 }],
      [{ id: 'a' }, { id: 'b' }, { id: 'x', to: 442071234567 }],
    ]);
    await rate(log, processorOf(), { blocksPerBatch: 2 });
    await accept(log, [[{ id: 'b' }, { id: 'c' }, { id: 'x', to: 442071234567 }], [{ id: 'c' }]]);
    await rate(log, processorOf(), { blocksPerBatch: 1 });
    expect((await rowsOf(log, TOPICS.rated)).map(({ call_id }) => call_id)).toEqual(['a', 'b', 'c']);
    expect((await rowsOf(log, TOPICS.suspended)).map(({ call_id }) => call_id)).toEqual(['x']);
    const totals = parseTotals((await log.committed('rating', TOPICS.accepted, 0))!.metadata);
    expect(totals).toEqual({
      seen: 10,
      accepted: 0,
      rejected: 0,
      rated: 3,
      suspended: 1,
      duplicate: 6,
      replayed: 0,
      discarded: 0,
      kept: 0,
      assembled: 0,
      alerts: 0,
      charge: { USD: '0' },
    });
  });

  it('keeps running totals in each block', async () => {
    const log = await openStage();
    const paid = { to: 5511987650123, seconds: 60 };
    await accept(log, [
      [
        { id: 'a', ...paid },
        { id: 'a', ...paid },
      ],
      [{ id: 'b', ...paid }],
    ]);
    await rate(log, processorOf());
    const totals = (await outputs(log, TOPICS.rated)).map(({ header }) => header.totals);
    expect(totals).toMatchObject([
      { seen: 2, rated: 1, duplicate: 1, charge: { USD: '6000' } },
      { seen: 3, rated: 2, duplicate: 1, charge: { USD: '12000' } },
    ]);
  });

  it('suspends what has no price, with the reason and the whole call', async () => {
    const log = await openStage();
    await accept(log, [
      [
        { id: 'a', account: 'stranger' },
        { id: 'b', to: 442071234567 },
        { id: 'c', to: 19005550123 },
        { id: 'd', account: '' },
        { id: 'e', to: 'no number' },
        { id: 'f' },
      ],
    ]);
    await rate(log, processorOf());
    expect((await rowsOf(log, TOPICS.suspended)).map(({ call_id, code }) => [call_id, code])).toEqual([
      ['a', 'account_unknown'],
      ['b', 'rate_missing'],
      ['c', 'destination_blocked'],
      ['d', 'account_unknown'],
      ['e', 'number_invalid'],
    ]);
    expect((await rowsOf(log, TOPICS.suspended))[0]).toMatchObject({
      account_id: 'stranger',
      detail: "The catalog knows no account 'stranger', and no default plan was named.",
      destination_number: 14155550199,
      catalog_version: 7,
    });
    expect((await rowsOf(log, TOPICS.rated)).map(({ call_id }) => call_id)).toEqual(['f']);
  });

  it('takes the parts of one call for records of their own, and suspends them', async () => {
    const log = await openStage();
    await accept(log, [[1, 2, 2].map((partialSequence) => ({ id: 'long', partialSequence }))]);
    await rate(log, processorOf());
    await accept(log, [[{ id: 'long', partialSequence: 1 }]]);
    await rate(log, processorOf());
    expect(
      (await rowsOf(log, TOPICS.suspended)).map(({ code, partial_sequence: part }) => [code, part]),
    ).toEqual([
      ['partial_incomplete', 1],
      ['partial_incomplete', 2],
    ]);
  });

  it('rates unknown accounts on the default plan, and says so', async () => {
    const log = await openStage();
    const catalog = testCatalog({ defaultPlan: DEFAULT_PLAN });
    await accept(log, [[{ id: 'a', account: 'stranger' }, { id: 'b', account: '' }, { id: 'c' }]]);
    await rate(log, processorOf({ catalog }));
    expect(await rowsOf(log, TOPICS.rated)).toMatchObject([
      { account_id: 'stranger', plan: 'standard', plan_is_default: 1, charge: 20_000 },
      { account_id: '', plan_is_default: 1 },
      { account_id: 'acme', plan_is_default: 0 },
    ]);
  });

  it('records at zero what nobody answered', async () => {
    const log = await openStage();
    await accept(log, [[{ id: 'a', answeredAt: null }]]);
    await rate(log, processorOf());
    expect(await rowsOf(log, TOPICS.rated)).toMatchObject([
      { rate_type: 'unanswered', charge: 0, duration_ms: 0 },
    ]);
  });
});

describe('allowances', () => {
  it('split the call that empties a pool, also over batches and restarts', async () => {
    const log = await openStage();
    await accept(log, [
      [
        { id: 'a', seconds: 300 },
        { id: 'b', seconds: 240 },
      ],
    ]);
    await rate(log, processorOf());
    await accept(log, [[{ id: 'c', seconds: 120 }, { id: 'd' }]]);
    await rate(log, processorOf());
    const rows = await rowsOf(log, TOPICS.rated);
    expect(
      rows.map((row) => [
        row['rate_type'],
        row['included_seconds'],
        row['charged_seconds'],
        row['charge'],
        row['pool'],
      ]),
    ).toEqual([
      ['included', 300, 0, 0, 'minutes'],
      ['included', 240, 0, 0, 'minutes'],
      ['split', 60, 60, 20_000, 'minutes'],
      ['overage', 0, 60, 20_000, 'minutes'],
    ]);
  });

  it('are each device’s own where the pool says so, also after a restart', async () => {
    const log = await openStage();
    const mill = (
      id: string,
      device: string,
    ): { id: string; account: string; device: string; seconds: number } => ({
      id,
      account: 'mill',
      device,
      seconds: 120,
    });
    await accept(log, [[mill('a', 'desk')]]);
    await rate(log, processorOf());
    await accept(log, [[mill('b', 'desk'), mill('c', 'fax')]]);
    await rate(log, processorOf());
    expect((await rowsOf(log, TOPICS.rated)).map(({ rate_type: how }) => how)).toEqual([
      'included',
      'overage',
      'included',
    ]);
  });
});

describe('what cannot be read stops the partition', () => {
  async function append(log: Awaited<ReturnType<typeof openStage>>, value: Buffer | null): Promise<void> {
    const claim = await log.claim('ingest', 'calls.raw', 0);
    await claim.commit({
      outputs: [{ topic: TOPICS.accepted, partition: 0, value }],
      nextOffset: 1,
      metadata: '',
    });
  }
  const call = decodeBlock(acceptedBlock([{ id: 'a' }]));
  it.each([
    ['an empty record', null, 'is empty'],
    ['no block', Buffer.from('{"call":1}'), 'no Tollstream block'],
    [
      'a block of something else',
      encodeBlock({ ...call.header, schema: 'rejected' }, [call.native]),
      'holds rejected records',
    ],
    [
      'a block of other length',
      encodeBlock({ ...call.header, recordCount: 2 }, [call.native]),
      'its header says 2',
    ],
  ])('%s', async (_, value, message) => {
    const log = await openStage();
    await append(log, value);
    await expect(rate(log, processorOf())).rejects.toThrow(message);
    expect(await log.committed('rating', TOPICS.accepted, 0)).toBeNull();
  });
});
