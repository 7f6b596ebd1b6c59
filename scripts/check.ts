/** `npm run check`: everything that can be known without running the project. One line per step, problems below. */
import { join } from 'node:path';
import { checkBoundaries } from './check/boundaries.ts';
import { runScript } from './check/command.ts';
import { checkPurity } from './check/purity.ts';
import type { Step, StepResult } from './check/step.ts';

const root = join(import.meta.dirname, '..');
const STEPS_AT_ONCE = 2;

const STEPS: readonly Step[] = [
  { name: 'lock', run: () => runScript(root, 'scripts/complete-lock.mjs', ['--check']) },
  { name: 'types', run: () => runScript(root, 'node_modules/typescript/bin/tsc', ['-p', '.', '--noEmit']) },
  {
    name: 'lint',
    run: () =>
      runScript(root, 'node_modules/oxlint/bin/oxlint', ['--type-aware', '--deny-warnings', '--format=unix']),
  },
  {
    name: 'format',
    // On one core, for as long as all others take together.
    isLong: true,
    run: () =>
      runScript(root, 'node_modules/prettier/bin/prettier.cjs', [
        '--check',
        '--cache',
        '--log-level=warn',
        '.',
      ]),
  },
  { name: 'boundaries', run: checkBoundaries },
  { name: 'purity', run: checkPurity },
  {
    name: 'unused',
    run: () => runScript(root, 'node_modules/knip/bin/knip.js', ['--no-progress', '--no-config-hints']),
  },
  { name: 'docs', run: () => runScript(root, 'scripts/docs.ts', ['--check']) },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no step "${unknown.join('", "')}"; there are ${STEPS.map(({ name }) => name).join(', ')}.\n`,
  );
  process.exit(2);
}

const failed: { name: string; result: StepResult }[] = [];
const steps = STEPS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const waiting = steps.toSorted((a, b) => Number(b.isLong ?? false) - Number(a.isLong ?? false));
await Promise.all(
  Array.from({ length: STEPS_AT_ONCE }, async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) await take(step);
  }),
);

async function take({ name, run }: Step): Promise<void> {
  const startedMs = performance.now();
  const result = await run(root);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(5);
  process.stdout.write(
    `${name.padEnd(11)} ${result.ok ? 'ok    ' : 'FAILED'} ${seconds} s  ${result.summary}\n`,
  );
  if (!result.ok) failed.push({ name, result });
}

for (const { name, result } of failed) process.stdout.write(`\n--- ${name}\n${result.details}\n`);
process.stdout.write(`\n${steps.length - failed.length} of ${steps.length} steps passed\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
