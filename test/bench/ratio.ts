/**
 * What a call costs in turns of a loop that never changes. Machines differ and are busy; that loop is as much slower then, so the ratio
 * stays, and a change that makes the hot path dearer shows on any machine. `ratio.json` keeps what was measured last.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Catalog } from '@tollstream/catalog';
import { ZERO_TOTALS, encodeCallEvent, parseCallEventJson } from '@tollstream/contracts';
import type { OutputRecord } from '@tollstream/event-log';
import { UNUSED_ALLOWANCE, compileRateTable, emptyCall, priceCall } from '@tollstream/rating-engine';
import { createIngestProcessor } from '@tollstream/service-ingest';
import { createRatingProcessor } from '@tollstream/service-rating';
import { generateCalls } from '../../packages/cli/src/generate/generate-calls.ts';
import { cpuSecondsOf, secondsPerTurn } from './reference-loop.ts';
import { TOPICS, batchesOf, emptyState } from './stages.ts';

/** Turns of the loop that the work on one call takes. */
export type Ratios = Readonly<Record<string, number>>;

export interface RatioCheck {
  readonly ratios: Ratios;
  readonly stored: Ratios;
  /** Beyond the stored ratio by more than noise. */
  readonly regressions: readonly string[];
}

/** Ratios of one commit differ by up to a half between runs on a machine that is busy with other things, and between processors. */
const REGRESSION_FROM = 2;
const STORED = path.join(import.meta.dirname, 'ratio.json');
const CALLS = 25_000;
const ROUNDS = 24;
/** Others that use the same memory make all rounds of a minute dearer, which the loop, that needs none, does not show. */
const ATTEMPTS_MAX = 6;
const REFERENCE_TURNS = 3_000_000;

interface Work {
  readonly name: string;
  readonly calls: number;
  run(): void;
}

/** Measures again where a ratio is beyond noise, and takes the least: nothing makes work cheaper than it is. */
export async function checkRatios(
  catalog: Catalog,
  seed: number,
  say: (line: string) => void,
): Promise<RatioCheck> {
  let least = await measureRatios(catalog, seed, say);
  let checked = compare(least);
  for (let attempt = 2; checked.regressions.length > 0 && attempt <= ATTEMPTS_MAX; attempt += 1) {
    say(`beyond noise: attempt ${attempt} of ${ATTEMPTS_MAX}`);
    const again = await measureRatios(catalog, seed, say);
    least = Object.fromEntries(
      Object.entries(again).map(([name, ratio]) => [name, Math.min(ratio, least[name]!)]),
    );
    checked = compare(least);
  }
  return checked;
}

async function measureRatios(catalog: Catalog, seed: number, say: (line: string) => void): Promise<Ratios> {
  const works = await worksOf(catalog, seed);
  const rounds = works.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, work] of works.entries()) {
      // The loop before and after, so that what else the machine does meets both alike.
      const before = secondsPerTurn(REFERENCE_TURNS);
      const seconds = cpuSecondsOf(() => work.run());
      const after = secondsPerTurn(REFERENCE_TURNS);
      rounds[i]!.push(seconds / work.calls / ((before + after) / 2));
    }
    say(`  round ${round + 1} of ${ROUNDS}`);
  }
  return Object.fromEntries(works.map(({ name }, i) => [name, Math.round(lowerQuartile(rounds[i]!))]));
}

function compare(ratios: Ratios): RatioCheck {
  const stored = JSON.parse(readFileSync(STORED, 'utf8')) as Ratios;
  const regressions = Object.entries(ratios).flatMap(([name, ratio]) => {
    const before = stored[name];
    if (before === undefined) return [`${name}: ratio.json has no such work; run with --update`];
    return ratio > before * REGRESSION_FROM ? [`${name}: ${ratio} turns a call, ${before} are stored`] : [];
  });
  return { ratios, stored, regressions };
}

export function storeRatios(ratios: Ratios): void {
  writeFileSync(STORED, `${JSON.stringify(ratios, null, 2)}\n`);
}

export function renderRatios({ ratios, stored, regressions }: RatioCheck): string {
  const lines = Object.entries(ratios).map(([name, ratio]) => {
    const before = stored[name];
    const against = before === undefined ? '' : `${before} stored, × ${(ratio / before).toFixed(2)}`;
    return `${name.padEnd(12)}${String(ratio).padStart(8)} turns a call   ${against}`;
  });
  return [...lines, ...regressions.map((text) => `DEARER  ${text}`)].join('\n');
}

async function worksOf(catalog: Catalog, seed: number): Promise<Work[]> {
  const lines = [...generateCalls({ calls: CALLS, seed, catalog })];
  const events = lines
    .map((line) => parseCallEventJson(line))
    .flatMap((decoded) => (decoded.kind === 'call' ? [decoded.call] : []));
  const raw = batchesOf('calls.raw', events.map(encodeCallEvent));
  const ingest = createIngestProcessor({
    catalog,
    outputs: {
      accepted: TOPICS.accepted,
      rejected: TOPICS.rejected,
      acceptedPartitions: 1,
      rejectedPartitions: 1,
    },
  });
  const ingestAll = (): OutputRecord[] => {
    const state = { totals: ZERO_TOTALS };
    return raw.flatMap((batch) => [...ingest.process(state, batch).outputs]);
  };
  const blocks = ingestAll()
    .filter(({ topic }) => topic === TOPICS.accepted)
    .map(({ value }) => value!);
  const rating = createRatingProcessor({ catalog, topics: TOPICS });
  const accepted = batchesOf(TOPICS.accepted, blocks, 6);
  const states = await Promise.all(Array.from({ length: ROUNDS }, () => emptyState(rating)));
  return [
    { name: 'ingest', calls: events.length, run: () => void ingestAll() },
    {
      name: 'rating',
      calls: events.length,
      run: () => {
        const state = states.pop()!;
        for (const batch of accepted) rating.process(state, batch);
      },
    },
    priceWork(catalog),
  ];
}

/** One call of an account at other destinations and lengths. */
function priceWork(catalog: Catalog): Work {
  const [id] = catalog.accounts.keys();
  const account = compileRateTable(catalog).account(id!)!;
  const call = emptyCall();
  call.originNumber = account.numbers.main;
  const calls = CALLS * 4;
  return {
    name: 'price',
    calls,
    run() {
      let charge = 0;
      for (let i = 0; i < calls; i++) {
        call.destinationNumber =
          (i & 3) === 0 ? 5_511_987_000_000 + (i & 0xffff) : 13_035_550_000 + (i & 0xfff);
        call.startedAt = Date.UTC(2020, 0, 15) + i * 100;
        call.answeredAt = call.startedAt + 5_000;
        call.endedAt = call.answeredAt + (Math.imul(i, 7_919) & 0x3ffff);
        const outcome = priceCall(call, account, UNUSED_ALLOWANCE);
        if (outcome.kind === 'priced') charge += outcome.charge;
      }
      if (charge === 0) throw new Error('nothing was priced');
    },
  };
}

/** Caches that others emptied make single rounds dearer, and none cheaper than it is. */
function lowerQuartile(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 4)]!;
}
