import type { RunResult } from './run.ts';
import { FAULT_KINDS, STEPS } from './world/faults.ts';

/** Sums runs up for people. */
export class Report {
  readonly #startedMs = performance.now();
  readonly #faults = new Map<string, number>();
  readonly #crashes = new Map<string, number>();
  readonly #snapshots = new Map<string, number>();
  #first: number | null = null;
  #last = 0;
  #runs = 0;
  #calls = 0;
  #violations = 0;
  #virtualMs = 0;
  #partsAskedFor = 0;

  add(result: RunResult): void {
    this.#first ??= result.seed;
    this.#last = result.seed;
    this.#runs += 1;
    this.#calls += result.calls;
    this.#violations += result.violations.length;
    this.#virtualMs += result.virtualMs;
    this.#partsAskedFor += result.partsAskedFor;
    addAll(this.#faults, result.faults);
    addAll(this.#crashes, result.crashes);
    addAll(this.#snapshots, result.snapshots);
  }

  /** Restores of rating that began with a snapshot. */
  get snapshotsUsed(): number {
    return this.#snapshots.get('used') ?? 0;
  }

  /** Parts whose call an operator's request made whole. */
  get partsAskedFor(): number {
    return this.#partsAskedFor;
  }

  get faults(): number {
    return sum(this.#faults);
  }

  /** Steps of `STEPS` at which no process crashed. */
  get stepsWithoutCrash(): string[] {
    return STEPS.filter((step) => this.#crashesAt(step, 'before') + this.#crashesAt(step, 'after') === 0);
  }

  progress(): string {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    return `${seconds.toFixed(0)} s: ${this.#counts()}`;
  }

  /** Faults by kind, crashes by step, and on the last line all in one. */
  summary(): string {
    const kinds = FAULT_KINDS.map((kind) => `  ${kind.padEnd(26)}${whole(this.#faults.get(kind) ?? 0)}\n`);
    const steps = STEPS.map(
      (step) =>
        `  ${step.padEnd(26)}${whole(this.#crashesAt(step, 'before'))}${whole(this.#crashesAt(step, 'after'))}\n`,
    );
    const snapshots = ['written', 'used', 'refused', 'failed'].map(
      (kind) => `${(this.#snapshots.get(kind) ?? 0).toLocaleString('en')} ${kind}`,
    );
    const hours = (this.#virtualMs / 3_600_000).toFixed(1);
    return (
      `Faults by kind\n${kinds.join('')}` +
      `Crashes by step                before     after\n${steps.join('')}` +
      `Snapshots of rating: ${snapshots.join(', ')}\n` +
      `Parts of calls that a request made whole: ${this.#partsAskedFor.toLocaleString('en')}\n` +
      `${this.#counts()}; seeds ${this.#first} to ${this.#last}, ${hours} simulated hours.\n`
    );
  }

  failure({ seed, violations }: RunResult): string {
    return (
      `Seed ${seed} broke a promise:\n${violations.map((violation) => `  ${violation}\n`).join('')}` +
      `Replay it with: npm run simulate -- --seed ${seed} --runs 1 --trace\n` +
      `${this.#counts()}; first broken by seed ${seed}.\n`
    );
  }

  #counts(): string {
    return (
      `${this.#violations} violations in ${this.#runs.toLocaleString('en')} runs, ` +
      `${this.#calls.toLocaleString('en')} calls, ${this.faults.toLocaleString('en')} faults`
    );
  }

  #crashesAt(step: string, side: 'before' | 'after'): number {
    return this.#crashes.get(`${step} (${side})`) ?? 0;
  }
}

function addAll(sums: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function whole(count: number): string {
  return count.toLocaleString('en').padStart(10);
}
