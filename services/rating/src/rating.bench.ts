/**
 * Rating of accepted blocks: decode, tell duplicates, price, encode. Run: `node services/rating/src/rating.bench.ts [blocks] [limits]`.
 * With the word `limits` the accounts have two spend limits, one of which every charged call counts towards. Prints one line of JSON. Calls are seeded; every hundredth is a duplicate, some have no price.
 */
import { buildPrefixIndex } from '@tollstream/catalog';
import type { SpendLimit } from '@tollstream/catalog';
import {
  byTariff,
  makeAccount,
  makeCatalog,
  makePlan,
  makePool,
  makeTariff,
} from '@tollstream/rating-engine/testing';
import { ZERO_TOTALS } from '@tollstream/contracts';
import type { RecordBatch } from '@tollstream/event-log';
import { DEDUPE_DEFAULTS } from './limits.ts';
import { createRatingProcessor } from './rating.ts';
import { emptyState } from './state.ts';
import { acceptedBlock, ANSWERED_AT, TOPICS } from './testing/stage.ts';
import type { TestCall } from './testing/stage.ts';

const blockCount = Number(process.argv[2] ?? 200);
const BLOCK_CALLS = 4_000;
const BATCH_BLOCKS = 6;

/** xorshift32: the same calls on every run. */
let random = 20_200_101;
function below(limit: number): number {
  random ^= random << 13;
  random ^= random >>> 17;
  random ^= random << 5;
  return (random >>> 0) % limit;
}

function indexed(tariff: ReturnType<typeof makeTariff>): ReturnType<typeof makeTariff> {
  return { ...tariff, index: buildPrefixIndex(tariff.rates) };
}
const world = byTariff(
  indexed(
    makeTariff(
      'world',
      ['52', '55', '5511', '551199', '44', '447', '49', '81'].map((prefix) => ({
        prefix,
        increments: '30/6',
      })),
    ),
  ),
);
const national = byTariff(
  indexed(makeTariff('national', [{ prefix: '1' }], { durationRounding: 'nearest' })),
  makePool('minutes', 10_000),
);
const limit = { amount: 1e9, thresholds: [50, 100] };
const spendLimits: SpendLimit[] = [
  {
    ...limit,
    id: 'fraud',
    window: 'hour',
    callTypes: new Set(['international', 'premium']),
    destinations: [],
  },
  { ...limit, id: 'all', window: 'day', callTypes: null, destinations: [] },
];
const plan = makePlan(
  'standard',
  { local: national, long_distance: national, international: world },
  process.argv[3] === 'limits' ? { spendLimits } : {},
);
const accounts = Array.from({ length: 20 }, (_, i) => makeAccount(`account-${i}`, plan, { numbers: [] }));
const processor = createRatingProcessor({ catalog: makeCatalog(accounts), topics: TOPICS });

const AREA_CODES = [212, 305, 312, 415, 604, 416];
function destination(): number {
  if (below(4) === 0) return 5_511_900_000_000 + below(1e8);
  return 1e10 + AREA_CODES[below(AREA_CODES.length)]! * 1e7 + 2_000_000 + below(7_000_000);
}
let last: TestCall;
function makeCall(id: number): TestCall {
  if (id % 100 === 0) return last;
  last = {
    id: `${id.toString(36)}-8f2e-4c1d@pbx`,
    account: `account-${below(20)}`,
    device: `phone-${below(200)}`,
    to: destination(),
    answeredAt: ANSWERED_AT + id * 10,
    seconds: below(600),
  };
  return last;
}
const blocks = Array.from({ length: blockCount }, (_, block) =>
  acceptedBlock(
    Array.from({ length: BLOCK_CALLS }, (_unused, row) => makeCall(1 + block * BLOCK_CALLS + row)),
    block,
  ),
);

const batches: RecordBatch[] = [];
for (let first = 0; first < blocks.length; first += BATCH_BLOCKS) {
  const records = blocks
    .slice(first, first + BATCH_BLOCKS)
    .map((value, i) => ({ offset: first + i, key: null, value, timestampMs: 0 }));
  batches.push({
    topic: TOPICS.accepted,
    partition: 0,
    records,
    nextOffset: first + records.length,
    endOffset: blocks.length,
  });
}

const warm = emptyState(DEDUPE_DEFAULTS, ZERO_TOTALS);
for (const batch of batches.slice(0, 6)) processor.process(warm, batch);

const state = emptyState(DEDUPE_DEFAULTS, ZERO_TOTALS);
let outputBytes = 0;
const cpu = process.cpuUsage();
const start = performance.now();
for (const batch of batches) {
  for (const { value } of processor.process(state, batch).outputs) outputBytes += value?.length ?? 0;
}
const elapsedMs = performance.now() - start;
const used = process.cpuUsage(cpu);
const calls = blockCount * BLOCK_CALLS;
process.stdout.write(
  `${JSON.stringify({
    stage: 'rating',
    node: process.version,
    calls,
    rated: state.totals.rated,
    suspended: state.totals.suspended,
    duplicate: state.totals.duplicate,
    calls_per_second: Math.round((calls / elapsedMs) * 1000),
    micros_per_call: Number(((elapsedMs / calls) * 1000).toFixed(3)),
    cpu_seconds_per_million: Number(((used.user + used.system) / calls).toFixed(3)),
    output_bytes_per_call: Math.round(outputBytes / calls),
    dedupe_bytes_per_call: Math.round(state.window.byteLength / state.window.size),
    resident_mb: Math.round(process.memoryUsage().rss / 2 ** 20),
  })}\n`,
);
