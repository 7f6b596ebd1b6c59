import { defineConfig } from 'vitest/config';

const SECOND = 1000;
/** Kinds that need more than the code itself; everything else is a unit test. */
const INTEGRATION = ['{packages,services,test}/**/*.{integration,fault}.test.ts'];
const END_TO_END = ['{packages,services,test}/**/*.e2e.test.ts'];

export default defineConfig({
  test: {
    teardownTimeout: 30 * SECOND,
    reporters: ['default', './test/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,services,scripts,test}/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...INTEGRATION, ...END_TO_END],
          testTimeout: 120 * SECOND,
        },
      },
      {
        test: {
          name: 'integration',
          include: INTEGRATION,
          globalSetup: ['./test/broker/global-setup.ts', './test/require-broker.ts'],
          // The embedded ClickHouse engine is one per process and owns its data directory.
          pool: 'forks',
          isolate: true,
          testTimeout: 120 * SECOND,
          hookTimeout: 120 * SECOND,
        },
      },
      {
        test: {
          name: 'e2e',
          include: END_TO_END,
          globalSetup: ['./test/broker/global-setup.ts', './test/require-broker.ts'],
          pool: 'forks',
          isolate: true,
          // Each of these starts processes that use both cores.
          fileParallelism: false,
          testTimeout: 300 * SECOND,
          hookTimeout: 120 * SECOND,
        },
      },
    ],
  },
});
