/** Look-ups per second of processor time, and bytes per prefix: `node packages/catalog/src/prefix-index.bench.ts`. */
import { buildPrefixIndex } from './prefix-index.ts';
import { type RateList, rateListOf } from './rate-list.ts';

const PREFIXES = [10_000, 100_000, 1_000_000];
const LOOKUPS = 5_000_000;
const NUMBERS = 1 << 16;

let state = 1;
function below(limit: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Decks nest: a prefix is a shorter one with another digit. */
function deck(size: number): RateList {
  const prefixes = new Set(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  const all = [...prefixes];
  while (all.length < size) {
    const parent = all[below(all.length)]!;
    const prefix = parent + below(10);
    if (prefix.length > 10 || prefixes.has(prefix)) continue;
    prefixes.add(prefix);
    all.push(prefix);
  }
  // A third of the rows start on a day of their own, as after a price change.
  return rateListOf(
    all.map((prefix, index) => ({
      prefix,
      description: '',
      country: '',
      effectiveFrom: index % 3 === 0 ? Date.UTC(2019, below(12), 1) : -Infinity,
      effectiveTo: Infinity,
      initialRatePerMinute: index,
      ratePerMinute: index,
      connectFee: 0,
      initialSeconds: 60,
      stepSeconds: 60,
      durationRounding: 'up' as const,
      blocked: false,
      special: null,
    })),
  );
}

for (const size of PREFIXES) {
  const rows = deck(size);
  const buildStartedMs = processorMs();
  const index = buildPrefixIndex(rows);
  const buildMs = processorMs() - buildStartedMs;
  const numbers = Float64Array.from({ length: NUMBERS }, () =>
    Number(String(rows.prefixAt(below(size))).padEnd(12, String(below(10)))),
  );
  const at = Date.UTC(2020, 0, 15);
  let found = 0;
  for (let i = 0; i < NUMBERS * 4; i++) found += index.find(numbers[i % NUMBERS]!, at);
  const startedMs = processorMs();
  for (let i = 0; i < LOOKUPS; i++) found += index.find(numbers[i % NUMBERS]!, at);
  const perSecond = LOOKUPS / ((processorMs() - startedMs) / 1000);
  console.log(
    `${size} prefixes: ${(perSecond / 1e6).toFixed(1)} million look-ups/s, ${((index.byteLength + rows.byteLength) / size).toFixed(1)} bytes a prefix, built in ${buildMs.toFixed(0)} ms (${found})`,
  );
}
