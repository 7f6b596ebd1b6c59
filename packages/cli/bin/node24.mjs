/**
 * Finds a Node 24 and runs a script under it. Plain JavaScript, because it must run on every Node from 20 on: the
 * launcher and the `tollstream` command start here whatever `node` the machine has.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const NODE_MAJOR_MIN = 24;
/** @type {NodeJS.Signals[]} */
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

export function isNode24() {
  return Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN;
}

/**
 * @param {string} from a directory; its `node_modules` and those of its parents are searched
 * @returns {string | null} path of a Node ≥ 24
 */
export function findNode24(from) {
  if (isNode24()) return process.execPath;
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) return null;
  }
}

/**
 * Runs `node argv…` with the standard streams of this process and ends this process as the child ended.
 * Signals are passed on, except a Ctrl-C at a terminal, which the child gets from there: twice would mean "at once".
 * @param {string} node  path of the Node executable
 * @param {string[]} argv
 * @param {{ cwd?: string, onEnd?: (code: number) => void }} [options]
 */
export function runUnder(node, argv, options = {}) {
  const child = spawn(node, argv, {
    cwd: options.cwd,
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: dirname(node) + delimiter + (process.env.PATH ?? ''),
      // So that the child can end when this process is killed in a way that it cannot pass on.
      TOLLSTREAM_PARENT_PID: String(process.pid),
    },
  });
  const atTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  for (const signal of FORWARDED_SIGNALS) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !atTerminal) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`Could not start ${node}: ${error.message}. Run "npm ci" to install it again.\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exit(signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 1));
  });
}

/** Under a parent that re-started us: ends in order once that parent is gone (it may have been killed outright). */
export function endWithParent() {
  const parent = Number(process.env.TOLLSTREAM_PARENT_PID);
  delete process.env.TOLLSTREAM_PARENT_PID;
  if (!parent || process.ppid !== parent) return;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, 1000).unref();
}
