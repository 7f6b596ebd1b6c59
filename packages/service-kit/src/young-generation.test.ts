import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Makes objects that live a while, and prints the largest space that there was for new ones, in MB. */
const PROGRAM = (hold: string): string => `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { holdYoungGeneration, releaseYoungGeneration } from ${JSON.stringify(new URL('./young-generation.ts', import.meta.url).href)};
  let largest = 0;
  let kept = [];
  for (let round = 0; round < 60; round += 1) {
    kept = Array.from({ length: 200_000 }, (_, i) => ({ i, of: [round] }));
    ${hold}
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    largest = Math.max(largest, space.space_size);
  }
  releaseYoungGeneration();
  console.log(kept.length > 0 ? Math.round(largest / 2 ** 20) : 0);
`;

function largestMegabytes(hold: string): number {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--max-semi-space-size=64', '--eval', PROGRAM(hold)],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  return Number(stdout);
}

it('keeps the space for new objects within its bound, where V8 takes more', () => {
  expect(largestMegabytes('')).toBeGreaterThan(32);
  expect(largestMegabytes('holdYoungGeneration();')).toBe(32);
});
