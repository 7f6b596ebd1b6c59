import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Compares what `package-lock.json` asks for with what npm wrote down when its last install ended
 * (`node_modules/.package-lock.json`; an interrupted install leaves none).
 * @param {string} root
 * @param {{ needsDevelopmentPackages: boolean }} options
 * @returns {string | null} a sentence saying why an install is needed, or null
 */
export function installProblem(root, options) {
  const wanted = packagesOf(join(root, 'package-lock.json')) ?? {};
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (installed === null) return 'The dependencies are not installed.';
  for (const [path, want] of Object.entries(wanted)) {
    if (!path.includes('node_modules/') || !isForThisMachine(want)) continue;
    if (want.dev && !options.needsDevelopmentPackages) continue;
    const have = installed[path];
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (have === undefined) {
      if (want.peer || (want.optional && want.os === undefined)) continue;
      return `The dependency ${name} is not installed.`;
    }
    if (have.version !== want.version || have.link !== want.link) {
      return `The dependency ${name} is installed as ${have.version}, and ${want.version} is wanted.`;
    }
  }
  return null;
}

/**
 * @typedef {string | string[] | undefined} PlatformList npm's: one name, names, or names with `!` that are excluded
 * @typedef {{ version?: string, link?: boolean, dev?: boolean, optional?: boolean, peer?: boolean,
 *   os?: PlatformList, cpu?: PlatformList, libc?: PlatformList }} LockEntry
 */

/**
 * @param {string} lockFile
 * @returns {Record<string, LockEntry> | null} null when there is none, or a broken one
 */
function packagesOf(lockFile) {
  if (!existsSync(lockFile)) return null;
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages ?? null;
  } catch {
    return null;
  }
}

/**
 * Packages of another platform are in the lock and never installed here.
 * @param {LockEntry} entry
 */
function isForThisMachine({ os, cpu, libc }) {
  return (
    matches(os, process.platform) &&
    matches(cpu, process.arch) &&
    (process.platform !== 'linux' || matches(libc, 'glibc'))
  );
}

/**
 * @param {PlatformList} wanted
 * @param {string} value
 */
function matches(wanted, value) {
  const list = [wanted ?? []].flat();
  if (list.includes(`!${value}`)) return false;
  const positive = list.filter((entry) => !entry.startsWith('!'));
  return positive.length === 0 || positive.includes(value);
}
