import { writeSync } from 'node:fs';
import { relative } from 'node:path';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/** More failures than this have one cause, and their names would push the first out of sight. */
const FAILURES_NAMED_MAX = 20;
const MESSAGE_CHARACTERS_MAX = 300;

/**
 * Ends the output of a test run with what failed, a line each, and one plain line: `N passed, N failed` (and
 * `, N skipped` where some were). What failed outside a test (a file that cannot be loaded, an unhandled rejection)
 * counts as one failed each.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    let passed = 0;
    let skipped = 0;
    const failures = unhandledErrors.map((error) => failureLine('outside the tests', error));
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId);
      for (const error of module.errors()) failures.push(failureLine(file, error));
      for (const suite of module.children.allSuites()) {
        for (const error of suite.errors()) failures.push(failureLine(`${file} > ${suite.fullName}`, error));
      }
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'passed') passed++;
        else if (state === 'failed') failures.push(failureLine(`${file} > ${test.fullName}`, errors[0]));
        else skipped++;
      }
    }
    // Teardowns and other reporters still write; nothing is written after `exit`.
    process.once('exit', (code) => {
      // A run that could not even begin (no broker where one is demanded) has failed.
      const failed = code !== 0 && failures.length === 0 ? 1 : failures.length;
      const named = failures.slice(0, FAILURES_NAMED_MAX).map((line) => `${line}\n`);
      const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`;
      writeSync(1, named.join('') + counts);
    });
  }
}

function failureLine(where: string, error: { readonly message: string } | undefined): string {
  const message = (error?.message ?? 'no message').replaceAll(/\s+/g, ' ').slice(0, MESSAGE_CHARACTERS_MAX);
  return `failed: ${where}: ${message}`;
}
