import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { StepResult } from './step.ts';

/** Runs a script of node_modules or of the project under this Node; ok when it ends with 0. */
export function runScript(root: string, script: string, argv: readonly string[]): Promise<StepResult> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, script), ...argv], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1' },
    });
    let output = '';
    const keep = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('close', (code) => {
      const lines = output.trim() === '' ? 0 : output.trim().split('\n').length;
      resolve({ ok: code === 0, summary: code === 0 ? '' : `${lines} lines below`, details: output.trim() });
    });
  });
}
