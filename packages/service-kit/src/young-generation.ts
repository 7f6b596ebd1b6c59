import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Where V8 of Node 20 stopped. */
const BYTES_MAX = 32 * 1024 * 1024;

/**
 * V8 doubles the space for new objects as long as many of them live a while, up to 128 MB, and gives little of it back. Long work that holds
 * a block of rows at a time gains nothing by more than 32 MB: it says so here again and again. Doubling is a flag of the process that can be
 * changed while it runs; its limit is not.
 * @see https://nodejs.org/docs/latest-v24.x/api/cli.html#--max-semi-space-sizesize-in-mib
 */
export function holdYoungGeneration(bytesMax = BYTES_MAX): void {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  setGrowthFactor((space?.space_size ?? 0) >= bytesMax ? 1 : 2);
}

/** The work is over: V8 does as it always does. */
export function releaseYoungGeneration(): void {
  setGrowthFactor(2);
}

let current = 2;

function setGrowthFactor(factor: 1 | 2): void {
  if (factor === current) return;
  current = factor;
  setFlagsFromString(`--semi-space-growth-factor=${factor}`);
}
