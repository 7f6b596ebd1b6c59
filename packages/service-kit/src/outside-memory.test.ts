import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Makes a gigabyte of buffers beside objects that stay, and prints how often all of the heap was marked. */
const PROGRAM = (begin: string): string => `
  import { PerformanceObserver, constants } from 'node:perf_hooks';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { countBuffersWithHeap } from ${JSON.stringify(new URL('./outside-memory.ts', import.meta.url).href)};
  ${begin}
  let marked = 0;
  new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) marked += 1;
  }).observe({ entryTypes: ['gc'] });
  const kept = Array.from({ length: 4_000_000 }, (_, i) => ({ i }));
  for (let round = 0; round < 1_000; round += 1) {
    Buffer.allocUnsafeSlow(1 << 20);
    await sleep(0);
  }
  await sleep(10);
  console.log(kept.length > 0 ? marked : 0);
`;

/** V8 lets the heap grow by more or less as it finds the program fast or slow: here always by the same. */
const FLAGS = ['--heap-growing-percent=100', '--input-type=module'];

function marked(begin: string): number {
  const { stdout, stderr } = spawnSync(process.execPath, [...FLAGS, '--eval', PROGRAM(begin)], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return Number(stdout);
}

it('marks the heap less often than for each 64 MB of buffers', () => {
  expect(marked('countBuffersWithHeap();')).toBeLessThan(marked('') / 2);
});
