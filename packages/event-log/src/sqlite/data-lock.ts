import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { asError, EventLogError } from '../errors.ts';
import { explainDataError, SQLITE_BUSY, sqliteCode } from './data-errors.ts';

export interface DataLock {
  release(): void;
}

/**
 * Makes this process the one owner of a data directory. The lock is SQLite's exclusive lock on a file of its own, hence the
 * operating system's: it ends with the process, however that ends, and a process id that was given again deceives nobody.
 * The owner's process id stands in a second file, for the message only (reading the locked file would drop its lock).
 * @throws {EventLogError} TOLL_DATA_IN_USE while another owner lives, in this process or another
 */
export function lockDataDirectory(directory: string): DataLock {
  createDirectory(directory);
  const lockPath = join(directory, 'owner.lock');
  const ownerPath = join(directory, 'owner.json');
  const database = openLock(lockPath);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw sqliteCode(error) === SQLITE_BUSY ? inUse(directory, ownerPath) : explainDataError(error, lockPath);
  }
  writeFileSync(ownerPath, JSON.stringify({ pid: process.pid, startedAt: new Date().toISOString() }));
  return {
    release: () => {
      if (!database.isOpen) return;
      rmSync(ownerPath, { force: true });
      database.close();
    },
  };
}

function createDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new EventLogError({
      code: 'TOLL_DATA_IO',
      message: `The data directory ${directory} cannot be created (${asError(error).message}).`,
      remedy: 'Choose a directory that this user may write with --data.',
      cause: error,
    });
  }
}

function openLock(lockPath: string): DatabaseSync {
  try {
    return new DatabaseSync(lockPath, { timeout: 0 });
  } catch (error) {
    throw explainDataError(error, lockPath);
  }
}

function inUse(directory: string, ownerPath: string): EventLogError {
  return new EventLogError({
    code: 'TOLL_DATA_IN_USE',
    message: `The data directory ${directory} is in use by ${describeOwner(ownerPath)}.`,
    remedy: 'Stop that run, or give this one a directory of its own with --data.',
  });
}

function describeOwner(ownerPath: string): string {
  try {
    const owner = JSON.parse(readFileSync(ownerPath, 'utf8')) as { pid: number; startedAt: string };
    return `process ${owner.pid}, running since ${owner.startedAt}`;
  } catch {
    return 'another process that is just starting or stopping';
  }
}
