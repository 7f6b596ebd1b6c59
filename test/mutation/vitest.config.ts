import { defineConfig } from 'vitest/config';

/**
 * Only the tests beside the mutated code: what other packages would notice does not count. Property tests run with a part of their cases,
 * since they run for thousands of mutants: what so few cases kill, all of them would.
 */
export default defineConfig({
  test: {
    include: ['packages/{money,rating-engine}/src/**/*.test.ts'],
    setupFiles: ['test/mutation/setup.ts'],
    env: { FC_CASES_PERCENT: '4' },
    testTimeout: 120_000,
  },
});
