/**
 * The `linearity` scenario: whether a call costs the same when there are more calls, prefixes or accounts, when half of the calls are one
 * account's, and on more partitions. Everything in one run, in turns, and against a loop that never changes: what else the machine does
 * slows that loop too. Processor time, not time on the clock.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { requireCatalog } from '@tollstream/catalog';
import { writeCalls } from '../../packages/cli/src/generate/index.ts';
import { type BillionsSizes, writeBillionsCatalog } from './billions-catalog.ts';
import { benchKafka } from './kafka.ts';
import { secondsPerTurn } from './reference-loop.ts';
import type { BenchInput, LinearityResult, LinearityRow } from './result.ts';
import { median } from './result.ts';
import { watchRun } from './watched-run.ts';

export const LINEARITY_GROUPS = ['calls', 'prefixes', 'accounts', 'hot', 'partitions'] as const;
type Group = (typeof LINEARITY_GROUPS)[number];

/** Calls of each variant but those of the group of calls. */
const SIDE_CALLS = 1_000_000;
/** What comes before is left out: the start, reading the catalog, code that is compiled. */
const STEADY_FROM = 0.2;
const BASE_SIZES: BillionsSizes = { prefixes: 10_000, accounts: 10_000 };
const PARTITIONS = [1, 2, 4];
const TURNS = 30_000_000;

interface Variant {
  readonly group: Group | 'base';
  readonly name: string;
  readonly sizes: BillionsSizes;
  readonly hotShare?: number;
  /** Times the base at most. */
  readonly bound: number | null;
}

const BASE: Variant = { group: 'base', name: '10,000 of both', sizes: BASE_SIZES, bound: null };
const VARIANTS: readonly Variant[] = [
  { group: 'prefixes', name: '100,000', sizes: { ...BASE_SIZES, prefixes: 100_000 }, bound: null },
  { group: 'prefixes', name: '1,000,000', sizes: { ...BASE_SIZES, prefixes: 1_000_000 }, bound: 1.5 },
  { group: 'accounts', name: '100,000', sizes: { ...BASE_SIZES, accounts: 100_000 }, bound: null },
  { group: 'accounts', name: '1,000,000', sizes: { ...BASE_SIZES, accounts: 1_000_000 }, bound: 1.3 },
  { group: 'hot', name: 'half of the calls', sizes: BASE_SIZES, hotShare: 0.5, bound: 1.3 },
];
/** Of the second million: the first also pays for the start. */
const CALLS_BOUND = 1.1;

export interface LinearityOptions {
  readonly groups: readonly Group[];
  /** Of the group of calls; the others take no more than `SIDE_CALLS`. */
  readonly calls: number;
  readonly rounds: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export async function benchLinearity(options: LinearityOptions): Promise<LinearityResult> {
  const { groups, calls, say } = options;
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-linearity-'));
  try {
    const rows: LinearityRow[] = [];
    const variants = VARIANTS.filter(({ group }) => groups.includes(group as Group));
    if (variants.length > 0) rows.push(...(await inTurns(directory, [BASE, ...variants], options)));
    if (groups.includes('calls')) {
      say(`${calls.toLocaleString('en')} calls …`);
      rows.push(...(await growingCalls(await inputOf(directory, BASE, calls, options.seed))));
    }
    if (groups.includes('partitions')) rows.push(...(await partitions(directory, options)));
    return { rounds: options.rounds, rows };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Measured {
  readonly cpuSecondsPerMillion: number;
  readonly turnsPerCall: number;
  readonly mergedPerRow: number | null;
  readonly peakMegabytes: number;
  readonly callsPerSecond?: number;
}

/** A B C A B C: so that what changes on the machine in the course of minutes meets all of them. */
async function inTurns(
  directory: string,
  variants: readonly Variant[],
  { calls, rounds, seed, say }: LinearityOptions,
): Promise<LinearityRow[]> {
  const count = Math.min(calls, SIDE_CALLS);
  const inputs: (BenchInput | null)[] = [];
  const measured = variants.map((): Measured[] => []);
  const notes = variants.map(() => '');
  for (let round = 0; round < rounds; round++) {
    for (const [i, variant] of variants.entries()) {
      if (notes[i] !== '') continue;
      const title = `${variant.group}, ${variant.name}`;
      try {
        if (inputs[i] === undefined) say(`${title}: making catalog and calls …`);
        const input = (inputs[i] ??= await inputOf(directory, variant, count, seed));
        const run = await watchRun(input);
        const stretch = run.stretch(STEADY_FROM, 1);
        measured[i]!.push({ ...stretch, peakMegabytes: run.peakMegabytes });
        say(`round ${round + 1} of ${rounds}, ${title}: ${stretch.cpuSecondsPerMillion.toFixed(2)} CPU-s`);
      } catch (error) {
        notes[i] = `not reached: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
        say(`${title}: ${notes[i]}`);
      }
    }
  }
  return variants.map((variant, i) => ({
    ...rowOf(variant, count, measured[i]!, measured[0]!),
    ...(notes[i] === '' ? {} : { note: notes[i]! }),
  }));
}

/** @param base measurements of the same rounds */
function rowOf(
  { group, name, bound }: Pick<Variant, 'group' | 'name' | 'bound'>,
  calls: number,
  measured: readonly Measured[],
  base: readonly Measured[],
): LinearityRow {
  const ratios = measured.map(({ turnsPerCall }, round) => turnsPerCall / base[round]!.turnsPerCall);
  const of = (value: (each: Measured) => number): number => median(measured.map(value));
  const merged = measured.map(({ mergedPerRow }) => mergedPerRow).filter((each) => each !== null);
  const speeds = measured.map(({ callsPerSecond }) => callsPerSecond).filter((each) => each !== undefined);
  return {
    group,
    variant: name,
    calls,
    cpu_seconds_per_million: of((each) => each.cpuSecondsPerMillion),
    turns_per_call: Math.round(of((each) => each.turnsPerCall)),
    times_base: median(ratios),
    times_base_of_rounds: ratios,
    bound,
    peak_megabytes: Math.max(0, ...measured.map(({ peakMegabytes }) => peakMegabytes)),
    ...(merged.length === 0 ? {} : { merged_rows_per_row: median(merged) }),
    ...(speeds.length === 0 ? {} : { calls_per_second: median(speeds) }),
  };
}

/** One run, told apart by how many calls were stored before. */
async function growingCalls(input: BenchInput): Promise<LinearityRow[]> {
  const run = await watchRun(input);
  const bounds = boundsUpTo(input.calls);
  const stretches = bounds.map((end, i) => {
    const begin = bounds[i - 1] ?? 0;
    return { begin, end, ...run.stretch(begin / input.calls, end / input.calls) };
  });
  const base = stretches[1]!;
  const whole = run.stretch(0, 1);
  return [
    ...stretches.map(({ begin, end, cpuSecondsPerMillion, turnsPerCall, mergedPerRow }): LinearityRow => ({
      group: 'calls',
      variant: `${begin.toLocaleString('en')} to ${end.toLocaleString('en')}`,
      calls: end - begin,
      cpu_seconds_per_million: cpuSecondsPerMillion,
      turns_per_call: Math.round(turnsPerCall),
      times_base: turnsPerCall / base.turnsPerCall,
      times_base_of_rounds: [],
      bound: begin >= base.end ? CALLS_BOUND : null,
      peak_megabytes: run.peakMegabytes,
      merged_rows_per_row: mergedPerRow,
    })),
    {
      group: 'calls',
      variant: 'all, and the merges that were left',
      calls: input.calls,
      cpu_seconds_per_million: whole.cpuSecondsPerMillion + (run.mergesLeftCpuSeconds * 1e6) / input.calls,
      turns_per_call: Math.round(whole.turnsPerCall),
      times_base: whole.turnsPerCall / base.turnsPerCall,
      times_base_of_rounds: [],
      bound: null,
      peak_megabytes: run.peakMegabytes,
      merged_rows_per_row: whole.mergedPerRow,
      note: `${run.mergesLeftCpuSeconds.toFixed(1)} CPU-s after the last row`,
    },
  ];
}

/** 1, 2, 5, 10 … million; tenths of it for fewer calls than two million. */
function boundsUpTo(calls: number): number[] {
  const bounds: number[] = [];
  const first = calls >= 2e6 ? 1e6 : calls / 10;
  for (let scale = first; scale <= calls; scale *= 10) bounds.push(scale, 2 * scale, 5 * scale);
  return [...bounds.filter((bound) => bound < calls), calls];
}

/** The services over Kafka, whose topics have so many partitions each. */
async function partitions(
  directory: string,
  { calls, rounds, seed, say }: LinearityOptions,
): Promise<LinearityRow[]> {
  const count = Math.min(calls, SIDE_CALLS);
  say('partitions: making catalog and calls …');
  const input = await inputOf(directory, BASE, count, seed);
  const measured = PARTITIONS.map((): Measured[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, number] of PARTITIONS.entries()) {
      const before = secondsPerTurn(TURNS);
      const result = await benchKafka({ input, partitions: number, say: () => undefined });
      const turn = (before + secondsPerTurn(TURNS)) / 2;
      const sum = (values: Readonly<Record<string, number>>): number =>
        Object.values(values).reduce((all, each) => all + each, 0);
      const cpuSecondsPerMillion = sum(result.cpu_seconds_per_million);
      measured[i]!.push({
        cpuSecondsPerMillion,
        turnsPerCall: cpuSecondsPerMillion / 1e6 / turn,
        mergedPerRow: null,
        peakMegabytes: Math.round(sum(result.peak_megabytes)),
        callsPerSecond: result.calls_per_second,
      });
      say(`round ${round + 1} of ${rounds}, ${number} partitions: ${cpuSecondsPerMillion.toFixed(2)} CPU-s`);
    }
  }
  return PARTITIONS.map((number, i) =>
    rowOf(
      { group: 'partitions', name: `${number}, over Kafka`, bound: null },
      count,
      measured[i]!,
      measured[0]!,
    ),
  );
}

async function inputOf(
  directory: string,
  { group, name, sizes, hotShare = 0 }: Variant,
  calls: number,
  seed: number,
): Promise<BenchInput> {
  const title = `${group}-${name}-${calls}`.replaceAll(/[^a-z0-9]+/g, '-');
  const catalogDirectory = path.join(directory, title);
  await writeBillionsCatalog(catalogDirectory, sizes);
  const file = path.join(directory, `${title}.avro`);
  const catalog = await requireCatalog(catalogDirectory);
  const expected = await writeCalls({ calls, seed, catalog, format: 'avro', output: file, hotShare });
  return { calls, file, catalogDirectory, expected };
}
