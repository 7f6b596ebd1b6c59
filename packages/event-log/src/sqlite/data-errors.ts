import { asError, EventLogError } from '../errors.ts';

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html */
export const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/** @returns SQLite's primary result code; null when the error is none of SQLite's */
export function sqliteCode(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return null;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : null;
}

/** @returns what SQLite would say of the same failure of a file of segments; null when the error is none of the file system */
export function codeOfFileError(error: unknown): number | null {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return null;
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return SQLITE_FULL;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return SQLITE_CANTOPEN;
    default:
      return SQLITE_IOERR;
  }
}

/** Says what a failure of the data file means for the person who runs it; other errors pass unchanged. */
export function explainDataError(error: unknown, path: string): Error {
  const detail = asError(error).message;
  switch (sqliteCode(error) ?? codeOfFileError(error)) {
    case SQLITE_FULL:
      return new EventLogError({
        code: 'TOLL_DATA_DISK_FULL',
        message: `There is no room left to write ${path}.`,
        remedy: 'Free disk space; work continues by itself. Nothing that was acknowledged is lost.',
        retriable: true,
        cause: error,
      });
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return corrupt(path, detail, error);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return new EventLogError({
        code: 'TOLL_DATA_IO',
        message: `${path} cannot be opened for writing (${detail}).`,
        remedy: 'Give this user the right to write the data directory, or choose another one with --data.',
        cause: error,
      });
    case SQLITE_IOERR:
    case SQLITE_BUSY:
      return new EventLogError({
        code: 'TOLL_DATA_IO',
        message: `${path} cannot be read or written now (${detail}).`,
        remedy: 'Check the disk and its free space; work continues by itself once it answers.',
        retriable: true,
        cause: error,
      });
    default:
      return asError(error);
  }
}

export function corrupt(path: string, detail: string, cause?: unknown): EventLogError {
  return new EventLogError({
    code: 'TOLL_DATA_CORRUPT',
    message: `${path} is damaged (${detail}).`,
    remedy:
      'Restore the data directory from a backup, or start with an empty one (--data) and import the calls again.',
    cause,
  });
}
