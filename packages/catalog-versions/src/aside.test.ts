/** The thread that makes a version ready, in a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('./testing/compile-aside.ts', import.meta.url));
const REFUSING = new URL('./testing/refuse-priorities.ts', import.meta.url).href;

it.runIf(process.platform === 'linux')('steps back, and goes on where that is refused', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', REFUSING, SCRIPT]);
  expect(stderr).toContain('refused: setPriority(0, 5)');
  expect(stdout).toBe('2000000\n');
});
