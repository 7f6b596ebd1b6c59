import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Hundreds of processes load the same modules: those of tests, and those that tests start. Where the command itself keeps them, too.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache');

const SECOND = 1000;
const CORES = availableParallelism();
/** Vitest keeps a core for itself, which it hardly uses: of two that would be half. */
const WORKERS = Math.max(2, CORES - 1);
/** Each of these starts processes that keep more than one core busy, and wait often. */
const WORKERS_END_TO_END = Math.max(2, Math.floor(CORES / 2));

/** Kinds that need more than the code itself; everything else is a unit test. */
const INTEGRATION = ['{packages,services,test}/**/*.{integration,fault}.test.ts'];
const END_TO_END = ['{packages,services,test}/**/*.e2e.test.ts'];
const BEYOND_THE_CODE = ['**/node_modules/**', ...INTEGRATION, ...END_TO_END];
/** Packages whose modules keep nothing that a test could leave to the next: all their tests load them once. */
const PURE = [
  'packages/{money,numbering,contracts,catalog,rating-engine,settlement,switch-formats,rate-decks}/**/*.test.ts',
];

export default defineConfig({
  test: {
    teardownTimeout: 30 * SECOND,
    reporters: ['default', './test/reporter.ts'],
    projects: [
      {
        test: {
          name: 'pure',
          include: PURE,
          exclude: BEYOND_THE_CODE,
          isolate: false,
          maxWorkers: WORKERS,
          testTimeout: 120 * SECOND,
        },
      },
      {
        test: {
          name: 'unit',
          include: ['{packages,services,scripts,test}/**/*.test.ts'],
          exclude: [...BEYOND_THE_CODE, ...PURE],
          maxWorkers: WORKERS,
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
          maxWorkers: WORKERS,
          testTimeout: 300 * SECOND,
          hookTimeout: 300 * SECOND,
        },
      },
      {
        test: {
          name: 'e2e',
          include: END_TO_END,
          globalSetup: ['./test/broker/global-setup.ts', './test/require-broker.ts'],
          pool: 'forks',
          isolate: true,
          maxWorkers: WORKERS_END_TO_END,
          // Projects of one group may have no different numbers of workers.
          sequence: { groupOrder: WORKERS_END_TO_END === WORKERS ? 0 : 1 },
          testTimeout: 600 * SECOND,
          hookTimeout: 300 * SECOND,
        },
      },
    ],
  },
});
