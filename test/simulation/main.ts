import { endWrongUse, readOptions } from '../support/options.ts';
import { BROKEN_VARIANTS } from './broken.ts';
import { Report } from './report.ts';
import { run } from './run.ts';

const USAGE = `Runs the whole pipeline over a simulated log and store, through faults drawn from a seed.

  npm run simulate -- --seed S --minutes M      seeds from S on, for M minutes (default: 2)
  npm run simulate -- --seed S --runs N         seeds S to S + N - 1
  npm run simulate -- --seed S --runs 1 --trace one seed with every request, fault and message
  npm run simulate -- --broken VARIANT          a pipeline that is wrong on purpose, until it is caught

  Variants: ${Object.keys(BROKEN_VARIANTS).join(', ')}.
  Ends with 1 when anything was lost, doubled or wrongly priced. What is simulated: docs/simulation.md.`;

const MINUTES_DEFAULT = 2;
const PROGRESS_EVERY_MS = 5_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = given();
  if (options.broken !== null) return catchVariant(options.broken, options.seed);
  const report = new Report();
  const endMs = performance.now() + options.minutes * 60_000;
  let toldMs = performance.now();
  for (let seed = options.seed; seed < options.seed + options.runs; seed += 1) {
    if (performance.now() >= endMs) break;
    const onTrace = options.trace ? (line: string) => process.stdout.write(`${line}\n`) : undefined;
    const result = await run({ seed, ...(onTrace ? { onTrace } : {}) });
    report.add(result);
    if (options.trace) process.stdout.write(`trace ${result.traceHash}\n`);
    if (result.violations.length > 0) {
      process.stdout.write(report.failure(result));
      return 1;
    }
    if (performance.now() - toldMs >= PROGRESS_EVERY_MS) {
      process.stdout.write(`${report.progress()}\n`);
      toldMs = performance.now();
    }
  }
  process.stdout.write(report.summary());
  return 0;
}

/** A broken pipeline that is not caught is a fault of the simulator. */
async function catchVariant(name: string, firstSeed: number): Promise<number> {
  const { what, seedsMax, variant } = BROKEN_VARIANTS[name]!;
  process.stdout.write(`${name}: ${what}.\n`);
  for (let tried = 1; tried <= seedsMax; tried += 1) {
    const seed = firstSeed + tried - 1;
    const { violations } = await run({ seed, variant });
    if (violations.length === 0) continue;
    for (const violation of violations) process.stdout.write(`  ${violation}\n`);
    process.stdout.write(`Caught by seed ${seed}, after ${tried} of at most ${seedsMax} seeds.\n`);
    return 0;
  }
  process.stdout.write(`Not caught within ${seedsMax} seeds from ${firstSeed}.\n`);
  return 1;
}

interface Options {
  readonly seed: number;
  readonly runs: number;
  readonly minutes: number;
  readonly broken: string | null;
  readonly trace: boolean;
}

function given(): Options {
  const values = readOptions(USAGE, {
    seed: { type: 'string' },
    minutes: { type: 'string' },
    runs: { type: 'string' },
    broken: { type: 'string' },
    trace: { type: 'boolean' },
  });
  const broken = values.broken ?? null;
  if (broken !== null && !Object.hasOwn(BROKEN_VARIANTS, broken)) {
    endWrongUse(`There is no variant "${broken}".`, USAGE);
  }
  const runs = values.runs === undefined ? Infinity : numberOf('runs', values.runs);
  const minutes = values.runs === undefined ? MINUTES_DEFAULT : Infinity;
  const seed = values.seed === undefined ? Math.floor(Date.now() / 1000) : numberOf('seed', values.seed);
  if (!Number.isSafeInteger(seed)) endWrongUse('--seed is a whole number from 0 to 2^53 - 1.', USAGE);
  return {
    seed,
    runs,
    minutes: values.minutes === undefined ? minutes : numberOf('minutes', values.minutes),
    broken,
    trace: values.trace ?? false,
  };
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    endWrongUse(`--${name} must be a number that is not negative, is "${text}".`, USAGE);
  }
  return value;
}
