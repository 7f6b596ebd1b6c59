/**
 * How a command ends: 0 done, 1 failed, 2 wrong use or configuration, 130 stopped before its work was done.
 * Every package throws errors that carry a stable `code` (`TOLL_…`) and a `remedy`; anything else is a defect and shows its stack.
 */
import { colours, say } from './terminal.ts';

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** Stopped by a signal before all calls were read and rated; the same command goes on. */
export const EXIT_INTERRUPTED = 130;

/** Wrong use of the command line or a wrong configuration value. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code: string;
  readonly remedy: string;
  constructor(options: { code: string; message: string; remedy: string }) {
    super(options.message);
    this.code = options.code;
    this.remedy = options.remedy;
  }
}

interface Explained {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

function isExplained(error: unknown): error is Explained {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('TOLL_')
  );
}

/** Configuration and usage errors end with 2: a supervisor must not restart on them. */
const USAGE_CODES = /^TOLL_(USAGE|CONFIG|CATALOG|DECK|IMPORT_FORMAT|IMPORT_TIME_ZONE)/;

/** Prints what went wrong and what to do; returns the exit code. */
export function reportFailure(error: unknown): number {
  if (isExplained(error)) {
    say(`${colours.red('error')} ${error.message}${colours.dim(` [${error.code}]`)}`);
    if (error.remedy !== undefined && error.remedy !== '') say(`  ${error.remedy}`);
    return USAGE_CODES.test(error.code) ? EXIT_USAGE : EXIT_FAILED;
  }
  if (isNoSpace(error)) {
    say(`${colours.red('error')} the disk is full: ${error.message} [TOLL_DATA_DISK_FULL]`);
    say(
      '  Free some space and start again: nothing acknowledged was lost, and the run resumes where it stopped.',
    );
    return EXIT_FAILED;
  }
  if (isFileProblem(error)) {
    say(`${colours.red('error')} ${error.message}${colours.dim(` [${FILE_UNUSABLE}]`)}`);
    say('  Check the path and what this user may do there, or name another one.');
    return EXIT_FAILED;
  }
  say(`${colours.red('error')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return EXIT_FAILED;
}

const FILE_UNUSABLE = 'TOLL_FILE_UNUSABLE';
const FILE_PROBLEMS = new Set(['ENOENT', 'EEXIST', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'EROFS']);

/** A path that a person gave and the system refuses; its message names the path. */
function isFileProblem(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error && 'path' in error && 'code' in error && FILE_PROBLEMS.has(String(error.code))
  );
}

function isNoSpace(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ENOSPC' || /database or disk is full/.test(error.message))
  );
}
