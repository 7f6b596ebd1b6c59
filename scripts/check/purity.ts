import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PURE_PACKAGES } from '../../.dependency-cruiser.mjs';
import type { StepResult } from './step.ts';

/** What a function that depends on its arguments alone cannot mention. */
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b/, 'the clock (Date.now)'],
  [/\bnew Date\(\s*\)/, 'the clock (new Date())'],
  [/\bperformance\.now\b/, 'the clock (performance.now)'],
  [/\bMath\.random\b/, 'randomness (Math.random)'],
  [/\brandom(UUID|Bytes|Int)\b/, 'randomness (crypto)'],
  [/\bprocess\.\w/, 'the process or its environment'],
  [/\bset(Timeout|Interval|Immediate)\b/, 'timers'],
  [/\bfetch\(/, 'the network'],
  [/\bconsole\.\w/, 'the console'],
];

const FILES = [
  ...PURE_PACKAGES.map((name) => `packages/${name}/src/**/*.ts`),
  // The heart of each service: a function from state and batch to state and outputs.
  'services/*/src/processor.ts',
];

/** Pure code reads no clock, no environment and no randomness, and writes nothing. */
export async function checkPurity(root: string): Promise<StepResult> {
  const files = globSync(FILES, { cwd: root }).filter(
    (file) => !/\.(test|bench)\.ts$|\/testing\//.test(file),
  );
  const problems = files.flatMap((file) =>
    impurities(readFileSync(join(root, file), 'utf8')).map(
      ({ line, what }) => `${file}:${line} uses ${what}`,
    ),
  );
  if (files.length === 0) problems.push('no file was looked at');
  return {
    ok: problems.length === 0,
    summary: `${files.length} files, ${problems.length} problems`,
    details: problems.join('\n'),
  };
}

/** @returns each use of something impure outside comments, with its line counted from 1 */
export function impurities(source: string): { line: number; what: string }[] {
  const withoutComments = source.replace(/\/\*[\s\S]*?\*\/|(?<=^|[\s;{}(])\/\/.*$/gm, (comment) =>
    comment.replace(/[^\n]/g, ' '),
  );
  return withoutComments
    .split('\n')
    .flatMap((text, index) =>
      IMPURE.filter(([pattern]) => pattern.test(text)).map(([, what]) => ({ line: index + 1, what })),
    );
}
