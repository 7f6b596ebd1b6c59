import { defineConfig } from 'vitest/config';

/** Only the tests beside the mutated code: what other packages would notice does not count. */
export default defineConfig({
  test: { include: ['packages/{money,rating-engine}/src/**/*.test.ts'], testTimeout: 60_000 },
});
