import { randomBytes } from 'node:crypto';

/**
 * `000000000017-5f0c2a.snapshot`: numbered on, since clocks go back; with a random part, since an owner of the past may still
 * write while the present one does.
 */
const NAME = /^(\d{12})-[0-9a-f]{6}\.snapshot$/;

/** Names of snapshots among all names, newest first. */
export function snapshotNames(names: readonly string[]): string[] {
  return names
    .filter((name) => NAME.test(name))
    .sort()
    .reverse();
}

/** @param names of those that are there, newest first */
export function nextName([newest]: readonly string[], random = randomBytes(3).toString('hex')): string {
  const number = newest === undefined ? 1 : Number(NAME.exec(newest)![1]) + 1;
  return `${String(number).padStart(12, '0')}-${random}.snapshot`;
}
