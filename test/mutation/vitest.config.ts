import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/** Property tests last: they take longest, and few mutants live until then. */
class PropertiesLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isProperty = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith('.property.test.ts');
    const sorted = await super.sort(files);
    return [...sorted.filter((file) => !isProperty(file)), ...sorted.filter(isProperty)];
  }
}

const PACKAGE = process.env['MUTATED_PACKAGE'] ?? 'packages/{money,rating-engine}';
/** What the mutated code imports, and is not mutated itself. */
const UNCHANGED = ['numbering', 'catalog', 'contracts', 'money'].filter((name) => !PACKAGE.endsWith(name));

/**
 * Only the tests beside the mutated code: what other packages would notice does not count. Property tests run with a part of their cases,
 * since they run for thousands of mutants: what so few cases kill, all of them would. Modules are loaded once for all
 * files of a mutant; those that never change by Node itself, which keeps them compiled.
 */
export default defineConfig({
  test: {
    include: [`${PACKAGE}/src/**/*.test.ts`],
    setupFiles: ['test/mutation/setup.ts'],
    env: { FC_CASES_PERCENT: '4' },
    isolate: false,
    server: { deps: { external: [new RegExp(`/packages/(${UNCHANGED.join('|')})/src/`)] } },
    sequence: { sequencer: PropertiesLast },
    testTimeout: 120_000,
  },
});
