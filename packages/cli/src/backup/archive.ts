/**
 * What a backup file holds: a tar archive under Zstandard.
 *
 *   tollstream-backup.json   first: what it is, and how much will follow
 *   data/…                   every directory, file and link of the data directory
 *   sha256sums               last: "<sha256>  <path below data/>" of every file; without it the archive was cut short
 */
export const HEAD_NAME = 'tollstream-backup.json';
export const DATA_PREFIX = 'data/';
export const CHECKSUMS_NAME = 'sha256sums';
export const ARCHIVE_FORMAT = 1;

export interface ArchiveHead {
  readonly format: number;
  /** UTC, ISO 8601. */
  readonly created_at: string;
  readonly files: number;
  readonly bytes: number;
}

/** What belongs to the process that holds the directory, not to its data. */
const LEFT_OUT: ReadonlySet<string> = new Set(['log/owner.lock', 'log/owner.json', 'clickhouse/status']);

export function isLeftOut(relativePath: string): boolean {
  return LEFT_OUT.has(relativePath);
}

export function checksumLines(checksums: ReadonlyMap<string, string>): string {
  return [...checksums].map(([path, sha256]) => `${sha256}  ${path}\n`).join('');
}

/** @returns null when a line is none of `checksumLines` */
export function parseChecksums(text: string): Map<string, string> | null {
  const checksums = new Map<string, string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const match = /^([0-9a-f]{64}) {2}(.+)$/.exec(line);
    if (match === null) return null;
    checksums.set(match[2]!, match[1]!);
  }
  return checksums;
}
