import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Objects that grow old and are dropped beside some that stay. */
const PROGRAM = (begin: string): string => `
  import { letHeapDouble } from ${JSON.stringify(new URL('./heap-growth.ts', import.meta.url).href)};
  ${begin}
  const kept = Array.from({ length: 30_000 }, (_, i) => ({ i }));
  const ring = [];
  for (let turn = 0; turn < 3_200; turn += 1) {
    ring[turn % 8] = Array.from({ length: 1_000 }, (_, i) => ({ i, pair: [i] }));
    await new Promise((resolve) => setImmediate(resolve));
  }
  console.log(kept.length);
`;

/** Megabytes of the heap before and after each time that all of it was marked. */
function marked(begin: string): { before: number; after: number }[] {
  const flags = ['--trace-gc', '--max-semi-space-size=1', '--input-type=module'];
  const { stdout } = spawnSync(process.execPath, [...flags, '--eval', PROGRAM(begin)], { encoding: 'utf8' });
  const lines = stdout.matchAll(/Mark-Compact (?<before>[\d.]+) \([\d.]+\) -> (?<after>[\d.]+)/g);
  return Array.from(lines, ({ groups }) => ({
    before: Number(groups?.['before']),
    after: Number(groups?.['after']),
  }));
}

it('lets the heap double before all of it is marked', () => {
  const marks = marked('letHeapDouble();');
  expect(marks.length).toBeGreaterThan(4);
  for (const [i, { before }] of marks.entries())
    if (i > 1) expect(before / marks[i - 1]!.after).toBeGreaterThan(1.7);
  // By itself V8 goes by other limits, on a heap as small as this one higher ones.
  expect(marked('').length).toBeLessThan(marks.length / 2);
});
