/**
 * Pure pricing and compiling on decks of 10,000, 100,000 and 1,000,000 prefixes, one core, in seconds of processor time:
 * `node --expose-gc packages/rating-engine/src/rating.bench.ts [calls] [prefixes …]`. Each deck has windows, tiers, minimum charges and dated rows,
 * and its plan an allowance. What calls ask of the deck is read ahead 128 calls at a time, as the rating service does. Prints one line of JSON each. Numbers, durations and instants are seeded and spread over the whole deck.
 * `reference_ratio` is how many turns of a fixed loop a priced call takes: it says the same on a machine that is faster or busier.
 */
import { buildCatalog, receiveCatalog, renderProblems, transferCatalog } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { AccountAllowance, RatesAhead, compileRateTable, emptyCall, priceCall } from './index.ts';
import { ProcessorClock, deckOf, makeRandom } from './testing/bench-deck.ts';

const calls = Number(process.argv[2] ?? 3_000_000);
const sizes = process.argv.length > 3 ? process.argv.slice(3).map(Number) : [10_000, 100_000, 1_000_000];
const SAMPLE = 1 << 16;
const AHEAD = 128;
const REFERENCE_TURNS = 20_000_000;
const MONTH = Date.UTC(2020, 0, 1);
const MONTH_MS = 31 * 86_400_000;

for (const size of sizes) {
  const deck = deckOf(size);
  const clock = new ProcessorClock();
  const built = buildCatalog(deck.files);
  const compileSeconds = clock.seconds();
  if (!built.ok) throw new Error(renderProblems(built.problems));
  const { rates, index } = built.catalog.tariffs.get('world')!;
  const bytes = rates.byteLength + (index as unknown as { readonly byteLength: number }).byteLength;
  const message = structuredClone(transferCatalog(built.catalog));
  const receiving = new ProcessorClock();
  const catalog = receiveCatalog(message);
  const receiveSeconds = receiving.seconds();
  const { priced, suspended, charge, seconds } = measure(catalog, deck.prefixes);
  const turnSeconds = referenceSeconds() / REFERENCE_TURNS;
  process.stdout.write(
    `${JSON.stringify({
      stage: 'rate',
      node: process.version,
      prefixes: size,
      calls,
      priced,
      suspended,
      calls_per_cpu_second: Math.round(calls / seconds),
      cpu_seconds_per_million: Number(((seconds / calls) * 1e6).toFixed(3)),
      reference_ratio: Number((seconds / calls / turnSeconds).toFixed(1)),
      bytes_per_prefix: Number((bytes / size).toFixed(1)),
      compile_cpu_seconds: Number(compileSeconds.toFixed(2)),
      receive_cpu_ms: Number((receiveSeconds * 1000).toFixed(2)),
      charge_micro_units: charge,
    })}\n`,
  );
}

function measure(
  catalog: Catalog,
  prefixes: readonly string[],
): { priced: number; suspended: number; charge: number; seconds: number } {
  const random = makeRandom(20_200_102);
  const account = compileRateTable(catalog).account('acme')!;
  const allowance = new AccountAllowance();
  const ahead = new RatesAhead();
  const destinations = Float64Array.from({ length: SAMPLE }, () => {
    const prefix = prefixes[Math.floor(random() * prefixes.length)]!;
    const more = 12 - prefix.length;
    return Number(prefix) * 10 ** more + Math.floor(random() * 10 ** more);
  });
  const answers = Float64Array.from({ length: SAMPLE }, () => MONTH + Math.floor(random() * MONTH_MS));
  const durations = Float64Array.from({ length: SAMPLE }, () => Math.floor(random() ** 3 * 3_600_000));
  const call = emptyCall();
  call.originNumber = 12_125_550_100;
  let priced = 0;
  let charge = 0;

  function rate(count: number): void {
    for (let i = 0; i < count; i++) {
      const sample = i & (SAMPLE - 1);
      if (sample % AHEAD === 0) {
        for (let next = sample; next < sample + AHEAD; next++) ahead.add(account, destinations[next]!);
        ahead.flush();
      }
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
  const clock = new ProcessorClock();
  rate(calls);
  return { priced, suspended: calls - priced, charge, seconds: clock.seconds() };
}

/** A loop of integer arithmetic that never changes. */
function referenceSeconds(): number {
  const clock = new ProcessorClock();
  let state = 1;
  for (let i = 0; i < REFERENCE_TURNS; i++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  if (state === 0) throw new Error('the loop was left out');
  return clock.seconds();
}
