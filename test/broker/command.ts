import { execFile } from 'node:child_process';

export interface CommandResult {
  readonly isSuccess: boolean;
  /** Standard output and standard error together. */
  readonly output: string;
}

/** Runs a program to its end; a program that is missing or takes too long counts as failed. */
export async function runCommand(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      program,
      [...args],
      { timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const output = `${stdout}${stderr}`.trim();
        resolve({ isSuccess: error === null, output: output || (error?.message ?? '') });
      },
    );
  });
}
