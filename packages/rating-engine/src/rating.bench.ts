/**
 * Pure pricing on a deck of 100,000 prefixes, one core. Run: `node packages/rating-engine/src/rating.bench.ts [calls] [prefixes]`.
 * Prints one line of JSON; numbers, durations and instants are seeded and spread over the whole deck.
 */
import { buildPrefixIndex } from '@tollstream/catalog';
import { AccountAllowance, compileRateTable, emptyCall, priceCall } from './index.ts';
import { byTariff, makeAccount, makeCatalog, makePlan, makePool, makeTariff } from './testing/catalog.ts';

const calls = Number(process.argv[2] ?? 3_000_000);
const prefixCount = Number(process.argv[3] ?? 100_000);

/** xorshift32: the same numbers on every run. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const random = makeRandom(20_200_101);
const month = Date.UTC(2020, 0, 1);
const prefixes = new Set<string>(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
while (prefixes.size < prefixCount) {
  const digits = 3 + Math.floor(random() * 6);
  prefixes.add(String(1 + Math.floor(random() * 9)) + String(random()).slice(2, 1 + digits));
}
const rows = [...prefixes].map((prefix) => ({
  prefix,
  perMinute: random().toFixed(4),
  increments: ['60/60', '30/6', '6/6', '60/1', '1/1'][Math.floor(random() * 5)]!,
}));
const plain = makeTariff('world', rows, { durationRounding: 'nearest' });
const tariff = { ...plain, index: buildPrefixIndex(plain.rates) };
const pool = makePool('minutes', 1_000_000);
const rule = byTariff(tariff);
const plan = makePlan('standard', {
  international: rule,
  premium: rule,
  long_distance: byTariff(tariff, pool),
  local: byTariff(tariff, pool),
});
const table = compileRateTable(makeCatalog([makeAccount('acme', plan)]));
const account = table.account('acme')!;
const allowance = new AccountAllowance();

const SAMPLE = 1 << 16;
const destinations = Float64Array.from({ length: SAMPLE }, () =>
  random() < 0.5 ? 12_000_000_000 + Math.floor(random() * 7e9) : 20_000_000_000 + Math.floor(random() * 7e11),
);
const answers = Float64Array.from({ length: SAMPLE }, () => month + Math.floor(random() * 31 * 86_400_000));
const durations = Float64Array.from({ length: SAMPLE }, () => Math.floor(random() ** 3 * 3_600_000));

const call = emptyCall();
call.originNumber = 12_125_550_100;
let priced = 0;
let charge = 0;

function rate(count: number): void {
  for (let i = 0; i < count; i++) {
    const sample = i & (SAMPLE - 1);
    call.destinationNumber = destinations[sample]!;
    call.startedAt = answers[sample]! - 5_000;
    call.answeredAt = answers[sample]!;
    call.endedAt = answers[sample]! + durations[sample]!;
    const outcome = priceCall(call, account, allowance);
    if (outcome.kind === 'unpriceable') continue;
    priced += 1;
    charge += outcome.charge;
    if (outcome.includedSeconds > 0) {
      allowance.add(outcome.pool!.id, call.device, outcome.billingMonth, outcome.includedSeconds);
    }
  }
}

rate(200_000); // compiled code is what is measured
priced = 0;
charge = 0;
const cpu = process.cpuUsage();
const start = performance.now();
rate(calls);
const seconds = (performance.now() - start) / 1000;
const used = process.cpuUsage(cpu);
process.stdout.write(
  `${JSON.stringify({
    stage: 'rate',
    node: process.version,
    prefixes: prefixCount,
    calls,
    priced,
    calls_per_second: Math.round(calls / seconds),
    cpu_seconds_per_million: Number(((used.user + used.system) / calls).toFixed(3)),
    charge_micro_units: charge,
  })}\n`,
);
