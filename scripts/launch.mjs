/**
 * What `npm start`, `npm test`, `npm run check`, `npm run bench` and `npm run simulate` call. Plain JavaScript, because on a fresh clone
 * it runs on whatever Node (≥ 20) the machine has: it looks whether the machine can run the project, installs what is
 * missing or outdated, and starts the target under Node 24. It writes to standard error only.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode24, runUnder } from '../packages/cli/bin/node24.mjs';
import { installProblem } from './install-state.mjs';
import { diskProblem, machineProblem } from './machine.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const PROGRESS_EVERY_MS = 5_000;
const LOCK_WAIT_MS_MAX = 10 * 60_000;

/**
 * Target → the script Node 24 runs, before the user's own arguments.
 * @type {Record<string, [script: string, ...argv: string[]]>}
 */
const TARGETS = {
  run: ['packages/cli/bin/tollstream.mjs', 'run'],
  test: ['node_modules/vitest/vitest.mjs', 'run'],
  check: ['scripts/check.ts'],
  bench: ['test/bench/main.ts'],
  simulate: ['test/simulation/main.ts'],
  mutate: ['test/mutation/main.ts'],
  faults: ['test/faults/main.ts'],
  api: ['test/api/main.ts'],
};

const [target = '', ...args] = process.argv.slice(2);
await main();

async function main() {
  const command = TARGETS[target];
  if (command === undefined) {
    fail(
      'TOLL_SETUP_TARGET_UNKNOWN',
      `There is no target "${target}".`,
      `Use one of: ${Object.keys(TARGETS).join(', ')}.`,
    );
  }
  refuseUnsupportedMachine();
  const needsDevelopmentPackages = target !== 'run';
  const problem = installProblem(root, { needsDevelopmentPackages });
  if (problem !== null) await install(problem, needsDevelopmentPackages);
  const node = findNode24(root);
  if (node === null) {
    fail(
      'TOLL_SETUP_NODE_OLD',
      `This is Node ${process.version} and the install brought no Node 24 for ${process.platform}-${process.arch}.`,
      'Run "npm ci --include=optional", or install Node 24.',
    );
  }
  const [script, ...fixed] = command;
  runUnder(node, [join(root, script), ...fixed, ...args], { cwd: root });
}

function refuseUnsupportedMachine() {
  const problem = machineProblem({
    platform: process.platform,
    arch: process.arch,
    nodeVersion: process.versions.node,
    hasGlibc: process.platform !== 'linux' || hasGlibc(),
  });
  if (problem !== null) fail(problem.code, problem.message, problem.remedy);
}

function hasGlibc() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header.glibcVersionRuntime !== undefined;
}

/**
 * Runs `npm ci`; one process at a time, because two in one folder destroy each other's work.
 * @param {string} problem
 * @param {boolean} needsDevelopmentPackages
 */
async function install(problem, needsDevelopmentPackages) {
  const unlock = await lockInstall();
  try {
    // The one that waited for another's install finds it done.
    if (installProblem(root, { needsDevelopmentPackages }) === null) return;
    const disk = statfsSync(root);
    const full = diskProblem(root, disk.bavail * disk.bsize);
    if (full !== null) fail(full.code, full.message, full.remedy);
    say(`${problem} Installing dependencies with "npm ci" (about 1 GB, usually under a minute)…`);
    const startedAt = Date.now();
    const progress = setInterval(
      () => say(`  still installing, ${Math.round((Date.now() - startedAt) / 1000)} s`),
      PROGRESS_EVERY_MS,
    );
    const { code, output } = await npmCi();
    clearInterval(progress);
    if (code !== 0) {
      process.stderr.write(output);
      fail(
        'TOLL_SETUP_INSTALL_FAILED',
        `"npm ci" ended with code ${code}.`,
        'Read its last lines above; check the network and "npm config get registry", then run the same command again.',
      );
    }
    const left = installProblem(root, { needsDevelopmentPackages });
    if (left !== null) {
      fail(
        'TOLL_SETUP_INSTALL_INCOMPLETE',
        left,
        'Run "npm ci --include=optional --include=dev" and read what it says.',
      );
    }
    say(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
  } finally {
    unlock();
  }
}

/** @returns {Promise<{ code: number | string | null, output: string }>} how it ended and its last output */
function npmCi() {
  const ownNpm = process.env.npm_execpath ?? '';
  const useOwnNpm = basename(ownNpm).startsWith('npm') && existsSync(ownNpm);
  const command = useOwnNpm ? process.execPath : 'npm';
  const argv = ['ci', '--include=optional', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  return new Promise((resolve) => {
    const child = spawn(command, useOwnNpm ? [ownNpm, ...argv] : argv, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => (output = (output + chunk.toString()).slice(-8_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', () => {
      fail('TOLL_SETUP_NPM_MISSING', 'There is no "npm" on the PATH.', 'Install npm (it comes with Node).');
    });
    child.on('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
}

/** A folder is made by one process only; the pid inside tells a lock left by a dead one. */
async function lockInstall() {
  const lock = join(root, '.cache', 'install.lock');
  mkdirSync(dirname(lock), { recursive: true });
  const deadline = Date.now() + LOCK_WAIT_MS_MAX;
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      const unlock = () => rmSync(lock, { force: true });
      process.on('exit', unlock);
      return unlock;
    } catch (thrown) {
      const error = /** @type {NodeJS.ErrnoException} */ (thrown);
      if (error.code !== 'EEXIST') {
        fail(
          'TOLL_SETUP_FOLDER',
          `${root} cannot be written: ${error.message}.`,
          'Make the folder writable for this user.',
        );
      }
    }
    if (isDead(lock)) rmSync(lock, { force: true });
    else if (Date.now() > deadline) {
      fail(
        'TOLL_SETUP_INSTALL_LOCKED',
        `Another install holds ${lock} for too long.`,
        'Delete that file and try again.',
      );
    } else {
      if (!waited) say('Another process is installing the dependencies; waiting for it…');
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
}

/** @param {string} lock */
function isDead(lock) {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return false;
  } catch (error) {
    return ['ESRCH', 'ENOENT'].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? '');
  }
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * @param {string} code
 * @param {string} message
 * @param {string} remedy
 * @returns {never}
 */
function fail(code, message, remedy) {
  process.stderr.write(`${code}: ${message} ${remedy}\n`);
  process.exit(1);
}
