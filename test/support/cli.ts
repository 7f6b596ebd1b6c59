/** Runs the `tollstream` command as a person would: a process of its own, from outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT_ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const COMMAND = path.join(PROJECT_ROOT, 'packages/cli/bin/tollstream.mjs');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** What it has said so far. */
  output(): string;
  /** Resolves with the first match on either stream; rejects when the process ends without one. */
  waitFor(pattern: RegExp): Promise<RegExpMatchArray>;
}

interface Options {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string | Buffer;
  /** Standard input stays open: whoever started it writes to it and ends it. */
  readonly keepsInput?: boolean;
  /** What it is run by: a command that takes it as its last arguments, and becomes it. */
  readonly by?: readonly string[];
}

/** None of them outlives the test that started it, whatever became of the test. */
const alive = new Set<ChildProcess>();
process.on('exit', () => alive.forEach((child) => child.kill('SIGKILL')));

export function start(args: readonly string[], options: Options = {}): Running {
  const [command, ...rest] = [...(options.by ?? []), process.execPath, COMMAND, ...args];
  const child = spawn(command!, rest, {
    cwd: options.cwd ?? PROJECT_ROOT,
    // Named as its parent, it also ends when this process is killed outright.
    env: { ...process.env, NO_COLOR: '1', TOLLSTREAM_PARENT_PID: String(process.pid), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  alive.add(child);
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  const notify = (): void => watchers.forEach((watch) => watch());
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    notify();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    notify();
  });
  // A process that ends before it read its input is judged by its exit code.
  child.stdin.on('error', () => undefined);
  if (options.keepsInput !== true) child.stdin.end(options.input ?? '');
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      alive.delete(child);
      resolve({ code, stdout, stderr });
      notify();
    });
  });
  return {
    child,
    finished,
    output: () => stdout + stderr,
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          const match = (stdout + stderr).match(pattern);
          if (match !== null) resolve(match);
          else if (child.exitCode !== null || child.signalCode !== null) {
            reject(new Error(`ended without ${String(pattern)}:\n${stdout}\n${stderr}`));
          } else return;
          watchers.delete(watch);
        };
        watchers.add(watch);
        watch();
      }),
  };
}

export function tollstream(args: readonly string[], options: Options = {}): Promise<Finished> {
  return start(args, options).finished;
}

/** Totals that `run --json` ends its standard output with. */
export interface RunTotals {
  readonly seen: number;
  readonly rated: number;
  readonly rejected: number;
  readonly suspended: number;
  readonly duplicate: number;
  readonly charge: Readonly<Record<string, string>>;
  readonly calls_per_second: number;
}

export function totalsOf(finished: Finished): RunTotals {
  const last = finished.stdout.trimEnd().split('\n').at(-1) ?? '';
  if (finished.code !== 0 || !last.startsWith('{')) {
    throw new Error(`exit code ${finished.code}\n${finished.stdout}\n${finished.stderr}`);
  }
  return JSON.parse(last) as RunTotals;
}

/** The part of the totals that no restart, machine or transport may change. */
export function billed(totals: RunTotals): Omit<RunTotals, 'calls_per_second'> {
  const { seen, rated, rejected, suspended, duplicate, charge } = totals;
  return { seen, rated, rejected, suspended, duplicate, charge };
}

/** A directory that is gone when the test ends. */
export async function temporaryDirectory(): Promise<{
  path: string;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-'));
  return { path: directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}
