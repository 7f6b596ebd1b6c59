import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { BROKEN_VARIANTS } from './broken.ts';
import { Report } from './report.ts';
import { run } from './run.ts';

const RUNS_EACH = 20;
const FIXED_SEED = 1;
/** Of the fixed seeds; those of the commit bring about as many again. */
const FAULTS_MIN = 5_000;

/** Other seeds with every commit, and the same ones for whoever has that commit. */
function seedOfCommit(): number {
  try {
    return parseInt(execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).slice(0, 12), 16);
  } catch {
    return 1_000_000;
  }
}

async function runWithoutViolation(firstSeed: number): Promise<Report> {
  const report = new Report();
  for (let seed = firstSeed; seed < firstSeed + RUNS_EACH; seed += 1) {
    const result = await run({ seed });
    expect(result.violations, `npm run simulate -- --seed ${seed} --runs 1`).toEqual([]);
    report.add(result);
  }
  return report;
}

describe('the simulated pipeline', () => {
  it('loses, doubles and misprices nothing, whatever breaks around it', { timeout: 600_000 }, async () => {
    const fixed = await runWithoutViolation(FIXED_SEED);
    await runWithoutViolation(seedOfCommit());
    // Of the fixed seeds only: chance must not decide whether a commit passes.
    expect(fixed.faults).toBeGreaterThanOrEqual(FAULTS_MIN);
    expect(fixed.stepsWithoutCrash).toEqual([]);
    expect(fixed.partsAskedFor).toBeGreaterThan(0);
    expect(fixed.snapshotsUsed).toBeGreaterThanOrEqual(RUNS_EACH);
  });

  it('runs a seed again bit for bit, and another seed otherwise', async () => {
    const first = await run({ seed: 7 });
    const again = await run({ seed: 7 });
    const other = await run({ seed: 8 });
    expect(again).toEqual(first);
    expect(other.traceHash).not.toBe(first.traceHash);
  });
});

describe('a pipeline broken on purpose is caught', () => {
  it.each(Object.entries(BROKEN_VARIANTS))('%s', async (_name, { seedsMax, variant }) => {
    for (let seed = FIXED_SEED; seed < FIXED_SEED + seedsMax; seed += 1) {
      const { violations } = await run({ seed, variant });
      if (violations.length > 0) return;
    }
    expect.fail(`not caught within ${seedsMax} seeds`);
  });
});
